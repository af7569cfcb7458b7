"""The words that the points of an emulated device show, encoded again where a value changed."""

from __future__ import annotations

import math
import struct
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from struct import Struct
from typing import Generic, Protocol, TypeVar

from pymodbus.constants import ExcCodes

from heatpump_twin.config.catalogue import PointKind
from heatpump_twin.drivers.modbus.emulator.emulated_faults import SensorFault
from heatpump_twin.drivers.modbus.profile.codec import PointCodec
from heatpump_twin.drivers.modbus.profile.number_format import EncodeError, raw_span
from heatpump_twin.drivers.modbus.profile.profile import ProfilePoint, ValueType
from heatpump_twin.drivers.process import Process
from heatpump_twin.drivers.status import GOOD

_TEXT = "EMULATED"
_NUMBERS = {
    ValueType.INT16: "h", ValueType.UINT16: "H", ValueType.INT32: "i", ValueType.UINT32: "I",
    ValueType.INT64: "q", ValueType.UINT64: "Q", ValueType.FLOAT32: "f", ValueType.FLOAT64: "d",
}  # fmt: skip
"""How `struct` packs the numbers of a type."""

Sensors = Mapping[str, SensorFault]


class ModbusRefusal(Exception):  # noqa: N818 (an answer of the protocol, not an error of ours)
    """The device answers with an exception code."""

    def __init__(self, code: int) -> None:
        super().__init__(f"Modbus exception {code}")
        self.code = code


class Shown(Protocol):
    """A point of an emulated device, as its registers show it."""

    point: ProfilePoint

    def words(self, sensors: Sensors) -> Sequence[int]:
        """Return the words (or the bit) of the point now, or raise `ModbusRefusal`."""
        ...


class ShownValue:
    """A point whose value comes from the process, by the name that it has there."""

    __slots__ = (
        "_ends", "_packing", "_process", "_raw", "_scaled", "_value", "_words",
        "codec", "name", "point", "power",
    )  # fmt: skip

    def __init__(self, codec: PointCodec, process: Process, name: str, power: int = 0) -> None:
        self.point = codec.point
        self.codec = codec
        self.name = name
        self.power = power
        """What the device shows in the register of the scale factor, where the point has one."""
        self._process = process
        self._scaled = replace(codec, scaling=codec.scaling.at_power(power))
        ends = self._scaled.clamped(-math.inf), self._scaled.clamped(math.inf)
        self._ends = sorted(ends)
        self._packing = _packing(codec)
        self._value = self._raw = math.nan
        self._words: Sequence[int] = ()

    def value(self, sensors: Sensors) -> float | None:
        """Return the value that the sensor shows, right or wrong; None: there is no sensor."""
        value = self._process.read(self.name)
        if value is None or math.isnan(value):
            return None
        return sensors[self.name].shown(value) if self.name in sensors else value

    def shown(self, sensors: Sensors) -> float | None:
        """Return what a client reads, rounded as the registers round; None: no value."""
        try:
            value, status = self.codec.decode(self.words(sensors))
        except ModbusRefusal:
            return None
        return value if status == GOOD else None

    def words(self, sensors: Sensors) -> Sequence[int]:
        """Return the words for the value, or the mark for a missing sensor."""
        value = self.value(sensors)
        if value is None:
            absent = self.codec.absent_words(self.power)
            # Without a mark for a missing sensor, the device does not have the register at all.
            if absent is None:
                raise ModbusRefusal(ExcCodes.ILLEGAL_ADDRESS)
            return absent
        if value != self._value:
            if not self._packed(value):
                raw = self._nearest(value)
                # Most changes are smaller than one count of the register, and leave the words.
                if raw != self._raw:
                    self._words = self._encoded(raw)
                    self._raw = raw
            self._value = value
        return self._words

    def _packed(self, value: float) -> bool:
        """Pack a plain number, as most registers hold; tell whether it is one."""
        # What the codec would make of it, several times as fast: of a device that is polled, this
        # is most of the work.
        if self._packing is None:
            return False
        number, words, is_whole = self._packing
        low, high = self._ends
        raw = self._scaled.scaling.raw(min(max(value, low), high))
        if is_whole and math.isfinite(raw):
            raw = round(raw)
        if raw != self._raw:
            if raw in self.codec.sentinels:
                return False
            try:
                self._words = words.unpack(number.pack(raw))
            except (struct.error, OverflowError):
                return False
            self._raw = raw
        return True

    def _nearest(self, value: float) -> float:
        """Return the raw number for a value, which stops at the ends of the registers."""
        codec = self._scaled
        low, high = self._ends
        held = min(max(value, low), high)
        try:
            return codec.raw(held)
        except EncodeError as error:
            if not codec.sentinels or codec.point.spec.kind is not PointKind.ANALOG:
                raise ModbusRefusal(ExcCodes.DEVICE_FAILURE) from error
        try:  # a device does not let a value look like its mark for a missing sensor
            return codec.raw(min(held + abs(codec.factor), high))
        except EncodeError as error:
            raise ModbusRefusal(ExcCodes.DEVICE_FAILURE) from error

    def _encoded(self, raw: float) -> Sequence[int]:
        try:
            return self.codec.words(raw, self.power)
        except EncodeError as error:
            raise ModbusRefusal(ExcCodes.DEVICE_FAILURE) from error


