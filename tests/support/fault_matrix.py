"""Every fault against the real driver, with a known truth behind every value.

The emulated device has two blocks of the same function and length, so that on RTU, which does not
number its requests, a response to one is well-formed as a response to the other. Every value says
which point it is of and which request it answers: the driver may only take it for that request.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from enum import StrEnum

import numpy as np
from patience import PATIENCE

from heatpump_twin.config.catalogue import CATALOGUE, Point
from heatpump_twin.config.connection import DeviceConnection
from heatpump_twin.drivers.clock import SystemClock
from heatpump_twin.drivers.frame import Frame
from heatpump_twin.drivers.modbus.driver.driver import ModbusDriver
from heatpump_twin.drivers.modbus.emulator.emulated_connection import EmulatedConnection
from heatpump_twin.drivers.modbus.emulator.emulated_gateway import (
    Corruption,
    EmulatedDevice,
    EmulatedGateway,
    Odds,
    RtuSession,
    TcpSession,
)
from heatpump_twin.drivers.modbus.emulator.emulated_session import Received
from heatpump_twin.drivers.modbus.profile.profile import Profile, Space
from heatpump_twin.drivers.modbus.wire.link import ModbusLink
from heatpump_twin.drivers.status import GOOD, is_bad

SCHEMES = ("tcp", "rtu+tcp")
UNIT = 17
LONGEST = 0.9
"""The driver's time-out where nothing else is said. [periods]"""
GUILTY = "return_temperature"
"""The point that the exception is about."""

_REMEMBERED = 500
"""Requests about a point that are remembered: far more than one poll makes."""

_TYPES = ("int16", "int32", "float32", "uint16", "int16")
_NAMES = (
    ("supply_temperature", GUILTY, "outdoor_temperature", "room_temperature", "dhw_temperature"),
    ("high_pressure", "low_pressure", "water_pressure", "water_flow", "compressor_frequency"),
)
_STARTS = (0, 100)


def matrix_profile() -> Profile:
    """Return a profile of two blocks that look alike, in different layouts."""
    points = []
    for start, names, order in zip(_STARTS, _NAMES, ("big", "little"), strict=True):
        address = start
        for name, kind in zip(names, _TYPES, strict=True):
            place = {"space": "holding", "address": address, "type": kind}
            if kind.endswith("32"):
                place["word_order"] = order
            points.append({"point": name, **place})
            address += 2 if kind.endswith("32") else 1
    return Profile.model_validate(
        {"title": "M", "kind": "transmitter", "source": "a test", "timeout": 60, "points": points}
    )


class Truth:
    """The process behind the device: each value names its point and the request it answers."""

    def __init__(self, profile: Profile) -> None:
        self._numbers = {point.point: i for i, point in enumerate(profile.samples)}
        self._points = profile.samples
        self._clock = SystemClock()
        self._asked = {name: deque([(0, 0)], _REMEMBERED) for name in self._numbers}
        """By point: when requests about it came [µs], and their numbers, answered or not."""

    def note(self, number: int, pdu: bytes) -> None:
        """Remember what a read request is about."""
        start, count = int.from_bytes(pdu[1:3], "big"), int.from_bytes(pdu[3:5], "big")
        for point in self._points:
            if point.address < start + count and point.end > start:
                self._asked[point.point].append((self._clock.now(), number))

    def read(self, point: str) -> float:
        """Return the value for the latest request about a point."""
        return self.at(point, self._clock.now())

    def at(self, point: str, time: int) -> float:
        """Return the value for the latest request about a point at a time. [µs]

        The driver has one request out at a time: what it takes for an answer then must be the
        answer to that one. It may ask again before it hands the value on.
        """
        number = max(number for came, number in self._asked[point] if came <= time)
        return 1000.0 * (self._numbers[point] + 1) + number % 1000

    def write(self, point: str, value: float) -> None:
        raise AssertionError("nobody writes")


class WatchedGateway(EmulatedGateway):
    """A gateway that tells the truth what it is asked, whatever it then does with the request."""

    def __init__(self, truth: Truth, profile: Profile, scheme: str) -> None:
        session = TcpSession() if scheme == "tcp" else RtuSession()
        super().__init__("127.0.0.1", 0, {UNIT: EmulatedDevice(profile, truth)}, session=session)
        self._truth = truth

    def _answer(self, request: Received, connection: EmulatedConnection) -> None:
        self._truth.note(self.requests + 1, request.pdu)
        super()._answer(request, connection)


@dataclass
class Witness:
    """Takes the driver's frames and compares every good value with the truth."""

    driver_points: dict[int, str]
    truth: Truth
    status: dict[str, int] = field(default_factory=dict)
    good: int = 0
    wrong: list[tuple[str, float, float]] = field(default_factory=list)
    gaps: int = 0
    """Samples that were Bad."""

    def __call__(self, frame: Frame) -> None:
        columns = (frame.point, frame.value, frame.status, frame.time)
        for index, value, status, time in zip(*columns, strict=True):
            name = self.driver_points[int(index)]
            self.status[name] = int(status)
            if status == GOOD:
                self.good += 1
                right = self.truth.at(name, int(time))
                if value != right:
                    self.wrong.append((name, float(value), right))
            else:
                self.gaps += 1
                assert np.isnan(value)

    @property
    def all_good(self) -> bool:
        return len(self.status) == len(self.driver_points) and set(self.status.values()) == {GOOD}

    @property
    def all_bad(self) -> bool:
        return all(is_bad(status) for status in self.status.values())

    @property
    def only_guilty_bad(self) -> bool:
        bad = {name for name, status in self.status.items() if status != GOOD}
        return bad == {GUILTY} and is_bad(self.status[GUILTY])


