"""Learn how warm the water of an installation is: its heating curve, its tank's coil, its tank."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.drivers.frame import Values
from heatpump_twin.twin_engine.model.calibration.machine_course import MachineCourse
from heatpump_twin.twin_engine.model.calibration.power_fit import fold_of
from heatpump_twin.twin_engine.model.calibration.record import Record
from heatpump_twin.twin_engine.model.water.water_model import (
    HOURS,
    RISEN,
    WARM_TANK,
    WARM_WATER,
    WaterModel,
)

_DAMPINGS = (0.5, 1.5, 3.0, 6.0, 12.0)
"""Time constants of which the one is taken that tells unseen days best. [h]"""
_PERIOD = 600.0
"""[s]"""
_SETTLING = 900.0
"""After a start, a defrost or a charge the water is on its way for so long. [s]"""
_CHARGING = 300.0
"""Settling and period of charges, which are short. [s]"""
_BEGINNING = 12.0
"""What a curve begins from is not known. [h]"""
_LEAST = 36
"""Six hours of periods are the least that tells a law."""
_LEAST_CHARGED = 18
"""The same of a tank, in which it is never for long."""
_LEAST_CHARGES, _LEAST_RESTS = 5, 20
_SHIFT = 1.5
"""Standard deviation of an hour's shift, of those who set a timer. [K]"""
_COARSE = 0.5 / 12.0**0.5
"""Controllers move their setpoint in steps of half a kelvin. [K]"""
_COIL_NOISE = 0.3
"""Deviation of a period of a charge, of which those of one charge are alike. [K]"""
_COIL_SPREAD = np.array([0.5, 3.0, 0.1])
"""Prior standard deviations of a coil's terms. What it needs is for its heat: within one month heat
follows the tank so closely that least squares alone would take one for the other. [K], [K/kW], [-]
"""
_EDGE = (0.01, 0.99)
_HOUR = 3600 * MICROSECONDS


class _Periods(NamedTuple):
    """What a law is fitted on: terms (n, k), what they are to tell (n,), and the day of each."""

    terms: Values
    target: Values
    day: NDArray[np.int64]


def fit_water(record: Record, course: MachineCourse) -> WaterModel:
    """Return what a record tells of the water; what it does not tell is NaN."""
    supply = record.column("supply_temperature", "meter_supply_temperature")
    tank = record.column("dhw_temperature")
    charging = _charging(record, tank)
    heats = (np.nan_to_num(course.running) > 0.999) & (course.defrost <= 0.0)
    heats &= (course.heater <= 0.0) & ~course.other
    rooms = heats & (charging < 0.05)
    model = _curve(course, record.column("supply_setpoint"), supply, rooms)
    model = _supply(model, course, supply, rooms)
    model = _coil(model, course, supply, tank, heats & (charging > 0.95), charging)
    return _tank(model, course, tank, charging)


def _charging(record: Record, tank: Values) -> Values:
    """Return the share of each step in which the tank was charged; NaN where nothing tells."""
    told = record.column("dhw_heating", "operating_state=3", "valve_direction=1")
    # Where nobody knows of a tank, there is none.
    alone = not (np.isfinite(told).any() or np.isfinite(tank).any())
    return np.zeros(len(told)) if alone else told


def _curve(
    course: MachineCourse, setpoint: Values, supply: Values, rooms: NDArray[np.bool_]
) -> WaterModel:
    told = np.isfinite(setpoint).any()
    target = setpoint if told else supply
    begun = np.arange(len(course)) * course.step / 3600.0 >= _BEGINNING
    first, mean = _steady(rooms & np.isfinite(target) & begun, course, _SETTLING)
    if len(first) < _LEAST or not np.isfinite(course.source).any():
        return WaterModel()
    prior = np.diag([1e-6, 1e-6, *([1.0 / _SHIFT**2] * HOURS)])
    shifts = (_hour(course, first)[:, None] == np.arange(HOURS)).astype(float)
    tried = []
    for damping in _DAMPINGS:
        own = mean(damped_air(course, damping))
        terms = np.column_stack([np.ones(len(first)), own, shifts])
        periods = _Periods(terms, mean(target), _days(course, first))
        tried.append((_unseen(periods, prior), damping, own, periods))
    spread, damping, own, periods = min(tried, key=lambda one: one[0])
    return WaterModel(
        curve=_solved(periods, prior),
        damping=np.asarray(damping),
        curve_spread=np.asarray(max(spread, _COARSE)),
        has_setpoint=np.asarray(float(told)),
        air=np.quantile(own, _EDGE),
    )


def _supply(
    model: WaterModel, course: MachineCourse, supply: Values, rooms: NDArray[np.bool_]
) -> WaterModel:
    known = rooms & np.isfinite(supply) & np.isfinite(course.heat)
    first, mean = _steady(known, course, _SETTLING)
    if len(first) < _LEAST or np.isnan(model.damping):
        return model
    air = mean(damped_air(course, float(model.damping)))
    wanted = model.wanted(air, _hour(course, first)) - WARM_WATER
    terms = np.column_stack([np.ones(len(first)), wanted, mean(course.heat) / 1e3])
    # As warm as is wanted, unless the record tells otherwise.
    target = mean(supply) - WARM_WATER - wanted
    periods = _Periods(terms, target, _days(course, first))
    prior = np.diag([1.0, 1.0, 1.0])
    more = _solved(periods, prior)
    return replace(
        model,
        supply=more + np.array([WARM_WATER, 1.0, 0.0]),
        supply_spread=np.asarray(_unseen(periods, prior)),
    )


