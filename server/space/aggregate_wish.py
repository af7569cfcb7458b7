"""What clients ask of aggregates, in HistoryRead and in monitored items (OPC 10000-13, 4.2)."""

from __future__ import annotations

from asyncua import ua

from heatpump_twin.twin_engine.aggregates.aggregate_records import (
    BY_NUMBER,
    AggregateRecord,
    ResultType,
)
from heatpump_twin.twin_engine.aggregates.series.rules import Rules

VARIANT_TYPES = {
    ResultType.DOUBLE: ua.VariantType.Double,
    ResultType.INT32: ua.VariantType.Int32,
    ResultType.STATUS: ua.VariantType.StatusCode,
}
"""Types of results that do not have that of their source."""


def aggregate_of(kind: ua.NodeId) -> AggregateRecord | None:
    """Return the aggregate that a NodeId names; None: it is not served."""
    number = kind.Identifier
    known = kind.NamespaceIndex == 0 and isinstance(number, int)
    return BY_NUMBER.get(int(number)) if known else None


def rules_of(own: Rules, wanted: ua.AggregateConfiguration | None) -> Rules:
    """Return the rules that are asked for, or those of the source itself."""
    if wanted is None or wanted.UseServerCapabilitiesDefaults:
        return own
    return Rules(
        stepped=own.stepped,
        treat_uncertain_as_bad=bool(wanted.TreatUncertainAsBad),
        percent_bad=int(wanted.PercentDataBad),
        percent_good=int(wanted.PercentDataGood),
        sloped_extrapolation=bool(wanted.UseSlopedExtrapolation),
    )
