"""Marks of gaps behind values that nothing follows for long: a Bad sample, one µs later.

Tables may be parts of one, imported in any order. What a later part brings may fill what an earlier
one took for a gap, so marks are compared with all that is recorded around them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from heatpump_twin.drivers.frame import Times
from heatpump_twin.drivers.status import BAD_NO_DATA
from heatpump_twin.twin_engine.history import Samples

_NEVER = 2**62
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class GapMarks:
    """The marks among samples of one point, some that are recorded and some that are new."""

    gap: int
    """The longest pause that is none. [µs]"""
    new: Samples
    there: Samples

    @property
    def needless(self) -> Flags:
        """Which of the new samples are marks of gaps that there are not."""
        marks, (filled, _) = is_mark(self.new), self._filled(self.new.time - 1)
        return marks & filled

    @property
    def outdated(self) -> Times:
        """Times of recorded marks behind or before which new values fill the gap."""
        times = self.there.time[is_mark(self.there)]
        filled, following = self._filled(times - 1)
        new = self.new.time[~is_mark(self.new)]
        return times[filled & (np.isin(times - 1, new) | np.isin(following, new))]

    def _filled(self, before: Times) -> tuple[Flags, Times]:
        """Tell behind which values another one follows in time, and when."""
        parts = (self.new, self.there)
        values = np.unique(np.concatenate([part.time[~is_mark(part)] for part in parts]))
        place = np.searchsorted(values, before, side="right")
        following = np.append(values, _NEVER)[place]
        return np.isin(before, values) & (following - before <= self.gap), following


def is_mark(samples: Samples) -> Flags:
    """Tell which samples are marks of gaps."""
    found: Flags = (samples.status == np.uint32(BAD_NO_DATA)) & np.isnan(samples.value)
    return found
