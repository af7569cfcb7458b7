"""Take schedules from people, store them, and start heating when the heat-up model says so."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from heatpump_twin.config.catalogue import Point, PointTable
from heatpump_twin.drivers.clock import MICROSECONDS, Clock
from heatpump_twin.drivers.status import (
    BAD_NOT_WRITABLE,
    BAD_OUT_OF_RANGE,
    BAD_RESOURCE_UNAVAILABLE,
    BAD_TIMEOUT,
    GOOD,
    is_good,
)
from heatpump_twin.drivers.write_range import out_of_range
from heatpump_twin.twin_engine.commands.commands import CommandHandler
from heatpump_twin.twin_engine.commands.journal import Journal
from heatpump_twin.twin_engine.errors import ProgramStoreError
from heatpump_twin.twin_engine.programs.heat_up_lead import HeatUpLead, Lead
from heatpump_twin.twin_engine.programs.program_store import ProgramStore
from heatpump_twin.twin_engine.programs.ready_schedule import (
    LONGEST_AHEAD,
    Due,
    ReadySchedule,
    due,
    start_at,
)
from heatpump_twin.twin_engine.verdict import Verdict
from heatpump_twin.twin_engine.wording import duration_text, sentences, time_text, value_text

RETRY = 60.0
"""A start that the device refuses is tried again after this time. [s]"""
_TARGET, _SWITCH = "supply_setpoint", "unit_enabled"
_FOR_GOOD = (BAD_OUT_OF_RANGE, BAD_NOT_WRITABLE)
_MINUTE = 60 * MICROSECONDS


@dataclass(frozen=True, slots=True)
class Outlook:
    """When a schedule will start, as far as can be told now."""

    start_at: int
    """[µs since the Unix epoch, UTC]"""
    status: int
    """Uncertain, as the model behind it is."""


class ScheduleBook:
    """Schedules of all heat pumps, at most one for each."""

    def __init__(
        self,
        table: PointTable,
        commands: CommandHandler,
        store: ProgramStore,
        lead: HeatUpLead,
        journal: Journal,
        zone: ZoneInfo,
        clock: Clock,
    ) -> None:
        self._table = table
        self._commands = commands
        self._store = store
        self._lead = lead
        self._journal = journal
        self._zone = zone
        self._clock = clock
        self._active: dict[str, ReadySchedule] = {}
        self._outlook: dict[str, Outlook] = {}
        self._not_before: dict[str, int] = {}
        self._turn: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    def offered(self, asset: str) -> bool:
        """Tell whether a heat pump can be started by schedule."""
        points = self._table.by_asset.get(asset, {})
        writable = all(
            point in points and points[point].limits is not None for point in (_TARGET, _SWITCH)
        )
        return writable and self._lead.offered(asset)

    def of(self, asset: str) -> ReadySchedule | None:
        """Return the schedule of a heat pump; None: there is none."""
        return self._active.get(asset)

    def outlook(self, asset: str) -> Outlook | None:
        """Return when a schedule will start; None: there is none, or it cannot be told yet."""
        return self._outlook.get(asset)

    def restore(self, schedules: Mapping[str, ReadySchedule]) -> None:
        """Load the schedules of the last run."""
        # A machine that can no longer be started (another profile, a read-only switch) is left
        # alone; its schedule stays on disk in case that was a mistake in the site file.
        self._active |= {a: s for a, s in schedules.items() if self.offered(a)}

    def forget(self, asset: str) -> None:
        """Drop the schedule of a heat pump from memory; it stays on disk until that is back."""
        for memory in (self._active, self._outlook, self._not_before):
            memory.pop(asset, None)

    async def set(
        self, asset: str, ready_at: int, target: float, *, user: str, origin: str
    ) -> Verdict:
        """Set the schedule of a heat pump in place of the one before."""
        schedule = ReadySchedule(asset, ready_at, target, user, origin)
        # Judged outside the turn: a wrong request is answered at once, even while a slow device
        # is being started.
        verdict = self._judge(schedule)
        if verdict is None:
            async with self._turn[asset]:
                verdict = await self._take(schedule)
        await self._record(schedule, verdict.status, verdict.message)
        return verdict

    async def cancel(self, asset: str, *, user: str, origin: str) -> Verdict:
        """Drop the schedule of a heat pump."""
        async with self._turn[asset]:
            schedule = self._active.get(asset)
            if schedule is None:
                verdict = Verdict(GOOD, "There is no schedule.")
            else:
                try:
                    await self._drop(asset)
                    verdict = Verdict(GOOD, f"Cancelled: {self._text(schedule)}.")
                except ProgramStoreError as error:
                    verdict = Verdict(
                        BAD_RESOURCE_UNAVAILABLE, f"The schedule could not be cancelled: {error}."
                    )
        await self._journal.record(
            asset,
            "CancelSchedule",
            user=user,
            origin=origin,
            status=verdict.status,
            message=verdict.message,
        )
        return verdict

    async def tick(self) -> None:
        """Check every schedule; start those that are due and drop those that were missed."""
        async with asyncio.TaskGroup() as group:  # a slow device holds nobody else up
            for asset in self._active:
                group.create_task(self._tick(asset))

    async def _tick(self, asset: str) -> None:
        async with self._turn[asset]:
            if asset in self._active:
                await self._look(self._active[asset])

    def _judge(self, schedule: ReadySchedule) -> Verdict | None:
        """Return a refusal that names what is wrong with a schedule; None: nothing is."""
        now = self._clock.now()
        point = self._point(schedule.asset, _TARGET)
        limits = point.limits or (0.0, 0.0)
        if schedule.ready_at <= now:
            return Verdict(BAD_OUT_OF_RANGE, "ReadyAt is in the past.", "ReadyAt")
        if schedule.ready_at > now + round(LONGEST_AHEAD * MICROSECONDS):
            return Verdict(BAD_OUT_OF_RANGE, "ReadyAt is more than 7 days ahead.", "ReadyAt")
        refusal = out_of_range(point.spec, limits, schedule.target, "Target")
        return Verdict(refusal.status, refusal.message, "Target") if refusal else None

    async def _take(self, schedule: ReadySchedule) -> Verdict:
        replaced = self._active.get(schedule.asset)
        try:
            # On disk before it is promised: a schedule that a restart forgets is a cold building.
            await self._store.keep(schedule)
        except ProgramStoreError as error:
            return Verdict(BAD_RESOURCE_UNAVAILABLE, f"The schedule was not taken: {error}.")
        self._active[schedule.asset] = schedule
        # A pause after a failed start belonged to the schedule that this one replaces.
        self._not_before.pop(schedule.asset, None)
        lead = self._foresee(schedule)
        return Verdict(
            GOOD,
            sentences(
                [
                    f"Scheduled: {self._text(schedule)}.",
                    self._start_text(schedule, lead),
                    f"This replaces {self._text(replaced)}." if replaced else "",
                ]
            ),
        )

    async def _look(self, schedule: ReadySchedule) -> None:
        now = self._clock.now()
        lead = self._foresee(schedule)
        match due(schedule, lead.seconds if lead else None, now):
            case Due.NOW if now >= self._not_before.get(schedule.asset, 0):
                await self._start(schedule, now)
            case Due.MISSED:
                message = f"Missed, and given up: {self._text(schedule)}."
                await self._end(schedule, BAD_TIMEOUT, message)

    def _foresee(self, schedule: ReadySchedule) -> Lead | None:
        """Compute the start time of a schedule, and notify clients if it moved by a minute."""
        asset = schedule.asset
        lead = self._lead.lead(asset, schedule.target)
        before, after = self._outlook.get(asset), None
        if lead is not None:
            after = Outlook(start_at(schedule, lead.seconds), lead.status)
        if before is None or after is None or before.status != after.status:
            # A change of status or of being known at all is news whatever the minutes say.
            moved = before != after
        else:
            # The forecast moves with each reading; below a minute nobody plans by it, and every
            # client would be told every second.
            moved = abs(after.start_at - before.start_at) >= _MINUTE
        if moved:
            if after is None:
                self._outlook.pop(asset, None)
            else:
                self._outlook[asset] = after
            self._journal.changed(asset)
        return lead

    async def _start(self, schedule: ReadySchedule, now: int) -> None:
        """Write the target and switch the unit on, also where the target is refused.

        Until both are done they are tried again, which changes nothing where they were.
        """
        # The target first: a machine that is switched on with yesterday's setpoint heats to that
        # until the next write. No early end: cold water is worse than water at another
        # temperature.
        target, switch = [
            await self._commands.write(
                f"{schedule.asset}.{point}",
                value,
                user=schedule.user,
                origin=f"schedule, {schedule.origin}",
                reason=f"water ready at {self._time(schedule.ready_at)}",
            )
            for point, value in ((_TARGET, schedule.target), (_SWITCH, 1.0))
        ]
        words = [target.message, switch.message]
        # What the device limits, or will never take, no further attempt would change.
        settled = target.read_back is not None or target.status in _FOR_GOOD
        if not (is_good(target.status) or settled) or not is_good(switch.status):
            self._not_before[schedule.asset] = now + round(RETRY * MICROSECONDS)
            status = next(r.status for r in (switch, target) if not is_good(r.status))
            words.insert(0, f"Not started yet: {self._text(schedule)}.")
            words.append(f"Next attempt in {duration_text(RETRY)}.")
            await self._record(schedule, status, sentences(words))
            return
        # Said in the record, since a late start is otherwise seen only by those who were cold.
        late = (now - schedule.ready_at) / MICROSECONDS
        words.insert(0, f"Started: {self._text(schedule)}.")
        words.append(f"It is {duration_text(late)} late." if late > 60 else "")
        await self._end(schedule, target.status, sentences(words))

    async def _end(self, schedule: ReadySchedule, status: int, message: str) -> None:
        try:
            await self._drop(schedule.asset)
        except ProgramStoreError as error:
            # It stays, and is looked at again: a start is not done by halves, only twice.
            self._not_before[schedule.asset] = self._clock.now() + round(RETRY * MICROSECONDS)
            message = sentences([message, f"The schedule could not be removed: {error}."])
        await self._record(schedule, status, message)

    async def _drop(self, asset: str) -> None:
        # The disk first: if that fails the schedule is still in memory and is tried again,
        # instead of coming back at the next start.
        await self._store.drop(ReadySchedule, asset)
        self.forget(asset)
        self._journal.changed(asset)

    async def _record(self, schedule: ReadySchedule, status: int, message: str) -> None:
        await self._journal.record(
            schedule.asset,
            "ScheduleReady",
            user=schedule.user,
            origin=schedule.origin,
            status=status,
            message=message,
            requested=schedule.target,
        )

    def _point(self, asset: str, point: str) -> Point:
        return self._table.by_asset[asset][point]

    def _text(self, schedule: ReadySchedule) -> str:
        target = value_text(self._point(schedule.asset, _TARGET).spec, schedule.target)
        return f"water at {target} at {self._time(schedule.ready_at)}"

    def _start_text(self, schedule: ReadySchedule, lead: Lead | None) -> str:
        if lead is None:
            return "When it starts cannot be told before the devices answer."
        begin = start_at(schedule, lead.seconds)
        late = (self._clock.now() - begin) / MICROSECONDS
        if late > 60:
            return f"It starts now; the water may be late by {duration_text(late)}."
        return f"It starts at about {self._time(begin)}."

    def _time(self, time: int) -> str:
        return time_text(time, self._zone, self._clock.now())
