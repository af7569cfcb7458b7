"""Lives of a device, made by chance: what happens to it, and then what it keeps silent about.

Whatever has happened before, a driver has to find a device again that answers for some of its
points, and keep it, and take no value for that of another point.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import random
from dataclasses import dataclass, field
from typing import Any

from field_rig import Tank, points_of
from jumping_loop import Cable, JumpingLoop, LoopClock

from heatpump_twin.drivers.frame import Frame
from heatpump_twin.drivers.modbus.driver.driver import ModbusDriver
from heatpump_twin.drivers.modbus.emulator.emulated_connection import EmulatedConnection
from heatpump_twin.drivers.modbus.emulator.emulated_gateway import (
    Corruption,
    EmulatedDevice,
    EmulatedGateway,
    Grudge,
    Odds,
    RtuSession,
    TcpSession,
)
from heatpump_twin.drivers.modbus.emulator.emulated_session import Received
from heatpump_twin.drivers.modbus.profile.poll_plan import lone_blocks
from heatpump_twin.drivers.modbus.profile.profile import Profile, Space
from heatpump_twin.drivers.modbus.wire.framing import TcpFraming
from heatpump_twin.drivers.modbus.wire.line_oddities import LineOddities
from heatpump_twin.drivers.modbus.wire.link import ModbusLink
from heatpump_twin.drivers.modbus.wire.link_options import LinkOptions
from heatpump_twin.drivers.modbus.wire.request import Request
from heatpump_twin.drivers.modbus.wire.rtu_framing import RtuFraming
from heatpump_twin.drivers.modbus.wire.wire import Wire
from heatpump_twin.drivers.protocol import LinkError
from heatpump_twin.drivers.status import GOOD

FRAMINGS = ("tcp", "tcp, any transaction", "rtu")
_PERIOD, _TIMEOUT = 0.25, 0.2
_PATIENT = 240.0
"""When a device counts as never found. [s]"""
_WATCHED = 60.0
"""For how long it is looked whether a device that was found is kept. [s]"""

_NAMES = (
    "supply_temperature", "return_temperature", "outdoor_temperature", "room_temperature",
    "dhw_temperature", "high_pressure", "low_pressure", "water_pressure", "water_flow",
    "compressor_frequency",
)  # fmt: skip
_FUNCTIONS = {Space.COIL: 1, Space.DISCRETE: 2, Space.HOLDING: 3, Space.INPUT: 4}
_REPLIES = (0, 0, 0, 2, 4, 6, 10, 11)
"""What comes for a register that is not answered: an exception, or (0) silence."""


@dataclass
class Life:
    """What became of one device and its driver."""

    history: list[str] = field(default_factory=list)
    found: float = math.inf
    """After what time every point that is answered was Good. [s]"""
    losses: int = 0
    """How often it was not, later."""
    back: float = math.inf
    """After what time all points were Good, once the device answered everything. [s]"""
    wrong: list[tuple[str, float]] = field(default_factory=list)


def live(seed: int, framing: str) -> Life:
    """Return what became of a device; the same for the same seed."""
    with asyncio.Runner(loop_factory=JumpingLoop) as runner:
        return runner.run(_live(random.Random(f"{framing} {seed}"), framing))


async def _live(dice: random.Random, framing: str) -> Life:
    stage = _Stage(dice, framing)
    running = asyncio.create_task(stage.driver.run(stage.take))
    try:
        await stage.suffer()
        stage.repair()
        answered = set(stage.tank.values) - stage.become_odd("in the end")
        stage.life.found = await stage.until_good(answered, running)
        await stage.watch(answered, running)
        stage.repair()
        stage.life.back = await stage.until_good(set(stage.tank.values), running)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    return stage.life


@dataclass
class Ending:
    """How a driver ended that was cancelled in one turn of its loop."""

    history: list[str]
    cancelled: bool
    after: float
    """How long it took. [s]"""
    connections: int
    """What it left open."""


def end(seed: int, framing: str, turn: int) -> Ending:
    """Cancel a driver in one turn of the loop, whatever happens to its device then."""
    with asyncio.Runner(loop_factory=JumpingLoop) as runner:
        return runner.run(_end(random.Random(f"{framing} {seed}"), framing, turn))


async def _end(dice: random.Random, framing: str, turn: int) -> Ending:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, JumpingLoop)
    stage = _Stage(dice, framing)
    running = asyncio.create_task(stage.driver.run(stage.take))
    times = []

    def cancel() -> None:
        times.append(loop.time())
        running.cancel()

    running.add_done_callback(lambda _: times.append(loop.time()))
    loop.at_turn(turn, cancel)
    suffering = asyncio.create_task(stage.suffer(with_others=False))
    await asyncio.wait((running,), timeout=_PATIENT)
    await asyncio.sleep(0.0)  # `times` is filled behind it
    suffering.cancel()
    await asyncio.wait((suffering,))
    after = times[1] - times[0] if len(times) == 2 else math.inf
    return Ending(
        stage.life.history, running.done() and running.cancelled(), after, stage.connections
    )


class _Odd(EmulatedGateway):
    """A device that may keep silent about functions, and hang up now and then."""

    silent_functions = frozenset[int]()
    hangs_up_each = 0

    def _answer(self, request: Received, connection: EmulatedConnection) -> None:
        hangs_up = self.hangs_up_each and (self.requests + 1) % self.hangs_up_each == 0
        if hangs_up or request.pdu[0] in self.silent_functions:
            self.requests += 1
            if hangs_up:
                connection.abort()
        else:
            super()._answer(request, connection)


class _Stage:
    """A driver, the device that it polls over a cable, and what happens to them."""

    def __init__(self, dice: random.Random, framing: str) -> None:
        self.life = Life()
        self._dice = dice
        self._cable = Cable()
        self._refuses: float | None = None
        """After what time a connection is refused; None: it is taken. [s]"""
        profile = _some_profile(dice)
        self._samples = profile.samples
        self.tank = Tank({p.point: 11.0 + 7 * i for i, p in enumerate(profile.samples)})
        session = RtuSession() if framing == "rtu" else TcpSession()
        self._device = _Odd("", 0, {1: EmulatedDevice(profile, self.tank)}, session=session)
        self.driver = ModbusDriver(
            name="hp1.device", profile=profile, points=points_of(profile),
            link=self._link(framing), unit=1, clock=LoopClock(), period=_PERIOD, timeout=_TIMEOUT,
            retry_refused=1.0,
        )  # fmt: skip
        self._status: dict[str, int] = {}

    def _link(self, framing: str) -> ModbusLink:
        options = LinkOptions(any_transaction="any" in framing)
        frames = TcpFraming(any_transaction=options.any_transaction)
        chosen = RtuFraming() if framing == "rtu" else frames
        return ModbusLink("cable", self._open, chosen, options, LineOddities())

    async def _open(self) -> Wire:
        if self._refuses is not None:
            await asyncio.sleep(self._refuses)
            raise ConnectionRefusedError
        wire = Wire()
        self._cable.connect(wire, self._device.connection())
        return wire

    # ── what the driver makes of it ───────────────────────────────────────────────────────────────
    def take(self, frame: Frame) -> None:
        """Keep the status of each point, and compare its value."""
        for index, value, status in zip(frame.point, frame.value, frame.status, strict=True):
            name = self.driver.points[int(index)]
            self._status[name] = int(status)
            if status == GOOD and abs(value - self.tank.values[name]) > 1e-3:
                self.life.wrong.append((name, float(value)))

    @property
    def connections(self) -> int:
        """Number of connections to the device."""
        return self._device.connections

    async def until_good(self, names: set[str], running: asyncio.Task[None]) -> float:
        """Wait until all of these points are Good, and return how long that took. [s]"""
        loop = asyncio.get_running_loop()
        began = loop.time()
        while not self._is_good(names):
            if running.done():
                running.result()
            if loop.time() - began > _PATIENT:
                return math.inf
            await asyncio.sleep(0.05)
        return loop.time() - began

    async def watch(self, names: set[str], running: asyncio.Task[None]) -> None:
        """Count how often not all of these points are Good any more."""
        await asyncio.sleep(5.0)  # it may not have noticed yet what is not answered
        was_good, end = True, asyncio.get_running_loop().time() + _WATCHED
        while asyncio.get_running_loop().time() < end:
            if running.done():
                running.result()
            is_good = self._is_good(names)
            self.life.losses += was_good and not is_good
            was_good = is_good
            await asyncio.sleep(0.05)

    def _is_good(self, names: set[str]) -> bool:
        return self.driver.connected and all(self._status.get(name) == GOOD for name in names)

    # ── what happens to the device ────────────────────────────────────────────────────────────────
    async def suffer(self, *, with_others: bool = True) -> None:
        """Go through some troubles, one after the other; others may use the link as well."""
        dice = self._dice
        if dice.random() < 0.5:
            self._refuse()
        await asyncio.sleep(dice.choice([0.01, 0.3, 0.6, 1.2, 2.0]))
        for _ in range(dice.randint(0, 5)):
            self.repair()
            if dice.random() < 0.6:
                self.become_odd("for a while")
            trouble = dice.choice(self._TROUBLES[: None if with_others else -1])
            self.life.history.append(trouble.__name__)
            await trouble(self)
            await asyncio.sleep(dice.choice([0.1, 0.3, 0.7, 1.5, 3, 6, 20]))

    def repair(self) -> None:
        """Have the device answer everything, and at once."""
        self._device.faults.clear()
        self._device.silent_functions, self._device.hangs_up_each = frozenset(), 0
        self._cable.latency, self._refuses = 0.001, None

    def become_odd(self, when: str) -> set[str]:
        """Have the device not answer for some points, and return which."""
        dice, faults = self._dice, self._device.faults
        number = min(dice.choice([0, 1, 1, 1, 2, 3]), len(self._samples) - 1)
        names = set()
        for point in dice.sample(self._samples, number):
            register = dice.choice(point.parts[0])
            faults.exceptions[1, point.space, register] = dice.choice(_REPLIES)
            names.add(point.point)
        if dice.random() < 0.3:
            self._device.silent_functions = frozenset(_FUNCTIONS.values()) - {
                _FUNCTIONS[point.space] for point in self._samples
            }
        elif dice.random() < 0.4:
            names = self._bear_grudge(names)
        self.life.history.append(f"{when} not {sorted(names)}")
        return names

    def _bear_grudge(self, names: set[str]) -> set[str]:
        """Have the device not answer for registers with others, and return what it then omits."""
        dice, first = self._dice, self._dice.choice(self._samples)
        last = first.address + dice.choice([0, 5, 100])
        grudge = Grudge(first.space, first.address, last, dice.choice([0, 0, 2, 3]))
        long = {
            point.point
            for point in self._samples
            if point.space is grudge.space
            and any(len(p) > 1 and p.start <= last and p.stop > first.address for p in point.parts)
        }
        if len(names | long) == len(self._samples):
            return names
        self._device.faults.grudges.append(grudge)
        return names | long

    def _refuse(self) -> None:
        self._refuses = self._dice.choice([0.0, 1000.0])

    async def _go_away(self) -> None:
        self._refuse()
        await self._device.drop_connections()

    async def _fall_silent(self) -> None:
        self._device.faults.silent = True

    async def _answer_late(self) -> None:
        faults, name = self._device.faults, self._dice.choice(["late", "latency"])
        setattr(faults, name, self._dice.choice([0.1, 0.3, 0.5]))
        faults.one_in[name] = self._dice.choice([1, 3, 4])

    async def _answer_by_chance(self) -> None:
        dice = self._dice
        shares = {dice.choice([2, 4, 6, 11]): dice.choice([0.2, 1.0])}
        self._device.faults.odds = Odds(shares, dice.choice([0.0, 0.2]), dice.randint(0, 99))

    async def _slow_down(self) -> None:
        self._cable.latency = self._dice.choice([0.05, 0.15])

    async def _hang_up(self) -> None:
        self._device.hangs_up_each = self._dice.choice([1, 2, 3, 5])

    async def _garble(self) -> None:
        faults = self._device.faults
        faults.corruption = self._dice.choice(list(Corruption))
        faults.one_in["corruption"] = self._dice.choice([1, 3])

    async def _be_read_alone(self) -> None:
        block = lone_blocks(self._dice.choice(self._samples))[0]
        request = Request.read(1, block.space, block.address, block.count)
        with contextlib.suppress(LinkError):
            await self.driver.link.request(request, _TIMEOUT)

    _TROUBLES = (
        _go_away, _fall_silent, _answer_late, _answer_by_chance, _slow_down, _hang_up, _garble,
        _be_read_alone,
    )  # fmt: skip


def _some_profile(dice: random.Random) -> Profile:
    """Return a profile of two to ten points in one or two tables, fast and slow, long and short."""
    names = dice.sample(_NAMES, dice.randint(2, len(_NAMES)))
    spaces = dice.choice([["holding"], ["input"], ["holding", "input"]])
    ends = dict.fromkeys(spaces, 0)
    points: list[dict[str, Any]] = []
    for name in names:
        space, kind = dice.choice(spaces), dice.choice(["int16", "uint16", "int32", "float32"])
        address = ends[space] + dice.choice([0, 0, 0, 1, 30])
        ends[space] = address + (2 if kind.endswith("32") else 1)
        point = {"point": name, "space": space, "address": address, "type": kind}
        if kind == "int32" and dice.random() < 0.3:
            point["next_words"] = [address + dice.choice([3, 20, 50])]
            ends[space] = point["next_words"][0] + 1
        points.append({**point, "poll": dice.choice(["fast", "fast", "slow"])})
    limits = {"registers": dice.choice([125, 20, 6]), "gap": dice.choice([0, 2, 40])}
    about = {"title": "Any", "kind": "transmitter", "source": "a test", "timeout": 60}
    poll = {"slow": dice.choice([0.5, 1, 3])}
    return Profile.model_validate({**about, "limits": limits, "poll": poll, "points": points})
