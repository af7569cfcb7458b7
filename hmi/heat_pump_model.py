"""What the address space says about a heat pump: read once per session, never hard-coded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from asyncua import ua


@dataclass(frozen=True, slots=True)
class Variable:
    """One parameter of a heat pump, with what is needed to show it."""

    node: ua.NodeId
    id: str
    """The point's id, ``supply_temperature``: last part of the NodeId."""
    key: str
    """``hp1.supply_temperature``: the NodeId's identifier, and the name of its place on a page."""
    name: str
    """BrowseName, ``SupplyTemperature``."""
    title: str
    text: str
    group: str
    unit: str = ""
    span: tuple[float, float] | None = None
    """EURange: what the quantity normally spans; for a setpoint, what may be asked for."""
    states: Mapping[int, str] = field(default_factory=dict)
    """Texts by code, of a switch or an enumeration."""
    has_history: bool = False
    provenance: Mapping[str, Any] = field(default_factory=dict)
    """Of a predicted variable: the properties that name its model, as the server holds them."""


@dataclass(frozen=True, slots=True)
class Input:
    """One input of a method."""

    kind: ua.VariantType
    text: str
    span: tuple[float, float] | None = None
    """EURange: what may be asked for; None: the server does not say."""
    states: Mapping[int, str] = field(default_factory=dict)
    """EnumValues: the codes that may be asked for, with their texts."""


@dataclass(frozen=True, slots=True)
class MethodModel:
    """One method of a heat pump that this person may call."""

    node: ua.NodeId
    object: ua.NodeId
    name: str
    inputs: Mapping[str, Input] = field(default_factory=dict)
    """By name, in order."""

    @property
    def input(self) -> Input | None:
        """Its single input; None if it takes none or several."""
        return next(iter(self.inputs.values())) if len(self.inputs) == 1 else None


@dataclass(frozen=True, slots=True)
class HeatPumpModel:
    """One heat pump."""

    node: ua.NodeId
    id: str
    name: str
    plate: Mapping[str, str]
    variables: Mapping[str, Variable]
    """By point id."""
    methods: Mapping[str, MethodModel]
    """By BrowseName; only those whose UserExecutable is true for this person."""
    groups: Mapping[str, str] = field(default_factory=dict)
    """Titles of the functional groups, by BrowseName."""
    programs: Mapping[str, ua.NodeId] = field(default_factory=dict)
    """By BrowseName: the variables of what the twin does by itself."""

    def setter(self, variable: Variable) -> tuple[MethodModel, Input] | None:
        """Return the method that writes a variable, ``Set`` and its BrowseName, and its input."""
        method = self.methods.get(f"Set{variable.name}")
        return (method, method.input) if method and method.input else None
