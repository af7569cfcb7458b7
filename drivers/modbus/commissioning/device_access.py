"""Read and write a device by hand, one that no twin controls: for a person who looks and tries.

::

    device = DeviceAccess(profile, ModbusLink.to(address), unit, timeout, clock)
    readings = await device.read(["supply_temperature"])    # all points without names
    outcome = await device.write("supply_setpoint", 45.0)
    await device.close()
"""

from __future__ import annotations

import math
import struct
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from heatpump_twin.config.catalogue import Point
from heatpump_twin.drivers.clock import Clock
from heatpump_twin.drivers.modbus.driver.device_plan import write_limits
from heatpump_twin.drivers.modbus.driver.device_reader import DeviceReader
from heatpump_twin.drivers.modbus.driver.device_writer import DeviceWriter
from heatpump_twin.drivers.modbus.profile.codec import PointCodec, text
from heatpump_twin.drivers.modbus.profile.poll_plan import ReadBlock, lone_blocks, plan
from heatpump_twin.drivers.modbus.profile.profile import Profile, ProfilePoint, Space, ValueType
from heatpump_twin.drivers.modbus.wire.link import ModbusLink, NotSentError
from heatpump_twin.drivers.modbus.wire.request import ModbusExceptionError, Request
from heatpump_twin.drivers.protocol import LinkError, WriteOutcome
from heatpump_twin.drivers.status import GOOD

_DEAD = 2
"""Unanswered requests after which a device that has not said anything yet counts as dead."""
_PATIENCE = 8
"""Unanswered requests that are worth splitting: some devices keep silent instead of refusing."""


class RegisterSpan(NamedTuple):
    """Consecutive addresses of one table."""

    space: Space
    address: int
    size: int


@dataclass(frozen=True, slots=True)
class PointReading:
    """The reading of one point: what the device answered for it, and what that means."""

    point: ProfilePoint
    value: float
    """In the catalogue's unit; NaN where there is none."""
    status: int
    words: tuple[int, ...] = ()
    """Registers, or bits, as they came; empty where there was no such answer."""
    text: str = ""
    """What a string point says."""
    refusal: str = ""
    """Why there are no words."""

    @classmethod
    def of(cls, profile: Profile, point: ProfilePoint, words: Sequence[int]) -> PointReading:
        """Return the reading that the words of one point give."""
        if point.type is ValueType.STRING:
            said = text(words, profile.read_order(point)[1])
            return cls(point, math.nan, GOOD, tuple(words), said)
        value, status = PointCodec.of(profile, point).decode(words)
        return cls(point, value, status, tuple(words))


class DeviceAccess:
    """Access to one device on a link: a refusal is reported, and nothing is repeated by itself."""

    def __init__(
        self, profile: Profile, link: ModbusLink, unit: int, timeout: float | None, clock: Clock
    ) -> None:
        self.profile = profile
        self._link = link
        self._unit = unit
        # The profile's in full: no poll period has to be kept here.
        self._timeout = timeout or profile.timeout
        self._points = lone_points(profile)
        reader = DeviceReader(profile, self._points, link, unit, self._timeout, clock)
        self._writer = DeviceWriter(
            profile, self._points, link, unit, self._timeout, reader.read_point, reader.read_held
        )

    async def read(
        self, names: Collection[str] = (), *, unverified: bool = False
    ) -> list[PointReading]:
        """Read points by their names, or all, with the fewest requests.

        On request also what the profile has not verified.

        A point that is refused or met with silence does not hide the others. Raises `LinkError`
        if the device says nothing at all.
        """
        by_name = self.profile.by_name
        doubtful = self.profile.unverified_points if unverified else ()
        asked = names or [*by_name, *(reading.point for reading in doubtful)]
        wanted = [by_name[name] for name in dict.fromkeys(asked) if name in by_name]
        inquiry = _Inquiry(self.profile, self._words)
        found = await inquiry.run(plan(self.profile, wanted))
        readings = [found[point.point] for point in wanted]
        for reading in doubtful:
            if reading.point in asked:
                # One by one: the readings of one register have the same name.
                lone = await inquiry.run(lone_blocks(reading))
                readings.append(lone[reading.point])
        return readings

    def refusal(self, name: str, value: float) -> WriteOutcome | None:
        """Say why a value would not be sent to a point, as far as is known without the device."""
        return self._writer.refusal(self._points[name].index, value)

    def remember_write(self, name: str, ago: float) -> None:
        """Have the throttle count a write to a point by another run. [s ago]"""
        self._writer.remember(self._points[name].index, ago)

    async def write(self, name: str, value: float) -> WriteOutcome:
        """Write one point by the profile's rules, once, and read it back."""
        return await self._writer.write(self._points[name].index, value)

    async def close(self) -> None:
        """Close the connection to the device."""
        await self._link.close()

    async def _words(self, block: ReadBlock) -> tuple[int, ...]:
        place = RegisterSpan(block.space, block.address, block.count)
        return await read_words(self._link, self._unit, place, self._timeout, self.profile.pause)