def _packing(codec: PointCodec) -> tuple[Struct, Struct, bool] | None:
    """Return how a plain number and its words are packed, and whether it is a whole one.

    None: it is no plain number.
    """
    point = codec.point
    letter = _NUMBERS.get(point.type)
    in_order = codec.read == tuple(range(2 * point.size))
    is_quantity = point.spec.kind is PointKind.ANALOG and not point.enum
    if letter is None or not (codec.is_plain and is_quantity and in_order):
        return None
    return Struct(f">{letter}"), Struct(f">{point.size}H"), not point.type.is_float


def power_for(points: Sequence[ProfilePoint]) -> int:
    """Return the power of ten with which registers show the usual range of all of these."""
    power = -3
    for point in points:
        span, held = point.spec.range or (0.0, 1.0), raw_span(point)
        most = max(abs(end) for end in span) / abs(point.scale * point.conversion.factor)
        if held is not None:
            power = max(power, math.ceil(math.log10(most / held[1])))
    return power


class ShownText:
    """A text point: the process has no value for it, so that it shows one text always."""

    def __init__(self, point: ProfilePoint) -> None:
        self.point = point
        wire = _TEXT.encode("ascii")[: 2 * point.size].ljust(2 * point.size, b"\0")
        self._words = struct.unpack(f">{point.size}H", wire)

    def words(self, _sensors: Sensors) -> Sequence[int]:
        """Return the text's words."""
        return self._words


_S = TypeVar("_S", bound=Shown)


@dataclass(frozen=True, slots=True)
class Place(Generic[_S]):
    """A run of addresses at which a point of the device shows some of its words, or takes them."""

    shown: _S
    start: int
    end: int
    first: int = 0
    """Which of its words is at the start."""

    @property
    def addresses(self) -> range:
        """All its addresses."""
        return range(self.start, self.end)

    @classmethod
    def read(cls, shown: _S) -> Iterator[Place[_S]]:
        """Give the places at which a point is read."""
        first = 0
        for run in shown.point.parts:
            yield cls(shown, run.start, run.stop, first)
            first += len(run)

    @classmethod
    def written(cls, shown: _S) -> Place[_S]:
        """Return the place at which a point is written."""
        start = shown.point.write_address
        return cls(shown, start, start + shown.point.size)


class Region(Generic[_S]):
    """The places of one table in the order of their addresses."""

    def __init__(self, places: Iterable[Place[_S]]) -> None:
        self.places = sorted(places, key=lambda place: place.start)
        self._starts = [place.start for place in self.places]
        self._reach = max((place.end - place.start for place in self.places), default=0)

    def touching(self, start: int, end: int) -> list[Place[_S]]:
        """Return the places that lie at least in part within [start, end)."""
        # The longest value of the table may begin so far before `start` and still reach into it.
        first = bisect_right(self._starts, start - self._reach)
        last = bisect_left(self._starts, end)
        return [place for place in self.places[first:last] if place.end > start]
