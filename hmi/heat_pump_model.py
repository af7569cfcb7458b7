"""Models of site and heat pumps as the address space describes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from asyncua import ua

from heatpump_twin.hmi.measure import AS_SENT, Measure


@dataclass(frozen=True, slots=True)
class Variable:
    """Variable of a heat pump, with title, unit, range and states to show it.

    Unit and range are those that the person reads, as are all its values within the HMI.
    """

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
    measure: Measure = AS_SENT
    """How the server's values of it become those that the person reads."""
    has_history: bool = False
    provenance: Mapping[str, Any] = field(default_factory=dict)
    """Of a predicted variable: the properties that name its model, as the server holds them."""


@dataclass(frozen=True, slots=True)
class Input:
    """Input argument of a method."""

    kind: ua.VariantType
    text: str
    span: tuple[float, float] | None = None
    """EURange: what may be asked for, in the server's unit; None: the server does not say."""
    states: Mapping[int, str] = field(default_factory=dict)
    """EnumValues: the codes that may be asked for, with their texts."""


@dataclass(frozen=True, slots=True)
class MethodModel:
    """Method of a heat pump."""

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
class HeatPumpSummary:
    """Heat pump with what the page of the site shows of it: of all some, more of those in view."""

    node: ua.NodeId
    id: str
    name: str
    plate: Mapping[str, str]
    variables: Mapping[str, Variable]
    """By point id."""
    group: str = ""
    """Where it belongs, by the site file: a building, an area; empty: the file does not say."""
    heat_source: str = "air"
    """Where it takes its heat from: air, brine or water."""
    emulated: bool = False
    """Whether it has emulated devices."""
    simulated_until: datetime | None = None
    """History up to this time was simulated; None: all of it was recorded."""


@dataclass(frozen=True, slots=True)
class HeatPumpModel(HeatPumpSummary):
    """Heat pump with all its variables, and its methods."""

    methods: Mapping[str, MethodModel] = field(default_factory=dict)
    """By BrowseName; those of a person are only those whose UserExecutable is true for them."""
    groups: Mapping[str, str] = field(default_factory=dict)
    """Titles of the functional groups, by BrowseName."""
    programs: Mapping[str, ua.NodeId] = field(default_factory=dict)
    """By BrowseName: the variables of what the twin does by itself."""

    def setter(self, variable: Variable) -> tuple[MethodModel, Input] | None:
        """Return the method that writes a variable, ``Set`` and its BrowseName, and its input."""
        # By the name: that is how the server's types call their setters.
        method = self.methods.get(f"Set{variable.name}")
        return (method, method.input) if method and method.input else None


@dataclass(frozen=True, slots=True)
class SiteModel:
    """Site: totals, weather, tariff, figures of alarms."""

    variables: Mapping[str, Variable] = field(default_factory=dict)
    """By key, ``site.cop``; the group is the part of the site, ``Totals``."""
    devices: Sequence[ua.NodeId] = ()
    """What has alarms and is no heat pump: the twin itself."""

    def part(self, name: str) -> list[Variable]:
        """Return the variables of a part, in the server's order."""
        return [variable for variable in self.variables.values() if variable.group == name]
