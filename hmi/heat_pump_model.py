"""Model of a heat pump as the address space describes it, read once per session."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from asyncua import ua


@dataclass(frozen=True, slots=True)
class Variable:
    """Variable of a heat pump, with title, unit, range and states to show it."""

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
    decimals: int | None = None
    """ValuePrecision: how many decimals the device has; None: the server does not say."""
    has_history: bool = False
    provenance: Mapping[str, Any] = field(default_factory=dict)
    """Of a predicted variable: the properties that name its model, as the server holds them."""


@dataclass(frozen=True, slots=True)
class Input:
    """Input argument of a method."""

    kind: ua.VariantType
    text: str
    span: tuple[float, float] | None = None
    """EURange: what may be asked for; None: the server does not say."""
    states: Mapping[int, str] = field(default_factory=dict)
    """EnumValues: the codes that may be asked for, with their texts."""


@dataclass(frozen=True, slots=True)
class MethodModel:
    """Method of a heat pump that this person may call."""

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
    """Heat pump with its variables and methods."""

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
    emulated: bool = False
    """Whether it has emulated devices."""
    simulated_until: datetime | None = None
    """History up to this time was simulated; None: all of it was recorded."""

    def setter(self, variable: Variable) -> tuple[MethodModel, Input] | None:
        """Return the method that writes a variable, ``Set`` and its BrowseName, and its input."""
        # By the name: that is how the server's types call their setters.
        method = self.methods.get(f"Set{variable.name}")
        return (method, method.input) if method and method.input else None
