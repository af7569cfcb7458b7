"""Heat that defrosts take out of the water again, which a counter of heat does not take off."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.twin_engine.derive.derived_point import MachineFacts
from heatpump_twin.twin_engine.derive.energy.daily_integral import DailyIntegral
from heatpump_twin.twin_engine.derive.operating_state import State
from heatpump_twin.twin_engine.history import NO_SAMPLES, Samples
from heatpump_twin.twin_engine.sample import Sample

TAKEN_FROM = ("operating_state", "thermal_power")
"""What it is computed from."""
_STATE, _HEAT = TAKEN_FROM
_TAKES_BACK = (State.DEFROST, State.HEATING, State.HOT_WATER)
"""After a defrost the water is still cold for a minute."""
_LOOK = 240 * MICROSECONDS
"""Of what is recorded so many samples do: they show that somebody looked. [µs]"""


class HeatTakenBack:
    """Integral over the local day of the thermal power below zero, while the machine runs. [kWh]"""

    def __init__(self, facts: MachineFacts) -> None:
        self._day = DailyIntegral(facts.zone)
        self._states = NO_SAMPLES
        self._latest = 0.0
        self._time = -1

    def restore(self, point: str, recorded: Samples) -> None:
        """Take recorded samples since shortly before midnight: the states first, then the heat."""
        if point == _STATE:
            self._states = recorded.usable
            return
        heat, states = recorded.usable, self._states
        place = np.searchsorted(states.time, heat.time, side="right") - 1
        # Before the first state is recorded none is known.
        state = np.append(states.value, np.nan)[np.where(place < 0, len(states.time), place)]
        power = np.where(np.isin(state, _TAKES_BACK), np.maximum(-heat.value, 0.0), 0.0)
        kept = _telling(power, heat.time)
        self._take(zip(power[kept].tolist(), heat.time[kept].tolist(), strict=True))

    def update(self, samples: Mapping[str, Sample]) -> float:
        """Return it after the latest samples. [kWh]"""
        heat, state = samples[_HEAT], samples[_STATE]
        if not heat.bad and not state.bad and heat.time != self._time:
            took = max(-heat.value, 0.0) if state.value in _TAKES_BACK else 0.0
            self._take([(took, heat.time)])
        return self._latest

    def _take(self, samples: Iterable[tuple[float, int]]) -> None:
        for power, time in samples:
            self._latest, _ = self._day.update(power, time)
            self._time = time


def _telling(power: np.ndarray, time: np.ndarray) -> np.ndarray:
    """Return which samples tell of an integral: those around heat, and one in some minutes."""
    some = np.convolve(power > 0, np.ones(3), mode="same") > 0 if len(power) > 2 else power >= 0
    return np.asarray(some | (np.diff(time // _LOOK, prepend=-1) != 0))
