"""The registers of one emulated device: what it shows, what it accepts, what it refuses."""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple, TypeVar

from pymodbus.constants import ExcCodes

from heatpump_twin.drivers.modbus.emulator.emulated_faults import SensorFault
from heatpump_twin.drivers.modbus.emulator.emulated_points import (
    ModbusRefusal,
    Place,
    Region,
    Shown,
    ShownText,
    ShownValue,
    power_for,
)
from heatpump_twin.drivers.modbus.profile.codec import PointCodec
from heatpump_twin.drivers.modbus.profile.profile import Profile, ProfilePoint, Space, ValueType
from heatpump_twin.drivers.process import Process, StepwiseProcess
from heatpump_twin.drivers.status import GOOD

_READ = {1: Space.COIL, 2: Space.DISCRETE, 3: Space.HOLDING, 4: Space.INPUT}
_WRITE = {5: Space.COIL, 6: Space.HOLDING, 15: Space.COIL, 16: Space.HOLDING}
_T = TypeVar("_T")

_REMEMBERED = 256
"""Number of different requests whose responses are kept; a client that polls has few."""


Forced = Mapping[tuple[Space, int], int]
"""(space, address) → exception code of every request that touches it."""

NOTHING_FORCED: Forced = MappingProxyType({})


class EmulatedDevice:
    """The registers of one emulated device: a read asks the process, a write goes to it.

    ``names`` maps profile points to the catalogue points that the process knows, where they differ.
    ``on_restart`` is called when the device reboots, to forget what it keeps in volatile memory.
    """

    def __init__(
        self,
        profile: Profile,
        process: Process,
        names: Mapping[str, str] | None = None,
        *,
        on_restart: Callable[[], None] = lambda: None,
    ) -> None:
        self.profile = profile
        self.process = process
        self.restart = on_restart
        self.sensors: dict[str, SensorFault] = {}
        """Sensors that are broken, and how, by their names in the process."""
        names = names or {}
        powers = _powers(profile)
        shown = [
            ShownValue(
                PointCodec.of(profile, p),
                process,
                names.get(p.point, p.point),
                powers.get((p.space, p.scale_factor_address), 0),
            )
            for p in profile.samples
        ]
        self.points = {value.name: value for value in shown}
        """By their names in the process."""
        texts = [ShownText(p) for p in profile.points if p.type is ValueType.STRING]
        readable: list[Shown] = [*shown, *texts]
        self._readable = {
            s: Region([r for x in readable if x.point.space is s for r in Place.read(x)])
            for s in Space
        }
        self._writable = {
            s: Region([Place.written(x) for x in shown if x.point.write_space is s]) for s in Space
        }
        self._start_up = profile.start_up
        self._layouts: dict[bytes, _Layout] = {}
        self._answers: dict[bytes, bytes] = {}
        self._stepwise = process if isinstance(process, StepwiseProcess) else None
        self._revision: int | None = None

    def respond(self, request: bytes, forced: Forced = NOTHING_FORCED) -> bytes:
        """Return the response PDU to a request PDU, or raise `ModbusRefusal`."""
        # With 250 devices in one process, encoding sixty registers for each request is what costs.
        # Until the process takes its next step, a response is only looked up.
        if self._stepwise is None or forced or self.sensors or request[0] not in _READ:
            return self._respond(request, forced)
        if self._revision != self._stepwise.revision:
            self._answers.clear()
            self._revision = self._stepwise.revision
        answer = self._answers.get(request)
        if answer is None:
            answer = self._respond(request, forced)
            _remember(self._answers, request, answer)
        return answer

    def _respond(self, request: bytes, forced: Forced) -> bytes:
        # A table without points is one that the device does not have: exception 1, as in
        # Application Protocol V1.1b3, 4.5, before address and value are looked at.
        function = request[0]
        if function in _READ and self._readable[_READ[function]].places:
            return self._read(_READ[function], request, forced)
        if function in _WRITE and self._takes(_WRITE[function]):
            return self._write(_WRITE[function], request, forced)
        raise ModbusRefusal(ExcCodes.ILLEGAL_FUNCTION)

    def _takes(self, space: Space) -> bool:
        return bool(self._writable[space].places) or any(w.space is space for w in self._start_up)

    # ── reading ───────────────────────────────────────────────────────────────────────────────────
    def _read(self, space: Space, request: bytes, forced: Forced) -> bytes:
        layout = self._layouts.get(request)
        if layout is None:
            layout = self._layout(space, request)
            _remember(self._layouts, request, layout)
        _refuse(forced, space, layout.start, layout.length)
        words, sensors = [0] * layout.length, self.sensors
        for place, begin, end in layout.alone:
            words[begin:end] = place.shown.words(sensors)
        # Laid over each other, because several bit fields may share a register.
        for place in layout.shared:
            begin = place.start - layout.start
            shown = place.shown.words(sensors)
            for index in range(place.end - place.start):
                if 0 <= begin + index < layout.length:
                    words[begin + index] |= shown[place.first + index]
        if layout.packing is None:
            packed = sum(bit << i for i, bit in enumerate(words))
            data = packed.to_bytes((layout.length + 7) // 8, "little")
        else:
            data = layout.packing.pack(*words)
        return bytes((request[0], len(data))) + data

    def _layout(self, space: Space, request: bytes) -> _Layout:
        """Return which points lie where in a read request; addresses between them read 0."""
        if len(request) != 5:
            raise ModbusRefusal(ExcCodes.ILLEGAL_VALUE)
        asked: tuple[int, int] = struct.unpack(">HH", request[1:])
        start, count = asked
        if not 1 <= count <= self.profile.limits.of(space):
            raise ModbusRefusal(ExcCodes.ILLEGAL_VALUE)
        end = start + count
        touched = self._readable[space].touching(start, end)
        covered = start
        for place in touched:
            self._check_gap(covered, min(place.start, end))
            covered = max(covered, place.end)
        self._check_gap(covered, end)
        if not touched:
            raise ModbusRefusal(ExcCodes.ILLEGAL_ADDRESS)
        return _layout_of(start, count, touched, space)

    def _check_gap(self, start: int, end: int) -> None:
        """Refuse unmapped addresses, if there are more in a row than the profile's gap."""
        if end - start > self.profile.limits.gap:
            raise ModbusRefusal(ExcCodes.ILLEGAL_ADDRESS)

    # ── writing ───────────────────────────────────────────────────────────────────────────────────
    def _write(self, space: Space, request: bytes, forced: Forced) -> bytes:
        start, words = _written(request)
        _refuse(forced, space, start, len(words))
        if any((w.space, w.address, [*w.words]) == (space, start, words) for w in self._start_up):
            return request[:5]
        accepted = []
        before = covered = start
        for place in self._writable[space].touching(start, start + len(words)):
            shown, point = place.shown, place.shown.point
            # Neither half of a value nor an unmapped address can be written. Several fields may
            # share a register.
            is_field = point.bit is not None and place.start == before
            if not (is_field or place.start == covered) or place.end > start + len(words):
                raise ModbusRefusal(ExcCodes.ILLEGAL_ADDRESS)
            part = [*words[place.start - start : place.end - start], shown.power % 65536]
            value, status = shown.codec.decode_write(part)
            if status != GOOD or not _within(point, value):
                raise ModbusRefusal(ExcCodes.ILLEGAL_VALUE)
            # A field that was written as it was is one that the client has left alone.
            if point.bit is None or value != shown.shown(self.sensors):
                accepted.append((shown, value))
            before, covered = place.start, place.end
        if covered != start + len(words):
            raise ModbusRefusal(ExcCodes.ILLEGAL_ADDRESS)
        # Only now: what is refused must not have been written in part.
        for shown, value in accepted:
            self.process.write(shown.name, value)
        return request[:5]


class _Layout(NamedTuple):
    """The layout of a read request: first address, length, and the places of the points in it."""

    start: int
    length: int
    alone: Sequence[tuple[Place[Shown], int, int]]
    """Points that are read as a whole and share no register, with where they begin and end."""
    shared: Sequence[Place[Shown]]
    """All others."""
    packing: struct.Struct | None
    """How the words are packed; None: they are bits."""


def _layout_of(start: int, count: int, places: Sequence[Place[Shown]], space: Space) -> _Layout:
    addresses = Counter(address for place in places for address in place.addresses)
    alone: list[tuple[Place[Shown], int, int]] = []
    shared: list[Place[Shown]] = []
    for place in places:
        begin, end = place.start - start, place.end - start
        is_whole = len(place.shown.point.parts) == 1 and begin >= 0 and end <= count
        if is_whole and all(addresses[address] == 1 for address in place.addresses):
            alone.append((place, begin, end))
        else:
            shared.append(place)
    packing = None if space.of_bits else struct.Struct(f">{count}H")
    return _Layout(start, count, alone, shared, packing)


def _powers(profile: Profile) -> dict[tuple[Space, int | None], int]:
    """Return what the scale factor registers show, by table and address."""
    sharing: dict[tuple[Space, int | None], list[ProfilePoint]] = {}
    for point in profile.samples:
        if point.scale_factor_address is not None:
            sharing.setdefault((point.space, point.scale_factor_address), []).append(point)
    return {place: power_for(points) for place, points in sharing.items()}


def _refuse(forced: Forced, space: Space, start: int, count: int) -> None:
    for (faulty, address), code in forced.items():
        if faulty is space and start <= address < start + count:
            raise ModbusRefusal(code)


def _remember(answers: dict[bytes, _T], request: bytes, answer: _T) -> None:
    if len(answers) == _REMEMBERED:
        answers.clear()
    answers[request] = answer


def _written(request: bytes) -> tuple[int, list[int]]:
    """Return the first address and the words (or bits) of a write request."""
    if len(request) < 5:
        raise ModbusRefusal(ExcCodes.ILLEGAL_VALUE)
    function = request[0]
    head: tuple[int, int] = struct.unpack(">HH", request[1:5])
    start, value = head
    if function == 5:
        # FF00 hex is on, 0 is off, and all other values are illegal (6.5).
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
