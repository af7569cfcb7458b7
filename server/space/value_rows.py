"""Encoded data values as rows of a structured array (OPC 10000-6, 5.2.2.17): many at once.

A data value that is built and encoded by itself costs some 30 µs, one row less than a tenth of one.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np
from asyncua import ua
from numpy.typing import NDArray

from heatpump_twin.drivers.frame import Statuses, Times, Values
from heatpump_twin.drivers.status import BAD
from heatpump_twin.server.space.point_values import INT32, MAX_TIME, MIN_TIME

Ticks = NDArray[np.int64]
Bytes = NDArray[np.uint8]
Rows = NDArray[np.void]
Bits = NDArray[np.uint64]
Handles = NDArray[np.uint32]
Positions = NDArray[np.intp]
Flags = NDArray[np.bool_]

NULL = 0
DOUBLE, BOOLEAN, STATE = (
    int(kind.value)
    for kind in (ua.VariantType.Double, ua.VariantType.Boolean, ua.VariantType.Int32)
)
WIDTHS = {NULL: 0, DOUBLE: 8, BOOLEAN: 1, STATE: 4}
"""Bytes of a value by the number of its type. [B]"""
SOURCE, SERVER = 1, 2
"""Bits of the timestamps that a row has."""
STAMPS = {
    ua.TimestampsToReturn.Source: SOURCE,
    ua.TimestampsToReturn.Server: SERVER,
    ua.TimestampsToReturn.Both: SOURCE | SERVER,
    ua.TimestampsToReturn.Neither: 0,
}
_VALUE, _STATUS, _SOURCE, _SERVER = 0x01, 0x02, 0x04, 0x08
_HANDLE = (("handle", "<u4"),)
_HEAD = (("mask", "u1"), ("type", "u1"), ("value", "<u8"), ("status", "<u4"))
_LAST_TICK = 2**63 - 1
"""What says "no end" (OPC 10000-6, 5.2.2.5)."""
_NOWHERE: Positions = np.empty(0, dtype=np.intp)


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


def mask_of(stamps: int) -> int:
    """Return what a row says that it has, by its timestamps."""
    # The bits of the mask are those of the timestamps, two places on.
    return _VALUE | _STATUS | (stamps << 2)


class ValueRows:
    """Rows for values of known types, with known timestamps, to be filled again and again.

    Parameters
    ----------
    types
        Number of the built-in type of each row's value: Double, Boolean or Int32.
    stamps
        Bits of the timestamps of each row.
    handles
        Client handles, where the rows are notifications.
    """

    def __init__(self, types: Bytes, stamps: Bytes, handles: Handles | None = None) -> None:
        self._types = types
        self._stamps = stamps
        self._switches = np.flatnonzero(types == BOOLEAN)
        self._states = np.flatnonzero(types == STATE)
        # Rows that are all alike need no room for what none of them has.
        self._alike = bool((stamps == stamps[0]).all())
        self._has = int(stamps[0]) if self._alike else SOURCE | SERVER
        times = (("source", SOURCE), ("server", SERVER))
        fields = [*(_HANDLE if handles is not None else ()), *_HEAD]
        fields += [(name, "<i8") for name, bit in times if self._has & bit]
        self._blank: Rows = np.zeros(len(types), dtype=fields)
        if handles is not None:
            self._blank["handle"] = handles
        self._blank["mask"] = np.array([mask_of(has) for has in range(len(STAMPS))])[stamps]
        self._blank["type"] = types
        self._null = b""
        """Which rows were null the last time that one was."""
        self._around = _NOWHERE

    def __len__(self) -> int:
        return len(self._types)

    def encoded(self, value: Values, status: Statuses, source: Times, server: Times | int) -> bytes:
        """Return the rows' bytes, one behind the other; arrays of shape (n,), times in µs."""
        rows = self._blank.copy()
        rows["status"] = status
        if self._has & SOURCE:
            rows["source"] = ticks(source)
        if self._has & SERVER:
            rows["server"] = tick(server) if isinstance(server, int) else ticks(server)
        unknown = self._fill(rows["value"], value)
        flat = rows.view(np.uint8)
        if not len(unknown) and int(status.max()) < BAD:
            return rows.tobytes() if self._even else flat.take(self._positions).tobytes()
        # A Bad value is null: clients that overlook the status must not show a number.
        null = status >= BAD
        null[unknown] = True
        rows["type"][null] = NULL
        return flat.take(self._positions_around(null)).tobytes()

    def _fill(self, bits: Bits, value: Values) -> Positions:
        """Fill in the bits of the values; return where there is none, as `PointValues` has it."""
        bits[:] = value.view(np.uint64)
        if not len(self._switches) and not len(self._states):
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
        return self._alike and not len(self._switches) and not len(self._states)

    @cached_property
    def _positions(self) -> Positions:
        """Where in the rows the bytes of the encoding are, if no value is null."""
        return self._positions_of(self._types)

    def _positions_around(self, null: Flags) -> Positions:
        """Return where the bytes of the encoding are, of which those that were null stay so."""
        known = null.tobytes()
        if known != self._null:
            types = np.where(null, NULL, self._types)
            self._null, self._around = known, self._positions_of(types)
        return self._around

    def _positions_of(self, types: Bytes) -> Positions:
        return np.flatnonzero(self._used[types, self._stamps])

    @cached_property
    def _used(self) -> NDArray[np.bool_]:
        """Which bytes of a row belong to the encoding, by type and timestamps."""
        dtype = self._blank.dtype
        used = np.ones((max(WIDTHS) + 1, SOURCE + SERVER + 1, dtype.itemsize), dtype=np.bool_)
        places = dict(dtype.fields or {})
        begin = places["value"][1]
        for number, width in WIDTHS.items():
            used[number, :, begin + width : begin + max(WIDTHS.values())] = False
        for name, bit in (("source", SOURCE), ("server", SERVER)):
            if name in places:
                for stamps in range(SOURCE + SERVER + 1):
                    if not stamps & bit:
                        used[:, stamps, places[name][1] : places[name][1] + 8] = False
        return used
