"""One pass of the ledger: count some days of some heat pumps, and what follows from them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from zoneinfo import ZoneInfo

import numpy as np

from heatpump_twin.config.catalogue import Point
from heatpump_twin.config.period_figure import CalendarSpan
from heatpump_twin.twin_engine.errors import DatabaseAway
from heatpump_twin.twin_engine.failure_log import FailureLog
from heatpump_twin.twin_engine.history import HistoryReader
from heatpump_twin.twin_engine.kpi.figure import Figure
from heatpump_twin.twin_engine.kpi.heat_pump_record import HeatPumpRecord
from heatpump_twin.twin_engine.kpi.tally import Tally, added
from heatpump_twin.twin_engine.kpi.tally_figures import site_figures
from heatpump_twin.twin_engine.ledger.calendar_periods import begin_of, end_of, hours_of
from heatpump_twin.twin_engine.ledger.heat_pump_ledger import HeatPumpLedger
from heatpump_twin.twin_engine.ledger.row_reading import (
    Row,
    read_tally,
    rows_of_figures,
    rows_of_tally,
)

_SUMMED = (CalendarSpan.MONTH, CalendarSpan.YEAR)


class LedgerPass:
    """A pass over the ledgers of all heat pumps of a site, at a time ``now``."""

    def __init__(
        self,
        history: HistoryReader,
        ledgers: Sequence[HeatPumpLedger],
        site: Mapping[str, Point],
        zone: ZoneInfo,
        now: int,
        failures: FailureLog,
    ) -> None:
        self._history, self._ledgers, self._site = history, ledgers, site
        self._zone, self._now, self._failures = zone, now, failures
        self._columns = frozenset().union(*(ledger.columns for ledger in ledgers))
        self._begun = {span: begin_of(span, now, zone) for span in CalendarSpan}
        self._parts: dict[CalendarSpan, dict[str, dict[int, Tally]]] = {
            span: defaultdict(dict) for span in _SUMMED
        }
        self._rows: list[Row] = []
        self._running: list[Row] = []

    def take(self) -> list[Row]:
        """Return the rows of periods that are over, and forget them."""
        rows, self._rows = self._rows, []
        return rows

    @property
    def running(self) -> Sequence[Row]:
        """Rows of the periods that are running, and of what is of no period."""
        return self._running

    async def count(self, day: int, due: Collection[str]) -> None:
        """Count a day, by its begin, of those heat pumps of which it is due."""
        hours, days = [], []
        for ledger in self._ledgers:
            counted = await self._counted(ledger, day) if ledger.asset in due else None
            if counted is not None:
                of_hours, record = counted
                of_day = of_hours.total()
                self._parts[CalendarSpan.MONTH][ledger.asset][day] = of_day
                self._keep(of_hours, CalendarSpan.HOUR, ledger.points)
                self._keep(of_day, CalendarSpan.DAY, ledger.points)
                if day == self._begun[CalendarSpan.DAY]:
                    self._running += ledger.of_moment(record, self._now)
            else:
                of_hours, of_day = await self._recorded(ledger, day)
            hours.append(of_hours)
            days.append(of_day)
        self._keep(added(hours, self._columns), CalendarSpan.HOUR, self._site)
        self._keep(added(days, self._columns), CalendarSpan.DAY, self._site)

    async def _counted(
        self, ledger: HeatPumpLedger, day: int
    ) -> tuple[Tally, HeatPumpRecord] | None:
        try:
            counted = await ledger.count(day, self._now)
        except DatabaseAway:
            raise
        except Exception:  # noqa: BLE001 (the boundary of one heat pump: the others are counted)
            self._failures.failed(ledger.asset)
            return None
        self._failures.worked(ledger.asset)
        return counted

    async def sum_up(self) -> None:
        """Sum up the months and years of the days that were counted."""
        for span in _SUMMED:
            parts = self._parts[span]
            touched = {begin_of(span, part, self._zone) for of in parts.values() for part in of}
            for begin in sorted(touched):
                await self._sum(span, begin, parts)

    async def _sum(
        self, span: CalendarSpan, begin: int, parts: Mapping[str, Mapping[int, Tally]]
    ) -> None:
        end, totals, figures = end_of(span, begin, self._zone), [], []
        for ledger in self._ledgers:
            fresh = {b: t for b, t in parts.get(ledger.asset, {}).items() if begin <= b < end}
            total = await ledger.book.total(span, begin, self._now, fresh)
            found = await ledger.figures(total)
            totals.append(total)
            figures.append(found)
            if fresh:
                self._keep(total, span, ledger.points, found.figures)
            if span is CalendarSpan.MONTH and fresh:
                self._parts[CalendarSpan.YEAR][ledger.asset][begin] = total
        joint = added(totals, self._columns)
        self._keep(joint, span, self._site, site_figures(figures))

    def _keep(
        self,
        tally: Tally,
        span: CalendarSpan,
        points: Mapping[str, Point],
        figures: Mapping[str, Figure] | None = None,
    ) -> None:
        rows = rows_of_tally(tally, span, points)
        rows += rows_of_figures(figures or {}, span, int(tally.edges[0]), points)
        for row in rows:
            (self._running if row.time == self._begun[span] else self._rows).append(row)

    async def _recorded(self, ledger: HeatPumpLedger, day: int) -> tuple[Tally, Tally]:
        """Return what is recorded of a day that is not counted now."""
        hours = hours_of(day, self._now, self._zone)
        ends = np.array([hours[0], hours[-1]])
        args = self._history, ledger.asset, ledger.columns
        return (
            await read_tally(*args, CalendarSpan.HOUR, hours),
            await read_tally(*args, CalendarSpan.DAY, ends),
        )