def _coil(
    model: WaterModel,
    course: MachineCourse,
    supply: Values,
    tank: Values,
    heats: NDArray[np.bool_],
    charging: Values,
) -> WaterModel:
    known = np.isfinite(supply) & np.isfinite(course.heat) & heats & _risen(tank, charging)
    first, mean = _steady(known, course, _CHARGING, _CHARGING)
    if len(first) < _LEAST_CHARGED:
        return model
    heat, warm = mean(course.heat) / 1e3, mean(tank) - WARM_TANK
    terms = np.column_stack([np.ones(len(first)), heat, warm])
    periods = _Periods(terms, mean(supply - tank), _days(course, first))
    prior = np.diag((_COIL_NOISE / _COIL_SPREAD) ** 2)
    return replace(
        model,
        coil=_solved(periods, prior),
        coil_spread=np.asarray(_unseen(periods, prior)),
        coil_heat=np.quantile(heat, _EDGE),
    )


def _tank(model: WaterModel, course: MachineCourse, tank: Values, charging: Values) -> WaterModel:
    hours = course.step / 3600.0
    on = np.nan_to_num(charging) > 0.5
    edges = np.flatnonzero(np.diff(on.astype(int), prepend=int(on[0]) if len(on) else 0))
    rises, falls = [], []
    every = max(round(1.0 / hours), 1)
    for begin, end in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        if on[begin]:
            energy = float(np.nansum(course.heat[begin:end])) * hours / 1e3
            rise = float(tank[end - 1] - tank[max(begin - 1, 0)])
            rises += [rise / energy] if energy > 0.1 and np.isfinite(rise) and rise > 0 else []
        else:
            falls += (
                tank[begin : end - every : every] - tank[begin + every : end : every]
            ).tolist()
    falls = [fall for fall in falls if np.isfinite(fall)]
    if len(rises) < _LEAST_CHARGES or len(falls) < _LEAST_RESTS:
        return model
    rise = float(np.median(rises))
    return replace(
        model,
        rise=np.asarray(rise),
        rise_spread=np.asarray(float(np.std(rises)) / rise),
        fall=np.asarray(float(np.mean(falls))),
        fall_spread=np.asarray(float(np.std(falls))),
    )


def _risen(tank: Values, charging: Values) -> NDArray[np.bool_]:
    """Tell in which steps a tank has got warmer in its charge."""
    on = np.nan_to_num(charging) > 0.5
    steps = np.arange(len(on))
    begin = np.maximum.accumulate(np.where(on & ~np.append(False, on[:-1]), steps, 0))
    return np.asarray(on & (tank - tank[begin] >= RISEN))


def _steady(
    known: NDArray[np.bool_], course: MachineCourse, settling: float, period: float = _PERIOD
) -> tuple[NDArray[np.int64], Callable[[Values], Values]]:
    """Return the begins of periods that are settled, and how a column is averaged over each."""
    count = max(round(period / course.step), 1)
    lead = int(np.ceil(settling / course.step))
    steps = np.arange(1, len(known) + 1)
    age = steps - np.maximum.accumulate(np.where(known, 0, steps))
    last = np.arange(count - 1, len(known), count)
    last = last[age[last] >= lead + count]
    first = last - (count - 1)
    span = first[:, None] + np.arange(count)
    return first, lambda column: np.asarray(column[span].mean(axis=1))


def damped_air(course: MachineCourse, damping: float) -> Values:
    """Return the air of a course as a curve follows it with a time constant in h. [°C]"""
    # Here: each forecast would pay half a second for the import, and filters nothing.
    from scipy.signal import lfilter

    known = np.isfinite(course.source)
    filled = np.interp(course.time, course.time[known], course.source[known])
    pace = 1.0 - np.exp(-course.step / 3600.0 / damping)
    damped, _ = lfilter([pace], [1.0, pace - 1.0], filled, zi=[filled[0] * (1.0 - pace)])
    return np.asarray(damped)


def _hour(course: MachineCourse, first: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.asarray(course.time[first] // _HOUR % HOURS)


def _days(course: MachineCourse, first: NDArray[np.int64]) -> NDArray[np.int64]:
    day = course.time[first] // (HOURS * _HOUR)
    return np.asarray(day - day[0])


def _solved(periods: _Periods, prior: Values) -> Values:
    terms = periods.terms
    return np.asarray(np.linalg.solve(terms.T @ terms + prior, terms.T @ periods.target))


def _unseen(periods: _Periods, prior: Values) -> float:
    """Return the root mean square error of periods on days that were not seen."""
    folds = fold_of(periods.day)
    errors = np.zeros(len(periods.target))
    for fold in np.unique(folds).tolist():
        own = folds == fold
        others = _Periods(periods.terms[~own], periods.target[~own], periods.day[~own])
        errors[own] = periods.target[own] - periods.terms[own] @ _solved(others, prior)
    return float(np.sqrt((errors**2).mean()))
