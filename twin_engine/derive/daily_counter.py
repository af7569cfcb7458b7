"""Compute the energy since local midnight from a meter's running energy counter."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.drivers.status import GOOD, UNCERTAIN_SUB_NORMAL, is_bad
from heatpump_twin.twin_engine.history import Samples

SEEN = 5 * 60 * MICROSECONDS
"""A counter read this short a time before midnight counts as read at midnight."""
_RESOLUTION = 0.1
"""Largest step of a counter's last digit. [kWh]"""


class DailyCounter:
    """Energy counter of the day: sums what a meter's counter gains since midnight. [kWh]

    A counter that goes back, or leaps by more than ``largest_rate`` allows, was reset, rolled over
    or replaced: the day goes on from its new reading, and is Uncertain.

    Parameters
    ----------
    zone : ZoneInfo
        Where midnight is.
    largest_rate : float
        More than this the machine cannot do. [kW]
    """

    def __init__(self, zone: ZoneInfo, largest_rate: float) -> None:
        self._zone = zone
        self._largest_rate = largest_rate
        self._day: tuple[int, int] = (0, 0)
        self._last: tuple[float, int] | None = None
        self._energy = 0.0
        self._certain = False

    def update(self, reading: float, time: int) -> tuple[float, int]:
        """Add a counter reading and return the energy of the day with its status."""
        if self._last is None:
            # What was used between midnight and the first reading ever is not known.
            self._begin_day(time, certain=False)
        else:
            last, before = self._last
            # A reading older than the last is of a clock that was set back, or late: its gain is
            # counted already.
            if time < before:
                return self._energy, self._status
            gain, plausible = self._gain(reading - last, reading, time - before)
            if time >= self._day[1]:
                self._begin_day(time, certain=before >= day_of(time, self._zone)[0] - SEEN)
                # What was gained while nobody looked may belong to yesterday.
                self._certain |= gain == 0
                gain = gain if self._certain else 0.0
            self._energy += gain
            self._certain &= plausible
        self._last = (reading, time)
        return self._energy, self._status

    def restore(self, recorded: Samples) -> None:
        """Add the recorded readings since shortly before midnight, in order of time."""
        usable = np.array([not is_bad(status) for status in recorded.status.tolist()], dtype=bool)
        value, time = recorded.value[usable], recorded.time[usable]
        # Only the ends and what surrounds a reset or the midnight matter.
        matters = np.ones(len(value), dtype=bool)
        if len(value) > 2:
            # A day at a poll a second has 86,400 readings; `update` for each of them would hold
            # up the start for seconds, and of a rising stretch only its ends count.
            midnight = day_of(int(time[-1]), self._zone)[0]
            back = np.diff(value) < 0
            turn = (time[:-1] < midnight) & (time[1:] >= midnight)
            matters[1:-1] = (back | turn)[1:] | (back | turn)[:-1]
        for reading, when in zip(value[matters].tolist(), time[matters].tolist(), strict=True):
            self.update(reading, when)

    @property
    def _status(self) -> int:
        return GOOD if self._certain else UNCERTAIN_SUB_NORMAL

    def _begin_day(self, time: int, certain: bool) -> None:
        self._day = day_of(time, self._zone)
        self._energy = 0.0
        self._certain = certain

    def _gain(self, difference: float, reading: float, elapsed: int) -> tuple[float, bool]:
        # One step of the last digit on top: between two quick readings the digit may fall over at
        # any moment.
        most = self._largest_rate * elapsed / (3600 * MICROSECONDS) + _RESOLUTION
        if 0 <= difference <= most:
            return difference, True
        # After a reset the reading is what was counted since; after a replacement it is anything.
        return (reading if difference < 0 and reading <= most else 0.0), False


def day_of(time: int, zone: ZoneInfo) -> tuple[int, int]:
    """Return the local midnights before and after a time; they are 23, 24 or 25 hours apart."""
    local = datetime.fromtimestamp(time // MICROSECONDS, zone)
    # Made from the date and not by adding 24 h: with summer time a day has 23 or 25, and in some
    # zones midnight itself does not exist.
    start = datetime(local.year, local.month, local.day, tzinfo=zone)
    tomorrow = local.date() + timedelta(days=1)
    end = datetime(tomorrow.year, tomorrow.month, tomorrow.day, tzinfo=zone)
    return int(start.timestamp()) * MICROSECONDS, int(end.timestamp()) * MICROSECONDS
