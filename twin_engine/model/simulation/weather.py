"""Weather over time as a simulation takes it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from heatpump_twin.drivers.frame import Times
from heatpump_twin.twin_engine.model.house.envelope import Floats
from heatpump_twin.twin_engine.model.house.sun import estimated, on_orientations

_COIL_BELOW = 8.0
"""Air less evaporating temperature of a machine that frosts. [K]"""
USUAL_HUMIDITY = 82.0
"""Mean of European winters. [%]"""


@dataclass(frozen=True, slots=True, eq=False)
class WeatherSeries:
    """Weather of a place at moments of any distance; each array has the shape (n,)."""

    time: Times
    """[µs since the Unix epoch, UTC]"""
    outdoor: Floats
    """[°C]"""
    irradiance: Floats
    """Of the horizontal; NaN where it is not known, and then estimated by the day's span. [W/m²]"""
    humidity: Floats
    """NaN where it is not known. [%]"""
    latitude: float
    longitude: float

    @property
    def light(self) -> Floats:
        """Irradiance of the horizontal, estimated where it is not known. [W/m²]"""
        known = np.isfinite(self.irradiance)
        if known.all():
            return self.irradiance
        guess = estimated(self.time, self.outdoor, self.latitude, self.longitude)
        return np.where(known, self.irradiance, guess)

    def warmer(self, kelvin: float) -> WeatherSeries:
        """Return the same weather with warmer air."""
        return replace(self, outdoor=self.outdoor + kelvin)


def at_moments(weather: WeatherSeries, time: Times, frost: float) -> tuple[Floats, Floats, Floats]:
    """Return outdoor air [°C], the share of heat lost to frost [-], and irradiance by orientation.

    Between the moments of the weather on straight lines; before the first and after the last it
    stays as it is there. ``frost`` is as in `frost_share`.
    """
    known = np.isfinite(weather.outdoor)
    outdoor = np.interp(time, weather.time[known], weather.outdoor[known])
    damp = np.isfinite(weather.humidity)
    humidity = np.full(len(time), USUAL_HUMIDITY)
    if damp.any():
        humidity = np.interp(time, weather.time[damp], weather.humidity[damp])
    sides = on_orientations(weather.time, weather.light, weather.latitude, weather.longitude)
    sun = np.stack([np.interp(time, weather.time, side) for side in sides.T], axis=1)
    return outdoor, frost_share(outdoor, humidity, frost), sun


def frost_share(outdoor: Floats, humidity: Floats, strength: float) -> Floats:
    r"""Return the share of the heat that defrosting takes. [-]

    Ice grows with the water that the air leaves on a coil 8 K colder:

    .. math:: k (w_{air} - w_{sat}(T_{coil}))

    Parameters
    ----------
    outdoor, humidity : array
        Air. [°C], [%]
    strength : float
        k: 60 takes 8 % at 0 °C and 90 %, as metered machines lose 5 to 15 %. [kg/kg]
    """
    coil = outdoor - _COIL_BELOW
    left = _humidity_ratio(outdoor, humidity / 100.0) - _humidity_ratio(coil, 1.0)
    return np.clip(np.where(coil < -1.0, strength * left, 0.0), 0.0, 0.3)


def _humidity_ratio(celsius: Floats, saturation: Floats | float) -> Floats:
    """Return the water in air at sea level, by Magnus's formula over water and ice. [kg/kg]"""
    over_ice = celsius < 0.0
    pressure = 611.2 * np.exp(
        np.where(over_ice, 22.46, 17.62) * celsius / (np.where(over_ice, 272.62, 243.12) + celsius)
    )
    vapour = saturation * pressure
    return np.asarray(0.622 * vapour / (101_325.0 - vapour))
