"""Overrides, ready programs, tank programs, fault resets and training of a site, put together."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TypeVar
from zoneinfo import ZoneInfo

import structlog

from heatpump_twin.config.phrase import Context, Phrase, Text
from heatpump_twin.config.settings import SmartStartSettings
from heatpump_twin.drivers.clock import Clock, real_period
from heatpump_twin.drivers.status import BAD_INVALID_STATE
from heatpump_twin.twin_engine.commands.commands import CommandHandler
from heatpump_twin.twin_engine.commands.journal import Journal
from heatpump_twin.twin_engine.errors import ProgramStoreError
from heatpump_twin.twin_engine.foresight.prediction import HeatUpModel
from heatpump_twin.twin_engine.history import HistoryReader
from heatpump_twin.twin_engine.image import Image
from heatpump_twin.twin_engine.programs.fault_reset import FaultReset
from heatpump_twin.twin_engine.programs.forecast_models import ForecastModels
from heatpump_twin.twin_engine.programs.hot_water_book import HotWaterBook
from heatpump_twin.twin_engine.programs.override_book import OverrideBook
from heatpump_twin.twin_engine.programs.person_commands import PersonCommands
from heatpump_twin.twin_engine.programs.program_store import ProgramStore
from heatpump_twin.twin_engine.programs.refresher import Refresher
from heatpump_twin.twin_engine.programs.scenario_request import Simulator
from heatpump_twin.twin_engine.programs.schedule_book import ScheduleBook
from heatpump_twin.twin_engine.programs.start_outlook import Newest, StartOutlook
from heatpump_twin.twin_engine.programs.tank_program import TankProgramKind
from heatpump_twin.twin_engine.programs.tank_program_book import TankProgramBook
from heatpump_twin.twin_engine.programs.tank_run import METHODS
from heatpump_twin.twin_engine.programs.training_request import Trainer
from heatpump_twin.twin_engine.verdict import Verdict

log = structlog.stdlib.get_logger(__name__)

T = TypeVar("T")
_STILL_WAITS = Text(
    "Nothing was started: hot water waits for a heat-up, and the device does not take it back.",
    Context.MESSAGES,
)
TICK = 1.0
"""How often programs are looked at. [s]"""


class Programs:
    """Overrides, schedules, tank programs, fault resets and training of all heat pumps.

    ``commands`` writes to devices; people's commands go through `Programs.commands` instead, so
    that programs give way to them and what was before is remembered.
    """

    def __init__(
        self,
        *,
        image: Image,
        commands: CommandHandler,
        journal: Journal,
        store: ProgramStore,
        models: Mapping[str, HeatUpModel],
        zone: ZoneInfo,
        clock: Clock,
        newest: Newest = lambda _: None,
        history: HistoryReader | None = None,
        smart_start: SmartStartSettings = SmartStartSettings(),  # noqa: B008 (it is frozen)
        trainer: Trainer | None = None,
        simulator: Simulator | None = None,
        forecast_models: ForecastModels | None = None,
    ) -> None:
        self._period = real_period(TICK, clock.speed)
        self._store = store
        self._loaded = False
        self._returning: set[str] = set()
        self.journal = journal
        self.overrides = OverrideBook(image, commands, store, clock, self.journal.changed)
        self.refresher = Refresher(self.overrides, clock)
        self.tank = TankProgramBook(image, self.overrides, store, self.journal, clock)
        self.hot_water = HotWaterBook(
            image, self.overrides, store, self.journal, smart_start.hot_water, clock
        )
        self.schedules = ScheduleBook(
            image,
            self.overrides,
            self.tank,
            self.hot_water,
            store,
            StartOutlook(image, models, newest, smart_start, history),
            self.journal,
            smart_start,
            zone,
            clock,
        )
        # Three handlers in a row: people's writes end programs, every write passes the
        # overrides, and only then reaches the device. Programs themselves enter behind the first:
        # their own writes must not end them.
        self.commands: CommandHandler = PersonCommands(
            image.table, self.overrides, self.tank, self.schedules
        )
        self.fault_reset = FaultReset(image, self.commands)
        self.trainer = trainer
        self.simulator = simulator
        self.forecast_models = forecast_models

    async def start(self) -> None:
        """Load open programs and overrides; `tick` tries again if that fails."""
        try:
            promises = await self._store.load()
        except ProgramStoreError as error:
            log.warning("what was scheduled and overridden cannot be read yet", error=str(error))
            return
        if not self._loaded:
            # Once only: overrides are kept by key and outlive a heat pump that goes and comes
            # back, so what memory has now is newer than what was read.
            self.overrides.restore(promises.overrides)
        self.schedules.restore(
            self._of_new(promises.ready_programs), self._of_new(promises.heat_ups)
        )
        self.tank.restore(self._of_new(promises.tank_programs))
        self.hot_water.restore(self._of_new(promises.hot_water_waits))
        self._loaded = True
        self._returning.clear()

    def _of_new(self, promises: Mapping[str, T]) -> Mapping[str, T]:
        """Return the promises of heat pumps added since the last load; at first all are new."""
        return {
            key: promise
            for key, promise in promises.items()
            if not self._loaded or key.partition(".")[0] in self._returning
        }

    def grow(self) -> None:
        """Watch the points that were added to the table."""
        self.overrides.grow()

    def add(self, asset: str) -> None:
        """Add a heat pump whose points are in the table; the next `tick` loads its programs."""
        self.tank.add(asset)
        self._returning.add(asset)

    async def remove(self, asset: str) -> None:
        """Remove a heat pump. Its programs wait on disk for its return."""
        self._returning.discard(asset)
        self.refresher.remove(asset)
        # Nobody watches any more how long it waits.
        await self.schedules.serve(asset)
        self.schedules.forget(asset)
        await self.tank.forget(asset)

    async def rest(self) -> None:
        """Leave no hot water that waits behind: the twin stops, and nobody watches any more."""
        if self._loaded:
            await self.schedules.rest()

    async def stop(self) -> None:
        """Close the store. Running programs go on after the next start."""
        await self._store.stop()

    async def run(self) -> None:
        """Look at all schedules and tank programs once a second, for ever."""
        while True:
            # No `except`: a bug here stops the process with its traceback, because nobody could
            # say what a half-known program would do to a machine afterwards (ADR 11).
            await self.tick()
            await asyncio.sleep(self._period)

    async def tick(self) -> None:
        """Look at all schedules, tank programs and values to refresh once."""
        if not self._loaded or self._returning:
            await self.start()
        if self._loaded:
            await self.schedules.tick()
            await self.tank.tick()
            await self.refresher.tick()

    async def heat_tank(
        self,
        asset: str,
        kind: TankProgramKind,
        target: float,
        seconds: float,
        *,
        user: str,
        origin: str,
    ) -> Verdict:
        """Start a boost or a disinfection, see `TankProgramBook.start`; hot water waits no more."""
        # A schedule that begins in between would let hot water wait, and the program would bring
        # back that it waits.
        async with self.schedules.turn(asset):
            if await self.hot_water.end(asset):
                return await self.tank.start(asset, kind, target, seconds, user=user, origin=origin)
        verdict = Verdict(BAD_INVALID_STATE, _STILL_WAITS)
        return await self._recorded(asset, METHODS[kind], verdict, user, origin)

    async def release(self, asset: str, *, user: str, origin: str) -> Verdict:
        """Give back every overridden setting of a heat pump; a running tank program ends."""
        why = Phrase("{user} has released the override", user=user)
        await self.schedules.let_go(asset, why)
        async with self.tank.turn(asset):
            # The program goes first and brings nothing back: the release writes the same
            # settings, and the two would fight over them.
            await self.tank.let_go(asset, why)
            verdict = await self.overrides.release(asset, user=user, origin=origin)
        return await self._recorded(asset, "ReleaseOverride", verdict, user, origin)

    async def reset_fault(self, asset: str, *, user: str, origin: str) -> Verdict:
        """Reset the fault of a controller and record the outcome."""
        verdict = await self.fault_reset.reset(asset, user=user, origin=origin)
        return await self._recorded(asset, "ResetFault", verdict, user, origin)

    async def _recorded(
        self, asset: str, what: str, verdict: Verdict, user: str, origin: str
    ) -> Verdict:
        await self.journal.record(
            asset,
            what,
            user=user,
            origin=origin,
            status=verdict.status,
            message=verdict.message,
        )
        return verdict
