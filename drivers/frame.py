"""Frames: batches of samples taken together, as a struct of arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Points = NDArray[np.int32]
Values = NDArray[np.float64]
Statuses = NDArray[np.uint32]
Times = NDArray[np.int64]


# No `==`: that of a dataclass compares fields, and the truth of a compared array is an error.
@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """Samples of n points: index, value, OPC UA status and source time, arrays of shape (n,).

    ``time`` is µs since the Unix epoch, UTC. A value whose status is Bad is NaN.
    """

    point: Points
    value: Values
    status: Statuses
    time: Times

    @classmethod
    def of(cls, point: ArrayLike, value: ArrayLike, status: ArrayLike, time: ArrayLike) -> Frame:
        """Build a frame from arrays or scalars; scalars are spread over all points."""
        index = np.asarray(point, dtype=np.int32).reshape(-1)
        # Copied, because what `broadcast_to` returns is read-only and one cell seen many times.
        return cls(
            index,
            np.broadcast_to(np.asarray(value, dtype=np.float64), index.shape).copy(),
            np.broadcast_to(np.asarray(status, dtype=np.uint32), index.shape).copy(),
            np.broadcast_to(np.asarray(time, dtype=np.int64), index.shape).copy(),
        )

    @classmethod
    def bad(cls, point: ArrayLike, status: int, time: int) -> Frame:
        """Build a frame of NaN whose Bad status says why the points have no values."""
        return cls.of(point, np.nan, status, time)

    @classmethod
    def concat(cls, frames: Sequence[Frame]) -> Frame:
        """Join frames into one, their samples in the order given."""
        if not frames:  # NumPy refuses to concatenate nothing
            return cls.of([], [], [], [])
        return cls(
            np.concatenate([f.point for f in frames]),
            np.concatenate([f.value for f in frames]),
            np.concatenate([f.status for f in frames]),
            np.concatenate([f.time for f in frames]),
        )

    def __len__(self) -> int:
        return len(self.point)
