"""How history is kept: HA Configuration objects (OPC 10000-11, 5.2).

HasHistoricalConfiguration says that its target "is used" by the variable (5.3.2), so the variables
of one asset share two of these objects: one for values that stand until the next (stepped) and one
for values that are interpolated.
"""

from __future__ import annotations

import datetime as dt

from asyncua import ua

from heatpump_twin.config.catalogue import Point
from heatpump_twin.config.settings import Historian
from heatpump_twin.server.node_builder import NodeBuilder, Place, standard

IDS = ua.ObjectIds
NAME = ua.QualifiedName("HA Configuration")


class HistoryConfiguration:
    """Adds the objects that an asset's variables use."""

    def __init__(self, builder: NodeBuilder, settings: Historian) -> None:
        self._builder = builder
        self._settings = settings

    def add(self, asset: str, owner: ua.NodeId, start: dt.datetime) -> None:
        """Add both objects of an asset; ``start`` is when its archive begins."""
        for stepped, title in ((True, "Recorded on change"), (False, "Recorded beyond a deadband")):
            node = self._builder.object(
                f"{asset}.HA Configuration.{_kind(stepped)}",
                NAME,
                standard(IDS.HistoricalDataConfigurationType),
                Place(owner, IDS.HasHistoricalConfiguration),
                title=title,
            )
            self._describe(node, stepped, start)

    def refer(self, point: Point, variable: ua.NodeId) -> None:
        """Let a variable refer to its configuration."""
        target = self._builder.node_id(
            f"{point.asset}.HA Configuration.{_kind(point.spec.stepped)}"
        )
        self._builder.reference(variable, IDS.HasHistoricalConfiguration, target)

    def _describe(self, node: ua.NodeId, stepped: bool, start: dt.datetime) -> None:
        longest = self._settings.max_interval * 1000.0
        for name, data_type, value, description in (
            ("Stepped", IDS.Boolean, stepped, "A value stands until the next one"),
            ("Definition", IDS.String, "Measured or computed by the twin", "Where values are from"),
            ("MaxTimeInterval", IDS.Duration, longest, "Longest time between two samples"),
            ("MinTimeInterval", IDS.Duration, 0.0, "Shortest time between two samples"),
            ("StartOfArchive", IDS.UtcTime, start, "The first sample of the asset"),
            ("StartOfOnlineArchive", IDS.UtcTime, start, "The first sample of the asset"),
            ("ServerTimestampSupported", IDS.Boolean, True, "The same as the source time"),
        ):
            self._builder.property(
                node, ua.QualifiedName(name), data_type, value, description=description
            )
        defaults = self._builder.object(
            f"{node.Identifier}.AggregateConfiguration",
            ua.QualifiedName("AggregateConfiguration"),
            standard(IDS.AggregateConfigurationType),
            Place(node),
        )
        # The defaults of OPC 10000-13, 4.2.1.2.
        for name, data_type, value in (
            ("TreatUncertainAsBad", IDS.Boolean, True),
            ("PercentDataBad", IDS.Byte, 100),
            ("PercentDataGood", IDS.Byte, 100),
            ("UseSlopedExtrapolation", IDS.Boolean, False),
        ):
            self._builder.property(defaults, ua.QualifiedName(name), data_type, value)


def _kind(stepped: bool) -> str:
    return "stepped" if stepped else "interpolated"
