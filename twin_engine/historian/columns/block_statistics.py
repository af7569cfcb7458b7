"""Statistics of the samples of a block, so that a question about years need not decode them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from heatpump_twin.twin_engine.history import Samples


@dataclass(frozen=True, slots=True)
class BlockStatistics:
    """Statistics of samples of one point, by what is Good in them."""

    count: int
    """All samples, whatever their status."""
    first: int
    last: int
    """Times of the first and the last sample. [µs since the Unix epoch]"""
    minimum: float | None
    maximum: float | None
    """Of Good samples; None: there is none. [unit of the point]"""
    stepped: float
    """∫ v dt where each Good value stands until the next sample. [unit of the point · s]"""
    sloped: float
    """∫ v dt on the lines between two Good samples. [unit of the point · s]"""
    good: int
    """Time from Good samples to the next sample. [µs]"""
    sloped_time: int
    """Time between two Good samples, over which ``sloped`` was taken. [µs]"""
    last_status: int
    """Of the last sample, with the sign of a 32-bit number."""

    @classmethod
    def of(cls, samples: Samples) -> BlockStatistics:
        """Return the statistics of samples in order of time, one at least."""
        # Good has neither of the two highest bits (OPC 10000-4, 7.39.1).
        good = (samples.status >> 30 == 0) & np.isfinite(samples.value)
        if good.all():
            return cls._of_good(samples)
        value = np.where(good, samples.value, 0.0)
        duration = np.diff(samples.time)
        seconds = duration * 1e-6
        both = good[:-1] & good[1:]
        usable = samples.value[good]
        return cls(
            len(samples),
            int(samples.time[0]),
            int(samples.time[-1]),
            float(usable.min()) if len(usable) else None,
            float(usable.max()) if len(usable) else None,
            float((value[:-1] * seconds).sum()),
            float((both * (value[:-1] + value[1:]) * seconds).sum() / 2),
            int(duration[good[:-1]].sum()),
            int(duration[both].sum()),
            int(samples.status.view(np.int32)[-1]),
        )

    @classmethod
    def _of_good(cls, samples: Samples) -> BlockStatistics:
        """Return the same where all are Good, as nearly always, in a third of the time."""
        time, value = samples.time, samples.value
        seconds = (time[1:] - time[:-1]) * 1e-6
        stepped, following = float(value[:-1] @ seconds), float(value[1:] @ seconds)
        first, last = int(time[0]), int(time[-1])
        return cls(
            len(samples),
            first,
            last,
            float(value.min()),
            float(value.max()),
            stepped,
            (stepped + following) / 2,
            last - first,
            last - first,
            int(samples.status.view(np.int32)[-1]),
        )
