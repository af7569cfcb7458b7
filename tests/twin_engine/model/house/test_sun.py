"""The sun by orientation, against what follows from geometry and published figures."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.drivers.frame import Times
from heatpump_twin.twin_engine.model.house.sun import (
    ORIENTATIONS,
    clear_sky,
    estimated,
    on_orientations,
)

HOUR = 3600 * MICROSECONDS


def _day(year: int, month: int, day: int, step: int = HOUR // 4) -> Times:
    start = round(datetime(year, month, day, tzinfo=UTC).timestamp() * MICROSECONDS)
    return start + np.arange(0, 24 * HOUR, step, dtype=np.int64)


def _sides(time: Times, latitude: float) -> dict[str, float]:
    found = on_orientations(time, clear_sky(time, latitude, 0.0), latitude, 0.0)
    return dict(zip(ORIENTATIONS, found.sum(axis=0).tolist(), strict=True))


def test_a_winter_sun_shines_on_southern_walls_and_a_summer_sun_on_roofs() -> None:
    winter, summer = _sides(_day(2026, 12, 21), 45.0), _sides(_day(2026, 6, 21), 45.0)
    assert winter["south"] > 1.5 * winter["roof"]
    assert summer["roof"] > 2.0 * summer["south"]
    # A wall to the north has the sky and the ground alone in winter.
    assert winter["north"] < 0.3 * winter["south"]


def test_the_morning_is_of_the_east_and_the_day_is_symmetric_at_the_equinox() -> None:
    time = _day(2026, 3, 20)
    found = on_orientations(time, clear_sky(time, 45.0, 0.0), 45.0, 0.0)
    morning = time - time[0] < 10 * HOUR
    east, west = (ORIENTATIONS.index(side) for side in ("east", "west"))
    assert found[morning, east].sum() > 3.0 * found[morning, west].sum()
    assert found[:, east].sum() == pytest.approx(found[:, west].sum(), rel=0.05)


def test_the_sunny_wall_of_the_southern_hemisphere_looks_north() -> None:
    winter = _sides(_day(2026, 6, 21), -45.0)
    assert winter["south"] > 1.5 * winter["roof"]


def test_noon_of_the_equator_has_haurwitzs_light() -> None:
    # At the equinox the sun stands in the zenith: 1098 exp(−0.057) = 1037 W/m².
    assert clear_sky(_day(2026, 3, 20), 0.0, 0.0).max() == pytest.approx(1037.0, abs=2.0)


def test_sunrise_is_that_of_the_almanac() -> None:
    # Greenwich, 21 June 2025: sunrise 03:43 UTC, sunset 20:21 (HM Nautical Almanac Office).
    time = _day(2025, 6, 21, MICROSECONDS * 60)
    light = clear_sky(time, 51.48, 0.0) > 0.0
    first, last = time[light][0], time[light][-1]
    begin = datetime(2025, 6, 21, tzinfo=UTC)
    rise = begin + timedelta(microseconds=int(first - time[0]))
    down = begin + timedelta(microseconds=int(last - time[0]))
    assert abs(rise - datetime(2025, 6, 21, 3, 43, tzinfo=UTC)) < timedelta(minutes=8)
    assert abs(down - datetime(2025, 6, 21, 20, 21, tzinfo=UTC)) < timedelta(minutes=8)


def test_unknown_light_follows_the_range_of_the_day() -> None:
    time = np.concatenate([_day(2026, 3, 20), _day(2026, 3, 21)])
    hours = (time - time[0]) / HOUR
    span = np.where(hours < 24.0, 6.0, 1.5)
    outdoor = 8.0 + span * np.sin(2.0 * np.pi * (hours - 9.0) / 24.0)
    light = estimated(time, outdoor, 45.0, 0.0)
    clear = clear_sky(time, 45.0, 0.0)
    first, second = (light[part].sum() / clear[part].sum() for part in (hours < 24, hours >= 24))
    assert first == pytest.approx(1.0 - np.exp(-0.0075 * 12.0**2.4), rel=0.01)
    assert second == pytest.approx(1.0 - np.exp(-0.0075 * 3.0**2.4), rel=0.05)


def test_light_is_never_below_nothing_and_nothing_at_night() -> None:
    time = _day(2026, 1, 15)
    found = on_orientations(time, np.full(len(time), 50.0), 60.0, 20.0)
    assert (found >= 0.0).all()
    dark = clear_sky(time, 60.0, 20.0) == 0.0
    # What a pyranometer shows of the night is nobody's sun but that of the horizontal.
    assert found[dark][:, ORIENTATIONS.index("south")].max() <= 50.0 * 1.2


@pytest.mark.parametrize("begin", [0, 7 * HOUR, 23 * HOUR + HOUR // 8, 1])
def test_a_sun_that_is_put_together_of_days_is_that_of_each_moment(begin: int) -> None:
    """Also where a series begins in the middle of a day, or of a step, and the year changes."""
    days = [_day(2025, 12, 31), _day(2026, 1, 1), _day(2026, 1, 2)]
    time = np.concatenate(days)[5:-7] + begin
    light = clear_sky(time, 48.0, 8.0)
    whole = on_orientations(time, light, 48.0, 8.0)
    # Of one moment there is no distance: each is reckoned by itself.
    each = [on_orientations(time[k : k + 1], light[k : k + 1], 48.0, 8.0) for k in range(len(time))]
    assert whole == pytest.approx(np.concatenate(each), abs=1e-9)
    assert clear_sky(time[:1], 48.0, 8.0) == pytest.approx(light[:1], abs=1e-9)
