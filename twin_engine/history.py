"""Recorded samples and the protocol that reads them, whatever database holds them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from heatpump_twin.drivers.frame import Statuses, Times, Values
from heatpump_twin.drivers.status import BAD
from heatpump_twin.twin_engine.hourly_statistics import Hourly


@dataclass(frozen=True, slots=True, eq=False)
class Samples:
    """Recorded samples of one point, ordered as asked: three arrays of shape (n,)."""

    value: Values
    status: Statuses
    time: Times

    def __len__(self) -> int:
        return len(self.time)

    def __getitem__(self, which: slice | NDArray[Any]) -> Samples:
        """Return some of them: by a slice, by places, or by a flag for each."""
        return Samples(self.value[which], self.status[which], self.time[which])

    @classmethod
    def concat(cls, parts: Sequence[Samples]) -> Samples:
        """Return samples one behind the other."""
        if len(parts) < 2:
            return parts[0] if parts else NO_SAMPLES
        return cls(
            np.concatenate([part.value for part in parts]),
            np.concatenate([part.status for part in parts]),
            np.concatenate([part.time for part in parts]),
        )

    @property
    def usable(self) -> Samples:
        """Those that are not Bad."""
        return self[(self.status & BAD) == 0]

    def between(self, start: int, end: int) -> Samples:
        """Return those with start ≤ time < end; they are in order of time."""
        low, high = np.searchsorted(self.time, [start, end]).tolist()
        return self if high - low == len(self) else self[low:high]


NO_SAMPLES = Samples(np.empty(0), np.empty(0, np.uint32), np.empty(0, np.int64))


class HistoryReader(Protocol):
    """Read access to recorded samples, by point key (``hp1.supply_temperature``).

    Times are µs since the Unix epoch, UTC. Whether samples that still wait to be written are
    included is the reader's affair.
    """

    async def read_raw(
        self, key: str, start: int, end: int, *, limit: int, reverse: bool = False
    ) -> Samples:
        """Return at most ``limit`` samples with start ≤ time < end, newest first if ``reverse``."""
        ...

    async def before(self, key: str, time: int) -> Samples:
        """Return the last sample at or before ``time``: none or one."""
        ...

    async def after(self, key: str, time: int) -> Samples:
        """Return the first sample at or after ``time``: none or one."""
        ...

    async def read_hours(self, key: str, start: int, end: int) -> Hourly:
        """Return statistics of whole hours with start ≤ hour ≤ end, as far as there are some.

        They are of what `read_raw` returns for these hours.
        """
        ...
