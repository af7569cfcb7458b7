"""Take ready programs from people, store them, and start heating as late as is safe."""

from __future__ import annotations

import asyncio
import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from heatpump_twin.config.catalogue import Span
from heatpump_twin.config.phrase import Context, Phrase, Text
from heatpump_twin.config.settings import SmartStartSettings
from heatpump_twin.drivers.clock import MICROSECONDS, Clock, lasts
from heatpump_twin.drivers.frame import Frame
from heatpump_twin.drivers.status import (
    BAD_NO_DATA,
    BAD_RESOURCE_UNAVAILABLE,
    BAD_TIMEOUT,
    GOOD,
)
from heatpump_twin.twin_engine.commands.journal import Journal
from heatpump_twin.twin_engine.errors import ProgramStoreError
from heatpump_twin.twin_engine.image import Image
from heatpump_twin.twin_engine.programs.hot_water_book import RETRY, HotWaterBook
from heatpump_twin.twin_engine.programs.hot_water_tank import USED
from heatpump_twin.twin_engine.programs.override_book import OverrideBook
from heatpump_twin.twin_engine.programs.program_store import ProgramStore
from heatpump_twin.twin_engine.programs.ready_machine import ReadyMachine
from heatpump_twin.twin_engine.programs.ready_run import (
    awaits_hot_water,
    given_back,
    heat_up_record,
    outcome_of,
    started,
    watched,
    write,
)
from heatpump_twin.twin_engine.programs.ready_words import ReadyWords, changed_by_hand, next_attempt
from heatpump_twin.twin_engine.programs.start_outlook import Outlook, StartOutlook
from heatpump_twin.twin_engine.programs.tank_program_book import TankProgramBook
from heatpump_twin.twin_engine.smart_start.kept_word import (
    FIGURES,
    KEPT,
    HeatUpOutcome,
    HeatUpRecord,
    figures,
    past_of,
)
from heatpump_twin.twin_engine.smart_start.lead import LeadModel, lead_model
from heatpump_twin.twin_engine.smart_start.ready_calendar import next_ready
from heatpump_twin.twin_engine.smart_start.ready_kinds import ready_kinds
from heatpump_twin.twin_engine.smart_start.ready_program import (
    ReadyPhase,
    ReadyProgram,
    ReadyQuantity,
)
from heatpump_twin.twin_engine.smart_start.ready_request import ReadyRequest, mistake, request_of
from heatpump_twin.twin_engine.verdict import Verdict
from heatpump_twin.twin_engine.wording import duration_text, sentences

GRACE = 3600.0
"""How long after its time a start that was missed still makes sense. [s]"""
_REPLANNED = 60 * MICROSECONDS
"""So often a start is planned anew by what is measured, and the newest forecast. [µs]"""
_SAVED = 300.0
"""How much of a heat-up's energy a crash may cost. [s]"""
_MINUTE = 60 * MICROSECONDS
_UNDER_WAY = (ReadyPhase.HEATING, ReadyPhase.HOLDING)

_NO_SCHEDULE = Text("There is no schedule.", Context.MESSAGES)
_WAITS = Text("Hot water waits meanwhile.", Context.MESSAGES)
_HEATS_THE_TANK = Text("a schedule heats the tank", Context.MESSAGES)


@dataclass(slots=True)
class _Watch:
    """What is remembered of a program in this run only."""

    looked: int
    planned: int = 0
    outlook: Outlook | None = None
    not_before: int = 0
    saved: float = 0.0


