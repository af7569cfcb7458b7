"""What the maker's controller counts by itself: hours, starts, and estimates of energies."""

from __future__ import annotations

from heatpump_twin.drivers.plant.physics.meters import JOULES_PER_KWH, seconds_in_service

_BUSY_SHARE = 0.4
"""Share of the time that a machine ran before, more than any usual year's."""
_START_EVERY = 2 * 3600.0
"""Mean time from one start to the next then. [s]"""
_ESTIMATE = 1.04
"""Electricity from the inverter's current: a few percent off. [-]"""
_HOT_WATER = 0.2
"""Share of hot water in what was counted before. [-]"""


class ControllerCounters:
    """Counters that only count up, of a machine in service for some time."""

    def __init__(self) -> None:
        self.running = 0.0
        """[s]"""
        self._starts_before = 0
        self._electricity = {False: 0.0, True: 0.0}
        self._heat = {False: 0.0, True: 0.0}

    def start(self, time: int, capacity: float, power: float) -> None:
        """Set the counters to what they would show at a time in µs; capacity and power in W."""
        seconds = seconds_in_service(time)
        self.running = _BUSY_SHARE * seconds
        self._starts_before = int(seconds / _START_EVERY)
        for charging, share in ((True, _HOT_WATER), (False, 1.0 - _HOT_WATER)):
            self._electricity[charging] = share * _BUSY_SHARE * power * seconds
            self._heat[charging] = share * _BUSY_SHARE * capacity * seconds

    def count(self, dt: float, *, charging: bool, power: float, heat: float) -> None:
        """Add dt seconds of the compressor: electricity and heat in W."""
        self.running += dt if power > 0.0 else 0.0
        self._electricity[charging] += _ESTIMATE * power * dt
        self._heat[charging] += max(heat, 0.0) * dt

    def starts(self, since: int) -> int:
        """Return all starts, with those `since` the counters began."""
        return self._starts_before + since

    def electricity(self, charging: bool | None = None) -> float:
        """Return the electricity for hot water, for heating, or for both. [kWh]"""
        return _of(self._electricity, charging)

    def heat(self, charging: bool | None = None) -> float:
        """Return the heat for hot water, for heating, or for both. [kWh]"""
        return _of(self._heat, charging)


def _of(energies: dict[bool, float], charging: bool | None) -> float:
    found = sum(energies.values()) if charging is None else energies[charging]
    return found / JOULES_PER_KWH
