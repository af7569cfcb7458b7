"""Degree days of the weather and degree hours of discomfort in rooms."""

from __future__ import annotations

import numpy as np

from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.drivers.frame import Times, Values
from heatpump_twin.twin_engine.kpi.figure import Figure, missing

HEATING_LIMIT = 15.5
"""Base of the degree days: without heating, sun and people make up for the rest. [°C]"""
_HOUR = 3600 * MICROSECONDS
_LONGEST = 3 * _HOUR


def integral(time: Times, value: Values, start: int, end: int) -> tuple[float, float]:
    """Return the integral of a value over a period by the trapezoidal rule, and the time known.

    Both in hours; a time of more than three hours without a sample is left out.
    """
    inside = (time >= start - _LONGEST) & (time <= end + _LONGEST) & ~np.isnan(value)
    t, v = time[inside], value[inside]
    if len(t) < 2:
        return np.nan, 0.0
    begin, until = np.clip(t[:-1], start, end), np.clip(t[1:], start, end)
    span = np.where(np.diff(t) <= _LONGEST, until - begin, 0) / _HOUR
    return float((span * (v[:-1] + v[1:]) / 2).sum()), float(span.sum())


def degree_days(time: Times, outdoor: Values, start: int, end: int) -> Figure:
    """Return the heating degree days of a period. [K d]"""
    name = f"heating degree days below {HEATING_LIMIT:g} °C"
    below, known = integral(time, np.maximum(HEATING_LIMIT - outdoor, 0.0), start, end)
    if not known:
        return missing(name, "K d", "no outdoor temperature is recorded")
    share = known * _HOUR / (end - start)
    doubts = (f"{share:.1%} of the time",) if share < 0.999 else ()
    return Figure(name, "K d", below / 24, doubts=doubts)


def discomfort(time: Times, room: Values, wanted: float, start: int, end: int) -> Figure:
    """Return by how much and how long a room was colder than wanted. [K h]"""
    below, known = integral(time, np.maximum(wanted - 0.5 - room, 0.0), start, end)
    if not known:
        return missing("discomfort", "K h", "no room temperature is recorded")
    share = known * _HOUR / (end - start)
    doubts = (f"{share:.1%} of the time",) if share < 0.999 else ()
    return Figure("discomfort", "K h", below, doubts=doubts)
