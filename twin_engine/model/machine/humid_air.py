"""Humid air: how much water it carries, over arrays."""

from __future__ import annotations

import numpy as np

from heatpump_twin.drivers.frame import Values

STANDARD_PRESSURE = 101_325.0
"""Air pressure at sea level. [Pa]"""
USUAL_HUMIDITY = 85.0
"""Relative humidity of winter air where nobody measures it. [%]"""
_MOLAR_MASSES = 0.622
"""Molar mass of water over that of dry air. [-]"""


def saturation_ratio(temperature: Values) -> Values:
    """Return the humidity ratio of saturated air, below 0 °C over ice. [g/kg]

    Parameters
    ----------
    temperature : array-like
        −45 to 60 °C. [°C]

    References
    ----------
    Magnus form with the coefficients of WMO-No. 8 (2018), annex 4.B; off by less than 0.6 %.
    """
    t = np.asarray(temperature, dtype=np.float64)
    ice = 22.46 * t / (272.62 + t)
    pressure = 611.2 * np.exp(np.where(t >= 0.0, _over_water(t), ice))
    return _ratio(pressure)


def humidity_ratio(temperature: Values, relative: Values) -> Values:
    """Return the humidity ratio of air of a temperature (°C) and relative humidity (%). [g/kg]

    Relative to water at any temperature, as meteorology has it and transmitters show it.
    """
    t = np.asarray(temperature, dtype=np.float64)
    return _ratio(611.2 * np.exp(_over_water(t)) * np.clip(relative, 0.0, 100.0) / 100.0)


def _over_water(t: Values) -> Values:
    return 17.62 * t / (243.12 + t)


def _ratio(pressure: Values) -> Values:
    return 1e3 * _MOLAR_MASSES * pressure / (STANDARD_PRESSURE - pressure)
