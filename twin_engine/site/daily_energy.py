"""Keep the day's energy of every heat pump while one of them does not answer."""

from __future__ import annotations

import numpy as np

from heatpump_twin.drivers.frame import Times, Values
from heatpump_twin.drivers.status import UNCERTAIN_SUB_NORMAL
from heatpump_twin.twin_engine.site.fleet import FleetReading


class DailyEnergy:
    """Last known energies since midnight of n heat pumps. [kWh]"""

    def __init__(self, heat_pumps: int) -> None:
        self._value = np.full(heat_pumps, np.nan)
        self._time: Times = np.zeros(heat_pumps, dtype=np.int64)
        self._midnight = 0

    def begin(self, midnight: int) -> None:
        """Begin a day at its midnight: no energy is known yet."""
        self._value[:] = np.nan
        self._time[:] = midnight
        self._midnight = midnight

    def restore(self, value: Values, time: Times) -> None:
        """Restore the day's energies (kWh; NaN: not known) at their times."""
        known = ~np.isnan(value) & (time >= self._midnight)
        self._value[known] = value[known]
        self._time[known] = time[known]

    def update(self, now: FleetReading) -> FleetReading:
        """Return the energies of the day from what is read now. [kWh]

        One that is not usable now is replaced by the last one of the day; one that has not been
        read since midnight is zero. Both are Uncertain.
        """
        # A value from before midnight is yesterday's whole day: summed with today's of the others
        # it would make the site's energy jump each night.
        yesterdays = now.usable & (now.time < self._midnight) & np.isnan(self._value)
        current = now.usable & (now.time >= self._midnight)
        self._value[current], self._time[current] = now.value[current], now.time[current]
        value = np.where(yesterdays, 0.0, self._value)
        # What was used stays used: without it the site's energy would fall when a device goes
        # silent, and rise again when it is back.
        kept = ~current & ~np.isnan(value)
        status = np.where(kept, np.uint32(UNCERTAIN_SUB_NORMAL), now.status)
        return FleetReading(value, status, np.where(kept, self._time, now.time))
