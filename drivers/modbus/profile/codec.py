"""The codec of one point: from a value to registers and back, by layout, scale, enum, sentinels.

`PointCodec` is the scalar codec of one point, used for writes, for read-backs and by the emulator;
`heatpump_twin.drivers.modbus.profile.block_decoder` decodes whole responses with the same layouts.

What a raw value can mean besides a number:

* a sentinel (``absent``) → BadNoData: the device says that it has no such sensor;
* NaN or infinity in a float, or a number that the scale makes infinite → BadSensorFailure;
* a raw value without a code in ``enum`` → BadOutOfRange: the profile does not know that state.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass

from heatpump_twin.config.catalogue import PointKind, Span
from heatpump_twin.drivers.modbus.profile.profile import Order, Profile, ProfilePoint, ValueType
from heatpump_twin.drivers.status import (
    BAD_NO_DATA,
    BAD_OUT_OF_RANGE,
    BAD_SENSOR_FAILURE,
    GOOD,
)

_FORMATS = {
    ValueType.BOOL: ">H",
    ValueType.INT16: ">h",
    ValueType.UINT16: ">H",
    ValueType.INT32: ">i",
    ValueType.UINT32: ">I",
    ValueType.INT64: ">q",
    ValueType.UINT64: ">Q",
    ValueType.FLOAT32: ">f",
    ValueType.FLOAT64: ">d",
}


class EncodeError(ValueError):
    """A value has no representation in the device's registers."""


def byte_positions(registers: int, order: tuple[Order, Order]) -> tuple[int, ...]:
    """Return where byte i of the big-endian number lies in the wire bytes of the value."""
    word_order, byte_order = order
    words = range(registers) if word_order is Order.BIG else range(registers - 1, -1, -1)
    low, high = (0, 1) if byte_order is Order.BIG else (1, 0)
    return tuple(2 * word + part for word in words for part in (low, high))


def normalized_sentinels(point: ProfilePoint) -> tuple[float, ...]:
    """Return the sentinels as the numbers that the point's type decodes to.

    ``0x8000`` in an int16 is −32768, however the datasheet writes it.
    """
    if point.type.is_float:
        return point.absent
    bits = 16 * point.type.registers
    signed = not point.type.is_unsigned and point.type is not ValueType.BOOL
    found = []
    for sentinel in point.absent:
        raw = int(sentinel) % (1 << bits)
        found.append(float(raw - (1 << bits) if signed and raw >> (bits - 1) else raw))
    return tuple(found)


_NO_FIELD = -1.0
"""What a bit field counts as where its whole register is a sentinel; no field is negative."""


