"""Carry out one hot water boost or disinfection: start, supervise, restore the settings."""

from __future__ import annotations

from dataclasses import replace

import structlog

from heatpump_twin.config.phrase import Context, Phrase, Text, joined
from heatpump_twin.drivers.clock import MICROSECONDS, Clock, lasts
from heatpump_twin.drivers.status import (
    BAD_DEVICE_FAILURE,
    BAD_RESOURCE_UNAVAILABLE,
    GOOD,
    is_bad,
    is_good,
)
from heatpump_twin.twin_engine.commands.commands import CommandHandler, CommandResult
from heatpump_twin.twin_engine.commands.journal import Journal
from heatpump_twin.twin_engine.errors import ProgramStoreError
from heatpump_twin.twin_engine.programs.hot_water_tank import TEMPERATURE, HotWaterTank
from heatpump_twin.twin_engine.programs.program_store import ProgramStore
from heatpump_twin.twin_engine.programs.ready_words import next_attempt
from heatpump_twin.twin_engine.programs.tank_program import (
    REACHED,
    SETPOINT,
    TankProgram,
    TankProgramKind,
    TankProgramPhase,
    step,
)
from heatpump_twin.twin_engine.verdict import Verdict
from heatpump_twin.twin_engine.wording import duration_text, sentences

log = structlog.stdlib.get_logger(__name__)

METHODS = {
    TankProgramKind.BOOST: "StartDhwBoost",
    TankProgramKind.DISINFECTION: "StartDisinfection",
}
TITLES = {
    TankProgramKind.BOOST: Text("Boost", Context.MESSAGES),
    TankProgramKind.DISINFECTION: Text("Disinfection", Context.MESSAGES),
}
_START = {
    TankProgramKind.BOOST: Text("start of boost", Context.MESSAGES),
    TankProgramKind.DISINFECTION: Text("start of disinfection", Context.MESSAGES),
}
_END = {
    TankProgramKind.BOOST: Text("end of boost", Context.MESSAGES),
    TankProgramKind.DISINFECTION: Text("end of disinfection", Context.MESSAGES),
}
"""What a setting is written for."""
RETRY_FIRST, RETRY_LAST = 30.0, 600.0
"""What cannot be brought back now is tried again, less and less often. [s]"""
_SAVE_EVERY = 60.0
"""How much of a hold a crash may cost. [s]"""


