"""Cost and carbon dioxide of electricity, and how its load was spread."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from zoneinfo import ZoneInfo

import numpy as np

from heatpump_twin.config.period_figure import CalendarSpan
from heatpump_twin.drivers.frame import Times, Values
from heatpump_twin.twin_engine.derive.energy.calendar import HOUR, edges_of
from heatpump_twin.twin_engine.derive.energy.energy_curve import EnergyCurve
from heatpump_twin.twin_engine.kpi.figure import Figure
from heatpump_twin.twin_engine.site.price_schedule import PriceSchedule


def hourly(curves: Sequence[EnergyCurve], edges: Times, zone: ZoneInfo) -> tuple[Times, Values]:
    """Return the edges of the local hours of some spans, cut at theirs, and their energies."""
    start, end = int(edges[0]), int(edges[-1])
    hours = np.clip(edges_of(CalendarSpan.HOUR, start, end, zone), start, end)
    at = np.unique(np.concatenate([hours, edges]))
    gains = [np.diff(np.interp(at, c.time, c.energy)) for c in curves if len(c.time)]
    return at, np.sum(gains, axis=0) if gains else np.zeros(len(at) - 1)


def hourly_cost(
    curves: Sequence[EnergyCurve], edges: Times, prices: PriceSchedule, zone: ZoneInfo
) -> Values:
    """Return what the electricity of m spans cost, each hour at its mean price. [currency]"""
    at, energy = hourly(curves, edges, zone)
    # To just before its end: a schedule lays out the day of that time, and an hour may end a day.
    price = np.array([float(prices.mean([a], b - 1)[0]) for a, b in pairwise(at.tolist())])
    span = np.searchsorted(edges, at[:-1], side="right") - 1
    return np.asarray(np.bincount(span, price * energy, len(edges) - 1), dtype=np.float64)


def carbon(energy: Values, intensity: float) -> Values:
    """Return the carbon dioxide of an electricity: kWh and g/kWh in, kg out."""
    return energy * intensity / 1000


def load_duration(edges: Times, energy: Values, doubts: tuple[str, ...]) -> list[Figure]:
    """Return the mean powers of an hour that are exceeded in some share of a period. [kW]"""
    power = energy / (np.diff(edges) / HOUR)
    return [
        Figure(f"load_{share}", "kW", float(np.quantile(power, q)), doubts=doubts)
        for share, q in (("highest", 1.0), ("p90", 0.9), ("median", 0.5))
    ]
