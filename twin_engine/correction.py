"""Corrections of recorded history, what they changed, and the protocol that makes them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from heatpump_twin.drivers.frame import Times
from heatpump_twin.twin_engine.history import HistoryReader, Samples


class Change(IntEnum):
    """Kinds of corrections, by the numbers of HistoryUpdateType (OPC 10000-11, 6.7)."""

    INSERT = 1
    """Samples of times that have none."""
    REPLACE = 2
    """Samples of times that have one."""
    UPDATE = 3
    """Samples of times with or without one."""
    DELETE = 4


@dataclass(frozen=True, slots=True, eq=False)
class Correction:
    """A correction of one point that somebody makes."""

    key: str
    change: Change
    samples: Samples
    """In order of time, each time once; for a deletion only their times count."""
    user: str
    moment: int
    """When it is made. [µs since the Unix epoch]"""

    @classmethod
    def deletion(cls, key: str, times: Times, user: str, moment: int) -> Correction:
        """Return the deletion of the samples of some times, in order."""
        nothing = Samples(np.full(len(times), np.nan), np.zeros(len(times), np.uint32), times)
        return cls(key, Change.DELETE, nothing, user, moment)


@dataclass(frozen=True, slots=True, eq=False)
class Corrected:
    """What a correction has met."""

    there: NDArray[np.bool_]
    """For each time of the correction, whether there was a sample."""
    old: Samples
    """The samples that were replaced or deleted, in order of time."""


@dataclass(frozen=True, slots=True, eq=False)
class ModifiedSamples:
    """Samples that were corrected, in the order asked; of one time the newest correction first.

    An inserted sample is the new one, any other the one that was there (OPC 10000-11, 6.5.3.3).
    """

    samples: Samples
    change: NDArray[np.int32]
    moment: Times
    """When each was corrected. [µs since the Unix epoch]"""
    user: NDArray[Any]
    """Who did."""

    def __len__(self) -> int:
        return len(self.samples)


class HistoryEditor(HistoryReader, Protocol):
    """Whoever corrects recorded history, and knows what was corrected."""

    def has_modified(self, key: str) -> bool:
        """Tell whether anything of a point was ever corrected. Does not block."""
        ...

    async def correct(self, correction: Correction) -> Corrected:
        """Make a correction durably; raise an `EngineError` where it was not made."""
        ...

    async def read_modified(self, key: str, start: int, end: int) -> ModifiedSamples:
        """Return what was corrected with start ≤ time < end."""
        ...

    async def forget_modified(self, key: str, start: int, end: int) -> int:
        """Delete what is kept of corrections with start ≤ time < end; return how many samples."""
        ...
