"""Statistics of the samples of whole hours, from which aggregates of years are computed.

An hour that is all Good, all Uncertain or of one Bad status is represented by six of its samples at
most: the first and the last, two of the least, and two of the greatest. Whatever an aggregate says
of extremes, bounds, durations and qualities follows from them alone; sums, integrals and counts are
kept beside them. Of other hours, and of those with few samples, there are no statistics: the
samples themselves are read.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from heatpump_twin.drivers.frame import Statuses, Times, Values

HOUR = 3_600_000_000
"""[µs]"""
LEAST = 16
"""Samples of an hour that has statistics: fewer are read as fast themselves."""
_BAD = 2

HOURLY = np.dtype(
    [
        ("hour", "<i4"),  # since the Unix epoch, UTC
        ("count", "<u4"),
        ("transitions", "<u4"),  # values that differ from the one before, in the hour
        ("zero", "<u4"),  # time for which a stepped value is 0, first to last sample [µs]
        ("status", "<u4", 2),  # of the first and the last sample
        ("time", "<u4", 6),  # first, last, least, least again, greatest, again: in the hour [µs]
        ("value", "<f8", 4),  # first, last, least, greatest [unit of the point]
        ("sum", "<f8"),
        ("square", "<f8"),  # sum of the squared deviations from the mean
        ("stepped", "<f8"),  # ∫ v dt, first to last sample, where each value stands [unit · s]
        ("sloped", "<f8"),  # the same on lines from sample to sample [unit · s]
    ]
)

Hourly = NDArray[np.void]
"""Rows of type `HOURLY`, in order of the hour."""
NO_HOURS: Hourly = np.empty(0, dtype=HOURLY)


def kept_hours(hours: Hourly, which: NDArray[np.bool_]) -> Hourly:
    """Return some of the hours; all, as most often, without a copy: a year is a megabyte."""
    return hours if which.all() else hours[which]


def hourly_statistics(time: Times, value: Values, status: Statuses) -> Hourly:
    """Return the statistics of each hour that can have some; samples are in order of time."""
    hours = time // HOUR
    if not len(hours):
        return NO_HOURS
    begins = np.flatnonzero(np.diff(hours, prepend=hours[:1] - 1))
    ends = np.append(begins[1:], len(hours))
    rows = []
    for first, end in zip(begins.tolist(), ends.tolist(), strict=True):
        if end - first >= LEAST:
            hour, part = int(hours[first]), slice(first, end)
            rows.append(_row(hour, time[part] - hour * HOUR, value[part], status[part]))
    return np.array([row for row in rows if row is not None], dtype=HOURLY)


def _row(hour: int, time: Times, value: Values, status: Statuses) -> tuple[object, ...] | None:
    """Return the row of one hour; None: its samples are not of one quality."""
    ends = (status[0], status[-1])
    severity = status >> np.uint32(30)
    if severity[0] >= _BAD:
        # One status throughout: which of them was first is then nobody's question.
        places = (time[0], time[-1], *[time[0]] * 4)
        alike = (status == status[0]).all()
        return (hour, len(status), 0, 0, ends, places, (np.nan,) * 4, *[0.0] * 4) if alike else None
    if not ((severity == severity[0]).all() and np.isfinite(value).all()):
        return None
    seconds = np.diff(time) * 1e-6
    least, greatest = np.flatnonzero(value == value.min()), np.flatnonzero(value == value.max())
    shown = [0, -1, least[0], least[:2][-1], greatest[0], greatest[:2][-1]]
    return (
        hour,
        len(value),
        int((value[1:] != value[:-1]).sum()),
        int(np.diff(time)[value[:-1] == 0.0].sum()),
        ends,
        tuple(time[shown]),
        (value[0], value[-1], value[least[0]], value[greatest[0]]),
        value.sum(),
        ((value - value.mean()) ** 2).sum(),
        (value[:-1] * seconds).sum(),
        ((value[:-1] + value[1:]) * seconds).sum() / 2,
    )
