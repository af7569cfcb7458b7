"""Compute the energy since local midnight from a meter's running energy counter."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import numpy as np

from heatpump_twin.twin_engine.derive.energy.calendar import HOUR, day_of
from heatpump_twin.twin_engine.derive.energy.counter_track import CounterTrack
from heatpump_twin.twin_engine.derive.energy.day_share import DayShare
from heatpump_twin.twin_engine.history import Samples

_AROUND = 2
"""Readings that are looked at on either side of one that does not follow."""


class DailyCounter:
    """Energy counter of the day: what a meter's counter gains since midnight. [kWh]

    Parameters
    ----------
    zone : ZoneInfo
        Where midnight is.
    largest_rate : float
        More than this the machine is not expected to do. [kW]
    """

    def __init__(self, zone: ZoneInfo, largest_rate: float) -> None:
        self._zone = zone
        self._rate = largest_rate / HOUR
        self._track = CounterTrack(largest_rate)
        self._share = DayShare(zone)

    def update(self, reading: float, time: int) -> tuple[float, int]:
        """Take a counter reading and return the energy of its day with its status."""
        self._track.take(reading, time)
        return self._share.of(self._track, time)

    def restore(self, recorded: Samples) -> None:
        """Take the recorded readings since shortly before midnight, in order of time."""
        usable = recorded.usable
        value, time = usable.value, usable.time
        # A day at a poll a second has 86,400 readings; `update` for each of them would hold up
        # the start for seconds, and of a stretch that rises steadily only its ends count.
        matters = np.ones(len(value), dtype=bool)
        if len(value) > 2:
            midnight = day_of(int(time[-1]), self._zone)[0]
            gain, most = np.diff(value), self._rate * np.diff(time)
            odd = (gain < 0) | (gain > most) | ((time[:-1] < midnight) & (time[1:] >= midnight))
            near = np.convolve(odd, np.ones(2 * _AROUND), mode="full").astype(bool)
            matters = near[_AROUND - 1 : _AROUND - 1 + len(value)]
            matters[[0, -1]] = True
        for reading, when in zip(value[matters].tolist(), time[matters].tolist(), strict=True):
            self.update(reading, when)
