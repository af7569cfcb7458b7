"""Values that a client writes into the history: checked, and as samples."""

from __future__ import annotations

import math

import numpy as np
from asyncua import ua

from heatpump_twin.config.catalogue import Point, PointKind
from heatpump_twin.drivers.status import is_bad
from heatpump_twin.server.history.raw_query import given
from heatpump_twin.server.space.point_values import VARIANT_TYPES
from heatpump_twin.twin_engine.history import Samples

CODES = ua.StatusCodes
_OWN_BITS = 0xFFFF_0000
"""Severity and code of a status; what a server says about limits and history is not recorded."""

Sample = tuple[int, float, int]
"""Time [µs since the Unix epoch], value, status."""


def sample_of(point: Point, written: ua.DataValue, latest: int) -> Sample | int:
    """Return a written value as a sample, or the status that refuses it.

    ``latest``: the last time that can be recorded. [µs since the Unix epoch]
    """
    time = given(written.SourceTimestamp)
    if time is None:
        return int(CODES.BadInvalidTimestamp)
    if not 0 <= time <= latest:
        return int(CODES.BadOutOfRange)
    status = 0 if written.StatusCode is None else int(written.StatusCode.value) & _OWN_BITS
    if is_bad(status):
        return time, math.nan, status  # a Bad value is none
    value = _number(point, written.Value)
    return value if isinstance(value, int) else (time, value, status)


def _number(point: Point, variant: ua.Variant | None) -> float | int:
    """Return the number of a value as a float, or the status that refuses it."""
    expected = VARIANT_TYPES[point.spec.kind]
    # No conversion: an Int32 for a Double is a mistake of the client that it should see.
    if variant is None or variant.VariantType != expected or variant.is_array:
        return int(CODES.BadTypeMismatch)
    number = variant.Value
    if not isinstance(number, int | float):
        return int(CODES.BadTypeMismatch)
    known = point.spec.kind is not PointKind.MULTI_STATE or number in point.spec.codes
    if not math.isfinite(number) or not known:
        return int(CODES.BadOutOfRange)
    return float(number)


def samples_of(found: list[Sample]) -> Samples:
    """Return samples as arrays, in order of time."""
    time, value, status = zip(*sorted(found, key=lambda one: one[0]), strict=True)
    return Samples(
        np.array(value, np.float64), np.array(status, np.uint32), np.array(time, np.int64)
    )
