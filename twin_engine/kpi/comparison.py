"""What a fault-free machine would have used for the heat that was delivered, beside what was.

Expected and measured energies are summed over the same times: those in which an expected power is
recorded that is not Bad, no electric heater was on (no model here is of one), and the curves of
electricity and heat know what passed. Defrosts, starts that give no heat yet, and gaps are in none
of these sums.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from heatpump_twin.drivers.frame import Times, Values
from heatpump_twin.twin_engine.derive.energy.counter_track import Doubt
from heatpump_twin.twin_engine.derive.energy.energy_curve import EnergyCurve
from heatpump_twin.twin_engine.kpi.figure import Figure, missing
from heatpump_twin.twin_engine.kpi.runs import NOTHING_HELD, Stretches, held_at

LOST = (Doubt.RESET, Doubt.REPLACED, Doubt.UNSEEN)
"""Doubts in whose time something was used that is in no counter."""
KILOWATT_HOUR = 3.6e12
"""In W·µs."""
LEAST_SHARE, CERTAIN_SHARE = 0.5, 0.9
"""Share of a period's heat that must be compared: to expect an SPF, and to do so without doubt."""
EXPECTED_SPF = "spf_h4_expected"


@dataclass(frozen=True, slots=True)
class ExpectedRecord:
    """What is recorded of the power that a fault-free machine would take. [W]"""

    power: Stretches = NOTHING_HELD
    uncertainty: Stretches = NOTHING_HELD
    """Half the width of its interval of 90 %; NaN where none is told, as at rest."""


def compared_sums(
    expected: ExpectedRecord,
    electricity: tuple[EnergyCurve, ...],
    heat: tuple[EnergyCurve, ...],
    heaters: tuple[Stretches, ...],
    edges: Times,
) -> dict[str, Values]:
    """Return the sums of m spans, by figure; NaN where nothing is compared. [kWh]

    Parameters
    ----------
    heaters : tuple of Stretches
        The switches of the electric heaters, 0 where one is off for certain.
    edges : ndarray of shape (m + 1,)
        Of the spans, increasing. [µs since the Unix epoch, UTC]
    """
    at = _cuts(expected, (*electricity, *heat), heaters, edges)
    power = held_at(expected.power, at[:-1])
    there = ~np.isnan(power)
    for switch in heaters:
        there &= held_at(switch, at[:-1]) == 0
    for curve in (*electricity, *heat):
        there &= _knows(curve, at)
    hours = np.diff(at) / KILOWATT_HOUR
    parts = {
        "electricity_compared": _gained(electricity, at),
        "heat_compared": _gained(heat, at),
        "electricity_expected": power * hours,
        "electricity_expected_uncertainty": held_at(expected.uncertainty, at[:-1]) * hours,
    }
    span, m = np.searchsorted(edges, at[:-1], side="right") - 1, len(edges) - 1
    some = np.bincount(span, there, m) > 0
    return {
        name: np.where(
            some, np.bincount(span, np.where(there, np.nan_to_num(value), 0.0), m), np.nan
        )
        for name, value in parts.items()
    }


def compared_share(figures: Mapping[str, Figure]) -> float:
    """Return the share of a period's heat that was compared; NaN: there was no heat. [-]"""
    heat, compared = figures.get("heat"), figures.get("heat_compared")
    if heat is None or not heat.value > 0:
        return np.nan
    return min(compared.value / heat.value, 1.0) if compared is not None and compared.there else 0.0


def expected_electricity(electricity: Figure, figures: Mapping[str, Figure]) -> Figure:
    """Return what a period would have used with a fault-free machine. [kWh]

    What could not be compared is in it as it was measured, so that it stands beside the measured
    one at the same boundary. Its interval is that of the models: errors of all times are taken to
    be off to the same side.
    """
    share = compared_share(figures)
    if not electricity.there or not share >= LEAST_SHARE:
        why = f"{share:.0%} of the heat is compared" if share == share else "there was no heat"
        return missing("electricity", electricity.unit, *electricity.doubts, why)
    used, expected = figures["electricity_compared"], figures["electricity_expected"]
    value = electricity.value - used.value + expected.value
    half = np.nan_to_num(figures["electricity_expected_uncertainty"].value)
    doubts = electricity.doubts
    if share < CERTAIN_SHARE:
        doubts = (*doubts, f"{share:.0%} of the heat is compared")
    return electricity._replace(value=value, low=value - half, high=value + half, doubts=doubts)


def _cuts(
    expected: ExpectedRecord,
    curves: tuple[EnergyCurve, ...],
    heaters: tuple[Stretches, ...],
    edges: Times,
) -> Times:
    """Return all times at which anything changes, between the first edge and the last."""
    held = (expected.power, expected.uncertainty, *heaters)
    changes = [edges, *chain.from_iterable((of.begin, of.end) for of in held)]
    for curve in curves:
        ends = [curve.time[:1], curve.time[-1:]]
        lost = [np.array([d.since, d.until]) for d in curve.doubts if d.doubt in LOST]
        changes += [*ends, *lost]
    return np.unique(np.clip(np.concatenate(changes).astype(np.int64), edges[0], edges[-1]))


def _knows(curve: EnergyCurve, at: Times) -> NDArray[np.bool_]:
    """Tell of which of the parts between times a curve knows what passed."""
    begin, end = at[:-1], at[1:]
    inside = (begin >= curve.time[0]) & (end <= curve.time[-1])
    for doubt in curve.doubts:
        if doubt.doubt in LOST:
            inside &= (end <= doubt.since) | (begin >= doubt.until)
    return np.asarray(inside)


def _gained(curves: tuple[EnergyCurve, ...], at: Times) -> Values:
    return np.asarray(
        np.sum([np.diff(np.interp(at, curve.time, curve.energy)) for curve in curves], axis=0)
    )
