"""Sources of the site's points: the image of its heat pumps, the day, the tariff."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from heatpump_twin.config.catalogue import SITE, PointRole
from heatpump_twin.config.settings import Site
from heatpump_twin.drivers.frame import Points, Statuses, Times, Values
from heatpump_twin.drivers.status import is_bad, is_good
from heatpump_twin.twin_engine.derive.energy.calendar import day_of
from heatpump_twin.twin_engine.history import HistoryReader, Samples
from heatpump_twin.twin_engine.image import Image
from heatpump_twin.twin_engine.site.daily_cost import DailyCost
from heatpump_twin.twin_engine.site.daily_energy import DailyEnergy
from heatpump_twin.twin_engine.site.fleet import Column, FleetReading
from heatpump_twin.twin_engine.site.price_schedule import PriceNow, PriceSchedule

ELECTRICITY, HEAT = "electrical_energy_today", "heat_energy_today"
COST = "electricity_cost_today"
_NEWEST = 8
"""Samples that are looked through for one that has a value."""


class FieldStatus(NamedTuple):
    """The statuses of all points that devices feed: arrays of shape (m,)."""

    status: Statuses
    owner: NDArray[np.int32]
    """Number of the heat pump that each is of."""
    heat_pumps: int


class SiteSources:
    """Sources of a site, each read once for a computation, however many points take it."""

    def __init__(self, image: Image, site: Site) -> None:
        self.heat_pumps = [pump.id for pump in site.heat_pumps]
        self.tariff = site.tariff
        self.now = 0
        """When they were looked at. [µs since the Unix epoch, UTC]"""
        self._image = image
        self._zone = ZoneInfo(site.site.timezone)
        self._columns: dict[str, Column] = {}
        self._read: dict[str, FleetReading] = {}
        self._owner, self._field = _field_points(image, self.heat_pumps)
        self._day: tuple[int, int] = (0, 0)
        self._energies = {p: DailyEnergy(len(self.heat_pumps)) for p in (ELECTRICITY, HEAT)}
        self._schedule = PriceSchedule(site.tariff, self._zone) if site.tariff else None
        self._price: PriceNow | None = None
        self._cost = (
            DailyCost(self._schedule, len(self.heat_pumps)) if self._schedule is not None else None
        )

    def look(self, now: int) -> None:
        """Forget what was read, so that it is read anew; begin a new day where one has begun."""
        self.now = now
        self._read.clear()
        self._price = None
        if not self._day[0] <= now < self._day[1]:
            self._day = day_of(now, self._zone)
            for energy in self._energies.values():
                energy.begin(self._day[0])
            if self._cost is not None:
                self._cost.begin(self._day[0])

    def indices(self, points: Iterable[str]) -> Points:
        """Return the image indices of these points and of all points that devices feed."""
        return np.concatenate([self._field, *(self._column(point).points for point in points)])

    def fleet(self, point: str) -> FleetReading:
        """Return a quantity of every heat pump; one without it has BadNoData."""
        if point not in self._read:
            self._read[point] = self._column(point).read(self._image)
        return self._read[point]

    def sensors(self, points: Sequence[str]) -> FleetReading:
        """Return the reading of all sensors of some kinds, of those heat pumps that have one."""
        # Those without the sensor are left out, not counted as missing: not every unit has one,
        # and their absence must not make the median Uncertain.
        there = [self.fleet(point).where(self._column(point).present) for point in points]
        value, status, time = zip(*there, strict=True)
        return FleetReading(np.concatenate(value), np.concatenate(status), np.concatenate(time))

    def field(self) -> FieldStatus:
        """Return the statuses of all points that devices feed."""
        return FieldStatus(self._image.status[self._field], self._owner, len(self.heat_pumps))

    def energy(self, point: str) -> FleetReading:
        """Return an energy of the day of every heat pump, kept while one is silent. [kWh]"""
        # A second name beside the plain reading: `co2_today` and COP want the kept one, and
        # `fleet` of the same point stays what the image shows.
        kept = f"{point}, kept"
        if kept not in self._read:
            self._read[kept] = self._energies[point].update(self.fleet(point))
        return self._read[kept]

    def price(self) -> PriceNow:
        """Return the price of a kilowatt hour, and what follows it. There is a tariff."""
        if self._price is None:
            assert self._schedule is not None  # noqa: S101 (no point takes it where there is none)
            self._price = self._schedule.at(self.now)
        return self._price

    def cost(self) -> DailyCost:
        """Return the electricity cost of the day. There is a tariff."""
        assert self._cost is not None  # noqa: S101
        return self._cost

    def carbon(self) -> float:
        """Return the carbon dioxide of a kilowatt hour, where the tariff tells it. [g]"""
        return (self.tariff and self.tariff.co2) or 0.0

    async def restore(self, history: HistoryReader, now: int) -> None:
        """Restore the day's energies and cost from the history.

        Raises
        ------
        DatabaseAway
            It starts with what is read from now on.
        """
        self.look(now)
        cost = await self._last(history, f"{SITE}.{COST}", now) if self._cost else None
        for point, energy in self._energies.items():
            energy.restore(*await self._last_of_all(history, point, now))
        if self._cost and cost:
            value, status, time = cost
            # What was used between this cost and these energies is priced later.
            energies = await self._last_of_all(history, ELECTRICITY, time)
            self._cost.restore(value, *energies, certain=is_good(status))

    def _column(self, point: str) -> Column:
        if point not in self._columns:
            self._columns[point] = Column(self._image.table, self.heat_pumps, point)
        return self._columns[point]

    async def _last_of_all(
        self, history: HistoryReader, point: str, until: int
    ) -> tuple[Values, Times]:
        """Return a point's last values of today up to a time, of every heat pump."""
        value = np.full(len(self.heat_pumps), np.nan)
        time = np.zeros(len(self.heat_pumps), dtype=np.int64)
        for number in np.flatnonzero(self._column(point).present).tolist():
            found = await self._last(history, f"{self.heat_pumps[number]}.{point}", until)
            if found:
                value[number], _, time[number] = found
        return value, time

    async def _last(
        self, history: HistoryReader, key: str, until: int
    ) -> tuple[float, int, int] | None:
        """Return the last usable sample of today up to a time."""
        samples: Samples = await history.read_raw(
            key, self._day[0], until + 1, limit=_NEWEST, reverse=True
        )
        found = zip(
            samples.value.tolist(), samples.status.tolist(), samples.time.tolist(), strict=True
        )
        return next((sample for sample in found if not is_bad(sample[1])), None)


def _field_points(image: Image, heat_pumps: Sequence[str]) -> tuple[NDArray[np.int32], Points]:
    """Return the owner's number and the index of every point that devices feed."""
    found = [
        (number, point.index)
        for number, asset in enumerate(heat_pumps)
        for point in image.table.by_asset.get(asset, {}).values()
        if point.spec.role in (PointRole.MEASURED, PointRole.SETPOINT)
    ]
    owner, index = np.array(found, dtype=np.int32).reshape(-1, 2).T
    return owner, index
