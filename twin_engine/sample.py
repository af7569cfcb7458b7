"""One sample: a value with its status and time, and how these pass on to computed values."""

from __future__ import annotations

import math
from typing import NamedTuple

from heatpump_twin.drivers.status import BAD, BAD_NO_DATA, is_bad


class Sample(NamedTuple):
    """A value with its status and source time."""

    value: float
    status: int
    time: int

    @property
    def bad(self) -> bool:
        """Whether there is no usable value."""
        # Asked 30 times a frame: written out, as `is_bad` and `isnan` would take twice as long.
        return self.status >= BAD or self.value != self.value


def sample_of(value: float, *used: Sample) -> Sample:
    """Return a value with the worst status and the newest time of what it was computed from."""
    # Each derived point of each frame comes by here: a loop takes a third of `worst` and `max`.
    _, status, time = used[0]
    for sample in used:
        if sample.status >> 30 > status >> 30:
            status = sample.status
        if sample.time > time:
            time = sample.time
    # The status of the input stays: why there is no value is told by the device, not by the
    # arithmetic.
    if is_bad(status):
        return Sample(math.nan, status, time)
    if math.isnan(value):
        return Sample(math.nan, BAD_NO_DATA, time)
    return Sample(value, status, time)
