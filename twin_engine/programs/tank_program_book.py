"""Hot water boosts and disinfections of all heat pumps."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace

from heatpump_twin.config.catalogue import Span
from heatpump_twin.config.phrase import Context, Phrase, Text
from heatpump_twin.drivers.clock import Clock
from heatpump_twin.drivers.status import BAD_INVALID_STATE
from heatpump_twin.twin_engine.commands.commands import CommandHandler
from heatpump_twin.twin_engine.commands.journal import Journal
from heatpump_twin.twin_engine.image import Image
from heatpump_twin.twin_engine.programs.hot_water_tank import HotWaterTank
from heatpump_twin.twin_engine.programs.program_store import ProgramStore
from heatpump_twin.twin_engine.programs.tank_program import (
    SETPOINT,
    TankProgram,
    TankProgramKind,
    TankProgramPhase,
)
from heatpump_twin.twin_engine.programs.tank_run import METHODS, TITLES, TankRun
from heatpump_twin.twin_engine.verdict import Verdict


class TankProgramBook:
    """Tank programs of all heat pumps, at most one for each."""

    def __init__(
        self,
        image: Image,
        commands: CommandHandler,
        store: ProgramStore,
        journal: Journal,
        clock: Clock,
    ) -> None:
        self._image = image
        self._tanks: dict[str, HotWaterTank] = {}
        for asset in image.table.by_asset:
            self.add(asset)
        self._commands = commands
        self._store = store
        self._journal = journal
        self._clock = clock
        self._runs: dict[str, TankRun] = {}
        self._turn: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    def add(self, asset: str) -> None:
        """Add a heat pump whose points are in the table."""
        if SETPOINT in self._image.table.by_asset[asset]:
            self._tanks[asset] = HotWaterTank(self._image, asset)

    async def forget(self, asset: str) -> None:
        """Drop the program of a heat pump from memory; it stays on disk until that is back."""
        async with self._turn[asset]:
            self._runs.pop(asset, None)

    def targets(self, asset: str, kind: TankProgramKind) -> Span | None:
        """Return which targets a kind of program takes; None: it is not possible here."""
        tank = self._tanks.get(asset)
        return tank.targets(kind) if tank else None

    def of(self, asset: str) -> TankProgram | None:
        """Return the tank program of a heat pump; None: none is running."""
        run = self._runs.get(asset)
        return run.program if run else None

    def turn(self, asset: str) -> asyncio.Lock:
        """Return the lock under which a heat pump's program is looked at and changed."""
        return self._turn[asset]

    def restore(self, programs: Mapping[str, TankProgram]) -> None:
        """Load the tank programs of the last run; each goes on, or is ended."""
        for asset, program in programs.items():
            if asset in self._tanks:
                # Stored but without a setpoint: the twin died between the promise and the write.
                # Which of its writes arrived is not known, so all are undone.
                begun = program.setpoint is not None or program.phase is TankProgramPhase.RESTORING
                why = Text("the twin was stopped while it began", Context.MESSAGES)
                self._run(program if begun else program.ended(why, failed=True))

    async def start(
        self,
        asset: str,
        kind: TankProgramKind,
        target: float,
        seconds: float,
        *,
        user: str,
        origin: str,
    ) -> Verdict:
        """Start a tank program.

        Parameters
        ----------
        target : float
            Tank temperature. [°C]
        seconds : float
            Longest duration of a boost, or how long a disinfection holds its target; 0: the
            default. [s]
        """
        tank = self._tanks[asset]
        async with self._turn[asset]:
            verdict = (
                # In this order the answer names first what the caller can mend.
                tank.mistake(kind, target, seconds) or self._under_way(asset) or tank.obstacle()
            )
            if verdict is None:
                now = self._clock.now()
                run = self._run(tank.plan(kind, target, seconds, user, origin, now))
                verdict = await run.begin()
                self._clean(asset)
        await self._journal.record(
            asset,
            METHODS[kind],
            user=user,
            origin=origin,
            status=verdict.status,
            message=verdict.message,
            requested=target,
        )
        return verdict

    async def give_way(self, asset: str, point: str, who: str) -> None:
        """End a program whose point a person has written. The caller holds the pump's `turn`."""
        run = self._runs.get(asset)
        if run is not None and (point == SETPOINT or point in run.program.restore):
            title = self._tanks[asset].title(point)
            # A program that is restoring already keeps its own reason: the person has only taken
            # one point out of what is still to be brought back.
            why = run.program.outcome or Phrase("{who} has set “{title}”", who=who, title=title)
            await run.end(run.program.ended(why, keep=point, failed=run.program.failed))
            self._clean(asset)

    async def let_go(self, asset: str, why: str) -> None:
        """End a program and restore nothing. The caller holds the heat pump's `turn`."""
        run = self._runs.get(asset)
        if run is not None:
            await run.end(replace(run.program.ended(why), restore={}))
            self._clean(asset)

    async def tick(self) -> None:
        """Look at every tank program once."""
        async with asyncio.TaskGroup() as group:  # a slow device holds nobody else up
            for asset in self._runs:
                group.create_task(self._look(asset))

    async def _look(self, asset: str) -> None:
        async with self._turn[asset]:
            run = self._runs.get(asset)
            if run is not None:
                await run.look()
                self._clean(asset)

    def _run(self, program: TankProgram) -> TankRun:
        run = self._runs[program.asset] = TankRun(
            program,
            self._tanks[program.asset],
            self._commands,
            self._store,
            self._journal,
            self._clock,
        )
        return run

    def _clean(self, asset: str) -> None:
        if self._runs[asset].over:
            del self._runs[asset]
        self._journal.changed(asset)

    def _under_way(self, asset: str) -> Verdict | None:
        program = self.of(asset)
        if program is None:
            return None
        return Verdict(
            BAD_INVALID_STATE,
            Phrase(
                "{kind} that {user} has started is under way. To end it, set “{title}” or release "
                "the override.",
                kind=TITLES[program.kind],
                user=program.user,
                title=self._tanks[asset].title(SETPOINT),
            ),
        )
