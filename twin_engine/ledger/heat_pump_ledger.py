"""The ledger of one heat pump: which days are to be counted, and what was counted of them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from heatpump_twin.config.catalogue import Point, PointRole
from heatpump_twin.config.period_figure import CalendarSpan, point_of
from heatpump_twin.config.settings import HeatPump
from heatpump_twin.drivers.status import GOOD
from heatpump_twin.twin_engine.derive.energy.calendar import HOUR, day_of
from heatpump_twin.twin_engine.derive.energy.energy_curve import SEEN
from heatpump_twin.twin_engine.derive.energy.energy_sources import electricity_source, heat_source
from heatpump_twin.twin_engine.derive.energy.period_columns import GAPS, LAST_RUN
from heatpump_twin.twin_engine.history import HistoryReader
from heatpump_twin.twin_engine.kpi.boundaries import spf_gaps
from heatpump_twin.twin_engine.kpi.counting import CountingRules, tally_of
from heatpump_twin.twin_engine.kpi.heat_pump_figures import (
    figure_maker,
    figures_of,
    last_run_cop,
)
from heatpump_twin.twin_engine.kpi.heat_pump_record import HeatPumpRecord, read_record
from heatpump_twin.twin_engine.kpi.tally import KNOWN, Tally
from heatpump_twin.twin_engine.kpi.tally_figures import PeriodFigures
from heatpump_twin.twin_engine.ledger.calendar_periods import begin_of, days_between, hours_of
from heatpump_twin.twin_engine.ledger.period_book import PeriodBook
from heatpump_twin.twin_engine.ledger.row_reading import Row

_EVER = 2**61
_UNSETTLED = 2 * HOUR
"""A counter's readings may still take back what was read before for so long. [µs]"""
_RUNS_BEFORE = 12 * HOUR
"""The run that ended last may have begun on the day before. [µs]"""


@dataclass(slots=True)
class _Return:
    """A counter that came back after a gap: from that day on it is counted again for a while."""

    day: int
    until: int


