"""The record of a made-up house: a pattern of days, the weather's slow changes, and chance."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np

from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.twin_engine.forecasting.course import PumpCourse
from heatpump_twin.twin_engine.forecasting.quarter_hours import DAY, STEP
from heatpump_twin.twin_engine.model.calibration.record import Record

BEGIN = round(datetime(2026, 1, 5, tzinfo=UTC).timestamp()) * MICROSECONDS


def repeating(days: int, seed: int = 1, *, noise: float = 1.0, begin: int = BEGIN) -> PumpCourse:
    """Return quarter-hours of so many days."""
    chance = np.random.default_rng(seed)
    n = days * DAY
    hour = np.arange(n) % DAY / 4.0
    slow = np.cumsum(chance.normal(0.0, 0.08, n))
    outdoor = 3.0 + slow - slow.mean() - 3.0 * np.cos(2.0 * np.pi * (hour - 3.0) / 24.0)
    morning = np.where((hour >= 6.0) & (hour < 7.5), 900.0, 0.0)
    power = np.maximum(900.0 - 40.0 * outdoor + morning + noise * chance.normal(0.0, 60.0, n), 30.0)
    return PumpCourse(
        begin,
        {
            "electrical_power": power,
            "thermal_power": power * (3.5 + 0.05 * outdoor),
            "supply_temperature": 38.0 - 0.5 * outdoor + noise * chance.normal(0.0, 0.5, n),
            "room_temperature": 21.0 + 0.3 * np.sin(2.0 * np.pi * (hour - 9.0) / 24.0)
            + 0.02 * outdoor + noise * chance.normal(0.0, 0.05, n),
            "dhw_temperature": 48.0 + 3.0 * np.sin(2.0 * np.pi * hour / 12.0)
            + noise * chance.normal(0.0, 0.5, n),
            "outdoor_temperature": outdoor,
        },
    )  # fmt: skip


def as_record(course: PumpCourse, asset: str = "hp1") -> Record:
    """Return a course as a record, in its middles, as a history keeps samples."""
    columns = dict(course.points)
    ones = np.ones(len(course))
    time = course.time + STEP // 2
    return Record(asset, True, time, STEP / MICROSECONDS, columns, dict.fromkeys(columns, ones))
