"""The setpoint of the water: on the heating curve, until somebody writes another one."""

from __future__ import annotations

from dataclasses import dataclass

_DAMPING = 3 * 3600.0
"""Time constant of the outdoor temperature that the curve follows: a house is no faster. [s]"""
_STEP = 0.5
"""Steps in which the curve moves the setpoint, as displays show it. [K]"""
_EVERY = 600.0
"""How often it moves by one such step. [s]"""
_FREE = 45.0
"""Setpoint of a machine without a curve. [°C]"""


@dataclass(frozen=True, slots=True)
class CompensationLine:
    """Weather compensation (heating curve): a straight line between two points. [°C]

    From (outdoor_low, water_high) to (outdoor_high, water_low), and constant beyond them.
    """

    outdoor_low: float = -5.0
    water_high: float = 39.0
    outdoor_high: float = 16.0
    water_low: float = 25.0

    @property
    def slope(self) -> float:
        """How much warmer the water is for each kelvin that it is colder outdoors. [-]"""
        return (self.water_high - self.water_low) / (self.outdoor_high - self.outdoor_low)

    def water(self, outdoor: float) -> float:
        """Return the water temperature for an outdoor temperature. [°C]"""
        span = (outdoor - self.outdoor_low) / (self.outdoor_high - self.outdoor_low)
        return self.water_high + (self.water_low - self.water_high) * min(max(span, 0.0), 1.0)


class SupplySetpoint:
    """Setpoint of the leaving water. [°C]

    It follows the heating curve. A written one holds, until the value that was there before is
    written again, as whoever releases an override does: from there it follows the curve.
    """

    def __init__(self, curve: CompensationLine | None, low: float, high: float) -> None:
        self._curve = curve
        self._low, self._high = low, high
        self._outdoor: float | None = None
        self._before: float | None = None
        self._since = 0.0
        self.value = min(_FREE, high)

    @property
    def on_curve(self) -> bool:
        """Whether the curve decides."""
        return self._curve is not None and self._before is None

    def write(self, value: float) -> None:
        """Set it to what somebody asks for, within the limits of the machine."""
        value = min(max(value, self._low), self._high)
        if self.on_curve and value != self.value:
            self._before = self.value
        elif self._before is not None and abs(value - self._before) < _STEP / 2:
            self._before, self._since = None, 0.0
        self.value = value

    def step(self, dt: float, outdoor: float, shift: float = 0.0) -> None:
        """Follow the curve, shifted by so many K, for dt seconds, by the outdoor air in °C."""
        if self._curve is None:
            return
        first = self._outdoor is None
        last = outdoor if self._outdoor is None else self._outdoor
        self._outdoor = last + (outdoor - last) * min(dt / _DAMPING, 1.0)
        self._since += dt
        if not self.on_curve or (self._since < _EVERY and not first):
            return
        self._since = 0.0
        aim = min(max(self._curve.water(self._outdoor) + shift, self._low), self._high)
        steps = round((aim - self.value) / _STEP)
        # A step at a time, so that whoever gave it back reads what was written.
        self.value += _STEP * (steps if first else min(max(steps, -1), 1))
