"""Energy of a period with its interval: from the meter's class, from gaps, and from estimates."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from heatpump_twin.drivers.frame import Times, Values
from heatpump_twin.twin_engine.derive.energy.calendar import HOUR
from heatpump_twin.twin_engine.derive.energy.counter_track import Doubt
from heatpump_twin.twin_engine.derive.energy.energy_curve import EnergyCurve
from heatpump_twin.twin_engine.kpi.figure import Figure, missing

_LOST = (Doubt.RESET, Doubt.REPLACED, Doubt.UNSEEN)
"""Doubts in whose time something was used that is in no counter."""
_COMPLETE = 0.999
"""A period is complete with this share of its time. [-]"""


def period_energy(
    name: str, curves: Sequence[EnergyCurve], start: int, end: int, error: float
) -> Figure:
    """Return what some counters together gained in a period. [kWh]

    Parameters
    ----------
    start, end : int
        [µs since the Unix epoch, UTC]
    error : float
        Half the relative interval of the meter. [-]
    """
    edges = np.array([start, end], dtype=np.int64)
    rows = [row for curve in curves for row in curve.rows(edges)]
    if not rows or len(rows) < len(curves):
        return missing(name, "kWh", "nothing is recorded of the counter")
    energy = sum(row.energy for row in rows)
    known = min(row.completeness for row in rows)
    doubts = dict.fromkeys(str(d.doubt) for row in rows for d in row.doubts)
    lost = (1 - known) * (end - start) + sum(
        min(d.until, end) - max(d.since, start)
        for row in rows
        for d in row.doubts
        if d.doubt in _LOST
    )
    # What is missing may be as much as was used in as long a time, and as much again.
    seen = max(known * (end - start), HOUR)
    high = energy * (1 + error) + 2 * energy * lost / seen
    said = [f"{known:.1%} of the time" for _ in (1,) if known < _COMPLETE]
    said += ["spread over a gap" for _ in (1,) if any(row.estimated for row in rows)]
    return Figure(name, "kWh", energy, energy * (1 - error), high, (*said, *doubts))


def energies_by_state(
    curve: EnergyCurve, time: Times, state: Values, end: int
) -> dict[float, float]:
    """Return the energy of a curve in each state. [kWh]

    Parameters
    ----------
    time, state : ndarray of shape (n,)
        When a state began, increasing, and its code; NaN: not known. [µs], [-]
    end : int
        End of the last one. [µs since the Unix epoch, UTC]
    """
    if not len(curve.time) or not len(time):
        return {}
    at = np.interp(np.append(time, end), curve.time, curve.energy)
    gains = np.diff(at)
    known = np.where(np.isnan(state), math.inf, state)
    return {
        (math.nan if code == math.inf else float(code)): float(gains[known == code].sum())
        for code in np.unique(known)
    }
