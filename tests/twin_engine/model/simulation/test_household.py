"""What people do over time, by the clock on their wall."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.drivers.frame import Times
from heatpump_twin.twin_engine.model.simulation.household import (
    Household,
    drawn,
    lived,
    local_clock,
)

UTC_ZONE = ZoneInfo("UTC")
BERLIN = ZoneInfo("Europe/Berlin")


def _minutes(start: datetime, days: float, step: int = 60) -> Times:
    begin = round(start.timestamp()) * MICROSECONDS
    return begin + np.arange(round(days * 86_400 / step), dtype=np.int64) * step * MICROSECONDS


def test_the_local_clock_changes_with_the_season() -> None:
    # On 29 March 2026 at 01:00 UTC the clocks of Berlin go from 02:00 to 03:00.
    time = _minutes(datetime(2026, 3, 29, tzinfo=UTC), 1.0, 1800)
    second, weekday, _ = local_clock(time, BERLIN)
    assert (second[:4] / 3600).tolist() == [1.0, 1.5, 3.0, 3.5]
    assert weekday[0] == 6
    assert weekday[-1] == 0  # 23:30 UTC is Monday in Berlin


@pytest.mark.parametrize("step", [30, 60, 240, 900])
def test_no_litre_is_lost_to_the_grid(step: int) -> None:
    time = _minutes(datetime(2026, 2, 1, tzinfo=UTC), 10.0, step)
    draw = drawn(Household(litres=120.0), time, float(step), local_clock(time, UTC_ZONE))
    assert draw.sum() * step == pytest.approx(1200.0, rel=1e-6)


def test_unsteady_people_draw_as_much_in_the_long_run() -> None:
    time = _minutes(datetime(2026, 2, 1, tzinfo=UTC), 200.0, 300)
    home = Household(litres=100.0, unsteadiness=0.6)
    clock = local_clock(time, UTC_ZONE)
    days = drawn(home, time, 300.0, clock, seed=4).reshape(200, -1).sum(axis=1) * 300.0
    assert days.mean() == pytest.approx(100.0, rel=0.05)
    assert 10.0 < days.std() < 30.0


def test_nights_and_sundays_have_their_setpoints() -> None:
    time = _minutes(datetime(2026, 2, 1, tzinfo=UTC), 7.0, 900)
    home = Household(setback=3.0, room_setback=1.5, disinfection=60.0)
    week = lived(home, time, local_clock(time, UTC_ZONE))
    night = week.shift < 0.0
    assert night.sum() * 0.25 == pytest.approx(7 * 7.0)
    assert np.unique(week.room_setpoint[night]).tolist() == [19.0]
    assert (week.tank_setpoint == 60.0).sum() * 0.25 == 2.0


def test_weekends_have_more_people_by_day() -> None:
    time = _minutes(datetime(2026, 2, 2, tzinfo=UTC), 7.0, 3600)  # a Monday
    people = lived(Household(), time, local_clock(time, UTC_ZONE)).people.reshape(7, 24)
    assert (people[:5] == people[0]).all()
    assert (people[5:, 9:17] > people[0, 9:17]).all()
