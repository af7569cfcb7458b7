"""Read aggregates of recorded values, of many variables at once (OPC 10000-13)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from asyncua import Client, ua

from heatpump_twin.hmi.endpoint import standard_node
from heatpump_twin.hmi.heat_pump_model import Variable
from heatpump_twin.hmi.measure import AS_SENT, Measure
from heatpump_twin.hmi.presentation import DisplayedValue

_BATCH = 100
"""Variables in one request: the server computes a request in one piece."""

MAXIMUM = ua.ObjectIds.AggregateFunction_Maximum
AVERAGE = ua.ObjectIds.AggregateFunction_TimeAverage2
"""Of what was known: no line is drawn over a gap."""
TIME_IN_STATE = ua.ObjectIds.AggregateFunction_DurationInStateNonZero
"""How long a value was not zero. [ms]"""

PERCENT_BAD = ua.ObjectIds.AggregateFunction_PercentBad
_WITHOUT_UNIT = {TIME_IN_STATE, PERCENT_BAD}
"""Aggregates that are no value of the variable: a time, a share."""

Wish = tuple[Variable, int]
"""Variable, and the number of the aggregate's function."""


async def read_aggregates(
    client: Client, wishes: Sequence[Wish], start: datetime, end: datetime, interval: float
) -> list[list[DisplayedValue]]:
    """Return of each variable the values of its intervals; none where it has no history. [ms]

    They are in the units of the variables, as the person reads them.

    Raises
    ------
    OSError, TimeoutError, ua.UaError
        They cannot be read now.
    """
    found: list[list[DisplayedValue]] = []
    for first in range(0, len(wishes), _BATCH):
        some = wishes[first : first + _BATCH]
        parameters = ua.HistoryReadParameters()
        parameters.HistoryReadDetails = ua.ReadProcessedDetails(
            StartTime=start,
            EndTime=end,
            ProcessingInterval=ua.Double(interval),
            AggregateType=[standard_node(number) for _, number in some],
        )
        parameters.TimestampsToReturn = ua.TimestampsToReturn.Source
        # asyncua's default is to give continuation points back, and to read nothing.
        parameters.ReleaseContinuationPoints = False
        parameters.NodesToRead = [ua.HistoryReadValueId(NodeId=v.node) for v, _ in some]
        results = await client.uaclient.history_read(parameters)
        found += [
            _values(result, AS_SENT if number in _WITHOUT_UNIT else variable.measure)
            for (variable, number), result in zip(some, results, strict=True)
        ]
    return found


def _values(result: ua.HistoryReadResult, measure: Measure) -> list[DisplayedValue]:
    values = getattr(result.HistoryData, "DataValues", None) or ()
    return [DisplayedValue.of(value, measure) for value in values]
