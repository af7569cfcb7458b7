"""Let hot water wait while a room or water is heated, and see to it that it comes back."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import structlog

from heatpump_twin.config.phrase import Context, Phrase, Text
from heatpump_twin.config.settings import HotWater
from heatpump_twin.drivers.clock import MICROSECONDS, Clock, lasts
from heatpump_twin.drivers.status import BAD_RESOURCE_UNAVAILABLE, GOOD, is_bad, is_good
from heatpump_twin.twin_engine.commands.journal import Journal
from heatpump_twin.twin_engine.errors import ProgramStoreError
from heatpump_twin.twin_engine.image import Image
from heatpump_twin.twin_engine.programs.hot_water_tank import HotWaterTank
from heatpump_twin.twin_engine.programs.override_book import OverrideBook
from heatpump_twin.twin_engine.programs.program_store import ProgramStore
from heatpump_twin.twin_engine.programs.ready_words import changed_by_hand, next_attempt
from heatpump_twin.twin_engine.smart_start.hot_water_wait import SWITCHES, HotWaterWait
from heatpump_twin.twin_engine.smart_start.ready_program import ReadyProgram
from heatpump_twin.twin_engine.wording import duration_text, sentences

log = structlog.stdlib.get_logger(__name__)

LONGEST_OFF = 3 * 3600.0
"""So long hot water is switched off at most; from then on it is lowered. [s]"""
RETRY = 60.0
"""What the device refuses is tried again after this time. [s]"""
_SAME = 0.05
"""Half of the finest resolution in which a device reads back a temperature. [K]"""


_LONG_ENOUGH = Text("hot water was off long enough", Context.MESSAGES)
_REFUSED = Text("Hot water could not be given back.", Context.MESSAGES)


def _waits_for(why: str) -> Phrase:
    return Phrase("hot water waits: {words}", words=why)


@dataclass(slots=True)
class _Memory:
    """What is remembered of one heat pump's hot water in this run only."""

    foreign: bool = False
    """Whether an earlier run has let it wait."""
    not_before: int = 0
    """No attempt to give back before this. [µs since the Unix epoch]"""
    told: bool = False
    on_until: int = 0
    """It is not switched off again before this. [µs since the Unix epoch]"""
    written: dict[str, float | None] = field(default_factory=dict)
    """What settings have held since they were written, by point; None: that is not known."""
    elsewhere: tuple[str, ...] = ()
    """Points that the profile of now does not have: they wait on disk for their return."""