class _Inquiry:
    """Read many points once, and split the blocks that are not answered as a whole."""

    def __init__(
        self, profile: Profile, words: Callable[[ReadBlock], Awaitable[tuple[int, ...]]]
    ) -> None:
        self._profile = profile
        self._words = words
        self._held: dict[tuple[Space, int], int] = {}
        self._spoke = False
        self._silences = 0

    async def run(self, blocks: list[ReadBlock]) -> dict[str, PointReading]:
        """Return the reading of every point. Raises `LinkError` if the device is dead."""
        found: dict[str, PointReading] = {}
        while blocks:
            block = blocks.pop(0)
            try:
                words = await self._words(block)
            except NotSentError:
                raise
            except LinkError as error:
                if self._is_dead_by(error, last=not blocks):
                    raise
                # Split for silence, too, which the driver takes for a dead device: a person who
                # looks at a new device wants to know which registers it keeps silent about.
                if len(block.points) > 1 and self._worth_splitting(error):
                    blocks[:0] = block.halves()
                else:
                    found |= _refused(block, error)
            else:
                self._spoke = True
                places = range(block.address, block.address + block.count)
                self._held |= {(block.space, a): w for a, w in zip(places, words, strict=True)}
                found |= self._decoded(block)
        return found

    def _decoded(self, block: ReadBlock) -> dict[str, PointReading]:
        """Return the readings of the points of a block of which no word is missing any more."""
        found = {}
        for point in block.points:
            words = [self._held.get((point.space, a)) for run in point.parts for a in run]
            known = [word for word in words if word is not None]
            if len(known) == len(words):
                found[point.point] = PointReading.of(self._profile, point, known)
        return found

    def _is_dead_by(self, error: LinkError, *, last: bool) -> bool:
        """Tell whether an error shows that the device is dead: it has said nothing at all yet."""
        # An exception response is a sign of life, unless a gateway sent it for the device.
        if isinstance(error, ModbusExceptionError) and not error.of_gateway:
            self._spoke = True
            return False
        self._silences += 1
        # Another time-out for each of sixty points would be a minute without any news.
        return not self._spoke and (last or self._silences >= _DEAD)

    def _worth_splitting(self, error: LinkError) -> bool:
        if isinstance(error, ModbusExceptionError):
            return error.concerns_addresses
        return self._spoke and self._silences <= _PATIENCE


async def read_words(
    link: ModbusLink, unit: int, place: RegisterSpan, within: float, pause: float
) -> tuple[int, ...]:
    """Read the registers, or bits, at a place of a unit. Raises `LinkError`."""
    data = await link.request(Request.read(unit, *place), within, pause)
    if place.space.of_bits:
        return tuple(data[i >> 3] >> (i & 7) & 1 for i in range(place.size))
    return struct.unpack(f">{place.size}H", data)


def lone_points(profile: Profile) -> Mapping[str, Point]:
    """Return the points of a device that belongs to no site, with the limits of writes to them."""
    return {
        point.point: Point(
            index, "device", point.point, point.spec, write_limits(point, point.spec)
        )
        for index, point in enumerate(profile.samples)
    }


def _refused(block: ReadBlock, error: LinkError) -> dict[str, PointReading]:
    return {
        point.point: PointReading(point, math.nan, error.status, refusal=str(error))
        for point in block.points
    }
