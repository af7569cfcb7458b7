"""Let hot water wait while a room or water is heated, and see to it that it comes back."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import structlog

from heatpump_twin.config.phrase import Context, Phrase, Text
from heatpump_twin.config.settings import HotWater
from heatpump_twin.drivers.clock import MICROSECONDS, Clock
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

    def close(self) -> None:
        """Let no more hot water wait: the twin is about to stop."""
        self._how = HotWater.AS_USUAL

    @property
    def assets(self) -> list[str]:
        """Heat pumps whose hot water waits."""
        return list(self._waits)

    def waits(self, asset: str) -> bool:
        """Tell whether the hot water of a heat pump waits, or has yet to be given back."""
        return asset in self._waits

    def restore(self, waits: Mapping[str, HotWaterWait]) -> None:
        """Load what an earlier run has left; the next `look` goes on with it, or gives it back."""
        for asset, wait in waits.items():
            # Of settings that another profile does not have, it waits on disk for their return.
            if set(wait.points) <= set(self._image.table.by_asset.get(asset, {})):
                self._waits[asset] = wait
                self._remembered(asset).foreign = True

    def forget(self, asset: str) -> None:
        """Drop a heat pump from memory; what is still to be given back stays on disk."""
        self._waits.pop(asset, None)
        self._memory.pop(asset, None)

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
        off = self._how is HotWater.SWITCHED_OFF and now >= memory.on_until
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
        wait = self._waits[asset]
        if not self._readable(wait):
            # Nothing is written to a device that is away: its first answer is waited for.
            return
        if changed := self._changed(wait):
            why = changed_by_hand(self._title(asset, changed))
            await self.give_way(asset, changed, why)
        elif self._clock.now() < self._remembered(asset).not_before:
            return
        elif not wanted or not self._known(wait):
            await self.end(asset)
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
            await self._store.keep(wait)
        except ProgramStoreError as error:
            # What cannot be remembered is not written: nobody would give it back.
            log.error("hot water does not wait", asset=wait.asset, error=str(error))
            return False
        self._waits[wait.asset] = wait
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
        await self._overrides.write(
            f"{wait.asset}.{point}",
            value,
            user=wait.user,
            origin=f"schedule, {wait.origin}",
            reason=why,
        )
        return point in self._overrides.of(wait.asset)

    async def _step_down(self, wait: HotWaterWait) -> None:
        """Lower hot water instead; that first, so that a tank a little cool is not charged yet."""
        tank = HotWaterTank(self._image, wait.asset)
        lasted = self._clock.now() - wait.since
        changes = {
            point: value
            for point, value in tank.lowered().items()
            if not self._is_overridden(tank, point)
        }
        off = tuple(point for point in wait.points if point in SWITCHES)
        if changes:
            await self._begun(wait.adding(*changes), changes, _LONG_ENOUGH)
        if await self._given_back(self._waits[wait.asset], off):
            span = duration_text(max(lasted, 0) / MICROSECONDS)
            words = Phrase("Hot water is switched on again after {span}.", span=span)
            await self._tell(wait, GOOD, words)

    async def _given_back(self, wait: HotWaterWait, points: tuple[str, ...]) -> bool:
        """Write back what was before; keep what is refused for the next attempt."""
        active = self._overrides.of(wait.asset)
        ours = frozenset(points) & frozenset(active)
        verdict = await self._overrides.release(
            wait.asset, user=wait.user, origin=f"schedule, {wait.origin}", points=ours
        )
        done = [point for point in points if point not in self._overrides.of(wait.asset)]
        memory, now = self._remembered(wait.asset), self._clock.now()
        if any(point in SWITCHES for point in done):
            # Switched off again at once, for the next heat-up, it would have no limit.
            memory.on_until = now + max(now - wait.since, 0)
        if done:
            await self._keep(wait.without(*done))
        if len(done) == len(points):
            return True
        memory.not_before = now + round(RETRY * MICROSECONDS)
        if not memory.told:
            memory.told = True
            words = [_REFUSED, verdict.message, next_attempt(RETRY)]
            await self._tell(wait, BAD_RESOURCE_UNAVAILABLE, sentences(words))
        return False

    async def _keep(self, wait: HotWaterWait) -> None:
        """Store what is left of a wait; nothing: it is over."""
        try:
            if wait.points:
                self._waits[wait.asset] = wait
                await self._store.keep(wait)
            else:
                self._waits.pop(wait.asset, None)
                await self._store.drop(HotWaterWait, wait.asset)
        except ProgramStoreError as error:
            # After a restart it is given back once more, which changes nothing.
            log.error("hot water that waits not stored", asset=wait.asset, error=str(error))

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

    def _readable(self, wait: HotWaterWait) -> bool:
        points = self._image.table.by_asset[wait.asset]
        return not any(is_bad(int(self._image.status[points[one].index])) for one in wait.points)

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
