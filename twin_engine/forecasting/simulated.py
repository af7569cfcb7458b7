"""Forecast by simulation: the learnt installation, in the weather that may come, with its people.

Each case is one of the ways in which it may go on: a member of the weather's ensemble, a house that
the record allows, and people who draw their water by chance. All begin from what was measured.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from heatpump_twin.drivers.frame import Times, Values
from heatpump_twin.twin_engine.forecasting.course import (
    PumpCourse,
    cop_of,
    last_day,
    runs_above,
)
from heatpump_twin.twin_engine.forecasting.method import (
    SIMULATION,
    MethodOutlook,
    Origins,
    observed_targets,
)
from heatpump_twin.twin_engine.forecasting.quarter_hours import (
    DAY,
    LEVELS,
    STEP,
    STEPS,
    known_quantiles,
)
from heatpump_twin.twin_engine.forecasting.targets import (
    COP,
    HEAT,
    POWER,
    ROOM,
    SUPPLY,
    TANK,
    ForecastTarget,
)
from heatpump_twin.twin_engine.model.house.house_place import HousePlace
from heatpump_twin.twin_engine.model.simulation.kernel import QUANTITIES
from heatpump_twin.twin_engine.model.simulation.simulate import (
    Case,
    Installation,
    Measured,
    Simulated,
    simulate,
)
from heatpump_twin.twin_engine.model.simulation.weather import WeatherSeries

_OF = {HEAT: "heat", POWER: "power", SUPPLY: "supply", ROOM: "room", TANK: "tank"}
_STEP = 90.0
"""Of the simulation. [s]"""
_EVERY = 10
"""Steps of a quarter-hour."""
_WARM_UP = 2 * DAY
"""Measured weather in which the house finds the temperatures of its masses. [quarter-hours]"""
_MEMBERS = 5
"""Ways of the weather where no service tells any: as it was on each of so many days."""
_DRAWS = 2
"""Houses and people for each way of the weather."""
_BESIDE = 2
"""Nobody knows to the quarter-hour when a machine starts: its neighbours tell as well."""
_SMOOTH = (HEAT, POWER, SUPPLY, COP)
_FRESH = 4
"""So many quarter-hours old, a measured temperature is where it begins."""


@dataclass(frozen=True, slots=True, eq=False)
class SimulationMethod:
    """A learnt installation as a method."""

    installations: Sequence[Installation]
    """The most likely first, then others that the record allows."""
    place: HousePlace
    name: str = SIMULATION
    centred: bool = True

    def forecast(self, course: PumpCourse, origins: Origins) -> Mapping[ForecastTarget, Values]:
        """Return quantiles from each origin on; NaN where the air outdoors is not known."""
        return self.outlook(course, origins).quantiles

    def outlook(self, course: PumpCourse, origins: Origins) -> MethodOutlook:
        """Return the same, with how the day before differed from its simulation."""
        targets = observed_targets(course)
        quantiles = {t: np.full((len(origins), len(LEVELS), STEPS), np.nan) for t in targets}
        recent = {t: np.full((len(origins), DAY), np.nan) for t in targets}
        for row, origin in enumerate(origins.tolist()):
            past = course.past(origin)
            cases = self.cases(past, possible_weather(past, self.place))
            if cases:
                said = simulated_outlook(carried_on(cases, past.end), past)
                for target in targets:
                    quantiles[target][row] = said.quantiles[target][0]
                    recent[target][row] = said.recent[target][0]
        return MethodOutlook(quantiles, recent)

    def cases(self, past: PumpCourse, weather: Sequence[WeatherSeries]) -> list[Case]:
        """Return the ways in which it may go on; none: the weather is not known."""
        now = Measured(*(_now(past, target) for target in (ROOM, TANK)))
        return [
            Case(
                self.installations[k % len(self.installations)],
                weather[k % len(weather)],
                self.place.zone,
                seed=k,
                measured=now,
            )
            for k in range(_DRAWS * len(weather))
        ]


def fleet_forecasts(
    asked: Sequence[tuple[SimulationMethod, PumpCourse]],
) -> list[MethodOutlook]:
    """Return forecasts of the heat pumps of a site from now on, all simulated at once.

    Their courses end at the same time. The weather is that of the first whose air is known: they
    stand in one place, and to prepare it takes longer than to simulate a house in it.
    """
    weather: list[WeatherSeries] = []
    for method, course in asked:
        weather = possible_weather(course, method.place)
        if weather:
            break
    cases = [method.cases(course, weather) for method, course in asked]
    if not weather:
        return [MethodOutlook({}, {}) for _ in asked]
    run = carried_on([case for own in cases for case in own], asked[0][1].end)
    each = len(cases[0])
    return [
        simulated_outlook(run.part(slice(k * each, (k + 1) * each)), course)
        for k, (_, course) in enumerate(asked)
    ]


def carried_on(cases: Sequence[Case], begin: int) -> Simulated:
    """Simulate 48 hours of cases from a time on. [µs since the Unix epoch, UTC]"""
    end = begin + STEPS * STEP
    return simulate(cases, begin, end, step=_STEP, every=_EVERY, warm_up=_WARM_UP / DAY)


def simulated_outlook(run: Simulated, past: PumpCourse) -> MethodOutlook:
    """Return what the cases of one heat pump say of all targets, for the one origin that is now."""
    power = past.points.get(POWER.observed[0])
    threshold = np.inf if power is None else runs_above(power)
    quantiles, recent = {}, {}
    for target in observed_targets(past):
        members = _members(run.values, target, threshold)
        quantiles[target] = _quantiles(members, target)[np.newaxis]
        lived = _members(run.before[:, :, -DAY:], target, threshold)
        recent[target] = (last_day(past.of(target)) - _mean(lived))[np.newaxis]
    return MethodOutlook(quantiles, recent)


def _mean(members: Values) -> Values:
    """Return the mean over members where it is known, shape (t,)."""
    known = np.isfinite(members)
    total = np.where(known, members, 0.0).sum(axis=0)
    return np.where(known.any(axis=0), total / np.maximum(known.sum(axis=0), 1), np.nan)


def possible_weather(past: PumpCourse, place: HousePlace) -> list[WeatherSeries]:
    """Return the ways in which the weather may go on, behind what was measured; none: unknown.

    Members of the newest forecast; where there is none, or it ends, the days before are repeated.
    """
    outdoor = past.outdoor
    known = np.isfinite(outdoor[-_WARM_UP:])
    if len(outdoor) < DAY or known.mean() < 0.5:
        return []
    time = past.end + STEP // 2 + STEP * np.arange(STEPS, dtype=np.int64)
    issue = None if past.weather is None else past.weather.known_at(past.end)
    count = _MEMBERS if issue is None or past.weather is None else past.weather.temperature.shape[1]
    found = []
    for k in range(count):
        ahead = [_repeated(values, k) for values in _air(past)]
        if issue is not None and past.weather is not None:
            weather = past.weather
            told = (weather.temperature, weather.humidity, weather.irradiance)
            ahead = [
                _behind(weather.time[issue], values[issue, k], time, usual)
                for values, usual in zip(told, ahead, strict=True)
            ]
        found.append(_series(past, time, ahead, place))
    return found


def _air(past: PumpCourse) -> list[Values]:
    """Return temperature, humidity and irradiance as they were measured."""
    unknown = np.full(len(past), np.nan)
    return [
        past.outdoor,
        past.points.get("outdoor_humidity", unknown),
        past.points.get("irradiance", unknown),
    ]


def _repeated(values: Values, back: int) -> Values:
    """Return the day that many days ago, twice."""
    last = len(values) - min(back, len(values) // DAY - 1) * DAY
    return np.tile(values[last - DAY : last], STEPS // DAY)


def _behind(times: Times, told: Values, time: Times, usual: Values) -> Values:
    known = np.isfinite(told)
    if not known.any():
        return usual
    found = np.interp(time, times[known], told[known], np.nan, np.nan)
    return np.where(np.isnan(found), usual, found)


def _series(
    past: PumpCourse, time: Times, ahead: Sequence[Values], place: HousePlace
) -> WeatherSeries:
    before = past.time[-_WARM_UP:] + STEP // 2
    whole = [
        np.concatenate([values[-_WARM_UP:], coming])
        for values, coming in zip(_air(past), ahead, strict=True)
    ]
    outdoor, humidity, irradiance = whole
    return WeatherSeries(
        np.concatenate([before, time]), outdoor, irradiance, humidity,
        place.latitude, place.longitude,
    )  # fmt: skip


def _now(past: PumpCourse, target: ForecastTarget) -> float:
    """Return what was measured last; NaN: nothing lately."""
    values = past.points.get(target.observed[0], np.empty(0))[-_FRESH:]
    known = values[np.isfinite(values)]
    return float(known[-1]) if len(known) else np.nan


def _members(values: Values, target: ForecastTarget, threshold: float) -> Values:
    """Return a target over members and time, of simulated quantities (n, quantities, t)."""
    if target is COP:
        heat, power = (values[:, QUANTITIES.index(name)] for name in ("heat", "power"))
        return cop_of(heat, power, threshold)
    return values[:, QUANTITIES.index(_OF[target])]


def _quantiles(members: Values, target: ForecastTarget) -> Values:
    """Return quantiles over members, and over neighbours where none knows the minute."""
    if target in _SMOOTH:
        padded = np.pad(members, ((0, 0), (_BESIDE, _BESIDE)), mode="edge")
        windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * _BESIDE + 1, axis=1)
        members = np.moveaxis(windows, 2, 0).reshape(-1, members.shape[1])
    return known_quantiles(members.T, LEVELS)