class HotWaterBook:
    """Hot water that waits, of all heat pumps. The caller sees to it that calls take turns.

    Before a write what it will change is on disk, and what was before with it (`OverrideBook`):
    whenever the process ends, the next one knows what to give back.
    """

    def __init__(
        self,
        image: Image,
        overrides: OverrideBook,
        store: ProgramStore,
        journal: Journal,
        how: HotWater,
        clock: Clock,
    ) -> None:
        self._image = image
        self._overrides = overrides
        self._store = store
        self._journal = journal
        self._how = how
        self._clock = clock
        self._waits: dict[str, HotWaterWait] = {}
        self._memory: dict[str, _Memory] = {}
        self._unstored: dict[str, HotWaterWait] = {}
        """What is left of waits, where the disk has something else."""

    def close(self) -> None:
        """Let no more hot water wait: the twin is about to stop."""
        self._how = HotWater.AS_USUAL

    @property
    def assets(self) -> list[str]:
        """Heat pumps whose hot water waits, or has something left to be stored."""
        return list(dict.fromkeys((*self._waits, *self._unstored)))

    def restore(self, waits: Mapping[str, HotWaterWait]) -> None:
        """Load what an earlier run has left; the next `look` goes on with it, or gives it back."""
        for asset, wait in waits.items():
            known = self._image.table.by_asset.get(asset, {})
            elsewhere = tuple(point for point in wait.points if point not in known)
            memory, active = self._remembered(asset), self._overrides.of(asset)
            memory.foreign, memory.elsewhere = True, elsewhere
            if len(elsewhere) < len(wait.points):
                self._waits[asset] = here = wait.without(*elsewhere)
                memory.written = {p: active[p].written for p in here.points if p in active}

    def forget(self, asset: str) -> None:
        """Drop a heat pump from memory; what is still to be given back stays on disk."""
        self._waits.pop(asset, None)
        self._memory.pop(asset, None)
        self._unstored.pop(asset, None)

    async def begin(self, program: ReadyProgram, why: str) -> bool:
        """Let hot water wait for a program; return whether it does.

        A setting that somebody has overridden is left alone. A refusal ends nothing: the heat-up
        only takes longer.
        """
        if program.asset in self._waits or self._how is HotWater.AS_USUAL:
            return program.asset in self._waits
        tank = HotWaterTank(self._image, program.asset)
        memory, now = self._remembered(program.asset), self._clock.now()
        memory.foreign, memory.told, memory.not_before = False, False, 0
        on = lasts(memory.on_until, now, LONGEST_OFF)
        off = self._how is HotWater.SWITCHED_OFF and not on
        for changes in (tank.switched_off() if off else {}, tank.lowered()):
            if changes and not any(self._is_overridden(tank, point) for point in changes):
                wait = HotWaterWait(
                    program.asset, tuple(changes), now, program.user, program.origin
                )
                if await self._begun(wait, changes, _waits_for(why)):
                    return True
        return False

    async def look(self, asset: str, wanted: bool) -> None:
        """Give back what is no longer wanted, or lasts too long; let go what somebody changed."""
        memory, wait = self._remembered(asset), self._waits.get(asset)
        if asset in self._unstored:
            await self._keep(wait or self._unstored[asset])
        # Nothing is written to a device that is away: its first answer is waited for. One setting
        # that is not read any more does not hold up another.
        back = () if wait is None else tuple(p for p in wait.points if self._is_read(asset, p))
        if wait is None or not back:
            return
        if changed := self._changed(wait):
            why = changed_by_hand(self._title(asset, changed))
            await self.give_way(asset, changed, why)
        elif lasts(memory.not_before, self._clock.now(), RETRY):
            return
        elif not wanted or not self._known(wait):
            await self._given_back(wait, back)
        elif wait.switched_off and self._too_long(wait):
            await self._step_down(wait)

    async def end(self, asset: str) -> bool:
        """Give hot water back; return whether it is, else that is tried again later."""
        wait = self._waits.get(asset)
        return wait is None or await self._given_back(wait, wait.points)

    async def leave(self, asset: str, points: Collection[str]) -> None:
        """Leave settings to a schedule that has set them to heat the tank."""
        wait = self._waits.get(asset)
        if wait is not None:
            await self._keep(wait.without(*points))

    async def give_way(self, asset: str, point: str, why: str) -> None:
        """Leave a setting to who has changed it, and give back the others: hot water is wanted."""
        wait = self._waits.get(asset)
        if wait is None:
            return
        await self._keep(wait.without(point))
        await self._tell(wait, GOOD, Phrase("Hot water waits no longer: {why}.", why=why))
        if asset in self._waits:
            await self.end(asset)

    async def _begun(self, wait: HotWaterWait, changes: Mapping[str, float], why: str) -> bool:
        try:
            await self._store.keep(self._on_disk(wait))
        except ProgramStoreError as error:
            # What cannot be remembered is not written: nobody would give it back.
            log.error("hot water does not wait", asset=wait.asset, error=str(error))
            return False
        self._waits[wait.asset] = wait
        if self._how is HotWater.AS_USUAL:  # the twin has begun to stop meanwhile
            await self._keep(wait.without(*changes))
            return wait.asset in self._waits
        left = [
            point
            for point, value in changes.items()
            if not await self._wrote(wait, point, value, why)
        ]
        if left:
            await self._keep(wait.without(*left))
        return wait.asset in self._waits

    async def _wrote(self, wait: HotWaterWait, point: str, value: float, why: str) -> bool:
        """Write a setting; return whether it holds, or may hold, something else than before."""
        key, origin = f"{wait.asset}.{point}", f"schedule, {wait.origin}"
        result = await self._overrides.write(key, value, user=wait.user, origin=origin, reason=why)
        override = self._overrides.of(wait.asset).get(point)
        if override is not None:
            self._remembered(wait.asset).written[point] = override.written
        elif result.touched and result.read_back is not None:
            # It was sent and not taken. A device that is only slow must not take it later, when
            # nobody gives it back: what it gets last is what was before.
            await self._overrides.take_back(key, result.read_back, user=wait.user, origin=origin)
        return override is not None

    async def _step_down(self, wait: HotWaterWait) -> None:
        """Lower hot water instead; that first, so that a tank a little cool is not charged yet."""
        tank = HotWaterTank(self._image, wait.asset)
        lasted = self._clock.now() - wait.since
        changes = {
            point: value
            for point, value in tank.lowered().items()
            if not self._is_overridden(tank, point)
        }
        off = tuple(p for p in wait.points if p in SWITCHES and self._is_read(wait.asset, p))
        if changes:
            await self._begun(wait.adding(*changes), changes, _LONG_ENOUGH)
        if await self._given_back(self._waits[wait.asset], off):
            span = duration_text(max(lasted, 0) / MICROSECONDS)
            words = Phrase("Hot water is switched on again after {span}.", span=span)
            await self._tell(wait, GOOD, words)

    async def _given_back(self, wait: HotWaterWait, points: tuple[str, ...]) -> bool:
        """Write back what was before; keep what is refused for the next attempt."""
        done, words = [], []
        for point in points:
            if self._overrides.in_hand(f"{wait.asset}.{point}"):
                continue  # by somebody else, who may want it so: it is looked at again
            if not self._set_by_others(wait.asset, point):
                verdict = await self._overrides.release(
                    wait.asset, user=wait.user, origin=f"schedule, {wait.origin}", points={point}
                )
                if point in self._overrides.of(wait.asset):
                    words.append(verdict.message)
                    continue
            done.append(point)
        memory, now = self._remembered(wait.asset), self._clock.now()
        if any(point in SWITCHES for point in done):
            # Switched off again at once, for the next heat-up, it would have no limit.
            off = min(max(now - wait.since, 0), round(LONGEST_OFF * MICROSECONDS))
            memory.on_until = now + off
        if done:
            await self._keep(wait.without(*done))
        if not words:
            return len(done) == len(points)
        memory.not_before = now + round(RETRY * MICROSECONDS)
        if not memory.told:
            memory.told = True
            said = sentences([_REFUSED, *words, next_attempt(RETRY)])
            await self._tell(wait, BAD_RESOURCE_UNAVAILABLE, said)
        return False

    async def _keep(self, wait: HotWaterWait) -> None:
        """Store what is left of a wait; nothing: it is over."""
        memory = self._remembered(wait.asset)
        if wait.points:
            self._waits[wait.asset] = wait
        else:
            self._waits.pop(wait.asset, None)
        memory.written = {p: held for p, held in memory.written.items() if p in wait.points}
        left = self._on_disk(wait)
        try:
            if left.points:
                await self._store.keep(left)
            else:
                await self._store.drop(HotWaterWait, wait.asset)
        except ProgramStoreError as error:
            # Tried again: the next run would give back what somebody may have set by then.
            log.error("hot water that waits not stored", asset=wait.asset, error=str(error))
            self._unstored[wait.asset] = wait
        else:
            self._unstored.pop(wait.asset, None)

    def _on_disk(self, wait: HotWaterWait) -> HotWaterWait:
        return wait.adding(*self._remembered(wait.asset).elsewhere)

    def _set_by_others(self, asset: str, point: str) -> bool:
        """Tell whether a setting has been written through the twin since it waits."""
        written = self._remembered(asset).written.get(point)
        override = self._overrides.of(asset).get(point)
        if written is None or override is None or override.written is None:
            return False
        return abs(override.written - written) > _SAME

    def _too_long(self, wait: HotWaterWait) -> bool:
        """Tell whether hot water was off long enough; of an earlier run, it is at once."""
        lasted = self._clock.now() - wait.since
        # A clock that was set back must not lengthen it.
        over = not 0 <= lasted < round(LONGEST_OFF * MICROSECONDS)
        return over or self._remembered(wait.asset).foreign

    def _known(self, wait: HotWaterWait) -> bool:
        """Tell whether all writes of a wait are known to have come to their end."""
        active = self._overrides.of(wait.asset)
        return all(p in active and active[p].written is not None for p in wait.points)

    def _changed(self, wait: HotWaterWait) -> str:
        """Return a setting that holds something else than was written; or nothing."""
        active = self._overrides.of(wait.asset)
        for point in wait.points:
            if self._set_by_others(wait.asset, point):
                return point
            written = active[point].written if point in active else None
            index = self._image.table.by_asset[wait.asset][point].index
            if written is None or not is_good(int(self._image.status[index])):
                continue
            if abs(float(self._image.value[index]) - written) > _SAME:
                return point
        return ""

    def _is_overridden(self, tank: HotWaterTank, point: str) -> bool:
        """Tell whether somebody has set a setting through the twin, and it still is so."""
        override = self._overrides.of(tank.asset).get(point)
        # One that was set back at the unit overrides nothing any more.
        return override is not None and tank.value(point) != override.before

    def _is_read(self, asset: str, point: str) -> bool:
        index = self._image.table.by_asset[asset][point].index
        return not is_bad(int(self._image.status[index]))

    def _remembered(self, asset: str) -> _Memory:
        return self._memory.setdefault(asset, _Memory())

    def _title(self, asset: str, point: str) -> str:
        return self._image.table.by_asset[asset][point].spec.title

    async def _tell(self, wait: HotWaterWait, status: int, message: str) -> None:
        await self._journal.record(
            wait.asset,
            "ScheduleReady",
            user=wait.user,
            origin=wait.origin,
            status=status,
            message=message,
        )
