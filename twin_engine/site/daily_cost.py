"""Compute the cost of the day's electricity, at the prices of the times at which it was used."""

from __future__ import annotations

import numpy as np

from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.drivers.frame import Times, Values
from heatpump_twin.drivers.status import GOOD, UNCERTAIN_SUB_NORMAL
from heatpump_twin.twin_engine.site.price_schedule import PriceSchedule

_UNSEEN = 5 * 60 * MICROSECONDS
"""Energy of a longer time has no certain price if the price changed in it. [µs]"""


class DailyCost:
    """Electricity cost of the day of n heat pumps: prices each gain of their energies.

    Energy of a time in which nobody looked has the mean price of that time.
    """

    def __init__(self, schedule: PriceSchedule, heat_pumps: int) -> None:
        self._schedule = schedule
        self._energy = np.zeros(heat_pumps)
        self._seen: Times = np.zeros(heat_pumps, dtype=np.int64)
        self._cost = 0.0
        self._certain = True

    def begin(self, midnight: int) -> None:
        """Begin a day at its midnight, with no energy used and no cost."""
        self._energy[:] = 0.0
        self._seen[:] = midnight
        self._cost = 0.0
        self._certain = True

    def restore(self, cost: float, energy: Values, time: Times, *, certain: bool) -> None:
        """Restore the day's cost from known energies (kWh; NaN: not known) at their times."""
        known = ~np.isnan(energy)
        self._energy[known] = energy[known]
        self._seen[known] = time[known]
        self._cost = cost
        self._certain = certain

    def update(self, energy: Values, time: Times) -> tuple[float, int]:
        """Return the day's cost with its status, from energies since midnight (NaN: not known).

        Parameters
        ----------
        energy : ndarray of shape (n,)
            Of each heat pump since midnight. [kWh]
        time : ndarray of shape (n,)
            When that was. [µs since the Unix epoch, UTC]
        """
        news = np.flatnonzero(~np.isnan(energy) & (energy != self._energy) & (time > self._seen))
        if len(news):
            gain, until = energy[news] - self._energy[news], time[news]
            since = self._seen[news]
            latest = int(until.max())
            price = self._schedule.mean(since, latest)
            self._cost += float(gain @ price)
            # A mean price over a long gap is right only if the price stood still in it.
            unseen = (latest - since > _UNSEEN) & self._schedule.changed(since, latest)
            # A counter that was corrected backwards takes back what it should not have cost.
            self._certain &= not (unseen | (gain < 0)).any()
            self._energy[news] = energy[news]
        # Also where nothing was gained: the next gain was then used after this look, at later
        # prices.
        seen = ~np.isnan(energy)
        self._seen[seen] = time[seen]
        return self._cost, GOOD if self._certain else UNCERTAIN_SUB_NORMAL