class Effect(StrEnum):
    """What a fault should do to the points."""

    ALL_BAD = "all Bad"
    ONE_BAD = "one Bad"
    NO_GAP = "no gap"
    NEVER_WRONG = "any"
    """Gaps are allowed: the device is beyond what two attempts can bridge."""


Act = Callable[[EmulatedGateway, float], Awaitable[None]]
"""Does something to a gateway, given the driver's time-out. [s]"""


@dataclass(frozen=True)
class Fault:
    """One row of the matrix."""

    name: str
    begin: Act
    effect: Effect = Effect.ALL_BAD
    ends_by_itself: bool = False
    recovery: int = 3
    """Polls until it is over: the one under way may fail, what is late may spoil another one."""
    tolerated: tuple[str, ...] = ()
    """Framings on which a response is found nevertheless."""

    def on(self, scheme: str) -> Fault:
        """Return what the fault is on one framing."""
        return replace(self, effect=Effect.NO_GAP) if scheme in self.tolerated else self


async def _silent(gateway: EmulatedGateway, _: float) -> None:
    gateway.faults.silent = True


async def _accept_and_silent(gateway: EmulatedGateway, _: float) -> None:
    gateway.faults.silent = True
    await gateway.drop_connections()


async def _offline(gateway: EmulatedGateway, _: float) -> None:
    gateway.faults.offline.add(UNIT)


def _exception(code: int) -> Act:
    async def begin(gateway: EmulatedGateway, _: float) -> None:
        place = next(p for p in gateway.devices[UNIT].profile.points if p.point == GUILTY)
        gateway.faults.exceptions[UNIT, Space.HOLDING, place.address] = code

    return begin


def _refuse_all(code: int) -> Act:
    async def begin(gateway: EmulatedGateway, _: float) -> None:
        gateway.faults.odds = Odds({code: 1.0})

    return begin


async def _slow(gateway: EmulatedGateway, wait: float) -> None:
    gateway.faults.latency = 1.5 * wait


def _late_on_bus(timeouts: float, one_in: int = 1) -> Act:
    async def begin(gateway: EmulatedGateway, wait: float) -> None:
        gateway.faults.late, gateway.faults.one_in["late"] = timeouts * wait, one_in

    return begin


async def _sometimes_slow(gateway: EmulatedGateway, wait: float) -> None:
    gateway.faults.latency, gateway.faults.one_in["latency"] = 1.5 * wait, 5


async def _half_open(gateway: EmulatedGateway, _: float) -> None:
    gateway.freeze_connections()


async def _drop(gateway: EmulatedGateway, _: float) -> None:
    await gateway.drop_connections()


async def _reboot(gateway: EmulatedGateway, wait: float) -> None:
    await gateway.reboot(8 * wait)


async def _vanish(gateway: EmulatedGateway, _: float) -> None:
    await gateway.vanish()


def _spoil(kind: Corruption, one_in: int = 1) -> Act:
    async def begin(gateway: EmulatedGateway, _: float) -> None:
        gateway.faults.corruption, gateway.faults.one_in["corruption"] = kind, one_in

    return begin


TOLERATED = {
    Corruption.TWICE: ("tcp",),
    Corruption.NOISE_BEFORE: SCHEMES,
    Corruption.NOISE_BEHIND: SCHEMES,
    Corruption.ECHO: ("rtu+tcp",),
    Corruption.NO_TRANSACTION: ("rtu+tcp",),
}
"""What does not hide a response, and on which framings, with the options of the connection."""
OPTIONS = {"tcp": {"noise": "skip"}, "rtu+tcp": {"noise": "skip", "echo": "skip"}}

FAULTS = (
    *(
        Fault(f"exception {code} for one point", _exception(code), Effect.ONE_BAD)
        for code in (2, 4, 6, 10)
    ),
    Fault("silence for one point", _exception(0), Effect.ONE_BAD, recovery=14),
    *(Fault(f"exception {code} for everything", _refuse_all(code)) for code in (1, 2, 4, 6, 10)),
    Fault("unit behind the gateway is gone", _offline),
    Fault("time-out", _silent),
    Fault("response after the time-out", _slow),
    *(Fault(f"late by {n:g} time-outs, on a bus", _late_on_bus(n)) for n in (1.5, 2.5, 3.5)),
    *(
        Fault(kind.value.replace("_", " "), _spoil(kind), tolerated=TOLERATED.get(kind, ()))
        for kind in Corruption
    ),
    Fault("accepts and stays silent", _accept_and_silent),
    Fault("cable pulled", _vanish),
    Fault("reboot, 8 time-outs long", _reboot, ends_by_itself=True),
    Fault("half-open connection", _half_open, Effect.NO_GAP),
    Fault("connection dropped", _drop, Effect.NO_GAP),
    Fault("one response in 5 late", _sometimes_slow, Effect.NO_GAP),
    *(
        Fault(
            f"one in {n} late by {late:g} time-outs, on a bus",
            _late_on_bus(late, n),
            Effect.NEVER_WRONG,
        )
        for n, late in ((4, 1.5), (4, 2.5), (4, 3.5), (4, 5.5))
    ),
    *(
        Fault(f"one in 5 {kind.value.replace('_', ' ')}", _spoil(kind, 5), Effect.NO_GAP)
        for kind in Corruption
    ),
)


