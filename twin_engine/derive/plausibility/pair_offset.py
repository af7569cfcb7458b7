"""The offset of a heat meter's pair of sensors: what they differ by in water that nothing heats."""

from __future__ import annotations

import numpy as np

from heatpump_twin.twin_engine.derive.plausibility.fleet_view import Array, FleetView, Mask
from heatpump_twin.twin_engine.derive.sources import HEATERS, WATER_PAIRS
from heatpump_twin.twin_engine.derive.water import NOISE, SENSORS_DIFFER

LARGEST = 2.0
"""More than this at rest is no offset: something else heats the water. [K]"""
_CALM = 10 * 60.0
"""A condenser and its pipes are as cold as the water after this time. [s]"""
_KNOWN = 5 * 60.0
"""An offset is known after this long a look. [s]"""
_SLOW, _FAST = 300.0, 60.0
"""Time constants of two means: as long as they differ, other water comes by. [s]"""
_STEADY = 0.02
"""The heat that is left fades by less than 0.005 K a minute then. [K]"""
_SUPPLY, _RETURN = WATER_PAIRS[0]


class PairOffset:
    """Offset of the heat meter's pair of each heat pump, learnt whenever it rests. [K]"""

    def __init__(self) -> None:
        self.offset: Array = np.empty(0)
        """NaN: not known yet."""
        self._slow: Array = np.empty(0)
        self._fast: Array = np.empty(0)
        self._rest: Array = np.empty(0)
        self._beyond: Mask = np.empty(0, dtype=bool)

    def found(self, view: FleetView) -> Mask:
        """Tell where the offset is more than the meter's class allows, after another look."""
        if more := view.size - len(self.offset):
            self._grow(more)
        rests = view["compressor_on"] == 0
        for switch in (*HEATERS, "defrost_active"):
            rests &= ~view.on(switch)
        self._rest = np.where(rests, self._rest + view.elapsed, 0.0)
        difference = view[_SUPPLY] - view[_RETURN]
        flows = view["water_flow"] > 0.2 * view.nominal_flow
        seen = flows & (self._rest > _CALM) & (np.abs(difference) < LARGEST)
        # From anew at each rest: an instrument that was mended is soon believed.
        first = seen & (self._rest - view.elapsed <= _CALM)
        self._slow = _followed(self._slow, difference, seen, first, view.elapsed / _SLOW)
        self._fast = _followed(self._fast, difference, seen, first, view.elapsed / _FAST)
        steady = np.abs(self._fast - self._slow) < _STEADY
        known = seen & steady & (self._rest > _CALM + _KNOWN)
        self.offset = np.where(known, self._slow, self.offset)
        # Two thresholds: one would be crossed to and fro by the noise.
        size = np.abs(self.offset)
        self._beyond = size > np.where(self._beyond, SENSORS_DIFFER, SENSORS_DIFFER + NOISE)
        return self._beyond

    def _grow(self, more: int) -> None:
        self.offset = np.append(self.offset, np.full(more, np.nan))
        self._slow = np.append(self._slow, np.full(more, np.nan))
        self._fast = np.append(self._fast, np.full(more, np.nan))
        self._rest = np.append(self._rest, np.zeros(more))
        self._beyond = np.append(self._beyond, np.zeros(more, dtype=bool))


def _followed(mean: Array, value: Array, seen: Mask, first: Mask, lengths: float) -> Array:
    """Return a running mean after another value, so many of its time constants later."""
    before = np.where(first | np.isnan(mean), value, mean)
    after = before + (1.0 - np.exp(-lengths)) * (value - before)
    return np.where(seen, after, mean)
