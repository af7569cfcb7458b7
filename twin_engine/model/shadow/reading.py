"""Values of one quantity of n heat pumps with status and time, and what follows from several."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from heatpump_twin.drivers.frame import Statuses, Times, Values
from heatpump_twin.drivers.status import (
    BAD,
    BAD_CONFIGURATION_ERROR,
    BAD_NO_DATA,
    BAD_OUT_OF_RANGE,
    UNCERTAIN_ENGINEERING_UNITS_EXCEEDED,
    UNCERTAIN_SUB_NORMAL,
)
from heatpump_twin.twin_engine.image import Image

ABSENT = -1
"""Index of a point that a heat pump has not."""
_LONG_AGO = -(2**62)
ShadowFlags = NDArray[np.bool_]


class ShadowReading(NamedTuple):
    """Latest values of one quantity of n heat pumps: arrays of shape (n,)."""

    value: Values
    status: Statuses
    time: Times

    @property
    def bad(self) -> ShadowFlags:
        """Where there is no usable value."""
        return np.asarray((self.status >= BAD) | np.isnan(self.value))


def latest(image: Image, index: NDArray[np.int64]) -> ShadowReading:
    """Return the latest values of points by index; where it is `ABSENT`, Bad."""
    there = index >= 0
    place = np.where(there, index, 0)
    status = np.where(there, image.status[place], np.uint32(BAD_CONFIGURATION_ERROR))
    # A number that cannot be is shown, and is no number to go on with.
    odd = status == UNCERTAIN_ENGINEERING_UNITS_EXCEEDED
    status = np.where(odd, np.uint32(BAD_OUT_OF_RANGE), status)
    value = np.where(there, image.value[place], np.nan)
    time = np.where(there, image.time[place], _LONG_AGO)
    return ShadowReading(value, _unsigned(status), time)


def latest_rows(image: Image, index: NDArray[np.int64]) -> Iterator[ShadowReading]:
    """Return the latest values of k quantities, one after the other, of an index of (k, n).

    Looked up at once: for few heat pumps a call of NumPy takes longer than its work.
    """
    found = latest(image, index)
    return map(ShadowReading, found.value, found.status, found.time)


def best_of(choices: Sequence[ShadowReading], there: Sequence[ShadowFlags]) -> ShadowReading:
    """Return the first usable of several, heat pump by heat pump; else the first that is there."""
    return preferred(choices, [choice.bad for choice in choices], there)


def is_any_of(state: ShadowReading, codes: Sequence[float]) -> ShadowFlags:
    """Tell where a state is one of some codes."""
    return np.asarray((state.value[..., np.newaxis] == codes).any(axis=-1))


def preferred(
    choices: Sequence[ShadowReading],
    unusable: Sequence[ShadowFlags],
    there: Sequence[ShadowFlags],
) -> ShadowReading:
    """Return the first of several that is there and not unusable; else the first that is there."""
    # The usual case. What is usable is there.
    if not (unusable[0] | ~there[0]).any():
        return choices[0]
    rank = [np.where(bad, 2, 0) + np.where(t, 0, 4) for bad, t in zip(unusable, there, strict=True)]
    which = np.argmin(np.stack(rank), axis=0)
    value, status, time = (np.choose(which, [choice[k] for choice in choices]) for k in range(3))
    return ShadowReading(value, _unsigned(status), time)


def following(value: Values, *used: ShadowReading) -> ShadowReading:
    """Return values with the worst status and the newest time of what they follow from."""
    status, time = used[0].status, used[0].time
    for other in used[1:]:
        worse = (other.status >> 30) > (status >> 30)
        status, time = np.where(worse, other.status, status), np.maximum(time, other.time)
    none = np.isnan(value) & (status < BAD)
    status = _unsigned(np.where(none, np.uint32(BAD_NO_DATA), status))
    return ShadowReading(np.where(status >= BAD, np.nan, value), status, time)


def doubted(found: ShadowReading, trusted: ShadowFlags) -> ShadowReading:
    """Return values that are Good only where they are trusted."""
    lower = ~trusted & (found.status >> 30 == 0)
    status = np.where(lower, np.uint32(UNCERTAIN_SUB_NORMAL), found.status)
    return found._replace(status=_unsigned(status))


def without(found: ShadowReading, where: ShadowFlags, status: int) -> ShadowReading:
    """Return values that are Bad, for a reason, where a flag is set."""
    return ShadowReading(
        np.where(where, np.nan, found.value),
        _unsigned(np.where(where, np.uint32(status), found.status)),
        found.time,
    )


def either(first: ShadowReading, second: ShadowReading, where: ShadowFlags) -> ShadowReading:
    """Return the first where a flag is set, else the second."""
    return ShadowReading(
        np.where(where, first.value, second.value),
        _unsigned(np.where(where, first.status, second.status)),
        np.where(where, first.time, second.time),
    )


def _unsigned(status: NDArray[np.integer]) -> Statuses:
    return status.astype(np.uint32, copy=False)
