"""Encoded data values of many points at once, made of the image's arrays.

A data value that is built and encoded by itself costs some 30 µs, one row of a structured array
less than a tenth of one. Rows have the same bytes as what `PointValues.value` is encoded to.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np
from asyncua import ua
from numpy.typing import NDArray

from heatpump_twin.config.catalogue import Point, PointKind
from heatpump_twin.drivers.clock import Clock
from heatpump_twin.drivers.frame import Statuses, Times, Values
from heatpump_twin.drivers.status import BAD
from heatpump_twin.server.space.point_values import INT32, MAX_TIME, MIN_TIME, VARIANT_TYPES
from heatpump_twin.twin_engine.image import Image

Ticks = NDArray[np.int64]
Bytes = NDArray[np.uint8]
Rows = NDArray[np.void]
Bits = NDArray[np.uint64]
Positions = NDArray[np.intp]

NULL = 0
WIDTHS = {
    NULL: 0,
    ua.VariantType.Double.value: 8,
    ua.VariantType.Boolean.value: 1,
    ua.VariantType.Int32.value: 4,
}
"""Bytes of a value by the number of its type. [B]"""
_VALUE, _STATUS, _SOURCE, _SERVER = 0x01, 0x02, 0x04, 0x08
_HEAD = (("mask", "u1"), ("type", "u1"), ("value", "<u8"), ("status", "<u4"))
_VALUE_BEGINS = 2
_LAST_TICK = 2**63 - 1
"""What says "no end" (OPC 10000-6, 5.2.2.5)."""
_TIMES: dict[ua.TimestampsToReturn, tuple[str, ...]] = {
    ua.TimestampsToReturn.Source: ("source",),
    ua.TimestampsToReturn.Server: ("server",),
    ua.TimestampsToReturn.Both: ("source", "server"),
    ua.TimestampsToReturn.Neither: (),
}
_NOWHERE: Positions = np.empty(0, dtype=np.intp)
_MASKS = {"source": _SOURCE, "server": _SERVER}


def ticks(times: Times) -> Ticks:
    """Return times in µs since the Unix epoch as DateTimes: 100 ns since 1601."""
    # Times beyond what a DateTime holds are rare, and looking for them is cheaper than clipping.
    if times.min() < MIN_TIME or times.max() >= MAX_TIME:
        return np.array([tick(time) for time in times.tolist()], dtype=np.int64)
    found: Ticks = (times - MIN_TIME) * 10
    return found


def tick(time: int) -> int:
    """Return one time in µs since the Unix epoch as a DateTime: 100 ns since 1601."""
    return _LAST_TICK if time >= MAX_TIME else (max(time, MIN_TIME) - MIN_TIME) * 10


class PointColumn:
    """Points whose values are read together, in the order of a request, with the times asked for.

    Parameters
    ----------
    points
        May hold a point several times.
    wanted
        Which timestamps a row has.
    """

    def __init__(self, points: Sequence[Point], wanted: ua.TimestampsToReturn) -> None:
        kinds = [point.spec.kind for point in points]
        self.index = np.array([point.index for point in points], dtype=np.intp)
        self._switches = np.flatnonzero([kind is PointKind.TWO_STATE for kind in kinds])
        self._states = np.flatnonzero([kind is PointKind.MULTI_STATE for kind in kinds])
        self._times = _TIMES[wanted]
        row = np.dtype([*_HEAD, *((name, "<i8") for name in self._times)])
        self._blank: Rows = np.zeros(len(points), dtype=row)
        self._blank["mask"] = _VALUE | _STATUS | sum(_MASKS[name] for name in self._times)
        self._blank["type"] = [VARIANT_TYPES[kind].value for kind in kinds]

    def __len__(self) -> int:
        return len(self.index)

    def encoded(self, value: Values, status: Statuses, source: Times, now: int) -> bytes:
        """Return the data values, one behind the other; arrays of shape (n,), times in µs."""
        rows = self._blank.copy()
        rows["status"] = status
        if "source" in self._times:
            rows["source"] = ticks(source)
        if "server" in self._times:
            rows["server"] = tick(now)
        null = self._fill(rows["value"], value)
        # A Bad value is null: clients that overlook the status must not show a number.
        if int(status.max()) >= BAD:
            null = np.union1d(null, np.flatnonzero(status >= BAD))
        flat = rows.view(np.uint8)
        if not len(null):
            return bytes(rows if self._even else flat.take(self._positions))
        rows["type"][null] = NULL
        return bytes(flat.take(self._positions_of(rows["type"])))

    def _fill(self, bits: Bits, value: Values) -> Positions:
        """Fill in the bits of the values; return where there is none, as `PointValues` has it."""
        bits[:] = value.view(np.uint64)
        if self._even:
            return _NOWHERE
        switched, coded = value[self._switches], np.rint(value[self._states])
        bits[self._switches] = switched >= 0.5
        # NaN is in no range.
        fits = (coded >= INT32.start) & (coded < INT32.stop)
        known = np.isfinite(switched)
        bits[self._states] = np.where(fits, coded, 0).astype(np.int32).view(np.uint32)
        if fits.all() and known.all():
            return _NOWHERE
        return np.concatenate([self._switches[~known], self._states[~fits]])

    @cached_property
    def _even(self) -> bool:
        """Whether all rows are whole: they are, where all values are Doubles."""
        return not len(self._switches) and not len(self._states)

    @cached_property
    def _positions(self) -> Positions:
        """Where in the rows the bytes of the encoding are, if no value is null."""
        return self._positions_of(self._blank["type"])

    def _positions_of(self, types: Bytes) -> Positions:
        return np.flatnonzero(self._used[types])

    @cached_property
    def _used(self) -> NDArray[np.bool_]:
        """Which bytes of a row belong to the encoding, by the number of the value's type."""
        used = np.ones((max(WIDTHS) + 1, self._blank.dtype.itemsize), dtype=np.bool_)
        for number, width in WIDTHS.items():
            used[number, _VALUE_BEGINS + width : _VALUE_BEGINS + max(WIDTHS.values())] = False
        return used


class ValueColumns:
    """The reader of columns of points' values from the image."""

    def __init__(self, image: Image, clock: Clock) -> None:
        self._image = image
        self._clock = clock

    def column(self, indices: Sequence[int], wanted: ua.TimestampsToReturn) -> PointColumn:
        """Return the column of some points."""
        return PointColumn([self._image.table[index] for index in indices], wanted)

    def encoded(self, column: PointColumn) -> bytes:
        """Return the present data values of a column, one behind the other."""
        index = column.index
        image = self._image
        return column.encoded(
            image.value[index], image.status[index], image.time[index], self._clock.now()
        )
