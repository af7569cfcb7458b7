"""Decode all responses of a poll at once into values and statuses: the codec, over arrays."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import accumulate
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from heatpump_twin.drivers.frame import Statuses, Values
from heatpump_twin.drivers.modbus.profile.codec import PointCodec
from heatpump_twin.drivers.modbus.profile.poll_plan import ReadBlock, whole_points
from heatpump_twin.drivers.modbus.profile.profile import Profile, ValueType
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
    """Turn the data bytes of the responses to some read blocks into values and statuses.

    The n points are those of `whole_points`, in its order. They are decoded together because a
    NumPy call costs the same for six values as for sixty.

    64-bit integers become float64, which is exact up to 2⁵³.
    """

    def __init__(self, profile: Profile, blocks: Sequence[ReadBlock]) -> None:
        places = list(_places(profile, blocks))
        codecs = [place.codec for place in places]
        self._size = len(places)
        self._gathers = _gathers(places)
        self._bits = _bits(places)
        self._multiplier: Values = np.array([codec.scaling.multiplier for codec in codecs])
        self._addend: Values = np.array([codec.scaling.addend for codec in codecs])
        self._divisor: Values = np.array([codec.scaling.divisor for codec in codecs])
        self._switches = np.array([i for i, codec in enumerate(codecs) if _is_switch(codec)], int)
        self._sentinels = _sentinels(codecs)
        enums = [(i, codec.point.enum) for i, codec in enumerate(codecs) if codec.point.enum]
        self._coded = np.array([i for i, _ in enums], int)
        self._enums = [enum for _, enum in enums]
        # Bit fields, split counters and the like are too rare for arrays.
        self._picked = [(i, p) for i, p in enumerate(places) if not p.codec.is_plain]

    def decode(self, data: bytes) -> tuple[Values, Statuses]:
        """Return values in the catalogue's units and statuses, each of shape (n,).

        ``data`` is that of the responses, one behind the other.
        """
        # Signalling NaNs and numbers beyond all scales are a device's data, not a mistake of ours.
        with np.errstate(invalid="ignore", over="ignore"):
            value, status = self._meaning(self._raw(data))
        for index, place in self._picked:
            value[index], status[index] = place.codec.decode(place.words(data))
        return value, status

    def _meaning(self, raw: Values) -> tuple[Values, Statuses]:
        status: Statuses = np.full(self._size, GOOD, dtype=np.uint32)
        value = (raw * self._multiplier + self._addend) / self._divisor
        value[self._switches] = raw[self._switches] != 0
        if self._enums:
            # A look-up for each, but one NumPy call for all: a number is as good a key as an int.
            numbers = np.trunc(raw[self._coded]).tolist()
            codes: Values = np.array(
                [enum.get(n, math.nan) for enum, n in zip(self._enums, numbers, strict=True)]
            )
            value[self._coded] = codes
            status[self._coded[np.isnan(codes)]] = BAD_OUT_OF_RANGE
        # In this order, so that the sentinel has the last word, as in `PointCodec`.
        status[~np.isfinite(raw) | np.isinf(value)] = BAD_SENSOR_FAILURE
        if self._sentinels is not None:
            status[(raw == self._sentinels).any(axis=0)] = BAD_NO_DATA
        value[status != GOOD] = np.nan
        return value, status

    def _raw(self, data: bytes) -> Values:
        wire = np.frombuffer(data, dtype=np.uint8)
        raw: Values = np.zeros(self._size)
        # One gather for each type: index arrays undo word and byte order on the way.
        for indices, dtype, positions in self._gathers:
            raw[indices] = wire[positions].view(dtype).reshape(-1)
        if self._bits is not None:
            indices, positions, shifts = self._bits
            raw[indices] = wire[positions] >> shifts & 1
        return raw


class _Place(NamedTuple):
    """Where a point lies in the data of the responses."""

    codec: PointCodec
    starts: tuple[int, ...]
    """The first byte of each of its words, or the byte that its bit is in."""
    shift: int
    """Which bit of that byte; only in the tables of bits."""

    def words(self, data: bytes) -> list[int]:
        """Return the words of the point, or its bit."""
        if self.codec.point.space.of_bits:
            return [data[self.starts[0]] >> self.shift & 1]
        return [data[start] << 8 | data[start + 1] for start in self.starts]


_Indices = NDArray[np.intp]
_Gather = tuple[_Indices, str, _Indices]


def _places(profile: Profile, blocks: Sequence[ReadBlock]) -> list[_Place]:
    begins = accumulate((b.space.octets(b.count) for b in blocks), initial=0)
    starts: dict[tuple[str, int], int] = {}
    bits: dict[str, int] = {}
    for begin, block in zip(begins, blocks, strict=False):  # the last is the end of the data
        for point, first, end in block.parts:
            for offset in range(first - block.address, end - block.address):
                # The first bit is the lowest one of the first byte (Application Protocol, 6.1).
                at = offset // 8 if block.space.of_bits else 2 * offset
                # As in `whole_points` the first block counts that has it: the time is that one's.
                starts.setdefault((point.point, block.address + offset), begin + at)
                bits.setdefault(point.point, offset % 8)
    return [
        _Place(
            PointCodec.of(profile, point),
            tuple(starts[point.point, address] for run in point.parts for address in run),
            bits[point.point],
        )
        for point, _ in whole_points(blocks)
    ]


def _gathers(places: Sequence[_Place]) -> list[_Gather]:
    """Return, by type: indices of the points, dtype, and where their bytes are in the data."""
    groups: dict[str, list[int]] = {}
    for index, place in enumerate(places):
        if place.codec.is_plain and not place.codec.point.space.of_bits:
            groups.setdefault(_DTYPES[place.codec.point.type], []).append(index)
    return [
        (
            np.array(indices),
            dtype,
            np.array([_bytes_of(places[i]) for i in indices]),
        )
        for dtype, indices in groups.items()
    ]


def _bytes_of(place: _Place) -> list[int]:
    return [place.starts[byte // 2] + byte % 2 for byte in place.codec.read]


def _bits(places: Sequence[_Place]) -> tuple[_Indices, _Indices, NDArray[np.uint8]] | None:
    """Return indices of the points in tables of bits, their bytes in the data, and which bits."""
    found = [(i, p.starts[0], p.shift) for i, p in enumerate(places) if p.codec.point.space.of_bits]
    if not found:
        return None
    indices, starts, shifts = zip(*found, strict=True)
    return np.array(indices), np.array(starts), np.array(shifts, dtype=np.uint8)


def _sentinels(codecs: Sequence[PointCodec]) -> Values | None:
    """Return the sentinels, one column a point, filled up with NaN (which equals nothing)."""
    rows = max((len(codec.sentinels) for codec in codecs), default=0)
    if rows == 0:
        return None
    table: Values = np.full((rows, len(codecs)), np.nan)
    for column, codec in enumerate(codecs):
        table[: len(codec.sentinels), column] = codec.sentinels
    return table


def _is_switch(codec: PointCodec) -> bool:
    return codec.point.type is ValueType.BOOL and not codec.point.enum
