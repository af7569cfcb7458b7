"""Open the steering part of a twin: schedules, tank programs, overrides, training, simulations."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from heatpump_twin.drivers.modbus.driver.device_plan import refresh_duties
from heatpump_twin.runtime.background.scenarios import Scenarios
from heatpump_twin.runtime.learning.learnt_forecasts import LearntForecasts, Pumps
from heatpump_twin.runtime.learning.retraining import Retraining
from heatpump_twin.runtime.parts.foundation import Foundation
from heatpump_twin.runtime.parts.heat_pump_part import HeatPumpPart, Newcomer
from heatpump_twin.twin_engine.commands.audit import AuditLog
from heatpump_twin.twin_engine.commands.commands import CommandHandler
from heatpump_twin.twin_engine.commands.journal import Journal
from heatpump_twin.twin_engine.foresight.model_shelf import ModelShelf
from heatpump_twin.twin_engine.history import HistoryReader
from heatpump_twin.twin_engine.programs.program_store import ProgramStore
from heatpump_twin.twin_engine.programs.programs import Programs
from heatpump_twin.twin_engine.programs.start_outlook import Newest


@dataclass(frozen=True, slots=True)
class Steering(HeatPumpPart):
    """Steering part of a twin: programs, training and simulations."""

    programs: Programs
    retraining: Retraining
    scenarios: Scenarios
    learnt: LearntForecasts

    def grow(self) -> None:
        """Watch the points added to the table for overrides."""
        self.programs.grow()

    async def add(self, newcomer: Newcomer) -> None:
        """Add a heat pump; its open programs are loaded soon after."""
        self.programs.add(newcomer.asset)
        self.programs.refresher.add(refresh_duties(newcomer.plans))

    async def remove(self, asset: str) -> None:
        """Remove a heat pump with its running programs."""
        await self.programs.remove(asset)


def build_steering(
    foundation: Foundation,
    audit: AuditLog,
    commands: CommandHandler,
    models: ModelShelf,
    arguments: Sequence[str],
    pumps: Pumps,
    newest: Newest = lambda _: None,
    history: HistoryReader | None = None,
) -> Steering:
    """Put programs in front of ``commands``. Nothing is opened.

    ``arguments`` tell a process of ours what site it trains for, ``pumps`` which heat pumps it has,
    ``newest`` says what is forecast, and ``history`` has what was recorded.
    """
    data, clock = foundation.data, foundation.clock
    journal = Journal(audit, clock)
    retraining = Retraining(foundation.table, data, arguments, journal, models.adopt, clock)
    scenarios = Scenarios(foundation.table, data, arguments, journal)
    learnt = LearntForecasts(
        foundation.image,
        clock,
        data,
        pumps,
        arguments,
        journal,
        foundation.site.forecasts.train_every,
    )
    programs = Programs(
        image=foundation.image,
        commands=commands,
        journal=journal,
        store=ProgramStore(foundation.database),
        models=models,
        zone=ZoneInfo(foundation.site.site.timezone),
        clock=clock,
        newest=newest,
        history=history,
        smart_start=foundation.site.smart_start,
        trainer=retraining,
        simulator=scenarios,
        forecast_models=learnt,
    )
    programs.refresher.add(refresh_duties(foundation.assembly.plans))
    return Steering(programs, retraining, scenarios, learnt)


@asynccontextmanager
async def open_steering(
    foundation: Foundation,
    audit: AuditLog,
    commands: CommandHandler,
    models: ModelShelf,
    arguments: Sequence[str],
    pumps: Pumps,
    newest: Newest,
    history: HistoryReader,
) -> AsyncIterator[Steering]:
    """Open programs and training, with the programs of the last run loaded."""
    steering = build_steering(
        foundation, audit, commands, models, arguments, pumps, newest, history
    )
    async with AsyncExitStack() as stack:
        # Before the start: also a start that is cancelled has opened connections.
        stack.push_async_callback(steering.programs.stop)
        await steering.programs.start()
        yield steering
