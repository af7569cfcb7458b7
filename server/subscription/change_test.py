"""Which samples of points their items report (OPC 10000-4, 7.22.2), over whole arrays."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from heatpump_twin.server.subscription.point_rows import Columns
from heatpump_twin.server.subscription.row_batch import RowBatch

BAD = 0x8000_0000

Column = tuple[NDArray[np.float64], NDArray[np.uint32], NDArray[np.int64]]
"""Value, status and time [µs] of each item."""


def reported(points: Column, batch: RowBatch) -> Column:
    """Return what items report of their points; NaN stands for null.

    A Bad value is null, as are a switch or a state that is not known.
    """
    value, status, time = points
    if int(status.max(initial=0)) >= BAD:
        value[status >= BAD] = np.nan
    if len(batch.discrete):
        number = np.rint(value[batch.discrete])
        number[~np.isfinite(number)] = np.nan
        switched = value[batch.switches]
        value[batch.discrete] = number
        value[batch.switches] = np.where(np.isfinite(switched), switched >= 0.5, np.nan)
    return value, status, time


def passing(
    table: Columns,
    batch: RowBatch,
    value: NDArray[np.float64],
    status: NDArray[np.uint32],
    time: NDArray[np.int64],
) -> NDArray[np.bool_]:
    """Tell of each sample whether its item reports it, after what it reported last."""
    at = batch.at
    old = table["value"][at]
    # Two that are not known are the same.
    passed: NDArray[np.bool_] = (value != old) & ~(np.isnan(value) & np.isnan(old))
    if not batch.plain:
        with np.errstate(invalid="ignore"):  # infinite - infinite
            passed &= ~(np.abs(value - old) <= batch.band)
        passed &= batch.trigger >= 1
        passed |= (batch.trigger == 2) & (time != table["time"][at])
    # A new status passes every trigger and every dead band: a value that turned Bad is news.
    passed |= status != table["status"][at]
    passed |= table["fresh"][at]
    return passed
