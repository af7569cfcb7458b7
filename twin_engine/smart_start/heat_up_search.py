"""Find heat-ups in a recorded temperature, also where nobody has recorded a switch.

A heat-up begins at the last sample at rest before the temperature rises quickly, and ends when it
first comes within `REACHED` of its target. Until it has rested again nothing else is one: a machine
that cycles around its setpoint heats nothing up.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.drivers.frame import Times, Values
from heatpump_twin.twin_engine.smart_start.heat_ups import REACHED, HeatUps, HeatUpStart

LEAST_LIFT = 5.0
"""A start with less to heat than this is not a heat-up. [K]"""
HORIZON = 8 * 3600 * MICROSECONDS
"""What takes longer is not one. [µs]"""
_RISE = 3.0
"""So much within `_QUICK` is a start. [K]"""
_QUICK = 15 * 60 * MICROSECONDS
_REST = 4 * 3600 * MICROSECONDS
"""It is at rest when it has not risen for so long: what was just heated is warm again soon. [µs]"""
_SETTLED = 3600 * MICROSECONDS
"""Nor has it fallen for so long: what still cools is no cold start. [µs]"""
_STILL = 1.0
"""Less than this from one sample to the next is no rise: sensors round. [K]"""
_SWING = 2.0
"""Less than this is no heat: at rest a sensor shows its surroundings. [K]"""
_OLD = 2 * 3600 * MICROSECONDS
"""A value so old is not known any more. [µs]"""


@dataclass(frozen=True, slots=True)
class RecordedSeries:
    """Good values of one point in order of time, shapes (n,)."""

    time: Times
    """[µs since the Unix epoch, UTC]"""
    value: Values

    def at(self, moment: int, oldest: int = _OLD) -> float:
        """Return the value that was known at a moment; NaN: none that is not too old."""
        place = int(np.searchsorted(self.time, moment, side="right")) - 1
        if place < 0 or moment - int(self.time[place]) > oldest:
            return np.nan
        return float(self.value[place])

    def while_idle(self, switch: RecordedSeries) -> RecordedSeries:
        """Return the values of when a switch was off; it stays as it was recorded last."""
        place = np.searchsorted(switch.time, self.time, side="right")
        idle = np.concatenate([[0.0], switch.value])[place] <= 0.0
        return RecordedSeries(self.time[idle], self.value[idle])


def found_heat_ups(
    temperature: RecordedSeries, target: RecordedSeries, outdoor: RecordedSeries
) -> HeatUps:
    """Return the heat-ups of a record; ``target`` may be long unchanged, ``outdoor`` be empty."""
    rows = []
    time, value = temperature.time, temperature.value
    number = 0
    while number < len(time) - 1:
        aim = target.at(int(time[number]), oldest=2**62)
        start = HeatUpStart(
            int(time[number]), float(value[number]), aim, outdoor.at(int(time[number]))
        )
        if not (start.rise >= LEAST_LIFT and _starts(temperature, number)):
            number += 1
            continue
        last, reached = _end(temperature, number, aim)
        rows.append((start, (int(time[last]) - start.begin) / MICROSECONDS, reached))
        number = last + 1
    return HeatUps.of(rows)


def _starts(temperature: RecordedSeries, number: int) -> bool:
    """Tell whether it is at rest at a sample and rises quickly right after it."""
    time, value = temperature.time, temperature.value
    now = int(time[number])
    first = int(np.searchsorted(time, now - _REST))
    later = int(np.searchsorted(time, now + _QUICK, side="right"))
    before = value[first : number + 1]
    settled = value[int(np.searchsorted(time, now - _SETTLED)) : number + 1]
    rested = (
        first < number
        and float(np.max(before - np.minimum.accumulate(before))) < _SWING
        and float(np.ptp(settled)) < _SWING
    )
    # The next sample already: else the start would be some samples too early.
    rises = float(value[number + 1] - value[number]) >= _STILL
    return (
        rested
        and rises
        and float(value[number + 1 : later].max(initial=-np.inf)) >= (float(value[number]) + _RISE)
    )


def _end(temperature: RecordedSeries, number: int, aim: float) -> tuple[int, bool]:
    """Return the sample at which a heat-up ends, and whether it has reached its target."""
    time, value = temperature.time, temperature.value
    over = int(np.searchsorted(time, int(time[number]) + HORIZON, side="right"))
    warm = np.flatnonzero(value[number:over] >= aim - REACHED)
    if len(warm):
        return number + int(warm[0]), True
    # It was given up when it had fallen back by half for the last time.
    half = 0.5 * (float(value[number]) + float(value[number:over].max()))
    return number + int(np.flatnonzero(value[number:over] >= half)[-1]), False
