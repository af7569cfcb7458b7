"""The site deriver: totals, weather and costs of the site, from the image of all heat pumps."""

from __future__ import annotations

import asyncio
from zoneinfo import ZoneInfo

import numpy as np
import structlog

from heatpump_twin.config.catalogue import SITE
from heatpump_twin.config.settings import Site
from heatpump_twin.drivers.clock import MICROSECONDS, Clock
from heatpump_twin.drivers.frame import Frame, Times, Values
from heatpump_twin.drivers.status import GOOD, is_bad, is_good
from heatpump_twin.twin_engine.derive.daily_counter import day_of
from heatpump_twin.twin_engine.errors import DatabaseAway
from heatpump_twin.twin_engine.history import HistoryReader, Samples
from heatpump_twin.twin_engine.image import Image
from heatpump_twin.twin_engine.site.daily_cost import DailyCost
from heatpump_twin.twin_engine.site.daily_energy import DailyEnergy
from heatpump_twin.twin_engine.site.fleet import FleetReading, joint_status, total
from heatpump_twin.twin_engine.site.price_schedule import PriceSchedule
from heatpump_twin.twin_engine.site.site_points import ENERGIES
from heatpump_twin.twin_engine.site.site_totals import SiteTotals, TotalValue, cop_of_day

log = structlog.stdlib.get_logger(__name__)

PERIOD = 1.0
"""Totals are computed at most this often, and about as often when nobody reports. [s]"""
_COST = "electricity_cost_today"
_NEWEST = 8
"""Samples that are looked through for one that has a value."""
_MINUTE = 60 * MICROSECONDS


class SiteDeriver:
    """Computes the points of the asset ``site``."""

    def __init__(self, image: Image, site: Site, history: HistoryReader, clock: Clock) -> None:
        self._image = image
        self._history = history
        self._clock = clock
        self._zone = ZoneInfo(site.site.timezone)
        self._assets = [pump.id for pump in site.heat_pumps]
        self._totals = SiteTotals(image.table, self._assets)
        self._points = {p.id: p.index for p in image.table.by_asset.get(SITE, {}).values()}
        self._is_input = np.zeros(len(image.table), dtype=bool)
        self._is_input[self._totals.inputs] = True
        self._energies = {point: DailyEnergy(len(self._assets)) for point in ENERGIES}
        self._tariff = site.tariff
        self._schedule = PriceSchedule(site.tariff, self._zone) if site.tariff else None
        self._cost = DailyCost(self._schedule, len(self._assets)) if self._schedule else None
        self._day: tuple[int, int] = (0, 0)
        self._computed = 0

    async def start(self) -> None:
        """Take up the day's energies and cost where the last run left them."""
        now = self._clock.now()
        self._begin_day(now)
        try:
            cost = await self._last(f"{SITE}.{_COST}", now) if self._cost else None
            for point, energy in self._energies.items():
                energy.restore(*await self._last_of_all(point, now))
            if self._cost and cost:
                value, status, time = cost
                # What was used between this cost and these energies is priced later.
                energies = await self._last_of_all("electrical_energy_today", time)
                self._cost.restore(value, *energies, certain=is_good(status))
        except DatabaseAway as error:
            log.warning("the site's day starts with what is read from now on", error=str(error))

    def grow(self) -> None:
        """Take in the points that were added to the table: nothing follows from them."""
        more = len(self._image.table) - len(self._is_input)
        self._is_input = np.append(self._is_input, np.zeros(more, dtype=bool))

    async def run(self) -> None:
        """Compute when nobody reports: prices change and devices fall silent without a frame."""
        while True:
            await asyncio.sleep(PERIOD)
            self._compute_if_due()

    def derive(self, frame: Frame) -> None:
        """Compute what follows from a frame that the image has taken in. An Image sink."""
        if self._is_input[frame.point].any():
            self._compute_if_due()

    def _compute_if_due(self) -> None:
        now = self._clock.now()
        # A clock that was set back must not silence the site.
        if abs(now - self._computed) < PERIOD * MICROSECONDS:
            return
        self._computed = now
        if not self._day[0] <= now < self._day[1]:
            self._begin_day(now)
        results = self._totals.now(self._image) | self._of_the_day() | self._prices(now)
        known = {self._points[point]: r for point, r in results.items() if point in self._points}
        value, status = zip(*known.values(), strict=True)
        self._image.ingest(Frame.of(list(known), value, status, now))

    def _begin_day(self, now: int) -> None:
        self._day = day_of(now, self._zone)
        for energy in self._energies.values():
            energy.begin(self._day[0])
        if self._cost:
            self._cost.begin(self._day[0])

    def _of_the_day(self) -> dict[str, TotalValue]:
        columns = self._totals.columns
        electricity, heat = (
            energy.update(columns[point].read(self._image))
            for point, energy in self._energies.items()
        )
        electrical_energy = total(electricity)
        results = {
            "electrical_energy_today": electrical_energy,
            "heat_energy_today": total(heat),
            "cop_today": cop_of_day(heat, electricity),
        }
        if self._cost and self._tariff:
            results[_COST] = _cost_of(self._cost, electricity)
            kilowatt_hours, status = electrical_energy
            results["co2_today"] = kilowatt_hours * (self._tariff.co2 or 0.0) / 1000, status
        return results

    def _prices(self, now: int) -> dict[str, TotalValue]:
        if not self._schedule:
            return {}
        price, following, change = self._schedule.at(now)
        return {
            "electricity_price": (price, GOOD),
            "next_electricity_price": (following, GOOD),
            "electricity_price_change": ((change - now) / _MINUTE, GOOD),
        }

    async def _last_of_all(self, point: str, until: int) -> tuple[Values, Times]:
        """Return a point's last values of today up to a time, of every heat pump."""
        value = np.full(len(self._assets), np.nan)
        time = np.zeros(len(self._assets), dtype=np.int64)
        for number in np.flatnonzero(self._totals.columns[point].present).tolist():
            found = await self._last(f"{self._assets[number]}.{point}", until)
            if found:
                value[number], _, time[number] = found
        return value, time

    async def _last(self, key: str, until: int) -> tuple[float, int, int] | None:
        """Return the last usable sample of today up to a time."""
        samples: Samples = await self._history.read_raw(
            key, self._day[0], until + 1, limit=_NEWEST, reverse=True
        )
        found = zip(
            samples.value.tolist(), samples.status.tolist(), samples.time.tolist(), strict=True
        )
        return next((sample for sample in found if not is_bad(sample[1])), None)


def _cost_of(cost: DailyCost, electricity: FleetReading) -> TotalValue:
    value, status = cost.update(
        np.where(electricity.usable, electricity.value, np.nan), electricity.time
    )
    known = joint_status(electricity)
    if is_bad(known):
        return np.nan, known
    return value, max(status, known)
