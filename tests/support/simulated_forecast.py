"""Forecasts as a model writes them, made by rule: what was issued when can be told from a value."""

from __future__ import annotations

import numpy as np

from heatpump_twin.twin_engine.trajectory import Trajectory

QUARTER = 900_000_000
"""[µs]"""
STEPS = 192
"""48 hours in quarter-hours."""
LEAD = 4
"""Quarter-hours from the issue to the first step, so that a test is over before that."""


def simulated(key: str, issued: int, *, scenario: str = "", offset: float = 0.0) -> Trajectory:
    """A forecast from some time after its issue on; its median grows by one each step."""
    first = issued // QUARTER + LEAD
    time = np.arange(first, first + STEPS, dtype=np.int64) * QUARTER
    middle = offset + np.arange(STEPS, dtype=np.float64)
    values = np.stack([middle - 10, middle, middle + 10])
    quantiles = np.array([0.1, 0.5, 0.9])
    return Trajectory(key, issued, time, quantiles, values, "simulated 1.0", scenario=scenario)
