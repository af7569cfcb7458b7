"""The grid on which the rows of a table are put, by what tells of the machine's electricity."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from heatpump_twin.calibrating.calibrated_site import STEPS, step_of
from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.errors import TwinError
from heatpump_twin.twin_engine.history import Samples
from heatpump_twin.twin_engine.model.calibration.machine_course import FAST_COUNTER

_TELLING = ("electrical_power", "electrical_energy", "controller_electrical_power")
_COUNTERS = {
    "electrical_energy": ("electrical_power",),
    "heat_energy": ("thermal_power", "meter_heat_power", "water_flow", "controller_water_flow"),
}
"""Counters, and what is taken in their place where it is there."""
_DIGITS = 5.0
"""Digits that a counter has to gain in a step on average: then it is known to some per cent."""
_LEAST_DIGITS = 2.5
"""With fewer in the longest step it tells nothing of the machine."""
_HOUR = 3600.0


def grid_of(samples: Mapping[str, Samples]) -> float:
    """Return the step for samples by point: as fine as rows and the digits of counters are. [s]

    Raises
    ------
    TwinError
        There are no steps, or a counter is too coarse for any.
    """
    telling = next((p for p in _TELLING if p in samples), next(iter(samples)))
    if len(samples[telling]) < 2:
        raise TwinError(f"{telling} has {len(samples[telling])} value: a record of days is needed")
    step = step_of(np.diff(samples[telling].time) / MICROSECONDS)
    for counter, meters in _COUNTERS.items():
        if counter in samples and not any(meter in samples for meter in meters):
            step = max(step, _counting(counter, samples[counter]))
    return step


def _counting(counter: str, samples: Samples) -> float:
    """Return the step in which a counter gains enough digits. [s]"""
    known = samples.usable
    gains = np.diff(known.value)
    gains = gains[gains > 1e-9]
    if not len(gains):
        return FAST_COUNTER
    # A replaced meter, or one that was away, jumps: that is no digit.
    gains = gains[gains <= 20.0 * np.median(gains)]
    digit = float(np.quantile(gains, 0.01))
    rate = float(gains.sum()) / max((known.time[-1] - known.time[0]) / MICROSECONDS, 1.0)
    if rate * STEPS[-1] < _LEAST_DIGITS * digit:
        raise TwinError(
            f"{counter} counts {digit:.3g} kWh at a time, and gains {rate * _HOUR:.2g} kWh in an "
            "hour: too coarse to tell a machine's performance. A power meter is missing, or a "
            "counter with a finer digit"
        )
    wanted = max(_DIGITS * digit / rate, FAST_COUNTER)
    return next((one for one in STEPS if one >= wanted), STEPS[-1])