class HeatPumpLedger:
    """Ledger of a heat pump with its points: counts days from recorded history."""

    def __init__(
        self,
        history: HistoryReader,
        heat_pump: HeatPump,
        points: Mapping[str, Point],
        rules: CountingRules,
    ) -> None:
        tallied = {p.id for p in points.values() if p.spec.role is PointRole.TALLIED}
        self.asset, self.points = heat_pump.id, points
        self._history, self._heat_pump = history, heat_pump
        self.rules = rules
        """How it is counted from now on."""
        self._ids = frozenset(points) - tallied
        self._maker = figure_maker(heat_pump, self._ids, rules)
        self.columns = self._maker.columns
        self.book = PeriodBook(history, self.asset, self.columns, rules.zone)
        sources = (electricity_source(self._ids), heat_source(self._ids))
        self._sources = [point for source in sources if source for point in source.points]
        self._seen: dict[str, int] = {}
        self._returned: list[_Return] = []
        self._begun = self._told = False
        self._closed = 0
        """When the day before was counted last."""

    @property
    def counts(self) -> bool:
        """Whether there is anything to count."""
        return bool(self.columns)

    async def due(self, now: int) -> set[int]:
        """Return the begins of the days that are to be counted, as far as its own points tell."""
        if not self._begun:
            days = await self._missing(now)
            self._begun = True
        else:
            days = set()
        midnight = begin_of(CalendarSpan.DAY, now, self.rules.zone)
        days |= {midnight}
        if self._closed < midnight + _UNSETTLED and now - self._closed >= HOUR:
            days.add(begin_of(CalendarSpan.DAY, midnight - 1, self.rules.zone))
            self._closed = now
        await self._look_for_returns(now, midnight)
        for back in self._returned:
            days |= {*days_between(back.day, now, self.rules.zone)}
        self._returned = [back for back in self._returned if back.until > now]
        return days

    async def affected(self, point: str, first: int, last: int, now: int) -> set[int]:
        """Return the days on which samples of a point between two times have an effect."""
        key = f"{self.asset}.{point}"
        # A counter tells of the time up to the readings on either side.
        if point in self._sources:
            before, after = (
                await self._history.before(key, first - 1),
                await self._history.after(key, last + 1),
            )
            first = min([first, *before.time.tolist()])
            last = max([last, *after.time.tolist()])
        last = min(last, now)
        return {*days_between(first, last, self.rules.zone)} if first <= last else set()

    async def count(self, day: int, now: int) -> tuple[Tally, HeatPumpRecord]:
        """Count the hours of a day, up to now; return them with what they were counted from."""
        rules = self.rules
        edges = hours_of(day, now, rules.zone)
        end = int(edges[-1])
        record = await read_record(
            self._history, self._heat_pump, self._ids, rules.zone, day, end, _RUNS_BEFORE
        )
        # In a thread: what clients wait for goes on meanwhile.
        tally = await asyncio.to_thread(
            tally_of, record, self._heat_pump, rules, self.columns, edges
        )
        return tally, record

    async def figures(self, total: Tally) -> PeriodFigures:
        """Return the key figures of a sum."""
        return await figures_of(self._history, self._maker, self._ids, total)

    def of_moment(self, record: HeatPumpRecord, now: int) -> list[Row]:
        """Return the rows of what is of no period: the latest run, and what SPF lacks."""
        rows = []
        if (point := self.points.get(LAST_RUN)) is not None:
            run = last_run_cop(record)
            if run is not None:
                rows.append(Row(point.index, run.cop, run.status, run.end))
        if (point := self.points.get(GAPS)) is not None and not self._told:
            self._told = True
            gaps = float(spf_gaps(self._heat_pump.plate, self._ids))
            rows.append(Row(point.index, gaps, GOOD, now))
        return rows

    async def _missing(self, now: int) -> set[int]:
        """Return the days of the archive that have no row, and the one that was begun last."""
        day = next(
            key
            for kind in (*KNOWN, *self.columns)
            for name in (f"{kind}_completeness", kind)
            if (key := point_of(name, CalendarSpan.DAY)) in self.points
        )
        key, zone = f"{self.asset}.{day}", self.rules.zone
        oldest = (await self._history.after(key, -_EVER)).time.tolist()
        newest = (await self._history.before(key, now)).time.tolist()
        archive = await self._archive_begin()
        days: set[int] = set()
        if archive is not None and archive < now:
            until = min([now, *(time - 1 for time in oldest)])
            days |= {*days_between(archive, until, zone)} if archive <= until else set()
        if newest:
            days |= {*days_between(newest[0], now, zone)}
            for point in self._sources:
                self._seen[point] = await self._last_usable(point, newest[0])
        return days

    async def _archive_begin(self) -> int | None:
        """Return when the first sample was recorded that anything is counted from."""
        points = [p for p in (*self._sources, "compressor_on", "operating_state") if p in self._ids]
        points += [p for p in ("outdoor_temperature", "room_temperature") if p in self._ids]
        firsts = [await self._history.after(f"{self.asset}.{p}", -_EVER) for p in points]
        return min((int(f.time[0]) for f in firsts if len(f)), default=None)

    async def _look_for_returns(self, now: int, midnight: int) -> None:
        """Note counters that have been read again: what they gained is of the days since."""
        for point in self._sources:
            last = await self._last_usable(point, now)
            before = self._seen.get(point, last)
            self._seen[point] = last
            if -_EVER < before < midnight <= last and await self._was_away(point, before):
                day = day_of(before, self.rules.zone)[0]
                self._returned.append(_Return(day, now + HOUR))

    async def _was_away(self, point: str, since: int) -> bool:
        """Tell whether nobody read a counter for a while after its reading at a time."""
        key = f"{self.asset}.{point}"
        found = (await self._history.read_raw(key, since + 1, _EVER, limit=8)).usable
        return not len(found) or int(found.time[0]) - since > SEEN

    async def _last_usable(self, point: str, until: int) -> int:
        key = f"{self.asset}.{point}"
        found = await self._history.read_raw(key, -_EVER, until + 1, limit=8, reverse=True)
        return max(found.usable.time.tolist(), default=-_EVER)
