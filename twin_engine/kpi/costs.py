"""Cost and carbon dioxide of a period's electricity, and how its load was spread."""

from __future__ import annotations

from itertools import pairwise
from zoneinfo import ZoneInfo

import numpy as np

from heatpump_twin.config.tariff import Tariff
from heatpump_twin.drivers.frame import Times, Values
from heatpump_twin.twin_engine.derive.energy.calendar import HOUR, CalendarSpan, edges_of
from heatpump_twin.twin_engine.derive.energy.energy_curve import EnergyCurve
from heatpump_twin.twin_engine.kpi.figure import Figure, missing
from heatpump_twin.twin_engine.site.price_schedule import PriceSchedule


def hourly(curves: list[EnergyCurve], start: int, end: int, zone: ZoneInfo) -> tuple[Times, Values]:
    """Return the edges, of shape (m + 1,), and the energies of the local hours of a period."""
    edges = np.unique(np.clip(edges_of(CalendarSpan.HOUR, start, end, zone), start, end))
    gains = [np.diff(np.interp(edges, c.time, c.energy)) for c in curves if len(c.time)]
    return edges, np.sum(gains, axis=0) if gains else np.zeros(len(edges) - 1)


def cost_figures(
    electricity: Figure, edges: Times, energy: Values, tariff: Tariff | None, zone: ZoneInfo
) -> list[Figure]:
    """Return cost and carbon dioxide; each has the relative interval of the electricity."""
    if tariff is None:
        why = "the site file has no tariff"
        return [missing("cost", "", why), missing("CO₂", "kg", why)]
    schedule = PriceSchedule(tariff, zone)
    # To just before its end: a schedule lays out the day of that time, and an hour may end a day.
    price = np.array([float(schedule.mean([a], b - 1)[0]) for a, b in pairwise(edges.tolist())])
    cost = _scaled("cost", tariff.currency, electricity, float((price * energy).sum()))
    if tariff.co2 is None:
        return [cost, missing("CO₂", "kg", "the tariff has no co2")]
    carbon = electricity.value * tariff.co2 / 1000
    return [cost, _scaled("CO₂", "kg", electricity, carbon)]


def load_duration(edges: Times, energy: Values, doubts: tuple[str, ...]) -> list[Figure]:
    """Return the mean powers of an hour that are exceeded in some share of a period. [kW]"""
    power = energy / (np.diff(edges) / HOUR)
    return [
        Figure(f"load exceeded {share}", "kW", float(np.quantile(power, q)), doubts=doubts)
        for share, q in (("never", 1.0), ("10 %", 0.9), ("50 %", 0.5))
    ]


def _scaled(name: str, unit: str, of: Figure, value: float) -> Figure:
    share = value / of.value if of.value else 0.0
    return Figure(name, unit, value, of.low * share, of.high * share, of.doubts)
