"""One value with its quality, and how quality passes on to what is computed from it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from heatpump_twin.drivers.status import BAD_NO_DATA, is_bad
from heatpump_twin.twin_engine.quality import worst


class Sample(NamedTuple):
    """A value with its status and source time."""

    value: float
    status: int
    time: int

    @property
    def bad(self) -> bool:
        """Whether there is no usable value."""
        return is_bad(self.status) or math.isnan(self.value)


def sample_of(value: float, *used: Sample) -> Sample:
    """Return a value with the worst status and the newest time of what it was computed from."""
    status = worst(sample.status for sample in used)
    time = max(sample.time for sample in used)
    if is_bad(status):
        return Sample(math.nan, status, time)
    if math.isnan(value):
        return Sample(math.nan, BAD_NO_DATA, time)
    return Sample(value, status, time)


def first_usable(
    inputs: Mapping[str, Sample], choices: Iterable[tuple[str, ...]]
) -> tuple[tuple[str, ...], tuple[Sample, ...]]:
    """Return the first choice of points without a Bad one (else the first) and its samples."""
    found = [(choice, tuple(inputs[p] for p in choice)) for choice in choices]
    return next((f for f in found if not any(sample.bad for sample in f[1])), found[0])
