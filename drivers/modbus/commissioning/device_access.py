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
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from heatpump_twin.config.catalogue import Point
from heatpump_twin.drivers.clock import Clock
from heatpump_twin.drivers.modbus.driver.block_inquiry import Inquiry
from heatpump_twin.drivers.modbus.driver.device_plan import write_limits
from heatpump_twin.drivers.modbus.driver.device_reader import DeviceReader
from heatpump_twin.drivers.modbus.driver.device_requests import DeviceRequests
from heatpump_twin.drivers.modbus.driver.device_writer import DeviceWriter
from heatpump_twin.drivers.modbus.driver.learned_blocks import PlannedBlock
from heatpump_twin.drivers.modbus.driver.reader_log import division_remedy, is_within, span_of
from heatpump_twin.drivers.modbus.profile.codec import PointCodec, text
from heatpump_twin.drivers.modbus.profile.poll_plan import ReadBlock, lone_blocks, plan
from heatpump_twin.drivers.modbus.profile.profile import Profile, ProfilePoint, Space, ValueType
from heatpump_twin.drivers.modbus.wire.link import ModbusLink, is_unreachable
from heatpump_twin.drivers.modbus.wire.request import Request
from heatpump_twin.drivers.protocol import LinkError, WriteOutcome
from heatpump_twin.drivers.status import GOOD

_PATIENCE = 16
"""Unanswered requests that are worth waiting for: some devices keep silent instead of refusing.

A block is asked for twice before it is divided, so that one silent point among 125 takes 15.
"""
_REFUSALS = 200
"""Refusals that are worth showing, where a running twin would call the device lost."""
_NOT_ASKED = LinkError("not asked for: too many requests before it met with silence")


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
        self._points = lone_points(profile)
        self._lessons: list[str] = []
        link.expect(profile.connect_delay)
        self._requests = DeviceRequests(link, unit, timeout or profile.timeout, profile.pause)
        reader = DeviceReader(profile, self._points, self._requests, clock)
        self._writer = DeviceWriter(
            profile, self._points, self._requests, reader.read_point, reader.read_held
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
        inquiry = _Reading(self.profile, self._requests)
        found = await inquiry.run(plan(self.profile, wanted))
        self._lessons = inquiry.lessons
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

    def remarks(self) -> list[str]:
        """Return what was odd about the last reading, in sentences."""
        return [*self._link.oddities.remarks(), *self._lessons]

    async def close(self) -> None:
        """Close the connection to the device."""
        await self._link.close()


class _Reading:
    """Read many points once, dividing blocks in the way of a running twin."""

    def __init__(self, profile: Profile, requests: DeviceRequests) -> None:
        self._profile = profile
        self._requests = requests
        self.lessons: list[str] = []
        """Sentences about blocks that are not answered as a whole."""
        self._held: dict[tuple[Space, int], int] = {}
        self._taken: list[ReadBlock] = []
        self._found: dict[str, PointReading] = {}
        self._sign: ReadBlock | None = None

    async def run(self, blocks: Sequence[ReadBlock]) -> dict[str, PointReading]:
        """Return the reading of every point. Raises `LinkError` if the device is dead."""
        self._found = {}
        try:
            await self._inquire(blocks)
        except LinkError as error:
            # The plan's blocks may be what it does not answer: is it there for a point alone?
            lone = lone_blocks(blocks[0].points[0])[0]
            if is_unreachable(error) or self._sign is not None or lone == blocks[0]:
                raise
            self._take(lone, await self._requests.read_block(lone))
            await self._inquire(blocks)
        return self._found

    async def _inquire(self, blocks: Sequence[ReadBlock]) -> None:
        inquiry = Inquiry(
            self._requests.read_block,
            self._take,
            patience=_PATIENCE,
            refusals=_REFUSALS,
            sign_of_life=self._sign,
        )
        await inquiry.run(blocks)
        planned = {id(block) for block in blocks}
        self.lessons += [
            self._lesson(block, error) for block, error in inquiry.divided if id(block) in planned
        ]
        for name, error in inquiry.refused.items():
            self._refuse(self._profile_point(name, blocks), error)
        for block in inquiry.left:
            asked = any(block is other for other in inquiry.unanswered)
            error = inquiry.reason if asked and inquiry.reason else _NOT_ASKED
            for point in block.points:
                self._refuse(point, error)

    def _take(self, block: ReadBlock, data: bytes) -> None:
        """Keep the words of a block, and decode the points of which none is missing any more."""
        self._sign = block
        self._taken.append(block)
        words = unpacked(block.space, block.count, data)
        places = range(block.address, block.address + block.count)
        self._held |= {(block.space, a): w for a, w in zip(places, words, strict=True)}
        for point in block.points:
            held = [self._held.get((point.space, a)) for run in point.parts for a in run]
            known = [word for word in held if word is not None]
            if len(known) == len(held):
                self._found[point.point] = PointReading.of(self._profile, point, known)

    def _lesson(self, block: ReadBlock, error: LinkError) -> str:
        parts = [part for part in self._taken if is_within(part, block)]
        remedy = division_remedy(self._profile, PlannedBlock(block, parts))
        return f"{span_of(block)} is not answered in one request ({error}): {remedy}"

    def _refuse(self, point: ProfilePoint, error: LinkError) -> None:
        self._found[point.point] = PointReading(point, math.nan, error.status, refusal=str(error))

    @staticmethod
    def _profile_point(name: str, blocks: Sequence[ReadBlock]) -> ProfilePoint:
        # Not looked up in the profile: a disputed reading has the name of another.
        return next(p for block in blocks for p in block.points if p.point == name)


async def read_words(
    link: ModbusLink, unit: int, place: RegisterSpan, within: float, pause: float
) -> tuple[int, ...]:
    """Read the registers, or bits, at a place of a unit. Raises `LinkError`."""
    data = await link.request(Request.read(unit, *place), within, pause)
    return unpacked(place.space, place.size, data)


def unpacked(space: Space, size: int, data: bytes) -> tuple[int, ...]:
    """Return the registers, or bits, in the data of a response."""
    if space.of_bits:
        return tuple(data[i >> 3] >> (i & 7) & 1 for i in range(size))
    return struct.unpack(f">{size}H", data)


def lone_points(profile: Profile) -> Mapping[str, Point]:
    """Return the points of a device that belongs to no site, with the limits of writes to them."""
    return {
        point.point: Point(
            index, "device", point.point, point.spec, write_limits(point, point.spec)
        )
        for index, point in enumerate(profile.samples)
    }
