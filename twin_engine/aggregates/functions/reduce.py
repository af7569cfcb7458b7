"""Reduce an array interval by interval; the parts adjoin, and some are empty."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from heatpump_twin.twin_engine.aggregates.series.series import Indexes


def reduced(
    operation: np.ufunc, values: NDArray[Any], first: Indexes, behind: Indexes, empty: float
) -> NDArray[Any]:
    """Return ``operation`` over values[first:behind] of each part; ``empty`` where it is empty."""
    result = np.full(len(first), empty, dtype=values.dtype if values.dtype != bool else np.int64)
    some = behind > first
    if some.any():
        # The last part ends where it ends, and each other one where the next one begins.
        result[some] = operation.reduceat(values[: behind[some][-1]], first[some])
    return result


def number_set(flags: NDArray[np.bool_], first: Indexes, behind: Indexes) -> NDArray[np.int64]:
    """Return how many flags are set in each part."""
    number = np.concatenate([[0], np.cumsum(flags, dtype=np.int64)])
    found: NDArray[np.int64] = number[behind] - number[first]
    return found


def spread(values: NDArray[Any], first: Indexes, behind: Indexes) -> NDArray[Any]:
    """Return, for each element of the parts, the value of its part."""
    return np.repeat(values, behind - first)