class TankRun:
    """Run of one `TankProgram` on its tank. The caller sees to it that methods take turns."""

    def __init__(
        self,
        program: TankProgram,
        tank: HotWaterTank,
        commands: CommandHandler,
        store: ProgramStore,
        journal: Journal,
        clock: Clock,
    ) -> None:
        self.program = program
        self.over = False
        """Whether everything is as it was before."""
        self._tank = tank
        self._commands = commands
        self._store = store
        self._journal = journal
        self._clock = clock
        self._looked = clock.now()
        self._saved = program.held_for
        # Halved, since `end` doubles it before each wait.
        self._pause = RETRY_FIRST / 2
        self._not_before = 0

    async def begin(self) -> Verdict:
        """Start the tank program: write its settings, and undo them if one is refused."""
        # A boost of a warm tank has nothing to do. A disinfection goes on: its hold is what
        # counts.
        program, tank = self.program, self._tank
        warm = tank.value(TEMPERATURE)
        if (
            program.kind is TankProgramKind.BOOST
            and warm is not None
            and warm >= program.target - REACHED
        ):
            self.over = True
            words = Phrase(
                "The tank is at {value} already; nothing was changed.", value=tank.text(warm)
            )
            return Verdict(GOOD, words, read_back=tank.value(SETPOINT))
        try:
            # On disk before anything is written: whatever happens now will be undone.
            await self._store.keep(program)
        except ProgramStoreError as error:
            self.over = True
            words = Phrase("Nothing was started: {error}.", error=str(error))
            return Verdict(BAD_RESOURCE_UNAVAILABLE, words)
        # The setpoint is the last of them, so `result` holds its read-back after the loop.
        for point, value in tank.wanted(program.target).items():
            result = await self._write(point, value, _START[program.kind])
            if not is_good(result.status):
                return await self._not_begun(result)
        await self._save(replace(program, setpoint=result.read_back))
        said = sentences([self._promise(), self._afterwards()])
        return Verdict(GOOD, said, read_back=result.read_back)

    async def look(self) -> None:
        """Look at the tank and take the tank program a step further."""
        now = self._clock.now()
        elapsed, self._looked = (now - self._looked) / MICROSECONDS, now
        before, after = self.program, step(self.program, self._tank.seen, elapsed, now)
        if after.phase is TankProgramPhase.RESTORING:
            # A device that refused is not asked every second: its EEPROM and its bus are not ours
            # alone.
            if not lasts(self._not_before, now, RETRY_LAST):
                await self.end(after)
            return
        self.program = after
        moved = after.phase is not before.phase
        # Not with each look: a row a second would wear the disk of a small machine for nothing.
        if moved or after.held_for - self._saved >= _SAVE_EVERY:
            await self._save(after)
        if moved:
            holds = after.phase is TankProgramPhase.HOLDING
            target = self._tank.text(after.target)
            lost = Phrase("{value} was lost; it is heated up again.", value=target)
            reached = Phrase("{value} is reached and held.", value=target)
            await self._tell(GOOD, reached if holds else lost)

    async def end(self, program: TankProgram) -> None:
        """End the tank program: restore the settings; those refused now are tried again later."""
        # Only the first attempt is told; the audit log has each further write by itself.
        first = self.program.phase is not TankProgramPhase.RESTORING
        if program != self.program:
            await self._save(program)
        left, words = dict(program.restore), []
        for point, value in program.restore.items():
            # What the device shows already is not written again: setpoints sit in EEPROM.
            if not self._tank.confirmed(point, value):
                result = await self._write(point, value, _END[program.kind])
                words.append(result.message)
                if not is_good(result.status):
                    continue
            del left[point]
        kind, why = TITLES[program.kind], program.outcome
        words.insert(0, Phrase("{kind} ended: {why}.", kind=kind, why=why))
        if not left:
            self.over = True
            await self._forget()
            status = BAD_DEVICE_FAILURE if program.failed else GOOD
            await self._tell(status, sentences(words))
            return
        # Saved with what is left, so that a restart does not write over a person's later change
        # of the settings that are back already.
        await self._save(replace(program, restore=left))
        self._pause = min(2 * self._pause, RETRY_LAST)
        self._not_before = self._clock.now() + round(self._pause * MICROSECONDS)
        if first:
            words.append(next_attempt(self._pause))
            await self._tell(BAD_DEVICE_FAILURE, sentences(words))

    async def _not_begun(self, result: CommandResult) -> Verdict:
        why = Text("it could not be started", Context.MESSAGES)
        await self.end(self.program.ended(why, failed=True))
        left = Phrase("Still to be brought back: {settings}.", settings=self._before())
        status = result.status if is_bad(result.status) else BAD_DEVICE_FAILURE
        not_started = Text("Not started.", Context.MESSAGES)
        words = sentences([not_started, result.message, "" if self.over else left])
        return Verdict(status, words, read_back=result.read_back)

    async def _save(self, program: TankProgram) -> None:
        self.program, self._saved = program, program.held_for
        try:
            await self._store.keep(program)
        except ProgramStoreError as error:
            # Goes on: the machine is in the middle of it, and stopping it now would not make the
            # disk better.
            log.error("program not stored", asset=program.asset, error=str(error))

    async def _forget(self) -> None:
        try:
            await self._store.drop(TankProgram, self.program.asset)
        except ProgramStoreError as error:
            # After a restart it is brought back once more, which changes nothing.
            log.error("program not removed", asset=self.program.asset, error=str(error))

    async def _tell(self, status: int, message: str) -> None:
        await self._journal.record(
            self.program.asset,
            METHODS[self.program.kind],
            user=self.program.user,
            origin=self.program.origin,
            status=status,
            message=message,
            requested=self.program.target,
        )

    async def _write(self, point: str, value: float, reason: str) -> CommandResult:
        program = self.program
        return await self._commands.write(
            f"{program.asset}.{point}",
            value,
            user=program.user,
            origin=f"{program.kind}, {program.origin}",
            reason=reason,
        )

    def _before(self) -> str:
        restore = self.program.restore.items()
        return joined(", ", [self._tank.setting(point, value) for point, value in restore])

    def _promise(self) -> str:
        program = self.program
        target = self._tank.text(program.target)
        span = duration_text((program.deadline - self._clock.now()) / MICROSECONDS)
        if not program.hold:
            return Phrase(
                "The tank is heated to {target}, for {span} at the longest.",
                target=target,
                span=span,
            )
        return Phrase(
            "The tank is heated to {target} and held for {hold}, for {span} at the longest.",
            target=target,
            hold=duration_text(program.hold),
            span=span,
        )

    def _afterwards(self) -> str:
        return Phrase("Afterwards: {settings}.", settings=self._before())
