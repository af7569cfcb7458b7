"""Decode a whole response at once: the layouts of `codec`, over arrays."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from heatpump_twin.drivers.frame import Statuses, Values
from heatpump_twin.drivers.modbus.codec import PointCodec
from heatpump_twin.drivers.modbus.plan import ReadBlock
from heatpump_twin.drivers.modbus.profile import Profile, ValueType
from heatpump_twin.drivers.status import BAD_NO_DATA, BAD_OUT_OF_RANGE, BAD_SENSOR_FAILURE, GOOD

_DTYPES = {
    ValueType.BOOL: ">u2",
    ValueType.INT16: ">i2",
    ValueType.UINT16: ">u2",
    ValueType.INT32: ">i4",
    ValueType.UINT32: ">u4",
    ValueType.INT64: ">i8",
    ValueType.UINT64: ">u8",
    ValueType.FLOAT32: ">f4",
    ValueType.FLOAT64: ">f8",
}


class BlockDecoder:
    """Turns the data bytes of one read response into values and statuses of its n points.

    64-bit integers become float64, which is exact up to 2⁵³.
    """

    def __init__(self, profile: Profile, block: ReadBlock) -> None:
        self.block = block
        codecs = [PointCodec.of(profile, point) for point in block.points]
        self._gathers = _gathers(block, codecs)
        self._factor: Values = np.array([codec.factor for codec in codecs])
        self._offset: Values = np.array([codec.offset for codec in codecs])
        self._switches = np.array(
            [codec.point.type is ValueType.BOOL and not codec.point.enum for codec in codecs]
        )
        self._sentinels = _sentinels(codecs)
        self._enums = [(i, codec.point.enum) for i, codec in enumerate(codecs) if codec.point.enum]
        self._picked = [(i, codec) for i, codec in enumerate(codecs) if _is_picked(codec)]

    def decode(self, data: bytes) -> tuple[Values, Statuses]:
        """Return values in the catalogue's units and statuses, each of shape (n,)."""
        # Signalling NaNs and numbers beyond all scales are a device's data, not a mistake of ours.
        with np.errstate(invalid="ignore", over="ignore"):
            return self._meaning(self._raw(data))

    def _meaning(self, raw: Values) -> tuple[Values, Statuses]:
        status: Statuses = np.full(raw.shape, GOOD, dtype=np.uint32)
        value = raw * self._factor + self._offset
        if self._switches.any():
            value[self._switches] = raw[self._switches] != 0
        for index, enum in self._enums:
            code = enum.get(int(raw[index])) if np.isfinite(raw[index]) else None
            value[index] = np.nan if code is None else code
            status[index] = BAD_OUT_OF_RANGE if code is None else GOOD
        status[~np.isfinite(raw) | np.isinf(value)] = BAD_SENSOR_FAILURE
        if self._sentinels is not None:
            status[(raw == self._sentinels).any(axis=0)] = BAD_NO_DATA
        value[status != GOOD] = np.nan
        return value, status

    def _raw(self, data: bytes) -> Values:
        wire = np.frombuffer(data, dtype=np.uint8)
        raw: Values = np.empty(len(self.block.points))
        if self.block.space.of_bits:
            bits = np.unpackbits(wire, bitorder="little")
            raw[:] = bits[self._gathers[0][2]]
            return raw
        for places, dtype, positions in self._gathers:
            raw[places] = wire[positions].view(dtype).reshape(-1)
        for index, codec in self._picked:
            start = 2 * (codec.point.address - self.block.address)
            words = wire[start : start + 2 * codec.point.size].view(">u2").tolist()
            raw[index] = codec.number(words)
        return raw


_Gather = tuple[NDArray[np.intp], str, NDArray[np.intp]]


def _gathers(block: ReadBlock, codecs: Sequence[PointCodec]) -> list[_Gather]:
    """Return, by type: places among the points, dtype, and where the bytes are in the response."""
    starts = [codec.point.address - block.address for codec in codecs]
    if block.space.of_bits:
        return [(np.arange(len(codecs)), "u1", np.array(starts))]
    groups: dict[str, list[int]] = {}
    for index, codec in enumerate(codecs):
        groups.setdefault(_DTYPES[codec.point.type], []).append(index)
    return [
        (
            np.array(places),
            dtype,
            np.array([[2 * starts[i] + byte for byte in codecs[i].read] for i in places]),
        )
        for dtype, places in groups.items()
    ]


def _sentinels(codecs: Sequence[PointCodec]) -> Values | None:
    """Return the sentinels, one column a point, filled up with NaN (which equals nothing)."""
    rows = max(len(codec.sentinels) for codec in codecs)
    if rows == 0:
        return None
    table: Values = np.full((rows, len(codecs)), np.nan)
    for column, codec in enumerate(codecs):
        table[: len(codec.sentinels), column] = codec.sentinels
    return table


def _is_picked(codec: PointCodec) -> bool:
    """Tell whether a point is a bit field or a split counter, which are too rare for arrays."""
    return codec.point.bit is not None or codec.point.radix != 65536
