"""Programs of one heat pump over a real database, with a device in memory and a clock by hand."""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import URL

from heatpump_twin.config.catalogue import CATALOGUE, PointTable
from heatpump_twin.config.settings import HistorianSettings, HotWater, SmartStartSettings
from heatpump_twin.drivers.clock import MICROSECONDS, ManualClock
from heatpump_twin.drivers.frame import Frame
from heatpump_twin.drivers.protocol import WriteOutcome, WriteState
from heatpump_twin.drivers.status import BAD_NO_COMMUNICATION, GOOD
from heatpump_twin.twin_engine.commands.audit import AuditLog
from heatpump_twin.twin_engine.commands.audit_entry import AuditEntry
from heatpump_twin.twin_engine.commands.commands import Commands
from heatpump_twin.twin_engine.commands.journal import Journal
from heatpump_twin.twin_engine.foresight.prediction import HeatUpModel
from heatpump_twin.twin_engine.historian.historian import Historian
from heatpump_twin.twin_engine.image import Image
from heatpump_twin.twin_engine.programs.program_store import ProgramStore
from heatpump_twin.twin_engine.programs.programs import Programs
from heatpump_twin.twin_engine.smart_start.ready_program import ReadyQuantity
from heatpump_twin.twin_engine.smart_start.ready_request import QUANTITIES, ReadyRequest

LIMITS = {
    "supply_setpoint": (20.0, 55.0), "room_setpoint": (10.0, 30.0), "dhw_setpoint": (40.0, 65.0),
    "unit_enabled": (0.0, 1.0), "dhw_enabled": (0.0, 1.0), "operating_mode": (0.0, 6.0),
    "fault_reset": (0.0, 1.0), "degree_minutes": (-3000.0, 3000.0),
}  # fmt: skip
AT_FIRST = {
    "supply_setpoint": 45.0, "room_setpoint": 21.0, "dhw_setpoint": 48.0, "unit_enabled": 1.0,
    "dhw_enabled": 1.0, "operating_mode": 2.0, "supply_temperature": 25.0,
    "outdoor_temperature": 7.0, "room_temperature": 20.0, "dhw_temperature": 46.0,
    "fault_active": 0.0, "error_code": 0.0, "dhw_heating": 0.0,
}  # fmt: skip
MODEL = Path(str(files("heatpump_twin.models.onnx"))) / "heat_up_time.onnx"
WHO = {"user": "olga", "origin": "test client"}
HOUR = 3600 * MICROSECONDS
WATER, ROOM, TANK = (QUANTITIES.index(one) for one in ReadyQuantity)


@dataclass
class Device:
    """What a device holds, and how it answers a write."""

    held: dict[str, float]
    names: dict[int, str] = field(default_factory=dict)
    refuses: dict[str, str] = field(default_factory=dict)
    """Point → why."""
    keeps: set[str] = field(default_factory=set)
    """Points that it takes a write for, and holds on to what they were."""
    silent: bool = False
    written: list[tuple[str, float]] = field(default_factory=list)
    image: Image | None = None
    clock: ManualClock | None = None

    name = "hp1.controller"
    connected = True

    @property
    def points(self) -> dict[int, str]:
        return self.names

    async def run(self, sink) -> None:
        raise NotImplementedError

    async def write(self, point: int, value: float) -> WriteOutcome:
        name = self.names[point]
        if self.silent:
            return WriteOutcome(WriteState.REFUSED, BAD_NO_COMMUNICATION, None, "no answer")
        if name in self.refuses:
            return WriteOutcome(WriteState.REFUSED, BAD_NO_COMMUNICATION, None, self.refuses[name])
        self.written.append((name, value))
        if name in self.keeps:
            return WriteOutcome(WriteState.MISMATCH, GOOD, self.held[name], "it is limited")
        self.show(name, value)
        return WriteOutcome(WriteState.CONFIRMED, GOOD, value, "")

    def show(self, name: str, value: float, status: int = GOOD) -> None:
        """Let a point have a value, as a poll would find it."""
        self.held[name] = value
        assert self.image is not None
        assert self.clock is not None
        index = self.image.table.by_asset["hp1"][name].index
        self.image.ingest(Frame.of([index], value, status, self.clock.now()))


@dataclass
class ProgramsRig:
    """One run of a twin, and the means to begin the next one."""

    database: URL
    clock: ManualClock
    device: Device
    without: frozenset[str] = frozenset()
    model: bool = True
    holidays: tuple[str, ...] = ()
    hot_water: HotWater = HotWater.LOWERED
    history: Historian | None = None
    recorded: bool = False
    """Whether what the device shows is recorded, and can be looked up."""

    async def start(self) -> None:
        specs = CATALOGUE["heat_pump"]
        self.table = PointTable.build(
            ("hp1", name, specs[name], LIMITS.get(name))
            for name in dict.fromkeys((*AT_FIRST, *LIMITS))
            if name not in self.without
        )
        self.image = Image(self.table, self.clock.now())
        self.device.image, self.device.clock = self.image, self.clock
        self.device.names = {p.index: p.id for p in self.table if p.limits}
        self.audit, self.store = AuditLog(self.database), ProgramStore(self.database)
        await self.audit.start()
        if self.recorded:
            self.history = Historian(
                self.table, self.database, HistorianSettings(flush=0.02), self.clock
            )
            await self.history.start()
            self.image.subscribe(self.history.append)
        self.programs = Programs(
            image=self.image,
            commands=Commands(self.table, self.image, [self.device], self.audit, self.clock),
            journal=Journal(self.audit, self.clock),
            store=self.store,
            models={"hp1": HeatUpModel(MODEL)} if self.model else {},
            zone=ZoneInfo("Europe/Madrid"),
            clock=self.clock,
            history=self.history,
            smart_start=SmartStartSettings(holidays=self.holidays, hot_water=self.hot_water),
        )
        await self.programs.start()

    def poll(self) -> None:
        """Show everything that the device holds."""
        for name, value in list(self.device.held.items()):
            if name not in self.without:
                self.device.show(name, value)

    async def restart(self, after: float = 0.0) -> None:
        """End this run without a word, and begin the next one some seconds later."""
        await self.stop()
        self.clock.advance(after)
        await self.start()

    async def stop(self) -> None:
        await self.programs.stop()
        if self.history is not None:
            await self.history.stop()
            self.history = None
        await self.audit.stop()

    async def pass_time(self, seconds: float, every: float = 10.0) -> None:
        """Let time pass, with a look every so often."""
        for _ in range(round(seconds / every)):
            self.clock.advance(every)
            await self.programs.tick()

    async def rows(self, key: str) -> list[AuditEntry]:
        """Return what is on record about a point or a method, oldest first."""
        return [row for row in reversed(await self.audit.tail(1000)) if row.key == f"hp1.{key}"]

    async def write(self, point: str, value: float):
        """Write as a person does."""
        return await self.programs.commands.write(f"hp1.{point}", value, **WHO)


async def asked(rig: ProgramsRig, quantity: int = WATER, hours: float = 1.0, **more) -> None:
    """Ask for a heat-up; within the fallback of three hours it begins now."""
    target = {WATER: 45.0, ROOM: 21.5, TANK: 55.0}[quantity]
    ready_at = rig.clock.now() + round(hours * HOUR)
    request = ReadyRequest("hp1", ready_at, target, **WHO, quantity=quantity, **more)
    await rig.programs.schedules.set(request)
    await rig.pass_time(20)
