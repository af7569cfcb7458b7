"""The schema of model.yaml: the types of a heat pump, of a site and of the twin itself."""

from __future__ import annotations

import datetime as dt
from importlib.resources import files
from typing import Annotated

from pydantic import Field, StringConstraints, model_validator

from heatpump_twin.config.catalogue import Group, Relation, Section
from heatpump_twin.config.yaml_source import YamlSource
from heatpump_twin.server.nodeset.method_declaration import ArgumentDeclaration, MethodDeclaration
from heatpump_twin.server.nodeset.program_variables import ProgramGroup
from heatpump_twin.server.nodeset.vocabulary import (
    HEAT_PUMP,
    SITE,
    DataType,
    ModellingRule,
    Name,
    StandardName,
    Strict,
    every,
    known,
    once,
)


class ReferenceType(Strict):
    """A non-hierarchical reference from a variable to a variable."""

    relation: Relation
    """The relation in the catalogue that the reference stands for."""
    inverse: Name
    text: str


class Property(Strict):
    """A property or variable that a type declares."""

    type: DataType
    rule: ModellingRule
    text: str
    array: bool = False


class Subtype(Strict):
    """A type that adds properties and variables to its supertype."""

    name: Name
    of: StandardName
    text: str
    properties: dict[Name, Property] = Field(default_factory=dict)
    variables: dict[Name, Property] = Field(default_factory=dict)


class EventType(Strict):
    """The type of events that are no alarms, and of what: the beginnings or ends of phases."""

    of: StandardName
    text: str
    begins: tuple[str, ...] = ()
    """Events of rule packs whose beginning is told by it."""
    ends: tuple[str, ...] = ()
    properties: dict[Name, Property] = Field(default_factory=dict)


class Component(Strict):
    """A part of a heat pump with a type of its own."""

    type: Name
    text: str
    points: tuple[str, ...]

    @model_validator(mode="after")
    def _points_exist(self) -> Component:
        known(self.points, HEAT_PUMP, "heat_pump")
        return self


class HeatPumpType(Strict):
    """The device type and the texts of its parts."""

    name: Name
    of: StandardName
    text: str
    parameter_set: str
    method_set: str
    health: str
    properties: dict[Name, Property]
    groups: dict[Group, str]

    @model_validator(mode="after")
    def _all_groups(self) -> HeatPumpType:
        every(Group, self.groups, "groups")
        return self


class Cause(Strict):
    """The transitions that a method causes: out of some states, into some states."""

    leaves: tuple[Name, ...] | None = Field(default=None, alias="from")
    enters: tuple[Name, ...] | None = Field(default=None, alias="to")


class StateMachineDeclaration(Strict):
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
    def _states_are_codes(self) -> StateMachineDeclaration:
        known((self.point,), HEAT_PUMP, "heat_pump")
        # StateNumber is what the point holds: a number without a code would be a state that never
        # comes.
        codes = set(HEAT_PUMP[self.point].codes)
        if sorted(self.states.values()) != sorted(codes):
            raise ValueError(f"the states' numbers are not the codes of {self.point}: {codes}")
        known((self.initial,), self.states, "states")
        for cause in self.causes.values():
            known((*(cause.leaves or ()), *(cause.enters or ())), self.states, "states")
        return self


class SitePart(Strict):
    """An object of a site with a type of its own."""

    section: Section
    type: Name
    rule: ModellingRule
    text: str

    @property
    def points(self) -> tuple[str, ...]:
        """The points of the section of the site."""
        return tuple(name for name, spec in SITE.items() if spec.section is self.section)


class SiteType(Strict):
    """The type of a site."""

    name: Name
    text: str
    heat_pumps: str
    properties: dict[Name, Property]
    parts: dict[Name, SitePart]


class OwnType(Strict):
    """The type of the twin itself."""

    name: Name
    text: str
    instance: Name


class TypeModel(Strict):
    """All types of our namespace."""

    version: Annotated[str, StringConstraints(pattern=r"^\d+\.\d+\.\d+$")]
    publication_date: dt.date
    reference_types: dict[Name, ReferenceType]
    prediction: Subtype
    alarm: Subtype
    alarms: tuple[Subtype, ...]
    """Kinds of alarms, which have the properties of ``alarm`` as well."""
    events: dict[Name, EventType]
    component: Subtype
    components: dict[Name, Component]
    heat_pump: HeatPumpType
    results: dict[Name, ArgumentDeclaration]
    methods: dict[Name, MethodDeclaration]
    programs: ProgramGroup
    state_machine: StateMachineDeclaration
    site: SiteType
    twin: OwnType

    @model_validator(mode="after")
    def _parts_agree(self) -> TypeModel:
        # The variable has one place among the components; two would be two owners of one sensor.
        once(point for part in self.components.values() for point in part.points)
        # A new section or relation of the catalogue must not silently be left out of the types.
        every(Section, (part.section for part in self.site.parts.values()), "site.parts")
        every(
            Relation, (kind.relation for kind in self.reference_types.values()), "reference_types"
        )
        for side in ("begins", "ends"):
            once(phase for kind in self.events.values() for phase in getattr(kind, side))
        known(self.state_machine.causes, self.methods, "methods")
        for method in self.methods.values():
            known(method.outputs, self.results, "results")
        return self

    @property
    def published(self) -> str:
        """The publication date as it is written in nodesets."""
        return f"{self.publication_date.isoformat()}T00:00:00Z"

    def outputs(self, method: str) -> dict[str, ArgumentDeclaration]:
        """Return the output arguments of a method by name."""
        return {name: self.results[name] for name in self.methods[method].outputs}


def load_model() -> TypeModel:
    """Read and check the packaged model; a mistake is a `ConfigError` with its line."""
    source = files("heatpump_twin.server.nodeset").joinpath("model.yaml")
    return YamlSource(source.read_text("utf-8"), "model.yaml").validate(TypeModel)