class ScheduleBook:
    """Ready programs of all heat pumps, at most one for each quantity."""

    def __init__(
        self,
        image: Image,
        overrides: OverrideBook,
        tank: TankProgramBook,
        hot_water: HotWaterBook,
        store: ProgramStore,
        outlook: StartOutlook,
        journal: Journal,
        settings: SmartStartSettings,
        zone: ZoneInfo,
        clock: Clock,
    ) -> None:
        self._image = image
        self._overrides = overrides
        self._tank = tank
        self._hot_water = hot_water
        self._store = store
        self._outlook = outlook
        self._journal = journal
        self._holidays = frozenset(settings.holidays)
        self._zone = zone
        self._clock = clock
        self._words = ReadyWords(image.table, zone, clock)
        self._active: dict[str, ReadyProgram] = {}
        self._watch: dict[str, _Watch] = {}
        self._heat_ups: dict[str, list[HeatUpRecord]] = {}
        self._learnt: dict[tuple[str, float], LeadModel] = {}
        self._turn: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    def offered(self, asset: str) -> Mapping[ReadyQuantity, Span]:
        """Return what of a heat pump can be made warm by a time, each with its targets."""
        points = self._image.table.by_asset.get(asset, {})
        return ready_kinds({name: point.limits for name, point in points.items()})

    def of(self, asset: str) -> Sequence[ReadyProgram]:
        """Return the programs of a heat pump, that with the next ready time first."""
        keys = [f"{asset}.{quantity}" for quantity in ReadyQuantity]
        own = [self._active[key] for key in keys if key in self._active]
        return sorted(own, key=lambda one: one.ready_at)

    def outlook(self, program: ReadyProgram) -> Outlook | None:
        """Return when a program will start; None: it has, or that cannot be told yet."""
        watch = self._watch.get(program.key)
        return watch.outlook if watch and program.phase is ReadyPhase.WAITING else None

    def texts(self, asset: str) -> list[str]:
        """Return the programs of a heat pump in words, that with the next ready time first."""
        return [self._words.text(program) for program in self.of(asset)]

    def heat_ups(self, asset: str) -> Sequence[HeatUpRecord]:
        """Return the last heat-ups of a heat pump, oldest first."""
        keys = [f"{asset}.{quantity}" for quantity in ReadyQuantity]
        own = [one for key in keys for one in self._heat_ups.get(key, ())]
        return sorted(own, key=lambda one: one.begin)

    def restore(
        self,
        programs: Mapping[str, ReadyProgram],
        heat_ups: Mapping[str, Sequence[HeatUpRecord]],
    ) -> None:
        """Load the programs and heat-ups of the last run."""
        now = self._clock.now()
        # A machine that can no longer be started (another profile, a read-only switch) is left
        # alone; its program stays on disk in case that was a mistake in the site file.
        known = {k: p for k, p in programs.items() if p.quantity in self.offered(p.asset)}
        self._active |= known
        self._watch |= {key: _Watch(now) for key in known}
        self._heat_ups |= {key: list(found) for key, found in heat_ups.items()}
        self._learnt.clear()
        for asset in list(self._image.table.by_asset):
            self._show(asset)

    def forget(self, asset: str) -> None:
        """Drop what is known of a heat pump from memory; it stays on disk until that is back."""
        for program in self.of(asset):
            self._active.pop(program.key, None)
            self._watch.pop(program.key, None)
        self._hot_water.forget(asset)

    async def set(self, request: ReadyRequest) -> Verdict:
        """Take a program in place of the one before."""
        # Judged outside the turn: a wrong request is answered at once, even while a slow device
        # is being started.
        now = self._clock.now()
        table = self._image.table
        verdict = mistake(request, self.offered(request.asset), table, now)
        program = request_of(request)
        if verdict is None:
            first = next_ready(program.ready_at, program.weekdays, self._holidays, self._zone, now)
            async with self._turn[request.asset]:
                verdict = await self._take(replace(program, ready_at=first or program.ready_at))
                await self._see_to_hot_water(request.asset)
        await self._record(program, verdict.status, verdict.message)
        return verdict

    async def cancel(self, asset: str, *, user: str, origin: str) -> Verdict:
        """Drop the programs of a heat pump; what one holds for a while is given back."""
        async with self._turn[asset]:
            verdict = await self._cancelled(asset, user)
            await self._see_to_hot_water(asset)
        await self._journal.record(
            asset,
            "CancelSchedule",
            user=user,
            origin=origin,
            status=verdict.status,
            message=verdict.message,
        )
        return verdict

    async def give_way(self, asset: str, point: str, who: str) -> None:
        """Let programs go whose setting a person has written."""
        async with self._turn[asset]:
            title = self._words.title(asset, point)
            why = Phrase("{who} has set “{title}”", who=who, title=title)
            if point in USED:
                await self._hot_water.give_way(asset, point, why)
            for program in self._each(asset):
                if program.phase in _UNDER_WAY and point in program.written:
                    await self._let_go(program, why)
            await self._see_to_hot_water(asset)

    def turn(self, asset: str) -> asyncio.Lock:
        """Return the lock under which a heat pump's programs and hot water are looked at."""
        return self._turn[asset]

    async def serve(self, asset: str) -> bool:
        """Give hot water back where it waits; return whether it is."""
        async with self._turn[asset]:
            return await self._hot_water.end(asset)

    async def rest(self) -> None:
        """Give back all hot water that waits: the twin is about to stop, and watches no more."""
        self._hot_water.close()
        async with asyncio.TaskGroup() as group:  # a slow device holds nobody else up
            for asset in self._hot_water.assets:
                group.create_task(self.serve(asset))

    async def let_go(self, asset: str, why: str) -> None:
        """End what is under way and give nothing back: somebody else does."""
        async with self._turn[asset]:
            for program in self._each(asset):
                if program.phase is not ReadyPhase.WAITING:
                    await self._let_go(program, why)
            await self._hot_water.end(asset)

    async def tick(self) -> None:
        """Check every program: start, watch, give back, and drop those that were missed."""
        async with asyncio.TaskGroup() as group:  # a slow device holds nobody else up
            waiting = self._hot_water.assets
            for asset in {program.asset for program in self._active.values()}.union(waiting):
                group.create_task(self._tick(asset))

    async def _tick(self, asset: str) -> None:
        async with self._turn[asset]:
            for program in self._each(asset):
                await self._look(program)
            await self._see_to_hot_water(asset)

    async def _see_to_hot_water(self, asset: str) -> None:
        """Give hot water back where it waits for nobody any more, or has waited too long."""
        if asset in self._hot_water.assets:
            now = self._clock.now()
            wanted = any(awaits_hot_water(program, now) for program in self.of(asset))
            await self._hot_water.look(asset, wanted)

    def _each(self, asset: str) -> Iterator[ReadyProgram]:
        """Yield the programs of a heat pump as each is by then: one may hand over to another."""
        for key in [program.key for program in self.of(asset)]:
            if key in self._active:
                yield self._active[key]

    async def _cancelled(self, asset: str, user: str) -> Verdict:
        words, why = [], Phrase("{user} has cancelled it", user=user)
        try:
            for program in self.of(asset):
                held = program.phase in _UNDER_WAY and program.hold > 0.0
                await self._judge(program, HeatUpOutcome.OVERRIDDEN, why)
                if held:
                    await self._give_back(replace(program, weekdays=0))
                else:
                    await self._drop(program)
                words.append(Phrase("Cancelled: {program}.", program=self._words.text(program)))
        except ProgramStoreError as error:
            text = Phrase("The schedule could not be cancelled: {error}.", error=str(error))
            return Verdict(BAD_RESOURCE_UNAVAILABLE, text)
        return Verdict(GOOD, sentences(words) if words else _NO_SCHEDULE)

    async def _take(self, program: ReadyProgram) -> Verdict:
        replaced = self._active.get(program.key)
        try:
            # On disk before it is promised: a schedule that a restart forgets is a cold building.
            await self._store.keep(program)
        except ProgramStoreError as error:
            text = Phrase("The schedule was not taken: {error}.", error=str(error))
            return Verdict(BAD_RESOURCE_UNAVAILABLE, text)
        self._active[program.key] = program
        # A pause after a failed start belonged to the program that this one replaces.
        self._watch[program.key] = _Watch(self._clock.now())
        outlook = await self._foresee(program)
        said = [
            Phrase("Scheduled: {program}.", program=self._words.text(program)),
            self._words.start(outlook),
        ]
        if replaced is not None:
            said.append(Phrase("This replaces {program}.", program=self._words.text(replaced)))
        return Verdict(GOOD, sentences(said))

    async def _look(self, program: ReadyProgram) -> None:
        now, watch = self._clock.now(), self._watch[program.key]
        elapsed, watch.looked = (now - watch.looked) / MICROSECONDS, now
        self._outlook.note(program, now)
        if lasts(watch.not_before, now, RETRY):
            return
        match program.phase:
            case ReadyPhase.WAITING:
                await self._wait(program, watch, now)
            case ReadyPhase.HEATING:
                await self._heat(program, watch, elapsed, now)
            case ReadyPhase.HOLDING:
                await self._hold(program, now)
            case ReadyPhase.RESTORING:
                await self._give_back(program)

    async def _wait(self, program: ReadyProgram, watch: _Watch, now: int) -> None:
        # Missed is asked first: a twin that comes back a day later must not heat for yesterday.
        if now > program.ready_at + round(GRACE * MICROSECONDS):
            missed = Phrase("Missed, and given up: {program}.", program=self._words.text(program))
            await self._record(program, BAD_TIMEOUT, missed)
            await self._next(program)
            return
        if now - watch.planned >= _REPLANNED or watch.outlook is None:
            await self._foresee(program)
        # Without an outlook the ready time itself: late, but the building is not forgotten.
        start_at = program.ready_at if watch.outlook is None else watch.outlook.start_at
        if now >= start_at:
            await self._start(program, watch, now)

    async def _foresee(self, program: ReadyProgram) -> Outlook | None:
        """Compute the start time of a program, and notify clients if it moved by a minute."""
        learnt = await self._model(program)
        watch, now = self._watch[program.key], self._clock.now()
        await self._outlook.recall(program, now)
        before, after = watch.outlook, self._outlook.outlook(program, learnt, now)
        watch.outlook, watch.planned = after, now
        if before is None or after is None or before.status != after.status:
            # A change of status or of being known at all is news whatever the minutes say.
            moved = before != after
        else:
            # It moves with each reading; below a minute nobody plans by it.
            moved = abs(after.start_at - before.start_at) >= _MINUTE
        if moved:
            self._journal.changed(program.asset)
        return after

    async def _model(self, program: ReadyProgram) -> LeadModel:
        key = (program.key, program.probability)
        if key not in self._learnt:
            past = past_of(self._heat_ups.get(program.key, ())[-KEPT:])
            # Some hundredths of a second each: 250 heat pumps are ready at the same time.
            self._learnt[key] = await asyncio.to_thread(lead_model, past, program.probability)
        return self._learnt[key]

    async def _start(self, program: ReadyProgram, watch: _Watch, now: int) -> None:
        machine = ReadyMachine(self._image, program.asset, program.quantity)
        if program.quantity is ReadyQuantity.TANK:
            await self._hot_water.end(program.asset)
            # A boost would take the new setpoint for one that was changed at the unit.
            async with self._tank.turn(program.asset):
                await self._tank.let_go(program.asset, _HEATS_THE_TANK)
        why = self._words.purpose(program)
        found = await started(program, machine, self._overrides, watch.outlook, now, why)
        words, said = [found.message], self._words.text(program)
        if found.program.phase is ReadyPhase.WAITING:
            self._pause(watch)
            words.insert(0, Phrase("Not started yet: {program}.", program=said))
            words.append(next_attempt(RETRY))
        else:
            # Said in the record, since a late start is otherwise seen only by those who were cold.
            late = (now - program.ready_at) / MICROSECONDS
            words.insert(0, Phrase("Started: {program}.", program=said))
            if watch.outlook:
                words.append(Phrase("Why now: {reason}.", reason=watch.outlook.reason))
            if late > 60:
                words.append(Phrase("It is {span} late.", span=duration_text(late)))
            watch.outlook = None
            # On disk first: hot water comes back when this one is warm, whatever happens meanwhile.
            await self._save(found.program)
            waits = await self._begin_waiting(found.program, why)
            words.append(_WAITS if waits else "")
        await self._record(program, found.status, sentences(words))

    async def _begin_waiting(self, program: ReadyProgram, why: str) -> bool:
        """Let hot water wait, unless somebody heats the tank; return whether it does."""
        if program.quantity is ReadyQuantity.TANK:
            # What it has set is its own by now, and given back with it.
            await self._hot_water.leave(program.asset, program.written)
            return False
        tank = self._active.get(f"{program.asset}.{ReadyQuantity.TANK}")
        busy = self._tank.of(program.asset) or (tank is not None and tank.phase in _UNDER_WAY)
        if busy or self._clock.now() >= program.ready_at:
            return False
        return await self._hot_water.begin(program, why)

    async def _heat(self, program: ReadyProgram, watch: _Watch, elapsed: float, now: int) -> None:
        machine = ReadyMachine(self._image, program.asset, program.quantity)
        if changed := machine.changed(program.written):
            await self._let_go(program, changed_by_hand(changed))
            return
        after = watched(program, machine, elapsed, now)
        if after.reached is not None and program.reached is None:
            after = await self._reached(after, machine)
        outcome = outcome_of(after, now)
        self._active[program.key] = after
        watch.saved += elapsed
        if (after.reached, after.written) != (
            program.reached,
            program.written,
        ) or watch.saved >= _SAVED:
            watch.saved = 0.0
            await self._save(after)
        if outcome is not None:
            await self._judge(after, outcome, "")
            if after.hold > 0.0:
                await self._save(replace(after, phase=ReadyPhase.HOLDING))
            else:
                await self._next(after)

    async def _reached(self, program: ReadyProgram, machine: ReadyMachine) -> ReadyProgram:
        """Set the target where another setpoint has made the controller charge."""
        point = machine.kind.setpoint
        if program.written.get(point, program.target) <= program.target:
            return program
        why = self._words.purpose(program)
        result = await write(program, self._overrides, point, program.target, why)
        if result.read_back is None:
            return program
        return replace(program, written={**program.written, point: result.read_back})

    async def _hold(self, program: ReadyProgram, now: int) -> None:
        machine = ReadyMachine(self._image, program.asset, program.quantity)
        if changed := machine.changed(program.written):
            await self._let_go(program, changed_by_hand(changed))
        elif now >= program.ready_at + round(program.hold * MICROSECONDS):
            await self._give_back(program)

    async def _give_back(self, program: ReadyProgram) -> None:
        """Give back what a program has set; what is refused now is tried again later."""
        # What another one needs, too, is that one's to give back.
        others = [
            p for p in self.of(program.asset) if p.key != program.key and p.phase in _UNDER_WAY
        ]
        needed = {point for other in others for point in other.written}
        alone = {point: value for point, value in program.written.items() if point not in needed}
        done, message = await given_back(replace(program, written=alone), self._overrides)
        watch = self._watch[program.key]
        if done:
            words = [Phrase("Over: {program}.", program=self._words.text(program)), message]
            await self._record(program, GOOD, sentences(words))
            await self._next(program)
            return
        self._pause(watch)
        if program.phase is not ReadyPhase.RESTORING:
            await self._save(replace(program, phase=ReadyPhase.RESTORING))
            refused = sentences([message, next_attempt(RETRY)])
            await self._record(program, BAD_RESOURCE_UNAVAILABLE, refused)

    async def _let_go(self, program: ReadyProgram, why: str) -> None:
        await self._judge(program, HeatUpOutcome.OVERRIDDEN, why)
        said = self._words.text(program)
        ended = Phrase("Ended: {program}: {why}.", program=said, why=why)
        await self._record(program, GOOD, ended)
        await self._next(program)

    async def _judge(self, program: ReadyProgram, outcome: HeatUpOutcome, why: str) -> None:
        """Keep whether a program has kept its word, and tell it."""
        if program.phase is not ReadyPhase.HEATING:
            return
        record = heat_up_record(program, outcome, self._clock.now())
        found = self._heat_ups.setdefault(program.key, [])
        found.append(record)
        del found[:-KEPT]
        self._show(program.asset)
        self._learnt = {key: one for key, one in self._learnt.items() if key[0] != program.key}
        words = [self._words.verdict(record, why)]
        try:
            await self._store.remember(record)
        except ProgramStoreError as error:
            words.append(Phrase("The record could not be stored: {error}.", error=str(error)))
        status = BAD_TIMEOUT if outcome is HeatUpOutcome.NOT_REACHED else GOOD
        await self._record(program, status, sentences(words))

    def _show(self, asset: str) -> None:
        """Show how well the programs of a heat pump keep their word."""
        points = self._image.table.by_asset.get(asset, {})
        rows = [points[name].index for name in FIGURES if name in points]
        if len(rows) < len(FIGURES):
            return
        found = figures(self.heat_ups(asset))
        values = [
            100 * found.on_time,
            found.lateness / 60,
            found.excess / 60,
            found.held_energy / 1e3,
        ]
        status = [BAD_NO_DATA if math.isnan(value) else GOOD for value in values]
        self._image.ingest(Frame.of(rows, values, status, self._clock.now()))

    async def _next(self, program: ReadyProgram) -> None:
        """Wait for the next day of a calendar; drop what was for once."""
        now = max(self._clock.now(), program.ready_at)
        ready_at = next_ready(program.ready_at, program.weekdays, self._holidays, self._zone, now)
        if program.weekdays and ready_at is not None:
            self._watch[program.key] = _Watch(self._clock.now())
            await self._save(program.again(ready_at))
            return
        try:
            await self._drop(program)
        except ProgramStoreError as error:
            # It stays, and is looked at again: nothing is done by halves, only twice.
            self._pause(self._watch[program.key])
            message = Phrase("The schedule could not be removed: {error}.", error=str(error))
            await self._record(program, BAD_RESOURCE_UNAVAILABLE, message)

    async def _drop(self, program: ReadyProgram) -> None:
        # The disk first: if that fails the program is still in memory and is tried again,
        # instead of coming back at the next start.
        await self._store.drop(ReadyProgram, program.key)
        self._active.pop(program.key, None)
        self._watch.pop(program.key, None)
        self._journal.changed(program.asset)

    async def _save(self, program: ReadyProgram) -> None:
        self._active[program.key] = program
        self._journal.changed(program.asset)
        try:
            await self._store.keep(program)
        except ProgramStoreError as error:
            # Goes on: the machine is in the middle of it.
            message = Phrase("The schedule could not be stored: {error}.", error=str(error))
            await self._record(program, BAD_RESOURCE_UNAVAILABLE, message)

    def _pause(self, watch: _Watch) -> None:
        watch.not_before = self._clock.now() + round(RETRY * MICROSECONDS)

    async def _record(self, program: ReadyProgram, status: int, message: str) -> None:
        await self._journal.record(
            program.asset,
            "ScheduleReady",
            user=program.user,
            origin=program.origin,
            status=status,
            message=message,
            requested=program.target,
        )
