"""Read what a trend draws: samples over a short range, the server's extremes over a long one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from asyncua import Client, ua

from heatpump_twin.hmi.heat_pump_model import Variable
from heatpump_twin.hmi.journal.aggregates import AVERAGE, PERCENT_BAD, read_aggregates
from heatpump_twin.hmi.presentation import DisplayedValue, epoch_ms
from heatpump_twin.hmi.trends.decimation import Silence, TrendPoint
from heatpump_twin.hmi.trends.raw_history import read_samples

RAW_FOR = timedelta(minutes=90)
"""Longest range that is read sample by sample."""
MOST_INTERVALS = 600
"""With the least and the greatest value of each, what a chart of a wide screen has room for."""
_STEPS = (
    5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400,
    604_800,
)  # fmt: skip
"""Lengths of intervals: from an hour on whole hours, of which the server has statistics. [s]"""
_EXTREMES = (
    ua.ObjectIds.AggregateFunction_MinimumActualTime,
    ua.ObjectIds.AggregateFunction_MaximumActualTime,
    PERCENT_BAD,
)
"""Of samples, and not of what is interpolated between them: nothing is drawn where nothing was."""
_FIGURES = (
    ua.ObjectIds.AggregateFunction_Minimum2,
    AVERAGE,
    ua.ObjectIds.AggregateFunction_Maximum2,
)

Figures = tuple[float | None, float | None, float | None]
"""Least value, average over time, greatest value; None: not known."""


async def read_series(
    client: Client, variables: Sequence[Variable], start: datetime, end: datetime, silence: Silence
) -> list[list[TrendPoint]]:
    """Return of each variable the points to draw, broken where there was a gap.

    Raises
    ------
    OSError, TimeoutError, ua.UaError
        They cannot be read now.
    """
    if end - start <= RAW_FOR:
        return [await read_samples(client, v, start, end, silence=silence) for v in variables]
    step = _step(end - start)
    # From a whole multiple on: the same range, read a moment later, has the same intervals.
    first = datetime.fromtimestamp(start.timestamp() // step * step, UTC)
    wishes = [(variable, number) for variable in variables for number in _EXTREMES]
    found = await read_aggregates(client, wishes, first, end, 1000.0 * step)
    kinds = zip(found[::3], found[1::3], found[2::3], strict=True)
    # Extremes of two neighbours may lie two intervals apart, without a gap between them.
    longer = silence.longer(2000 * step)
    return [join_extremes(*of_one, silence=longer) for of_one in kinds]


async def read_figures(
    client: Client, variables: Sequence[Variable], start: datetime, end: datetime
) -> list[Figures]:
    """Return of each variable what it was over a range.

    Raises
    ------
    OSError, TimeoutError, ua.UaError
        They cannot be read now.
    """
    wishes = [(variable, number) for variable in variables for number in _FIGURES]
    span = 1000.0 * (end - start).total_seconds()
    found = [
        samples[0].value if samples else None
        for samples in await read_aggregates(client, wishes, start, end, span)
    ]
    return list(zip(found[::3], found[1::3], found[2::3], strict=True))


def _step(span: timedelta) -> int:
    seconds = span.total_seconds()
    return next((step for step in _STEPS if seconds / step <= MOST_INTERVALS), _STEPS[-1])


def join_extremes(
    least: Sequence[DisplayedValue],
    greatest: Sequence[DisplayedValue],
    bad: Sequence[DisplayedValue],
    *,
    silence: Silence,
) -> list[TrendPoint]:
    """Return the extremes of all intervals in order of time; None where the line breaks."""
    points: list[TrendPoint] = []
    for low, high, share in zip(least, greatest, bad, strict=True):
        known = sorted(
            {
                (epoch_ms(one.time), one.value)
                for one in (low, high)
                if one.value is not None and one.time is not None
            }
        )
        last = points[-1] if points else (0, None)
        if known:
            if last[1] is not None and silence.lies_between(last[0], known[0][0]):
                points.append((last[0] + 1, None))
            points += known
        elif last[1] is not None and share.value and low.time is not None:
            # No sample, and what stands is Bad: an interval begins after the last point before it.
            points.append((epoch_ms(low.time), None))
    return points
