"""Keep the tables of all heat pumps and of the site up to date, whatever happens to their history.

A table is the history of its points: one value for each period, at its begin, made from what is
recorded. A day is counted anew as a whole, from samples in and around it, while it is the running
one, when samples of it came late, were imported or corrected, and when a counter that was away
comes back; so it is the same whenever it is counted. Months and years are sums of days and months
(ADR 22).
"""

from __future__ import annotations

import asyncio
import time as real_time
from collections import defaultdict
from collections.abc import Iterator, Sequence

import numpy as np
import structlog

from heatpump_twin.config.catalogue import SITE, PointRole
from heatpump_twin.config.period_figure import CalendarSpan
from heatpump_twin.config.settings import HeatPump, Site
from heatpump_twin.drivers.clock import Clock, real_period
from heatpump_twin.twin_engine.errors import DatabaseAway
from heatpump_twin.twin_engine.failure_log import FailureLog
from heatpump_twin.twin_engine.historian.corrections.late_spans import LateSpan
from heatpump_twin.twin_engine.historian.historian import Historian
from heatpump_twin.twin_engine.image import Image
from heatpump_twin.twin_engine.kpi.counting import CountingRules
from heatpump_twin.twin_engine.ledger.calendar_periods import begin_of
from heatpump_twin.twin_engine.ledger.heat_pump_ledger import HeatPumpLedger
from heatpump_twin.twin_engine.ledger.ledger_pass import LedgerPass
from heatpump_twin.twin_engine.ledger.row_reading import Row, frame_of

log = structlog.stdlib.get_logger(__name__)

PERIOD = 300.0
"""How often what is running is counted. [s]"""
_LOOK = 20.0
"""How often it is looked whether something came late. [s]"""
_LEAST_PAUSE = 0.5
"""[s]"""
_PAUSE, _PAUSE_BEHIND = 20.0, 4.0
"""After a pass it is waited at least so many times as long as it took; and with a backlog, or where
time runs: a pause of a minute is a day and a half at the highest speed."""
_AT_ONCE = 2000
"""Rows that are recorded or shown at a time: polls and clients do not wait for more."""
_BACKLOG = 60
"""Days of heat pumps that are counted in a pass, beside the running ones."""


class Ledger:
    """The ledger of a site: it reads recorded history, and records its tables."""

    def __init__(self, image: Image, site: Site, history: Historian, clock: Clock) -> None:
        self._image, self._history, self._clock = image, history, clock
        self._failures = FailureLog("the ledger cannot count", "asset")
        self._ledgers: dict[str, HeatPumpLedger] = {}
        self._backlog: dict[str, set[int]] = defaultdict(set)
        self._late: dict[int, LateSpan] = {}
        """What came late, until it is counted."""
        self._waits = False
        """Whether the database was away the last time."""
        self.follow(site)
        for heat_pump in site.heat_pumps:
            self.add(heat_pump)

    @property
    def behind(self) -> int:
        """Number of days of heat pumps that are still to be counted."""
        return sum(len(days) for days in self._backlog.values())

    def follow(self, site: Site) -> None:
        """Count by the rules of a site from now on."""
        self._rules = CountingRules.of(site)
        for ledger in self._ledgers.values():
            ledger.rules = self._rules

    def add(self, heat_pump: HeatPump) -> None:
        """Keep the tables of a heat pump whose points are in the table."""
        points = self._image.table.by_asset.get(heat_pump.id, {})
        ledger = HeatPumpLedger(self._history, heat_pump, points, self._rules)
        if ledger.counts:
            self._ledgers[heat_pump.id] = ledger

    def remove(self, asset: str) -> None:
        """Keep the tables of a heat pump no longer; what is recorded stays."""
        self._ledgers.pop(asset, None)
        self._backlog.pop(asset, None)

    async def run(self) -> None:
        """Count again and again; what fails is tried the next time."""
        counted, took = -PERIOD, 0.0
        while True:
            begin = real_time.monotonic()
            period = real_period(PERIOD, self._clock.speed)
            try:
                if self.behind or begin - counted >= period or await self._history.late():
                    counted = begin
                    await self.bring_up_to_date()
            except DatabaseAway as error:
                if not self._waits:
                    log.warning("the ledger waits for the database", error=str(error))
                self._waits = True
            except Exception:  # noqa: BLE001 (the boundary of one pass: the next one tries again)
                self._failures.failed(SITE)
            else:
                self._failures.worked(SITE)
                self._waits = False
            if counted == begin:
                took = real_time.monotonic() - begin
            hurried = self.behind or self._clock.speed > 1
            pause = (_PAUSE_BEHIND if hurried else _PAUSE) * took
            await asyncio.sleep(max(min(_LOOK, period), pause, _LEAST_PAUSE))

    async def bring_up_to_date(self) -> None:
        """Count what is running, and some of what is to be counted again.

        Raises
        ------
        DatabaseAway
            History cannot be read.
        """
        # What is sampled at this very moment belongs to it; and no period is of no length.
        now = self._clock.now() + 1
        await self._collect(now)
        ledgers = list(self._ledgers.values())
        if not ledgers:
            return
        zone, table = self._rules.zone, self._image.table
        tallied = {
            point.id: point
            for point in table.by_asset.get(SITE, {}).values()
            if point.spec.role is PointRole.TALLIED
        }
        work = LedgerPass(self._history, ledgers, tallied, zone, now, self._failures)
        chosen = self._chosen(begin_of(CalendarSpan.DAY, now, zone))
        for day in sorted(chosen):
            await work.count(day, chosen[day])
            await self._record(work.take())
        await work.sum_up()
        await self._record(work.take())
        await self._show(work.running)
        for day, assets in chosen.items():
            for asset in assets:
                self._backlog[asset].discard(day)
        if not self.behind:
            self._history.settle(self._late.values())
            self._late.clear()

    async def _collect(self, now: int) -> None:
        """Collect the days that are to be counted."""
        late = [span for span in await self._history.late() if span.number not in self._late]
        for asset, ledger in list(self._ledgers.items()):
            self._backlog[asset] |= await ledger.due(now)
        for span in late:
            asset, _, point = span.key.partition(".")
            if (of := self._ledgers.get(asset)) is not None:
                self._backlog[asset] |= await of.affected(point, span.first, span.last, now)
            self._late[span.number] = span

    def _chosen(self, today: int) -> dict[int, set[str]]:
        """Return heat pumps by the day of which they are counted now: today, and the latest."""
        chosen: dict[int, set[str]] = defaultdict(set)
        waiting = sorted(
            ((day, asset) for asset, days in self._backlog.items() for day in days), reverse=True
        )
        running = sum(day >= today for day, _ in waiting)
        for day, asset in waiting[: running + _BACKLOG]:
            chosen[day].add(asset)
        return chosen

    async def _record(self, rows: Sequence[Row]) -> None:
        for some in _portions(rows):
            self._history.take(frame_of(some))
            await asyncio.sleep(0)

    async def _show(self, rows: Sequence[Row]) -> None:
        """Record and show the rows that are news."""
        for some in _portions(rows):
            if news := [row for row in some if self._is_news(row)]:
                frame = frame_of(news)
                self._history.take(frame)
                self._image.ingest(frame)
            await asyncio.sleep(0)

    def _is_news(self, row: Row) -> bool:
        image, p = self._image, row.point
        same = row.value == image.value[p] or (row.value != row.value and np.isnan(image.value[p]))
        return not same or row.status != image.status[p] or row.time != image.time[p]


def _portions(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    for first in range(0, len(rows), _AT_ONCE):
        yield rows[first : first + _AT_ONCE]
