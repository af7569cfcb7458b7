"""A soak: drivers poll devices that refuse, fall silent and reboot by chance, with a known truth.

Some devices have a line of their own, some share a gateway; Modbus TCP and RTU. Every value that
arrives is compared with the truth, and for each point it is noted how long it stays Bad once its
device answers again.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from fault_matrix import Truth, Witness, matrix_profile

from heatpump_twin.config.catalogue import CATALOGUE, Point
from heatpump_twin.config.connection import DeviceConnection
from heatpump_twin.drivers.clock import SystemClock
from heatpump_twin.drivers.frame import Frame
from heatpump_twin.drivers.modbus.driver.driver import ModbusDriver
from heatpump_twin.drivers.modbus.emulator.emulated_connection import EmulatedConnection
from heatpump_twin.drivers.modbus.emulator.emulated_gateway import (
    EmulatedDevice,
    EmulatedGateway,
    Odds,
    RtuSession,
    TcpSession,
)
from heatpump_twin.drivers.modbus.emulator.emulated_session import Received
from heatpump_twin.drivers.modbus.profile.profile import Periods, PollClass, Profile
from heatpump_twin.drivers.modbus.wire.link import ModbusLink
from heatpump_twin.drivers.status import is_bad

CODES = (1, 2, 3, 4, 5, 6, 8, 10, 11)
"""Every exception code of the specification."""
LINES = (("tcp", 1), ("rtu+tcp", 1), ("tcp", 3), ("rtu+tcp", 2))
"""Framing of each gateway, and the number of devices behind it."""
SLOW = 5
"""Period of the slow points. [poll periods]"""


@dataclass(frozen=True)
class SoakPlan:
    """How long the soak runs, and what happens to the devices. Times in seconds."""

    seconds: float
    period: float = 1.0
    timeout: float = 0.5
    exceptions: float = 0.02
    """Share of requests for each exception code."""
    silence: float = 0.02
    reboot_every: float = 600.0
    reboot: tuple[float, float] = (5.0, 20.0)
    """Shortest and longest reboot."""
    seed: int = 1


@dataclass
class Spell:
    """A time for which a point was Bad, counted from when its device could answer again."""

    point: str
    periods: float
    """Length, in periods of the point."""
    excused: bool
    """Whether it began in an outage of the device."""


@dataclass
class SoakResult:
    """What became of all devices together."""

    good: int = 0
    bad: int = 0
    wrong: int = 0
    requests: int = 0
    reboots: int = 0
    missed: int = 0
    failed_polls: int = 0
    repeated: int = 0
    exceptions: Counter[int] = field(default_factory=Counter)
    spells: list[Spell] = field(default_factory=list)

    @property
    def worst(self) -> float:
        """The longest time for which a point was Bad. [periods of the point]"""
        return max((spell.periods for spell in self.spells), default=0.0)


class SoakGateway(EmulatedGateway):
    """A gateway that tells each device's truth what it is asked, and knows when it was away."""

    def __init__(self, scheme: str, profile: Profile, units: Sequence[int]) -> None:
        self.truths = {unit: Truth(profile) for unit in units}
        session = TcpSession() if scheme == "tcp" else RtuSession()
        devices = {unit: EmulatedDevice(profile, truth) for unit, truth in self.truths.items()}
        super().__init__("127.0.0.1", 0, devices, session=session)
        self.back_at = 0.0
        self.reboots = 0

    def _answer(self, request: Received, connection: EmulatedConnection) -> None:
        self.truths[request.unit].note(self.requests + 1, request.pdu)
        super()._answer(request, connection)

    async def reboot_now_and_then(self, plan: SoakPlan, dice: random.Random) -> None:
        """Reboot for ever."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(plan.reboot_every * dice.uniform(0.9, 1.1))
            away = dice.uniform(*plan.reboot)
            self.back_at = loop.time() + away
            await self.reboot(away)
            self.reboots += 1
            while self.outage is not None:  # noqa: ASYNC110 (it tells nobody that it is back)
                await asyncio.sleep(0.01)
            self.back_at = loop.time()


class SoakWitness(Witness):
    """Compares values with the truth, and times how long points are Bad."""

    def __init__(
        self,
        points: dict[int, str],
        truth: Truth,
        gateway: SoakGateway,
        periods: dict[str, float],
    ) -> None:
        super().__init__(points, truth)
        self.spells: list[Spell] = []
        self._gateway = gateway
        self._periods = periods
        self._bad_since: dict[str, float] = {}

    def __call__(self, frame: Frame) -> None:
        """Take a frame."""
        super().__call__(frame)
        now = asyncio.get_running_loop().time()
        for index, status in zip(frame.point, frame.status, strict=True):
            name = self.driver_points[int(index)]
            if is_bad(int(status)):
                self._bad_since.setdefault(name, now)
            elif name in self._bad_since:
                self._end(name, now)

    def end(self) -> None:
        """End the spells that go on."""
        now = asyncio.get_running_loop().time()
        for name in list(self._bad_since):
            self._end(name, now)

    def _end(self, name: str, now: float) -> None:
        since, back = self._bad_since.pop(name), self._gateway.back_at
        lasted = max(0.0, now - max(since, back))
        self.spells.append(Spell(name, lasted / self._periods[name], since < back))


async def soak(plan: SoakPlan, tell: Callable[[str], None] = lambda _: None) -> SoakResult:
    """Run all devices for the time of the plan."""
    profile = _profile(plan)
    dice = random.Random(plan.seed)
    gateways = [SoakGateway(scheme, profile, range(1, n + 1)) for scheme, n in LINES]
    drivers: list[ModbusDriver] = []
    witnesses: list[SoakWitness] = []
    async with asyncio.TaskGroup() as group:
        tasks = []
        for gateway, (scheme, _) in zip(gateways, LINES, strict=True):
            await gateway.start()
            seed = dice.randrange(2**32)
            gateway.faults.odds = Odds(dict.fromkeys(CODES, plan.exceptions), plan.silence, seed)
            chance = random.Random(seed)
            tasks.append(group.create_task(gateway.reboot_now_and_then(plan, chance)))
            address = DeviceConnection(scheme=scheme, host="127.0.0.1", port=gateway.port)
            link = ModbusLink.to(address)
            for unit in gateway.truths:
                driver, witness = _driven(plan, profile, gateway, link, unit)
                drivers.append(driver)
                witnesses.append(witness)
                tasks.append(group.create_task(driver.run(witness)))
        left = plan.seconds
        while left > 0:
            await asyncio.sleep(min(60.0, left))
            left -= 60.0
            tell(str(_result(gateways, drivers, witnesses)))
        for witness in witnesses:
            witness.end()
        for task in tasks:
            task.cancel()
    for gateway in gateways:
        await gateway.stop()
    return _result(gateways, drivers, witnesses)


def _driven(
    plan: SoakPlan, profile: Profile, gateway: SoakGateway, link: ModbusLink, unit: int
) -> tuple[ModbusDriver, SoakWitness]:
    specs = CATALOGUE["heat_pump"]
    points = {
        p.point: Point(i, "hp1", p.point, specs[p.point], None)
        for i, p in enumerate(profile.samples)
    }
    driver = ModbusDriver(
        name=f"{link.name}.{unit}",
        profile=profile,
        points=points,
        link=link,
        unit=unit,
        clock=SystemClock(),
        period=plan.period,
        timeout=plan.timeout,
        phase=unit / 4,
    )
    slow = SLOW * plan.period
    periods = {p.point: slow if p.poll is PollClass.SLOW else plan.period for p in profile.samples}
    return driver, SoakWitness(dict(driver.points), gateway.truths[unit], gateway, periods)


def _profile(plan: SoakPlan) -> Profile:
    """Return a profile of a fast and a slow block."""
    profile = matrix_profile()
    points = tuple(
        p if p.address < 100 else p.model_copy(update={"poll": PollClass.SLOW})
        for p in profile.points
    )
    return profile.model_copy(update={"points": points, "poll": Periods(slow=SLOW * plan.period)})


def _result(
    gateways: Sequence[SoakGateway],
    drivers: Sequence[ModbusDriver],
    witnesses: Sequence[SoakWitness],
) -> SoakResult:
    exceptions: Counter[int] = Counter()
    for driver in drivers:
        exceptions.update(driver.metrics.exceptions_by_code)
    return SoakResult(
        good=sum(witness.good for witness in witnesses),
        bad=sum(witness.gaps for witness in witnesses),
        wrong=sum(len(witness.wrong) for witness in witnesses),
        requests=sum(gateway.requests for gateway in gateways),
        reboots=sum(gateway.reboots for gateway in gateways),
        missed=sum(driver.metrics.missed for driver in drivers),
        failed_polls=sum(driver.metrics.failed_polls for driver in drivers),
        repeated=sum(driver.metrics.repeated for driver in drivers),
        exceptions=exceptions,
        spells=[spell for witness in witnesses for spell in witness.spells],
    )