ROWS = [(fault.on(scheme), scheme) for fault in FAULTS for scheme in SCHEMES]


@dataclass(frozen=True)
class Outcome:
    """What became of one fault on one framing."""

    fault: Fault
    scheme: str
    polls_to_effect: int
    """Polls that began after the fault until the points showed it."""
    seconds_to_effect: float
    polls_to_recovery: int
    """Polls that began after the repair until every point was good again."""
    seconds_to_recovery: float
    gaps: int
    good: int
    """Values that were compared with the truth."""
    wrong: list[tuple[str, float, float]]


async def suffer(fault: Fault, scheme: str, period: float, wait: float | None) -> Outcome:
    """Run the driver on a device, let it suffer a fault, repair it, and tell what happened."""
    profile = matrix_profile()
    truth = Truth(profile)
    gateway = WatchedGateway(truth, profile, scheme)
    await gateway.start()
    specs = CATALOGUE["heat_pump"]
    points = {
        p.point: Point(i, "hp1", p.point, specs[p.point], None)
        for i, p in enumerate(profile.samples)
    }
    driver = ModbusDriver(
        name=f"hp1.{fault.name}.{scheme}",
        profile=profile,
        points=points,
        link=ModbusLink.to(
            DeviceConnection(
                scheme=scheme, host="127.0.0.1", port=gateway.port, options=OPTIONS[scheme]
            )
        ),
        unit=UNIT,
        clock=SystemClock(),
        period=period,
        timeout=wait or LONGEST * period,
        retry_refused=4 * period,
    )
    witness = Witness(dict(driver.points), truth)
    running = asyncio.create_task(driver.run(witness))
    observing = asyncio.create_task(
        _observe(fault, scheme, gateway, driver, witness, wait or LONGEST * period)
    )
    try:
        # A driver that has ended looks like a device that does not come back.
        await asyncio.wait((running, observing), return_when=asyncio.FIRST_COMPLETED)
        if running.done():
            running.result()
        return await observing
    finally:
        for task in (running, observing):
            task.cancel()
        await asyncio.gather(running, observing, return_exceptions=True)
        await gateway.stop()


async def _observe(
    fault: Fault,
    scheme: str,
    gateway: EmulatedGateway,
    driver: ModbusDriver,
    witness: Witness,
    wait: float,
) -> Outcome:
    loop = asyncio.get_running_loop()
    await _until(lambda: witness.all_good and driver.metrics.polls >= 3)
    seen, witness.gaps = witness.good, 0
    await _until(lambda: witness.good > seen)  # a poll is just over: the worst moment
    polls, began = driver.metrics.polls, loop.time()
    await fault.begin(gateway, wait)
    match fault.effect:
        case Effect.ALL_BAD:
            await _until(lambda: witness.all_bad)
        case Effect.ONE_BAD:
            await _until(lambda: witness.only_guilty_bad)
        case Effect.NO_GAP | Effect.NEVER_WRONG:
            await _until(lambda: driver.metrics.polls >= polls + 12)
    polls_to_effect, to_effect = driver.metrics.polls - polls, loop.time() - began
    flowing = witness.good
    if fault.effect is Effect.ONE_BAD:  # the rest flows, and the guilty point stays Bad
        await _until(lambda: driver.metrics.polls >= polls + 8)
        assert witness.only_guilty_bad
        assert witness.good > flowing
    elif fault.effect is Effect.ALL_BAD and not fault.ends_by_itself:  # and go on trying
        failing = driver.metrics.polls
        await _until(lambda: driver.metrics.polls >= failing + 2)
    gaps, polls, ended = witness.gaps, driver.metrics.polls, loop.time()
    if not fault.ends_by_itself:
        await gateway.repair()
    await _until(lambda: witness.all_good)
    polls_to_recovery, to_recovery = driver.metrics.polls - polls, loop.time() - ended
    settled = driver.metrics.polls
    await _until(lambda: driver.metrics.polls >= settled + 3 and witness.all_good)
    return Outcome(
        fault, scheme, polls_to_effect, to_effect, polls_to_recovery, to_recovery,
        gaps, witness.good, witness.wrong,
    )  # fmt: skip


async def _until(condition: Callable[[], bool]) -> None:
    """Wait for what must come; it is given up long after it is overdue."""
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 (a driver tells nobody of its polls)
            await asyncio.sleep(0.005)
