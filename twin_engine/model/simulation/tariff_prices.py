"""Prices of a tariff at many moments."""

from __future__ import annotations

from collections.abc import Callable
from zoneinfo import ZoneInfo

import numpy as np

from heatpump_twin.config.tariff import MINUTES_PER_DAY, Tariff
from heatpump_twin.drivers.frame import Times, Values
from heatpump_twin.twin_engine.model.simulation.household import local_clock

Prices = Callable[[Times], Values]
"""Price of a kilowatt hour at moments in µs since the Unix epoch; NaN where none is known."""


def tariff_prices(tariff: Tariff | None, zone: ZoneInfo) -> Prices:
    """Return the prices of a tariff; NaN where there is none."""
    if tariff is None:
        return lambda time: np.full(len(time), np.nan)
    week = np.asarray(tariff.week())

    def at(time: Times) -> Values:
        clock = local_clock(time, zone)
        return np.asarray(week[clock.weekday * MINUTES_PER_DAY + clock.second // 60])

    return at
