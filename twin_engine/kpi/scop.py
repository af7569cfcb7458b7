"""SCOP of EN 14825 by the plate's model, scaled by what the machine has shown."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from heatpump_twin.config.settings import HeatPump
from heatpump_twin.drivers.status import GOOD
from heatpump_twin.twin_engine.derive.energy.calendar import HOUR
from heatpump_twin.twin_engine.history import Samples
from heatpump_twin.twin_engine.kpi.figure import Figure
from heatpump_twin.twin_engine.kpi.seasonal import AVERAGE, part_load, scop_on
from heatpump_twin.twin_engine.model.machine.plate_performance import PlatePerformance

_OUTDOOR, _WATER = (-10.0, 2.0, 7.0, 12.0), (35.0, 30.0, 27.0, 24.0)
"""Leaving water of the low temperature application, variable outlet (EN 14825, table 7). [°C]"""
_ENOUGH = 10.0
"""Hours of steady heating from which on a machine is believed rather than its plate. [h]"""
_APART = 300e6
"""A COP and what was expected belong together this close. [µs]"""


class ShownShare(NamedTuple):
    """Share of the plate's COP that a machine has reached, and for how long that was seen."""

    share: float
    hours: float


def shown_share(cop: Samples, expected: Samples) -> ShownShare:
    """Return the median share of the expected COP that was reached where both were Good."""
    good = (cop.status == GOOD) & (cop.value > 0)
    time, value = cop.time[good], cop.value[good]
    if not len(expected) or len(time) < 2:
        return ShownShare(1.0, 0.0)
    i = np.maximum(np.searchsorted(expected.time, time, side="right") - 1, 0)
    fits = (expected.status[i] == GOOD) & (np.abs(time - expected.time[i]) <= _APART)
    fits &= expected.value[i] > 0
    if not fits.any():
        return ShownShare(1.0, 0.0)
    length = np.minimum(np.diff(time, append=time[-1]), _APART)
    hours = float(length[fits].sum()) / HOUR
    return ShownShare(float(np.median(value[fits] / expected.value[i][fits])), hours)


def scop_estimate(heat_pump: HeatPump, shown: ShownShare) -> Figure:
    """Return the SCOP of EN 14825: average climate, water of 35 °C by the outdoor temperature."""
    plate = PlatePerformance(heat_pump.plate.heating)
    outdoor = AVERAGE.temperatures
    # A machine that is sized for the design temperature; what it cannot do there, a heater does.
    load = part_load(outdoor, AVERAGE.design) * plate.rated_capacity
    capacity = np.full(len(outdoor), plate.rated_capacity)
    water = np.interp(outdoor, _OUTDOOR, _WATER)
    cop = np.asarray(plate.cop(outdoor, water)) * (1.0 + plate.part_load_gain(load))
    enough = shown.hours >= _ENOUGH
    value = scop_on(
        np.array(AVERAGE.hours, dtype=np.float64),
        load,
        capacity,
        cop * (shown.share if enough else 1.0),
    )
    measured = f"scaled by {shown.share:.0%} of the plate, seen for {shown.hours:.0f} h"
    doubts = (measured if enough else "by the plate alone", "a model; no certificate")
    return Figure("scop_en14825", "1", value, doubts=doubts)
