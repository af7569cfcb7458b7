"""Which points the site as a whole has: what its heat pumps and its tariff allow."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from itertools import chain

import numpy as np

from heatpump_twin.config.catalogue import CATALOGUE, HEAT_PUMP, SITE, PointSpec, Span
from heatpump_twin.config.tariff import Tariff

OUTDOOR = ("outdoor_temperature", "ambient_temperature")
HUMIDITY = ("outdoor_humidity",)
ENERGIES = ("electrical_energy_today", "heat_energy_today")
COUNTS = ("heat_pumps_running", "heat_pumps_in_fault", "heat_pumps_unreachable")
SUMS = ("electrical_power", "thermal_power", *ENERGIES)


def site_entries(
    assets: Iterable[Collection[str]], tariff: Tariff | None
) -> list[tuple[str, str, PointSpec, Span | None]]:
    """Return the site's points that follow from heat pumps with these points, and a tariff."""
    have = [set(points) for points in assets]
    if not have:
        return []
    anywhere = set(chain(*have))
    energy = "electrical_energy_today" in anywhere
    varies = tariff is not None and tariff.varies
    possible = {
        "heat_pumps_running": "compressor_on" in anywhere,
        "heat_pumps_in_fault": "operating_state" in anywhere,
        "heat_pumps_unreachable": True,
        **{point: point in anywhere for point in (*SUMS, *HUMIDITY)},
        "cop": "cop" in anywhere,
        "cop_today": any(points.issuperset(ENERGIES) for points in have),
        "outdoor_temperature": anywhere.intersection(OUTDOOR),
        "electricity_price": tariff,
        "next_electricity_price": varies,
        "electricity_price_change": varies,
        "electricity_cost_today": tariff and energy,
        "co2_today": tariff and tariff.co2 is not None and energy,
    }
    return [
        (SITE, point, _spec_for(point, len(have), tariff), None)
        for point in CATALOGUE[SITE]
        if possible[point]
    ]


def _spec_for(point: str, heat_pumps: int, tariff: Tariff | None) -> PointSpec:
    """Return the declaration of a point, with the range of a site of this size and these prices."""
    spec = CATALOGUE[SITE][point]
    prices = tariff.week() if tariff else np.zeros(1)
    low, high = min(float(prices.min()), 0.0), max(float(prices.max()), 0.01)
    energy = heat_pumps * _span("electrical_energy_today")[1]
    if point in SUMS:
        span = _span(point)
        spans = {point: (heat_pumps * span[0], heat_pumps * span[1])}
    else:
        spans = {
            **dict.fromkeys(COUNTS, (0.0, float(heat_pumps))),
            "electricity_price": (low, high),
            "next_electricity_price": (low, high),
            "electricity_cost_today": (low * energy, high * energy),
            "co2_today": (0.0, energy * max((tariff and tariff.co2) or 0.0, 1.0) / 1000),
        }
    return spec.model_copy(update={"range": spans[point]}) if point in spans else spec


def _span(point: str) -> Span:
    """Return what a point of one heat pump normally spans."""
    return CATALOGUE[HEAT_PUMP][point].range or (0.0, 1.0)
