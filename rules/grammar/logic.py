"""Three-valued logic and arithmetic over arrays: 1 is true, 0 false, NaN unknown (Kleene)."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from heatpump_twin.drivers.status import (
    BAD,
    BAD_DEVICE_FAILURE,
    BAD_NO_COMMUNICATION,
    BAD_NOT_CONNECTED,
    BAD_TIMEOUT,
)

Array = NDArray[np.float64]
Status = NDArray[np.uint32]

_UNREACHABLE = (BAD_NO_COMMUNICATION, BAD_TIMEOUT, BAD_NOT_CONNECTED, BAD_DEVICE_FAILURE)


def truth(x: Array) -> Array:
    """Return 1 for what is not zero, and NaN for what is unknown."""
    return np.where(np.isnan(x), np.nan, x != 0)


def negation(x: Array) -> Array:
    """Return whether something is not true."""
    return 1 - truth(x)


def conjunction(*terms: Array) -> Array:
    """Return whether all are true: one that is false decides."""
    return reduce(lambda a, b: np.where((a == 0) | (b == 0), 0.0, a * b), map(truth, terms))


def disjunction(*terms: Array) -> Array:
    """Return whether one is true: that one decides."""
    return 1 - conjunction(*(1 - truth(term) for term in terms))


def comparison(operation: Callable[[Array, Array], NDArray[np.bool_]]) -> Callable[..., Array]:
    """Return a comparison that knows nothing of what is unknown."""
    # NumPy compares NaN as False, which would make unknown mean no.
    return lambda a, b: np.where(np.isnan(a) | np.isnan(b), np.nan, operation(a, b))


def quotient(a: Array, b: Array) -> Array:
    """Return a/b; by zero it is unknown."""
    return np.where(b == 0, np.nan, np.divide(a, b))


def smallest(*terms: Array) -> Array:
    """Return the smallest of several."""
    return reduce(np.minimum, terms)


def largest(*terms: Array) -> Array:
    """Return the largest of several."""
    return reduce(np.maximum, terms)


def is_good(status: Status) -> NDArray[np.bool_]:
    """Tell whether a status is Good."""
    good: NDArray[np.bool_] = status >> 30 == 0
    return good


def is_bad(status: Status) -> NDArray[np.bool_]:
    """Tell whether a status is Bad."""
    bad: NDArray[np.bool_] = (status & BAD) != 0
    return bad


def is_unreachable(status: Status) -> NDArray[np.bool_]:
    """Tell whether a status says that a device does not answer."""
    # Without the info bits, which say nothing of why a value is Bad.
    return np.isin(status & 0xFFFF_0000, _UNREACHABLE)
