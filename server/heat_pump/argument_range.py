"""The range of a method's input argument on one heat pump: as text and as typed metadata.

A client reads the metadata from a variable that HasArgumentDescription refers to (OPC 10000-3,
5.7.1 and 7.22): EURange, EngineeringUnits or EnumValues, as of any variable.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from asyncua import ua

from heatpump_twin.config.catalogue import UNITS, EngineeringUnit, Point, Span
from heatpump_twin.drivers.write_range import codes_within, range_words
from heatpump_twin.server.space.node_builder import NodeBuilder
from heatpump_twin.server.space.ua_values import engineering_unit, text, value_range


@dataclass(frozen=True, slots=True)
class ArgumentRange:
    """The values that an input argument takes: a range with its unit, or states."""

    words: str
    """Text for the description: ``20 to 55 °C``, ``1 Heating, 3 Hot water``."""
    title: str = ""
    """Name of the quantity; empty: the argument's description says it."""
    span: Span | None = None
    unit: EngineeringUnit | None = None
    states: Mapping[int, str] = field(default_factory=dict)
    """The codes that can be asked for, where the input is one of several."""

    @classmethod
    def of(cls, point: Point, limits: Span) -> ArgumentRange:
        """Return the range of an input that stands for a point, within ``limits`` in its unit."""
        spec, words = point.spec, range_words(point.spec, limits)
        # Without a unit it is a state: what a client offers are the codes, not the numbers between.
        if spec.unit is None:
            return cls(words, spec.title, states=codes_within(spec, limits))
        return cls(words, spec.title, limits, UNITS[spec.unit])

    def describe(self, builder: NodeBuilder, node: ua.NodeId) -> None:
        """Add the range as properties to the variable that describes the input."""
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