@dataclass(frozen=True, slots=True)
class PointCodec:
    """Encode and decode one point, between wire words and the catalogue's unit."""

    point: ProfilePoint
    format: str
    read: tuple[int, ...]
    """Byte positions of the number in the words of a response; see `byte_positions`."""
    write: tuple[int, ...]
    """The same for a write request."""
    sentinels: tuple[float, ...]
    """Raw numbers that mean: there is no such sensor."""
    marks: tuple[float, ...]
    """What the whole registers hold then; a bit field has no number of its own for it."""
    factor: float
    """value = factor · raw + offset, in the catalogue's unit"""
    offset: float

    @classmethod
    def of(cls, profile: Profile, point: ProfilePoint) -> PointCodec:
        """Return the codec of a point of a profile."""
        factor, offset = point.conversion
        marks = normalized_sentinels(point)
        return cls(
            point,
            _FORMATS[point.type],
            byte_positions(point.size, profile.read_order(point)),
            byte_positions(point.size, profile.write_order(point)),
            (_NO_FIELD,) if marks and point.bit is not None else marks,
            marks,
            # value = (raw · scale + offset) · factor + offset of the unit, multiplied out
            point.scale * factor,
            point.offset * factor + offset,
        )

    def decode(self, words: Sequence[int]) -> tuple[float, int]:
        """Decode wire words (or one bit) into value and status."""
        return self._meaning(self._number(words, self.read))

    def number(self, words: Sequence[int]) -> float:
        """Return the raw number in wire words, before scale and meaning."""
        return self._number(words, self.read)

    def decode_write(self, words: Sequence[int]) -> tuple[float, int]:
        """Decode words that are laid out as for a write into value and status."""
        return self._meaning(self._number(words, self.write))

    def encode(self, value: float) -> list[int]:
        """Return the words to write, rounded to the device's resolution.

        Raises `EncodeError` where the registers cannot hold the value.
        """
        return self._words(self.raw(value), self.write)

    def encode_read(self, value: float) -> list[int]:
        """Return the words that a device with this value shows to a reader."""
        return self.words(self.raw(value))

    def words(self, raw: float) -> list[int]:
        """Return the words that a device with this raw number shows to a reader."""
        return self._words(raw, self.read)

    def absent_words(self) -> list[int] | None:
        """Return the words that a device without this sensor shows; None: no words say so."""
        if self.point.bit is not None:
            return self._packed(self.marks[0], self.read) if self.marks else None
        if self.sentinels:
            return self._words(self.sentinels[0], self.read)
        return self._words(math.nan, self.read) if self.point.type.is_float else None

    def rounded(self, value: float) -> float:
        """Return the value nearest to this one that the registers can hold."""
        return self._meaning(self._stored(self.raw(value)))[0]

    def clamped(self, value: float) -> float:
        """Return the nearest value that the registers can hold without wrapping around."""
        span = raw_span(self.point)
        if span is None or self.point.spec.kind is not PointKind.ANALOG:
            return value
        raw = min(max((value - self.offset) / self.factor, span[0]), span[1])
        return raw * self.factor + self.offset

    def raw(self, value: float) -> float:
        """Return the raw number of a value; integers are rounded to nearest, halves to even."""
        if not math.isfinite(value):
            raise EncodeError(f"{value} cannot be sent")
        if self.point.enum:
            for key, code in self.point.enum.items():
                if code == value:
                    return key
            raise EncodeError(f"the device has no state {value:g}")
        if self.point.type is ValueType.BOOL:
            if value not in (0, 1):
                raise EncodeError(f"a switch is 0 or 1, not {value:g}")
            return int(value)
        # Rounded, 1.5 would switch to a mode that nobody has asked for.
        if self.point.spec.kind is not PointKind.ANALOG and value != round(value):
            raise EncodeError(f"{value:g} is not a state")
        raw = (value - self.offset) / self.factor
        if math.isinf(raw):
            raise EncodeError(f"{value:g} is beyond the device's numbers")
        raw = raw if self.point.type.is_float else float(round(raw))
        # Once written, it would read back as "no such sensor" for good.
        if raw in self.sentinels:
            raise EncodeError(f"{value:g} is the device's mark for a missing sensor")
        return raw

    def _meaning(self, raw: float) -> tuple[float, int]:
        # The sentinel before all else: it is no number, and need not be a code of the enum either.
        if raw in self.sentinels:
            return math.nan, BAD_NO_DATA
        if not math.isfinite(raw):
            return math.nan, BAD_SENSOR_FAILURE
        if self.point.enum:
            code = self.point.enum.get(int(raw))
            return (math.nan, BAD_OUT_OF_RANGE) if code is None else (float(code), GOOD)
        if self.point.type is ValueType.BOOL:
            return float(raw != 0), GOOD
        value = raw * self.factor + self.offset
        return (math.nan, BAD_SENSOR_FAILURE) if math.isinf(value) else (value, GOOD)

    def _number(self, words: Sequence[int], positions: tuple[int, ...]) -> float:
        if self.point.space.of_bits:
            return float(words[0])
        wire = struct.pack(f">{len(words)}H", *words)
        number: float = struct.unpack(self.format, bytes(wire[i] for i in positions))[0]
        if self.point.bit is not None:
            # A bit of a register that is not there is not off.
            if number in self.marks:
                return _NO_FIELD
            return (int(number) >> self.point.bit) & ((1 << self.point.bits) - 1)
        if self.point.radix != 65536:
            number = split_to_number(int(number), self.point)
        return number

    def _words(self, raw: float, positions: tuple[int, ...]) -> list[int]:
        if self.point.space.of_bits:
            return [int(raw)]
        if self.point.radix != 65536:
            raw = number_to_split(int(raw), self.point)
        if self.point.bit is not None:
            if raw != int(raw) % (1 << self.point.bits):
                raise EncodeError(f"{raw:g} does not fit in {self.point.bits} bits")
            # The other bits stay 0: the emulator lays the fields of a register over each other, and
            # a profile with a write to a bit field is refused.
            raw = int(raw) << self.point.bit
        return self._packed(raw, positions)

    def _packed(self, raw: float, positions: tuple[int, ...]) -> list[int]:
        # Packed by its type, a number that does not fit is an error; masked, it would wrap around
        # to another value that looks sound.
        try:
            number = struct.pack(self.format, raw if self.point.type.is_float else int(raw))
        except (struct.error, OverflowError) as error:
            raise EncodeError(f"raw value {raw:g} does not fit in {self.point.type}") from error
        wire = bytearray(len(number))
        for index, position in enumerate(positions):
            wire[position] = number[index]
        return list(struct.unpack(f">{len(wire) // 2}H", wire))

    def _stored(self, raw: float) -> float:
        """Return the raw number that is left of one after encoding and decoding."""
        return self._number(self._words(raw, self.read), self.read)


def raw_span(point: ProfilePoint) -> tuple[int, int] | None:
    """Return the smallest and largest raw number that the registers hold; None: it is a float."""
    if point.type.is_float:
        return None
    if point.radix != 65536:
        return 0, int(point.radix**point.type.registers) - 1
    width = point.bits if point.bit is not None else 16 * point.type.registers
    if point.type.is_unsigned:
        return 0, (1 << width) - 1
    return -(1 << width - 1), (1 << width - 1) - 1


def reach(point: ProfilePoint) -> Span | None:
    """Return the smallest and largest value that the registers hold, in the catalogue's unit.

    None: it is a float.
    """
    span = raw_span(point)
    if span is None:
        return None
    factor, offset = point.conversion
    ends = [(raw * point.scale + point.offset) * factor + offset for raw in span]
    return min(ends), max(ends)


def split_to_number(packed: int, point: ProfilePoint) -> int:
    """Return the number of a split counter, each word of which counts `radix` (kWh, MWh: 1000)."""
    number = 0
    for index in reversed(range(point.type.registers)):
        number = number * point.radix + (packed >> 16 * index & 0xFFFF)
    return number


def number_to_split(number: int, point: ProfilePoint) -> int:
    """Return the words of a split counter with this number, packed into one integer."""
    packed = 0
    for index in range(point.type.registers):
        number, digit = divmod(number, point.radix)
        packed |= digit << 16 * index
    if number:
        raise EncodeError("the count does not fit in the counter's registers")
    return packed


def text(words: Sequence[int]) -> str:
    """Return the text of a string point: two ASCII characters a register, padded with NUL."""
    wire = struct.pack(f">{len(words)}H", *words)
    # A name with an odd sign is shown with a mark in its place: it is only for people to read.
    return wire.split(b"\0", 1)[0].decode("ascii", errors="replace").strip()
