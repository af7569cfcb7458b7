"""The people in a house: hot water, their heat, and what they have set, by calendar."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.drivers.frame import Times
from heatpump_twin.twin_engine.model.house.envelope import Floats

HOURS = 24
_TAP = 8.0 / 60.0
"""A shower takes 8 l/min. [l/s]"""
WEEKEND = 5
"""Saturday, where Monday is 0."""
_USUAL_DRAWS = (
    0, 0, 0, 0, 0, 0.02, 0.1, 0.2, 0.06, 0.03, 0.02, 0.03, 0.06, 0.04, 0.05, 0.02, 0.02, 0.04,
    0.06, 0.08, 0.06, 0.08, 0.03, 0,
)  # fmt: skip
"""Share of each hour in a day's hot water, about that of profile M of EN 16147."""


@dataclass(frozen=True, slots=True)
class Household:
    """What the people of a house do, by the hours of their clock."""

    litres: float = 110.0
    """Hot water of 40 °C. [l/d]"""
    draws: tuple[float, ...] = _USUAL_DRAWS
    """Share of each hour in it. [-]"""
    unsteadiness: float = 0.3
    """Standard deviation of what is drawn in an hour, as a share of what is usual. [-]"""
    gains: tuple[float, ...] = (180.0,) * 6 + (400.0,) * 3 + (240.0,) * 8 + (480.0,) * 7
    """Heat of people and appliances in each hour of a working day. [W]"""
    at_home: float = 1.2
    """The same at weekends, of that by day, from 9 to 17. [-]"""
    mains: float = 12.0
    """Cold water, mean of the year. [°C]"""
    mains_swing: float = 3.0
    """Half the difference between its warmest, in August, and its coldest month. [K]"""
    room_setpoint: float = 20.5
    """[°C]"""
    tank_setpoint: float = 48.0
    """[°C]"""
    curve_hours: tuple[float, ...] = (0.0,) * HOURS
    """By how much the heating curve is raised in each hour, by a timer. [K]"""
    setback: float = 0.0
    """Beside it, how much lower the heating curve is at night. [K]"""
    night: tuple[float, float] = (22.0, 5.0)
    """Begin and end of the night. [h]"""
    room_setback: float = 0.0
    """How much lower the room's setpoint is at night. [K]"""
    disinfection: float = 0.0
    """Setpoint of the tank for disinfection, on Sundays from 13 to 15; 0: there is none. [°C]"""


@dataclass(frozen=True, slots=True, eq=False)
class CalendarSeries:
    """A household over time: each of shape (n,)."""

    room_setpoint: Floats
    tank_setpoint: Floats
    shift: Floats
    people: Floats
    mains: Floats


class LocalClock(NamedTuple):
    """What the clock on the wall and the calendar show."""

    second: NDArray[np.int64]
    """Of the day."""
    weekday: NDArray[np.int64]
    """Monday is 0."""
    zone: ZoneInfo


def lived(home: Household, time: Times, clock: LocalClock) -> CalendarSeries:
    """Return what a household does and wants at moments in µs, and the clock on its wall."""
    second, weekday, _ = clock
    hour = second // 3600
    night = _within(second / 3600.0, *home.night)
    weekend = (weekday >= WEEKEND).astype(np.int64)
    tank = np.full(len(time), home.tank_setpoint)
    if home.disinfection:
        tank[(weekday == 6) & (hour >= 13) & (hour < 15)] = home.disinfection
    warmest = (time / MICROSECONDS / 86_400.0 - 227.0) / 365.2425
    return CalendarSeries(
        room_setpoint=home.room_setpoint - home.room_setback * night,
        tank_setpoint=tank,
        shift=np.array(home.curve_hours)[hour] - home.setback * night,
        people=usual_people(home)[weekend, hour],
        mains=home.mains + home.mains_swing * np.cos(2.0 * np.pi * warmest),
    )


def usual_people(home: Household) -> Floats:
    """Return the heat of people in each hour of working days and of weekends, (2, 24). [W]"""
    gains = np.array(home.gains)
    away = np.zeros(HOURS, dtype=np.bool_)
    away[9:17] = True
    return np.stack([gains, np.where(away, home.at_home * gains, gains)])


def local_clock(time: Times, zone: ZoneInfo) -> LocalClock:
    """Return the clock of a time zone at moments in µs."""
    seconds = time // MICROSECONDS
    hours, place = np.unique(seconds // 3600, return_inverse=True)
    local = seconds + _offsets(hours, zone)[place]
    return LocalClock(local % 86_400, (local // 86_400 + 3) % 7, zone)  # 1970-01-01: Thursday


def _offsets(hours: NDArray[np.int64], zone: ZoneInfo) -> NDArray[np.int64]:
    """Return the local time less UTC in hours since the epoch: clocks change on the hour. [s]"""
    found = np.empty(len(hours), dtype=np.int64)
    days = hours // HOURS
    for day in np.unique(days).tolist():
        first, last = (_offset((day + more) * 86_400, zone) for more in (0, 1))
        found[days == day] = first
        if first != last:
            changing = np.flatnonzero(days == day)
            found[changing] = [_offset(hour * 3600, zone) for hour in hours[changing].tolist()]
    return found


def _offset(second: int, zone: ZoneInfo) -> int:
    offset = datetime.fromtimestamp(second, UTC).astimezone(zone).utcoffset()
    return round(offset.total_seconds()) if offset else 0


def _within(hour: Floats, begin: float, end: float) -> Floats:
    """Return 1 where a time of day lies between begin and end, which may be past midnight."""
    inside = (hour >= begin) & (hour < end) if begin <= end else (hour >= begin) | (hour < end)
    return inside.astype(np.float64)


def drawn(
    home: Household, time: Times, step: float, clock: LocalClock, seed: int | None = None
) -> Floats:
    """Return the hot water of each step: one draw in the middle of each hour. [l/s]

    Parameters
    ----------
    time : array of int
        Begin of each step of ``step`` seconds, shape (n,). [µs since the Unix epoch, UTC]
    clock : LocalClock
        The people's, at these times.
    seed : int, optional
        From which the hours' draws are drawn; without one each hour is as usual.
    """
    second = clock.second
    place = time // MICROSECONDS // 3600
    hours = place - place[0]
    factor = np.ones(int(hours[-1]) + 1)
    if seed is not None:
        # Gamma: never below nothing, and as unsteady as wished.
        shape = 1.0 / max(home.unsteadiness, 1e-3) ** 2
        factor = np.random.default_rng(seed).gamma(shape, 1.0 / shape, len(factor))
    share = np.array(home.draws)
    volume = home.litres * share[second // 3600] / max(share.sum(), 1e-9) * factor[hours]
    # As many seconds of this step as lie within the draw, so that no litre is lost to the grid.
    begin = second % 3600 - (1800.0 - 0.5 * volume / _TAP)
    lasting = np.clip(np.minimum(volume / _TAP - begin, begin + step), 0.0, step)
    return np.asarray(_TAP * np.minimum(lasting, volume / _TAP) / step)
