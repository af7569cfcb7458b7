from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from heatpump_twin.drivers.status import BAD_NO_DATA, GOOD, UNCERTAIN_SUB_NORMAL
from heatpump_twin.twin_engine.derive.energy.daily_integral import DailyIntegral
from heatpump_twin.twin_engine.history import Samples

MADRID = ZoneInfo("Europe/Madrid")
S = 1_000_000


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=MADRID).timestamp()) * S


def feed(day: DailyIntegral, start: str, watts, period: int):
    first = at(start)
    return [day.update(w, first + i * period * S) for i, w in enumerate(watts)][-1]


@pytest.mark.parametrize("period", [1, 10, 60, 300])
def test_a_power_gives_the_energy_of_the_day_at_any_period(period):
    day = DailyIntegral(MADRID)
    feed(day, "2026-01-09 23:50", [1000.0] * (600 // period), period)
    energy, status = feed(day, "2026-01-10 00:00", [1000.0] * (2 * 3600 // period + 1), period)
    assert (energy, status) == (pytest.approx(2.0), GOOD)


def test_heat_that_a_defrost_takes_back_is_subtracted():
    day = DailyIntegral(MADRID)
    feed(day, "2026-01-10 00:00", [3000.0] * 61, 60)
    energy, _ = feed(day, "2026-01-10 01:01", [-3000.0] * 10, 60)
    assert energy == pytest.approx(3.0 - 0.45)


def test_a_time_in_which_nobody_looked_is_a_guess_or_missing():
    day = DailyIntegral(MADRID)
    feed(day, "2026-01-10 00:00", [1000.0] * 61, 60)
    assert feed(day, "2026-01-10 01:30", [1000.0], 60) == (
        pytest.approx(1.5),
        UNCERTAIN_SUB_NORMAL,
    )
    assert feed(day, "2026-01-10 09:00", [1000.0], 60)[0] == pytest.approx(1.5)


def test_a_sample_of_a_time_that_has_not_come_is_taken_back():
    day = DailyIntegral(MADRID)
    feed(day, "2026-01-10 00:00", [1000.0] * 61, 60)
    feed(day, "2036-01-10 00:00", [1000.0], 60)
    assert feed(day, "2026-01-10 01:01", [1000.0] * 60, 60)[0] == pytest.approx(2.0)


def test_recorded_samples_restore_the_day():
    time = at("2026-01-09 23:58") + np.arange(200) * 60 * S
    value = np.random.default_rng(2).uniform(0, 3000, 200)
    status = np.zeros(200, dtype=np.uint32)
    status[50], value[50] = BAD_NO_DATA, np.nan
    live, restored = DailyIntegral(MADRID), DailyIntegral(MADRID)
    for power, when, s in zip(value.tolist(), time.tolist(), status.tolist(), strict=True):
        if s == GOOD:
            expected = live.update(power, when)
    restored.restore(Samples(value, status, time))
    assert restored.update(float(value[-1]), int(time[-1])) == expected
