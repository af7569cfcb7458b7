"""What the input of a method takes on one heat pump: said in words, and as typed metadata.

A client reads the metadata from a variable that HasArgumentDescription refers to (OPC 10000-3,
5.7.1 and 7.22): EURange, EngineeringUnits or EnumValues, as of any variable.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from asyncua import ua

from heatpump_twin.config.catalogue import UNITS, EngineeringUnit, Point, Span
from heatpump_twin.config.phrase import Phrase, joined
from heatpump_twin.server.space.node_builder import NodeBuilder
from heatpump_twin.server.space.ua_values import engineering_unit, text, value_range


@dataclass(frozen=True, slots=True)
class ArgumentRange:
    """The values that an input takes."""

    words: str
    """For its description: ``20 to 55 °C``, ``1 Heating, 3 Hot water``."""
    title: str = ""
    """Name of the quantity; empty: the input's description says it."""
    span: Span | None = None
    unit: EngineeringUnit | None = None
    states: Mapping[int, str] = field(default_factory=dict)
    """The codes that can be asked for, where the input is one of several."""

    @classmethod
    def of(cls, point: Point, limits: Span) -> ArgumentRange:
        """Return what an input takes that stands for a point, within ``limits`` in its unit."""
        if point.spec.unit is None:
            states = codes(point, limits)
            named = [Phrase("{code} {name}", code=code, name=states[code]) for code in states]
            return cls(joined(", ", named), point.spec.title, states=states)
        unit = UNITS[point.spec.unit]
        low, high = limits
        words = (
            Phrase("{low} to {high} {unit}", low=low, high=high, unit=unit.symbol)
            if unit.symbol
            else Phrase("{low} to {high}", low=low, high=high)
        )
        return cls(words, point.spec.title, limits, unit)

    def describe(self, builder: NodeBuilder, node: ua.NodeId) -> None:
        """Add the properties that say it to the variable that describes the input."""
        if self.span is not None:
            name = ua.QualifiedName("EURange")
            builder.property(node, name, ua.ObjectIds.Range, value_range(self.span))
        if self.unit is not None:
            name, unit = ua.QualifiedName("EngineeringUnits"), engineering_unit(self.unit)
            builder.property(node, name, ua.ObjectIds.EUInformation, unit)
        if self.states:
            values = [
                ua.EnumValueType(code, text(name), text("")) for code, name in self.states.items()
            ]
            name = ua.QualifiedName("EnumValues")
            builder.property(node, name, ua.ObjectIds.EnumValueType, values, array=True)


def codes(point: Point, limits: Span) -> dict[int, str]:
    """Return the states of a point that can be asked for."""
    known = dict(enumerate(point.spec.states)) if point.spec.states else point.spec.enum
    return {code: name for code, name in known.items() if limits[0] <= code <= limits[1]}
