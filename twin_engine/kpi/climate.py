"""Degree days of the weather and of discomfort in rooms."""

from __future__ import annotations

import numpy as np

from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.drivers.frame import Times, Values

HEATING_LIMIT = 15.5
"""Base of the degree days: without heating, sun and people make up for the rest. [°C]"""
TOLERANCE = 0.5
"""A room is cold by more than this. [K]"""
_DAY = 24 * 3600 * MICROSECONDS
_LONGEST = 3 * 3600 * MICROSECONDS


def integrals(time: Times, value: Values, edges: Times) -> tuple[Values, Values]:
    """Return the integral of a value over each of m spans by the trapezoidal rule. [unit µs]

    And the time of each span of which it is known: what is more than three hours without a sample
    is left out. [µs]

    Parameters
    ----------
    edges : ndarray of shape (m + 1,)
        Of the spans, increasing.
    """
    there = ~np.isnan(value)
    time, value = time[there], value[there]
    if len(time) < 2:
        return np.full(len(edges) - 1, np.nan), np.zeros(len(edges) - 1)
    at = np.unique(np.concatenate([time, edges]))
    level = np.interp(at, time, value)
    i = np.clip(np.searchsorted(time, at[:-1], side="right"), 1, len(time) - 1)
    seen = (time[i] - time[i - 1] <= _LONGEST) & (at[:-1] >= time[0]) & (at[1:] <= time[-1])
    length = np.diff(at) * seen
    sums = [
        np.append(0.0, np.cumsum(part))[np.searchsorted(at, edges)]
        for part in (length * (level[1:] + level[:-1]) / 2, length.astype(float))
    ]
    area, known = np.diff(sums[0]), np.diff(sums[1])
    return np.where(known > 0, area, np.nan), known


def degree_days(time: Times, outdoor: Values, edges: Times) -> tuple[Values, Values]:
    """Return the heating degree days of m spans, and the time of each that is known. [K d], [µs]"""
    below, known = integrals(time, np.maximum(HEATING_LIMIT - outdoor, 0.0), edges)
    return below / _DAY, known


def discomfort(time: Times, room: Values, wanted: float, edges: Times) -> tuple[Values, Values]:
    """Return by how much and how long a room was colder than wanted, likewise. [K d], [µs]"""
    below, known = integrals(time, np.maximum(wanted - TOLERANCE - room, 0.0), edges)
    return below / _DAY, known
