"""The registers of one emulated device: what it shows, what it accepts, what it refuses."""

from __future__ import annotations

import math
import struct
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence

from pymodbus.constants import ExcCodes

from heatpump_twin.drivers.modbus.codec import EncodeError, PointCodec
from heatpump_twin.drivers.modbus.profile import Profile, ProfilePoint, Space
from heatpump_twin.drivers.process import Process
from heatpump_twin.drivers.status import GOOD

_READ = {1: Space.COIL, 2: Space.DISCRETE, 3: Space.HOLDING, 4: Space.INPUT}
_WRITE = {5: Space.COIL, 6: Space.HOLDING, 15: Space.COIL, 16: Space.HOLDING}

_LONGEST = 4
"""Registers of the longest value."""

Forced = Mapping[tuple[Space, int], int]


class ModbusRefusal(Exception):  # noqa: N818 (an answer of the protocol, not an error of ours)
    """The device answers with an exception code."""

    def __init__(self, code: int) -> None:
        super().__init__(f"Modbus exception {code}")
        self.code = code


class EmulatedDevice:
    """The register image of one device, alive: every read asks the process, every write tells it.

    ``names`` maps profile points to the catalogue points that the process knows, where they differ.
    """

    def __init__(
        self, profile: Profile, process: Process, names: Mapping[str, str] | None = None
    ) -> None:
        self.profile = profile
        self._process = process
        names = names or {}
        self._names = {point.point: names.get(point.point, point.point) for point in profile.points}
        codecs = [PointCodec.of(profile, point) for point in profile.samples]
        codecs.sort(key=lambda codec: codec.point.address)
        self._readable = {s: _Region([c for c in codecs if c.point.space is s]) for s in Space}
        self._writable = {
            s: _Region([c for c in codecs if c.point.write_space is s]) for s in Space
        }

    def respond(self, request: bytes, forced: Forced) -> bytes:
        """Return the response PDU to a request PDU, or raise `ModbusRefusal`."""
        function = request[0]
        if function in _READ and self._readable[_READ[function]].codecs:
            return self._read(function, request, forced)
        if function in _WRITE and self._writable[_WRITE[function]].codecs:
            return self._write(function, request, forced)
        raise ModbusRefusal(ExcCodes.ILLEGAL_FUNCTION)

    # ── reading ───────────────────────────────────────────────────────────────────────────────────
    def _read(self, function: int, request: bytes, forced: Forced) -> bytes:
        if len(request) != 5:
            raise ModbusRefusal(ExcCodes.ILLEGAL_VALUE)
        space = _READ[function]
        start, count = struct.unpack(">HH", request[1:])
        if not 1 <= count <= self.profile.limits.of(space):
            raise ModbusRefusal(ExcCodes.ILLEGAL_VALUE)
        words = self._image(space, start, count, forced)
        if space.of_bits:
            data = bytearray((count + 7) // 8)
            for index, bit in enumerate(words):
                data[index >> 3] |= bit << (index & 7)
        else:
            data = bytearray(struct.pack(f">{count}H", *words))
        return bytes((function, len(data))) + bytes(data)

    def _image(self, space: Space, start: int, count: int, forced: Forced) -> list[int]:
        """Return the words (or bits) at consecutive addresses; unmapped ones read 0."""
        end = start + count
        words = [0] * count
        covered = start
        touched = self._readable[space].touching(start, end)
        for codec in touched:
            point = codec.point
            self._check_gap(covered, min(point.address, end))
            covered = max(covered, point.end)
            for offset, word in enumerate(self._show(codec)):
                if start <= point.address + offset < end:
                    words[point.address + offset - start] |= word
        self._check_gap(covered, end)
        for (faulty, address), code in forced.items():
            if faulty is space and start <= address < end:
                raise ModbusRefusal(code)
        if not touched:
            raise ModbusRefusal(ExcCodes.ILLEGAL_ADDRESS)
        return words

    def _check_gap(self, start: int, end: int) -> None:
        if end - start > self.profile.limits.gap:
            raise ModbusRefusal(ExcCodes.ILLEGAL_ADDRESS)

    def _show(self, codec: PointCodec) -> Sequence[int]:
        value = self._process.read(self._names[codec.point.point])
        if value is None or math.isnan(value):
            absent = codec.absent_words()
            if absent is None:
                raise ModbusRefusal(ExcCodes.ILLEGAL_ADDRESS)
            return absent
        try:
            return codec.encode_read(codec.clamped(value))
        except EncodeError as error:
            raise ModbusRefusal(ExcCodes.DEVICE_FAILURE) from error

    # ── writing ───────────────────────────────────────────────────────────────────────────────────
    def _write(self, function: int, request: bytes, forced: Forced) -> bytes:
        space = _WRITE[function]
        start, words = _written(function, request)
        for (faulty, address), code in forced.items():
            if faulty is space and start <= address < start + len(words):
                raise ModbusRefusal(code)
        accepted = []
        covered = start
        for codec in self._writable[space].touching(start, start + len(words)):
            point = codec.point
            if point.address != covered or point.end > start + len(words):
                raise ModbusRefusal(ExcCodes.ILLEGAL_ADDRESS)
            value, status = codec.decode_write(words[point.address - start : point.end - start])
            if status != GOOD or not _within(point, value):
                raise ModbusRefusal(ExcCodes.ILLEGAL_VALUE)
            accepted.append((self._names[point.point], value))
            covered = point.end
        if covered != start + len(words):
            raise ModbusRefusal(ExcCodes.ILLEGAL_ADDRESS)
        for name, value in accepted:
            self._process.write(name, value)
        return request[:5]


class _Region:
    """Points of one space in the order of their addresses."""

    def __init__(self, codecs: list[PointCodec]) -> None:
        self.codecs = codecs
        self._starts = [codec.point.address for codec in codecs]

    def touching(self, start: int, end: int) -> list[PointCodec]:
        """Return the points that lie at least in part within [start, end)."""
        first = bisect_right(self._starts, start - _LONGEST)
        last = bisect_left(self._starts, end)
        return [codec for codec in self.codecs[first:last] if codec.point.end > start]


def _written(function: int, request: bytes) -> tuple[int, list[int]]:
    """Return the first address and the words (or bits) of a write request."""
    if len(request) < 5:
        raise ModbusRefusal(ExcCodes.ILLEGAL_VALUE)
    start, value = struct.unpack(">HH", request[1:5])
    if function == 5:
        if len(request) != 5 or value not in (0, 0xFF00):
            raise ModbusRefusal(ExcCodes.ILLEGAL_VALUE)
        return start, [int(value == 0xFF00)]
    if function == 6:
        if len(request) != 5:
            raise ModbusRefusal(ExcCodes.ILLEGAL_VALUE)
        return start, [value]
    data = request[6:]
    size = (value + 7) // 8 if function == 15 else 2 * value
    if value == 0 or len(request) < 6 or request[5] != size or len(data) != size:
        raise ModbusRefusal(ExcCodes.ILLEGAL_VALUE)
    if function == 15:
        return start, [data[i >> 3] >> (i & 7) & 1 for i in range(value)]
    return start, list(struct.unpack(f">{value}H", data))


def _within(point: ProfilePoint, value: float) -> bool:
    """Tell whether the device's own limits allow a value; a float's rounding is forgiven."""
    low, high = point.accepted
    slack = 1e-6 * max(1.0, abs(value))
    return low - slack <= value <= high + slack
