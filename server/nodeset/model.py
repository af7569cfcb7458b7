"""What model.yaml may say: the types of a heat pump and of a site, with the catalogue's points."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from enum import StrEnum
from importlib.resources import files
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from heatpump_twin.config.catalogue import (
    CATALOGUE,
    UNITS,
    Group,
    Kind,
    PointSpec,
    Relation,
    Section,
)
from heatpump_twin.config.catalogue import HEAT_PUMP as HEAT_PUMP_ASSET
from heatpump_twin.config.catalogue import SITE as SITE_ASSET
from heatpump_twin.config.yaml_source import YamlSource
from heatpump_twin.server.users import Role

HEAT_PUMP = CATALOGUE[HEAT_PUMP_ASSET]
SITE = CATALOGUE[SITE_ASSET]

Name = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Za-z0-9]*$")]
"""A BrowseName of ours: PascalCase."""
StandardName = Annotated[str, StringConstraints(pattern=r"^((di|machinery):)?[A-Z][A-Za-z0-9]*$")]
"""A type of the standard (no prefix) or of a companion specification."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class DataType(StrEnum):
    """Data types of properties and arguments, by their names in the standard."""

    BOOLEAN = "Boolean"
    INT32 = "Int32"
    DOUBLE = "Double"
    STRING = "String"
    LOCALIZED_TEXT = "LocalizedText"
    UTC_TIME = "UtcTime"
    DURATION = "Duration"


class ModellingRule(StrEnum):
    """Whether every instance has it (OPC 10000-3, 6.4.4)."""

    MANDATORY = "Mandatory"
    OPTIONAL = "Optional"


class ReferenceType(_Strict):
    """A non-hierarchical reference from a variable to a variable."""

    relation: Relation
    """What the catalogue says of the target."""
    inverse: Name
    text: str


class Property(_Strict):
    """A property that a type declares."""

    type: DataType
    rule: ModellingRule
    text: str


class Subtype(_Strict):
    """A type that adds properties to its supertype."""

    name: Name
    of: StandardName
    text: str
    properties: dict[Name, Property] = Field(default_factory=dict)


class Component(_Strict):
    """A part of a heat pump with a type of its own."""

    type: Name
    text: str
    points: tuple[str, ...]

    @model_validator(mode="after")
    def _points_exist(self) -> Component:
        _known(self.points, HEAT_PUMP, "heat_pump")
        return self


class HeatPumpType(_Strict):
    """The device type and the texts of its parts."""

    name: Name
    of: StandardName
    text: str
    parameter_set: str
    method_set: str
    health: str
    groups: dict[Group, str]

    @model_validator(mode="after")
    def _all_groups(self) -> HeatPumpType:
        _all(Group, self.groups, "groups")
        return self


class Argument(_Strict):
    """An argument of a method: like a point of the heat pump, or with a type of its own."""

    point: str | None = None
    type: DataType | None = None
    text: str | None = None

    @model_validator(mode="after")
    def _point_or_type(self) -> Argument:
        if self.point is None and (self.type is None or self.text is None):
            raise ValueError("state a point, or a type and a text")
        if self.point is not None:
            _known((self.point,), HEAT_PUMP, "heat_pump")
            if self.type is not None:
                raise ValueError("the type comes from the point: leave it out")
        return self

    @property
    def data_type(self) -> DataType:
        """The data type that a client has to send."""
        if self.type is not None:
            return self.type
        return _KIND_TYPES[self._spec.kind]

    @property
    def description(self) -> str:
        """What it means, with the unit where it is the value of a point."""
        if self.point is None or self.text is not None:
            return self.text or ""
        symbol = UNITS[self._spec.unit].symbol if self._spec.unit else ""
        return f"{self._spec.title} [{symbol}]" if symbol else self._spec.title

    @property
    def _spec(self) -> PointSpec:
        return HEAT_PUMP[self.point or ""]


_KIND_TYPES = {
    Kind.ANALOG: DataType.DOUBLE,
    Kind.TWO_STATE: DataType.BOOLEAN,
    Kind.MULTI_STATE: DataType.INT32,
}


