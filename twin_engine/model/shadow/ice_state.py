"""Ice on the outdoor coils of n heat pumps, as it grows with time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.drivers.frame import Times, Values
from heatpump_twin.twin_engine.derive.operating_state import State
from heatpump_twin.twin_engine.model.machine.frost import CoilFrost
from heatpump_twin.twin_engine.model.machine.humid_air import USUAL_HUMIDITY, humidity_ratio
from heatpump_twin.twin_engine.model.shadow.reading import ShadowReading, is_any_of

_APART = 600.0
"""What happens in a longer pause is not followed. [s]"""


@dataclass(slots=True)
class IceState:
    """Ice on n coils, as a share of what starts a defrost. [-]"""

    level: Values
    time: Times

    @classmethod
    def of(cls, count: int) -> IceState:
        """Return clean coils."""
        return cls(np.zeros(count), np.full(count, -(2**62)))

    def joined(self, other: IceState) -> IceState:
        """Return these and others behind them."""
        return IceState(np.append(self.level, other.level), np.append(self.time, other.time))

    def of_some(self, which: NDArray[np.int64]) -> IceState:
        """Return those of some heat pumps, by place."""
        return IceState(self.level[which], self.time[which])

    def advance(
        self, frost: CoilFrost, state: ShadowReading, source: ShadowReading, humidity: ShadowReading
    ) -> None:
        """Let time go on to that of the state; where state or source is Bad, ice stays."""
        apart = (state.time - self.time) / MICROSECONDS
        known = ~state.bad & ~source.bad & (apart > 0.0) & (apart <= _APART)
        hours = np.where(known, apart, 0.0) / 3600.0
        air = np.nan_to_num(source.value, nan=20.0)
        humid = np.where(humidity.bad, USUAL_HUMIDITY, humidity.value)
        defrosting = (state.value == State.DEFROST).astype(float)
        running = is_any_of(state, (State.HEATING, State.HOT_WATER)).astype(float)
        after = frost.advance(
            self.level, hours, air, humidity_ratio(air, humid), running, defrosting
        )
        self.level = np.where(known, after, self.level)
        # From the last state that was known on: before it nobody knows what happened.
        self.time = np.where(state.bad, self.time, np.maximum(self.time, state.time))
