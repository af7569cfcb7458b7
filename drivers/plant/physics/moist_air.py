"""Moist air: saturation, dew point, humidity ratio."""

from __future__ import annotations

import math

STANDARD_PRESSURE = 101_325.0
_RATIO_OF_MOLAR_MASSES = 0.622


def saturation_pressure(temperature: float) -> float:
    """Return the vapour pressure over water, below 0 °C over ice. [Pa]

    Magnus form with the coefficients of WMO-No. 8 (2018), annex 4.B; −45…60 °C, ±0.6 %.
    """
    if temperature >= 0.0:
        return 611.2 * math.exp(17.62 * temperature / (243.12 + temperature))
    return 611.2 * math.exp(22.46 * temperature / (272.62 + temperature))


def vapour_pressure_at_dew_point(dew_point: float) -> float:
    """Return the vapour pressure of air with a dew point over water. [Pa]"""
    return 611.2 * math.exp(17.62 * dew_point / (243.12 + dew_point))


def relative_humidity(temperature: float, vapour_pressure: float) -> float:
    """Return the relative humidity over water, as meteorology defines it. [%]"""
    return 100.0 * vapour_pressure / vapour_pressure_at_dew_point(temperature)


def humidity_ratio(vapour_pressure: float) -> float:
    """Return the mass of water per mass of dry air at sea level. [kg/kg]"""
    return _RATIO_OF_MOLAR_MASSES * vapour_pressure / (STANDARD_PRESSURE - vapour_pressure)


def vapour_pressure_of(ratio: float) -> float:
    """Return the vapour pressure of air with a humidity ratio in kg/kg. [Pa]"""
    return STANDARD_PRESSURE * ratio / (_RATIO_OF_MOLAR_MASSES + ratio)