class Method(_Strict):
    """A command of a heat pump."""

    role: Role
    """The least role that may call it."""
    writes: tuple[str, ...] = ()
    """Points that it writes at once: an instance has the method where they can be written."""
    text: str
    inputs: dict[Name, Argument] = Field(default_factory=dict)
    outputs: tuple[Name, ...] = ()
    """Names of results, in order."""

    @model_validator(mode="after")
    def _points_exist(self) -> Method:
        _known(self.writes, HEAT_PUMP, "heat_pump")
        return self

    @property
    def description(self) -> str:
        """What it does to the plant, and who may call it."""
        return f"{self.text} For the role {self.role.value} and above; every call is recorded."


class Cause(_Strict):
    """A method that brings transitions about: out of some states, into some states."""

    leaves: tuple[Name, ...] | None = Field(default=None, alias="from")
    enters: tuple[Name, ...] | None = Field(default=None, alias="to")


class StateMachine(_Strict):
    """A finite state machine that follows a point; every state can follow every other."""

    name: Name
    instance: Name
    of: StandardName
    text: str
    point: str
    states: dict[Name, int]
    initial: Name
    causes: dict[Name, Cause]

    @model_validator(mode="after")
    def _states_are_codes(self) -> StateMachine:
        _known((self.point,), HEAT_PUMP, "heat_pump")
        codes = set(HEAT_PUMP[self.point].enum)
        if sorted(self.states.values()) != sorted(codes):
            raise ValueError(f"the states' numbers are not the codes of {self.point}: {codes}")
        _known((self.initial,), self.states, "states")
        for cause in self.causes.values():
            _known((*(cause.leaves or ()), *(cause.enters or ())), self.states, "states")
        return self


class SitePart(_Strict):
    """An object of a site with a type of its own."""

    section: Section
    type: Name
    rule: ModellingRule
    text: str

    @property
    def points(self) -> tuple[str, ...]:
        """The points of its section."""
        return tuple(name for name, spec in SITE.items() if spec.section is self.section)


class SiteType(_Strict):
    """The type of a site."""

    name: Name
    text: str
    heat_pumps: str
    properties: dict[Name, Property]
    parts: dict[Name, SitePart]


class TypeModel(_Strict):
    """All types of our namespace."""

    uri: str
    version: Annotated[str, StringConstraints(pattern=r"^\d+\.\d+\.\d+$")]
    publication_date: dt.date
    reference_types: dict[Name, ReferenceType]
    prediction: Subtype
    alarm: Subtype
    component: Subtype
    components: dict[Name, Component]
    heat_pump: HeatPumpType
    results: dict[Name, Argument]
    methods: dict[Name, Method]
    state_machine: StateMachine
    site: SiteType

    @model_validator(mode="after")
    def _parts_agree(self) -> TypeModel:
        _once(point for part in self.components.values() for point in part.points)
        _all(Section, (part.section for part in self.site.parts.values()), "site.parts")
        _all(Relation, (kind.relation for kind in self.reference_types.values()), "reference_types")
        _known(self.state_machine.causes, self.methods, "methods")
        for method in self.methods.values():
            _known(method.outputs, self.results, "results")
        return self

    def outputs(self, method: str) -> dict[str, Argument]:
        """Return the output arguments of a method by name."""
        return {name: self.results[name] for name in self.methods[method].outputs}


def load_model() -> TypeModel:
    """Read and check the packaged model; a mistake is a `ConfigError` with its line."""
    source = files("heatpump_twin.server.nodeset").joinpath("model.yaml")
    return YamlSource(source.read_text("utf-8"), "model.yaml").validate(TypeModel)


def _known(names: Iterable[str], among: Iterable[str], where: str) -> None:
    if unknown := sorted(set(names) - set(among)):
        raise ValueError(f"not in {where}: {', '.join(unknown)}")


def _all(wanted: Iterable[str], given: Iterable[str], where: str) -> None:
    if missing := sorted(set(wanted) - set(given)):
        raise ValueError(f"{where} has nothing for {', '.join(missing)}")


def _once(names: Iterable[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise ValueError(f"{name} is in two parts: one shows it, the others refer to it")
        seen.add(name)
