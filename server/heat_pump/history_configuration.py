"""HA Configuration objects: how the history of variables is kept (OPC 10000-11, 5.2).

HasHistoricalConfiguration says that its target "is used" by the variable (5.3.2), so the variables
of one asset share three of these objects: one for values that stand until the next (stepped), one
for values that are interpolated, and one for predictions, which are Uncertain and count all the
same.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from asyncua import ua

from heatpump_twin.config.catalogue import Point
from heatpump_twin.config.phrase import Context, Text
from heatpump_twin.config.settings import HistorianSettings
from heatpump_twin.server.space.node_builder import NodeBuilder, NodePlace, standard
from heatpump_twin.server.space.ua_values import instance_name
from heatpump_twin.twin_engine.aggregates.series.point_rules import point_rules
from heatpump_twin.twin_engine.aggregates.series.rules import Rules

IDS = ua.ObjectIds
NAME = ua.QualifiedName("HA Configuration")
ON_CHANGE = Text("Recorded on change", Context.MODEL)
BEYOND_DEADBAND = Text("Recorded beyond a deadband", Context.MODEL)
MEANINGS = {
    "Stepped": Text("A value stands until the next one", Context.MODEL),
    "Definition": Text("Where values are from", Context.MODEL),
    "MaxTimeInterval": Text("Longest time between two samples", Context.MODEL),
    "MinTimeInterval": Text("Shortest time between two samples", Context.MODEL),
    "StartOfArchive": Text("The first sample of the asset", Context.MODEL),
    "StartOfOnlineArchive": Text("The first sample of the asset", Context.MODEL),
    "ServerTimestampSupported": Text("The same as the source time", Context.MODEL),
}


class HistoryConfiguration:
    """The builder of the HA Configuration of historized variables.

    Parameters
    ----------
    settings : Historian
        How samples are kept.
    starts : mapping
        By asset: when its archive begins.
    """

    def __init__(
        self,
        builder: NodeBuilder,
        settings: HistorianSettings,
        starts: Mapping[str, dt.datetime],
    ) -> None:
        self._builder = builder
        self._settings = settings
        self._starts = starts

    def add(self, point: Point, variable: ua.NodeId) -> None:
        """Refer from a variable to the HA Configuration of its kind, which the first one adds."""
        rules = point_rules(point.spec)
        kind = "stepped" if rules.stepped else "interpolated"
        if not rules.treat_uncertain_as_bad:
            kind = f"{kind}.predicted"
        name = f"{point.asset}.HA Configuration.{kind}"
        node = self._builder.node_id(name)
        if node in self._builder.aspace:
            self._builder.reference(variable, IDS.HasHistoricalConfiguration, node)
            return
        self._builder.object(
            name,
            NAME,
            standard(IDS.HistoricalDataConfigurationType),
            NodePlace(variable, IDS.HasHistoricalConfiguration),
            title=ON_CHANGE if rules.stepped else BEYOND_DEADBAND,
        )
        self._describe(node, rules, self._starts[point.asset])

    def _describe(self, node: ua.NodeId, rules: Rules, start: dt.datetime) -> None:
        # After this time a value is recorded though it has not changed. Durations are in ms.
        longest = self._settings.max_interval * 1000.0
        for name, data_type, value in (
            ("Stepped", IDS.Boolean, rules.stepped),
            ("Definition", IDS.String, "Measured or computed by the twin"),
            ("MaxTimeInterval", IDS.Duration, longest),
            ("MinTimeInterval", IDS.Duration, 0.0),
            ("StartOfArchive", IDS.UtcTime, start),
            # All of the archive is online: there is no other to fetch it from.
            ("StartOfOnlineArchive", IDS.UtcTime, start),
            ("ServerTimestampSupported", IDS.Boolean, True),
        ):
            self._builder.property(
                node, ua.QualifiedName(name), data_type, value, description=MEANINGS[name]
            )
        defaults = self._builder.object(
            f"{instance_name(node)}.AggregateConfiguration",
            ua.QualifiedName("AggregateConfiguration"),
            standard(IDS.AggregateConfigurationType),
            NodePlace(node),
        )
        for name, data_type, value in (
            ("TreatUncertainAsBad", IDS.Boolean, rules.treat_uncertain_as_bad),
            ("PercentDataBad", IDS.Byte, rules.percent_bad),
            ("PercentDataGood", IDS.Byte, rules.percent_good),
            ("UseSlopedExtrapolation", IDS.Boolean, rules.sloped_extrapolation),
        ):
            self._builder.property(defaults, ua.QualifiedName(name), data_type, value)
