"""Records of all points of the site."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from functools import cache, partial

from heatpump_twin.config.catalogue import CATALOGUE, HEAT_PUMP, SITE, PointEntry, PointSpec, Span
from heatpump_twin.config.tariff import Tariff
from heatpump_twin.twin_engine.derive.operating_state import State
from heatpump_twin.twin_engine.derive.record_check import mistakes
from heatpump_twin.twin_engine.errors import DerivationError
from heatpump_twin.twin_engine.site.electricity import (
    CARBON,
    CHANGING_PRICE,
    COST_OF_DAY,
    NOW,
    PRICE,
    carbon_of_day,
    carbon_span,
    cost_of_day,
    cost_span,
    minutes_to_change,
    next_price,
    price_now,
    price_span,
)
from heatpump_twin.twin_engine.site.fleet import count, median, total
from heatpump_twin.twin_engine.site.site_point import (
    SiteInput,
    SitePoint,
    SiteSize,
    energy_of_day,
    sensors,
)
from heatpump_twin.twin_engine.site.site_sources import COST, ELECTRICITY, HEAT
from heatpump_twin.twin_engine.site.site_totals import cop_of_day, cop_of_site, unreachable

OUTDOOR = ("outdoor_temperature", "ambient_temperature")


def _times(point: str) -> Callable[[SiteSize], Span]:
    """Return the range of a sum: that of one heat pump times their number."""

    def span(size: SiteSize) -> Span:
        low, high = CATALOGUE[HEAT_PUMP][point].range or (0.0, 1.0)
        return size.heat_pumps * low, size.heat_pumps * high

    return span


def _all(size: SiteSize) -> Span:
    """Return the range of a count of heat pumps."""
    return 0.0, float(size.heat_pumps)


SITE_RECORDS = (
    SitePoint("heat_pumps_running", ("compressor_on",), partial(count, code=1.0), _all),
    SitePoint("heat_pumps_in_fault", ("operating_state",), partial(count, code=State.FAULT), _all),
    SitePoint(
        "heat_pumps_unreachable", (SiteInput(lambda sources: sources.field()),), unreachable, _all
    ),
    SitePoint("electrical_power", ("electrical_power",), total, _times("electrical_power")),
    SitePoint("thermal_power", ("thermal_power",), total, _times("thermal_power")),
    SitePoint("cop", ("thermal_power", "electrical_power", "cop", "compressor_on"), cop_of_site),
    SitePoint(ELECTRICITY, (energy_of_day(ELECTRICITY),), total, _times(ELECTRICITY)),
    SitePoint(HEAT, (energy_of_day(HEAT),), total, _times(HEAT)),
    SitePoint(
        "cop_today", (energy_of_day(HEAT), energy_of_day(ELECTRICITY), "cop_today"), cop_of_day
    ),
    SitePoint("outdoor_temperature", (sensors(*OUTDOOR),), partial(median, contradiction=3.0)),
    SitePoint(
        "outdoor_humidity", (sensors("outdoor_humidity"),), partial(median, contradiction=15.0)
    ),
    SitePoint("electricity_price", (PRICE,), price_now, price_span),
    SitePoint("next_electricity_price", (CHANGING_PRICE,), next_price, price_span),
    SitePoint("electricity_price_change", (CHANGING_PRICE, NOW), minutes_to_change),
    SitePoint(COST, (COST_OF_DAY, energy_of_day(ELECTRICITY)), cost_of_day, cost_span),
    SitePoint("co2_today", (CARBON, energy_of_day(ELECTRICITY)), carbon_of_day, carbon_span),
)


@cache
def site_records() -> tuple[SitePoint, ...]:
    """Return the checked records of the site; raise `DerivationError` on a bad one."""
    if found := list(mistakes(SITE_RECORDS, CATALOGUE[SITE], CATALOGUE[HEAT_PUMP])):
        raise DerivationError(found)
    return SITE_RECORDS


def site_entries(assets: Iterable[Collection[str]], tariff: Tariff | None) -> list[PointEntry]:
    """Return the site's points that follow from heat pumps with these points, and a tariff."""
    have = [frozenset(points) for points in assets]
    size = SiteSize(len(have), tariff)
    possible = {record.id: record for record in site_records() if record.possible(have, tariff)}
    return [
        (SITE, point, _sized(possible[point], size), None)
        for point in CATALOGUE[SITE]
        if point in possible
    ]


def _sized(record: SitePoint, size: SiteSize) -> PointSpec:
    """Return the declaration of a point, with its range on a site of some size."""
    spec = CATALOGUE[SITE][record.id]
    return spec.model_copy(update={"range": record.span(size)}) if record.span else spec
