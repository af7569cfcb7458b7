"""The codec of one point: from a value to registers and back, by layout, scale, enum, sentinels.

`PointCodec` is the scalar codec of one point, used for writes, for read-backs and by the emulator;
`heatpump_twin.drivers.modbus.profile.block_decoder` decodes whole responses with the same layouts.

What a raw value can mean besides a number:

* a sentinel (``absent``), or no scale factor → BadNoData: the device has no such sensor;
* NaN or infinity in a float, a number that the scale makes infinite, a digit of BCD above 9, or
  a scale factor beyond 10^±10 → BadSensorFailure;
* a raw value without a code in ``enum`` → BadOutOfRange: the profile does not know that state.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, reduce
from operator import or_

from heatpump_twin.config.catalogue import PointKind, Span
from heatpump_twin.drivers.modbus.profile.number_format import (
    WORD,
    EncodeError,
    number_of,
    pattern_of,
    raw_span,
)
from heatpump_twin.drivers.modbus.profile.profile import (
    Coding,
    Order,
    Profile,
    ProfilePoint,
    ValueType,
)
from heatpump_twin.drivers.modbus.profile.scaling import Scaling
from heatpump_twin.drivers.status import (
    BAD_NO_DATA,
    BAD_OUT_OF_RANGE,
    BAD_SENSOR_FAILURE,
    GOOD,
)

_FLOATS = {ValueType.FLOAT32: ">f", ValueType.FLOAT64: ">d"}
_NO_SCALE_FACTOR, _LARGEST_POWER = -32768, 10
"""What a scale factor register holds instead of one, and the largest one (SunSpec: sunssf)."""


@cache
def byte_positions(registers: int, order: tuple[Order, Order]) -> tuple[int, ...]:
    """Return where byte i of the big-endian number lies in the wire bytes of the value."""
    word_order, byte_order = order
    words = range(registers) if word_order is Order.BIG else range(registers - 1, -1, -1)
    low, high = (0, 1) if byte_order is Order.BIG else (1, 0)
    return tuple(2 * word + part for word in words for part in (low, high))


def normalized_sentinels(point: ProfilePoint) -> tuple[float, ...]:
    """Return the sentinels as the numbers that the point's type decodes to.

    ``0x8000`` in an int16 is −32768, however the datasheet writes it; −999.9 in a float32 is the
    float32 that is nearest to it.
    """
    if point.type.is_float:
        packing = _FLOATS[point.type]
        return tuple(struct.unpack(packing, struct.pack(packing, m))[0] for m in point.absent)
    if point.radix != WORD or not point.type.is_signed:
        return tuple(int(mark) for mark in point.absent)
    half = 1 << 16 * point.type.registers - 1
    return tuple(int(m) - 2 * half if m >= half else int(m) for m in point.absent)


class _Absent(Exception):  # noqa: N818 (what registers can say, not an error)
    """The registers say that there is no such sensor."""


@dataclass(frozen=True, slots=True)
class PointCodec:
    """Encode and decode one point, between wire words and the catalogue's unit.

    The words of a point are those of its value and, behind them, its scale factor if it has one.
    """

    point: ProfilePoint
    read: tuple[int, ...]
    """Byte positions of the number in the words of a response; see `byte_positions`."""
    write: tuple[int, ...]
    """The same for a write request."""
    sentinels: tuple[float, ...]
    """Numbers in the registers that mean: there is no such sensor. Of a bit field or a coded
    number, that is the number in the whole of its registers."""
    scaling: Scaling

    @classmethod
    def of(cls, profile: Profile, point: ProfilePoint) -> PointCodec:
        """Return the codec of a point of a profile."""
        return cls(
            point,
            byte_positions(point.size, profile.read_order(point)),
            byte_positions(point.size, profile.write_order(point)),
            normalized_sentinels(point),
            Scaling.of(point),
        )

    @property
    def factor(self) -> float:
        """How much the value changes where the raw number changes by one, with its sign."""
        return self.scaling.multiplier / self.scaling.divisor

    @property
    def is_plain(self) -> bool:
        """Whether the value is its registers read as its type, so that arrays can decode it."""
        point = self.point
        return (
            point.bit is None
            and point.coding is Coding.BINARY
            and point.radix == WORD
            and point.scale_factor_address is None
            and not point.spec.flags
            # A float64 holds no mark of 64 bits exactly.
            and all(abs(mark) <= 2**53 for mark in self.sentinels if not point.type.is_float)
        )

    def decode(self, words: Sequence[int]) -> tuple[float, int]:
        """Decode wire words (or one bit) into value and status."""
        return self._decode(words, self.read)

    def decode_write(self, words: Sequence[int]) -> tuple[float, int]:
        """Decode words that are laid out as for a write into value and status."""
        return self._decode(words, self.write)

    def encode(self, value: float, held: Sequence[int] = ()) -> list[int]:
        """Return the words to write, rounded to the device's resolution.

        ``held`` are the point's words as they are, of which a bit field leaves the other bits and
        from which the scale factor is taken: see `needs_held`. Raises `EncodeError` where the
        registers cannot hold the value.
        """
        words = self._words(self.raw(value, held), self.write)
        if self.point.bit is None or not held:
            return words
        if self.decode_write(held)[1] == BAD_NO_DATA:
            raise EncodeError("the device has no such register at present")
        mask = self._spread(((1 << self.point.bits) - 1) << self.point.bit, self.write)
        kept = list(held[: self.point.size])
        return [k & ~m | w for k, m, w in zip(kept, mask, words, strict=True)]

    @property
    def needs_held(self) -> bool:
        """Whether a write has to know what the registers hold before it."""
        return self.point.bit is not None or self.point.scale_factor_address is not None

    def encode_read(self, value: float, power: int = 0) -> list[int]:
        """Return the words that a device with this value shows to a reader.

        ``power`` is what a device with a scale factor shows there.
        """
        held = [0] * self.point.size + [power % WORD]
        return self.words(self.raw(value, held), power)

    def words(self, raw: float, power: int = 0) -> list[int]:
        """Return the words that a device with this raw number shows to a reader."""
        words = self._words(raw, self.read)
        return words if self.point.scale_factor_address is None else [*words, power % WORD]

    def absent_words(self, power: int = 0) -> list[int] | None:
        """Return the words that a device without this sensor shows; None: no words say so."""
        factor = [] if self.point.scale_factor_address is None else [power % WORD]
        if self.sentinels and not self.point.type.is_float:
            mark = int(self.sentinels[0])
            if self.point.radix != WORD:
                mark = _split_mark(mark, self.point)
            return self._spread(mark % (1 << 16 * self.point.size), self.read) + factor
        if self.point.type.is_float:
            return self._words((*self.sentinels, math.nan)[0], self.read) + factor
        return [0] * self.point.size + [_NO_SCALE_FACTOR % WORD] if factor else None

    def rounded(self, value: float, held: Sequence[int] = ()) -> float:
        """Return the value nearest to this one that the registers can hold."""
        words = self._words(self.raw(value, held), self.read)
        return self.decode([*words, *held[self.point.size :]])[0]

    def clamped(self, value: float) -> float:
        """Return the nearest value that the registers can hold without wrapping around."""
        span = raw_span(self.point)
        if span is None or self.point.spec.kind is not PointKind.ANALOG:
            return value
        return self.scaling.value(min(max(self.scaling.raw(value), span[0]), span[1]))

    def raw(self, value: float, held: Sequence[int] = ()) -> float:
        """Return the raw number of a value; integers are rounded to nearest, halves to even."""
        if not math.isfinite(value):
            raise EncodeError(f"{value} cannot be sent")
        if self.point.spec.flags:
            return self._raw_of_flags(value)
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
        return self._raw_of_quantity(value, held)

    def _raw_of_quantity(self, value: float, held: Sequence[int]) -> float:
        try:
            scaling = self._scaling(held) if held else self.scaling
        except _Absent:
            raise EncodeError("the device shows no scale factor for it") from None
        if scaling is None:
            raise EncodeError("the device shows a scale factor that is none")
        raw = scaling.raw(value)
        if math.isinf(raw):
            raise EncodeError(f"{value:g} is beyond the device's numbers")
        raw = raw if self.point.type.is_float else round(raw)
        # Once written, it would read back as "no such sensor" for good.
        if self.point.bit is None and raw in self.sentinels:
            raise EncodeError(f"{value:g} is the device's mark for a missing sensor")
        return raw

    def _raw_of_flags(self, value: float) -> int:
        bits, rest = 0, int(value)
        for bit, code in self._flag_codes().items():
            if rest & code:
                bits, rest = bits | bit, rest & ~code
        if rest or value != int(value):
            raise EncodeError(f"the device has no state {value:g}")
        return bits

    def _decode(self, words: Sequence[int], order: tuple[int, ...]) -> tuple[float, int]:
        try:
            raw = self._number(words, order)
            scaling = self._scaling(words)
        # The mark before all else: it is no number, and need not be a code of the enum either.
        except _Absent:
            return math.nan, BAD_NO_DATA
        if raw is None or scaling is None or not math.isfinite(raw):
            return math.nan, BAD_SENSOR_FAILURE
        if self.point.spec.flags:
            return self._flags(int(raw))
        if self.point.enum:
            code = self.point.enum.get(int(raw))
            return (math.nan, BAD_OUT_OF_RANGE) if code is None else (float(code), GOOD)
        if self.point.type is ValueType.BOOL:
            return float(raw != 0), GOOD
        value = scaling.value(raw)
        return (math.nan, BAD_SENSOR_FAILURE) if math.isinf(value) else (value, GOOD)

    def _flags(self, raw: int) -> tuple[float, int]:
        """Return all states that are on at once, as the sum of their codes."""
        known = self._flag_codes()
        if raw & ~reduce(or_, known, 0):
            return math.nan, BAD_OUT_OF_RANGE
        return float(reduce(or_, (code for bit, code in known.items() if raw & bit), 0)), GOOD

    def _flag_codes(self) -> dict[int, int]:
        """Return the codes of the flags by the bits of the device."""
        return self.point.enum or {code: code for code in self.point.spec.flags}

    def _scaling(self, words: Sequence[int]) -> Scaling | None:
        """Return the scaling with the scale factor in the words; None: it is no such factor."""
        if self.point.scale_factor_address is None:
            return self.scaling
        power = (words[self.point.size] + 32768) % WORD - 32768
        if power == _NO_SCALE_FACTOR:
            raise _Absent
        return self.scaling.at_power(power) if abs(power) <= _LARGEST_POWER else None

    def _number(self, words: Sequence[int], order: tuple[int, ...]) -> float | None:
        """Return the raw number in wire words; None: it is none. Raises `_Absent`."""
        if self.point.space.of_bits:
            return words[0]
        wire = struct.pack(f">{self.point.size}H", *words[: self.point.size])
        big = bytes(wire[position] for position in order)
        if self.point.type.is_float:
            found: float = struct.unpack(_FLOATS[self.point.type], big)[0]
            if found in self.sentinels:
                raise _Absent
            return found
        whole = int.from_bytes(big, "big")
        if self.point.bit is None:
            number = number_of(whole, self.point)
        else:
            number = number_of(whole >> self.point.bit & (1 << self.point.bits) - 1, self.point)
        if self.sentinels and self._marked(whole, number):
            raise _Absent
        return number

    def _marked(self, whole: int, number: int | None) -> bool:
        # A split counter's mark is the count that its words make; all others are what the whole
        # registers hold: a bit of a register that is not there is not off.
        if self.point.radix != WORD:
            return number in self.sentinels
        bits = 16 * self.point.size
        if self.point.type.is_signed and whole >> bits - 1:
            whole -= 1 << bits
        return whole in self.sentinels

    def _words(self, raw: float, order: tuple[int, ...]) -> list[int]:
        if self.point.space.of_bits:
            return [int(raw)]
        if self.point.type.is_float:
            try:
                packed = struct.pack(_FLOATS[self.point.type], raw)
            except (struct.error, OverflowError) as error:
                raise EncodeError(f"raw value {raw:g} does not fit in {self.point.type}") from error
            return self._spread(int.from_bytes(packed, "big"), order)
        # The other bits of a field's register stay 0: the emulator lays the fields of a register
        # over each other, and `encode` merges them with what is held.
        return self._spread(pattern_of(int(raw), self.point) << (self.point.bit or 0), order)

    def _spread(self, pattern: int, order: tuple[int, ...]) -> list[int]:
        """Return the words of a bit pattern of the whole registers."""
        wire = bytearray(len(order))
        for position, byte in zip(order, pattern.to_bytes(len(order), "big"), strict=True):
            wire[position] = byte
        return list(struct.unpack(f">{len(wire) // 2}H", wire))


def _split_mark(mark: int, point: ProfilePoint) -> int:
    """Return the words of a split counter's mark, each of which may count above the radix."""
    # Where every word has the same mark, the count is that mark at each place.
    places = sum(point.radix**i for i in range(point.type.registers))
    word, rest = divmod(mark, places)
    if rest == 0 and word < WORD:
        return sum(word << 16 * i for i in range(point.type.registers))
    return pattern_of(mark, point)


def reach(point: ProfilePoint) -> Span | None:
    """Return the smallest and largest value that the registers hold, in the catalogue's unit.

    None: it is a float, or its scale is in the device.
    """
    span = raw_span(point)
    if span is None or point.scale_factor_address is not None:
        return None
    scaling = Scaling.of(point)
    ends = [scaling.value(raw) for raw in span]
    return min(ends), max(ends)


def text(words: Sequence[int], byte_order: Order = Order.BIG) -> str:
    """Return the text of a string point: two characters a register.

    It may be padded with NUL, blanks or FF on either side.
    """
    packing = f"{'>' if byte_order is Order.BIG else '<'}{len(words)}H"
    wire = struct.pack(packing, *words).strip(b"\0\xff ")
    # Behind the first NUL there may be what is left of a longer text. A name with an odd sign is
    # shown with a mark in its place: it is only for people to read.
    return wire.split(b"\0", 1)[0].decode("ascii", errors="replace").strip()
