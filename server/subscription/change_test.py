"""Which samples of points their items report (OPC 10000-4, 7.22.2), over whole arrays."""

from __future__ import annotations

import numpy as np
from asyncua import ua
from numpy.typing import NDArray

from heatpump_twin.server.subscription.point_rows import Columns, ItemRows

BAD = 0x8000_0000
DOUBLE, BOOLEAN = int(ua.VariantType.Double.value), int(ua.VariantType.Boolean.value)

Column = tuple[NDArray[np.float64], NDArray[np.uint32], NDArray[np.int64]]
"""Value, status and time [µs] of each item."""


def reported(points: Column, kind: NDArray[np.uint8]) -> Column:
    """Return what items of some kinds report of their points; NaN stands for null.

    A Bad value is null, as are a switch or a state that is not known.
    """
    value, status, time = points
    value[(status & BAD) != 0] = np.nan
    discrete = kind != DOUBLE
    if discrete.any():
        number = value[discrete]
        number[~np.isfinite(number)] = np.nan
        switch = kind[discrete] == BOOLEAN
        number[switch] = np.where(np.isnan(number[switch]), np.nan, number[switch] >= 0.5)
        value[discrete] = np.rint(number)
    return value, status, time


def passing(
    table: Columns,
    rows: ItemRows,
    value: NDArray[np.float64],
    status: NDArray[np.uint32],
    time: NDArray[np.int64],
) -> NDArray[np.bool_]:
    """Tell of each sample whether its item reports it, after what it reported last."""
    old, trigger = table["value"][rows], table["trigger"][rows]
    with np.errstate(invalid="ignore"):  # infinite - infinite
        outside = ~(np.abs(value - old) <= table["band"][rows])
    # A new status passes every trigger and every dead band: a value that turned Bad is news.
    passed: NDArray[np.bool_] = table["fresh"][rows] | (status != table["status"][rows])
    unknown = np.isnan(value) & np.isnan(old)
    passed |= (trigger >= 1) & outside & (value != old) & ~unknown
    passed |= (trigger == 2) & (time != table["time"][rows])
    return passed
