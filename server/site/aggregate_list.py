"""The aggregates that are served, in AggregateFunctions (OPC 10000-13, 4.2.2 and 4.4)."""

from __future__ import annotations

from asyncua import ua

from heatpump_twin.server.space.node_builder import NodeBuilder, standard
from heatpump_twin.twin_engine.aggregates.aggregate_records import RECORDS

IDS = ua.ObjectIds
FOLDERS = (
    IDS.Server_ServerCapabilities_AggregateFunctions,
    IDS.HistoryServerCapabilities_AggregateFunctions,
)


def list_aggregates(builder: NodeBuilder) -> None:
    """Refer from the folders of aggregates to those that HistoryRead computes."""
    for folder in FOLDERS:
        for record in RECORDS:
            builder.reference(standard(folder), IDS.Organizes, standard(record.number))
