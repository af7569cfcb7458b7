"""Moist air: saturation pressure, dew point, relative humidity, humidity ratio."""

from __future__ import annotations

import math

STANDARD_PRESSURE = 101_325.0
"""Air pressure at sea level. [Pa]"""
_RATIO_OF_MOLAR_MASSES = 0.622
"""Molar mass of water over that of dry air. [-]"""


def saturation_pressure(temperature: float) -> float:
    """Return the saturation pressure over water, below 0 °C over ice, at a temperature in °C. [Pa]

    Magnus form with the coefficients of WMO-No. 8 (2018), annex 4.B; −45…60 °C, ±0.6 %.
    """
    # The annex also has a factor for the pressure of the air, 1.005 at sea level: left out here, as
    # it all but cancels where two humidities are compared.
    if temperature >= 0.0:
        return 611.2 * math.exp(17.62 * temperature / (243.12 + temperature))
    return 611.2 * math.exp(22.46 * temperature / (272.62 + temperature))


def vapour_pressure_at_dew_point(dew_point: float) -> float:
    """Return the vapour pressure of air with a dew point over water in °C. [Pa]"""
    return 611.2 * math.exp(17.62 * dew_point / (243.12 + dew_point))


def relative_humidity(temperature: float, vapour_pressure: float) -> float:
    """Return the relative humidity of air at a temperature in °C, vapour pressure in Pa. [%]"""
    # Over water below 0 °C as well: so meteorology defines it, and weather stations report it.
    return 100.0 * vapour_pressure / vapour_pressure_at_dew_point(temperature)


def humidity_ratio(vapour_pressure: float) -> float:
    """Return the humidity ratio, water per dry air at sea level; vapour pressure in Pa. [kg/kg]"""
    return _RATIO_OF_MOLAR_MASSES * vapour_pressure / (STANDARD_PRESSURE - vapour_pressure)


def vapour_pressure_of(ratio: float) -> float:
    """Return the vapour pressure of air with a humidity ratio in kg/kg. [Pa]"""
    return STANDARD_PRESSURE * ratio / (_RATIO_OF_MOLAR_MASSES + ratio)
