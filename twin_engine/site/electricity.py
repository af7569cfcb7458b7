"""Compute electricity price, cost of the day and carbon dioxide of the site."""

from __future__ import annotations

import numpy as np

from heatpump_twin.config.catalogue import CATALOGUE, HEAT_PUMP, Span
from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.drivers.status import GOOD, is_bad
from heatpump_twin.twin_engine.site.daily_cost import DailyCost
from heatpump_twin.twin_engine.site.fleet import FleetReading, joint_status, total
from heatpump_twin.twin_engine.site.price_schedule import PriceNow
from heatpump_twin.twin_engine.site.site_point import SiteInput, SiteSize, TotalValue
from heatpump_twin.twin_engine.site.site_sources import ELECTRICITY

PRICE = SiteInput(lambda sources: sources.price(), priced=lambda _: True)
CHANGING_PRICE = SiteInput(lambda sources: sources.price(), priced=lambda tariff: tariff.varies)
COST_OF_DAY = SiteInput(lambda sources: sources.cost(), priced=lambda _: True)
CARBON = SiteInput(lambda sources: sources.carbon(), priced=lambda tariff: tariff.co2 is not None)
"""Carbon dioxide of a kilowatt hour. [g]"""
NOW = SiteInput(lambda sources: sources.now)
_MINUTE = 60 * MICROSECONDS


def price_now(price: PriceNow) -> TotalValue:
    """Return the price of a kilowatt hour. [currency]"""
    return price.price, GOOD


def next_price(price: PriceNow) -> TotalValue:
    """Return the next price of a kilowatt hour. [currency]"""
    return price.next, GOOD


def minutes_to_change(price: PriceNow, now: int) -> TotalValue:
    """Return how long the present price holds. [min]"""
    return (price.change - now) / _MINUTE, GOOD


def cost_of_day(cost: DailyCost, electricity: FleetReading) -> TotalValue:
    """Return what the electricity of the day has cost. [currency]"""
    value, status = cost.update(
        np.where(electricity.usable, electricity.value, np.nan), electricity.time
    )
    # The cost is updated first even if it cannot be shown: a gain that is not priced now would be
    # priced at a wrong time later.
    known = joint_status(electricity)
    if is_bad(known):
        return np.nan, known
    return value, max(status, known)


def carbon_of_day(grams: float, electricity: FleetReading) -> TotalValue:
    """Return the carbon dioxide of the electricity of the day. [kg]"""
    kilowatt_hours, status = total(electricity)
    return kilowatt_hours * grams / 1000, status


def price_span(size: SiteSize) -> Span:
    """Return the range of a price: from the lowest or nothing to the highest. [currency]"""
    prices = np.asarray(size.tariff.week()) if size.tariff else np.zeros(1)
    # Prices below zero happen on exchange tariffs; an axis that begins at zero would hide them.
    return min(float(prices.min()), 0.0), max(float(prices.max()), 0.01)


def cost_span(size: SiteSize) -> Span:
    """Return the range of a day's cost. [currency]"""
    low, high = price_span(size)
    return low * _most_energy(size), high * _most_energy(size)


def carbon_span(size: SiteSize) -> Span:
    """Return the range of a day's carbon dioxide. [kg]"""
    grams = (size.tariff and size.tariff.co2) or 0.0
    return 0.0, _most_energy(size) * max(grams, 1.0) / 1000


def _most_energy(size: SiteSize) -> float:
    """Return the electricity that all heat pumps use on a day. [kWh]"""
    _, most = CATALOGUE[HEAT_PUMP][ELECTRICITY].range or (0.0, 1.0)
    return size.heat_pumps * most
