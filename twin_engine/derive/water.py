"""Water side: density and heat capacity of water, thermal power and temperature difference."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from heatpump_twin.drivers.status import UNCERTAIN_SENSOR_NOT_ACCURATE
from heatpump_twin.twin_engine.derive.derived_inputs import Chosen
from heatpump_twin.twin_engine.derive.sources import WATER_FLOWS, WATER_PAIRS
from heatpump_twin.twin_engine.quality import at_least_uncertain
from heatpump_twin.twin_engine.sample import Sample, sample_of

Number = float | NDArray[np.float64]


def temperature_difference(water: Chosen) -> Sample:
    """Return supply less return temperature. [K]"""
    supply, back = water.samples
    return sample_of(supply.value - back.value, supply, back)


def heat_into_water(flow: Chosen, water: Chosen) -> Sample:
    """Return the thermal power from water flow, supply and return temperature. [W]"""
    used = (*flow.samples, *water.samples)
    heat = sample_of(float(thermal_power(*[sample.value for sample in used])), *used)
    if (*flow.points, *water.points) == (WATER_FLOWS[0], *WATER_PAIRS[0]):
        return heat
    # Only a heat meter's sensors are paired and calibrated for this.
    return heat._replace(status=at_least_uncertain(heat.status, UNCERTAIN_SENSOR_NOT_ACCURATE))


def water_density(temperature: Number) -> Any:
    """Return the density of water. [kg/m³]

    Parameters
    ----------
    temperature : array-like
        0 to 150 °C; off by less than 0.02 %. [°C]

    References
    ----------
    C. O. Popiel, J. Wojtkowiak, "Simple formulas for thermophysical properties of liquid water for
    heat transfer calculations (from 0 °C to 150 °C)", Heat Transfer Engineering 19 (3), 1998.
    """
    # Below 0 °C the formulas do not hold, and t**2.5 would be NaN; a sensor shows -0.1 at times.
    t = np.maximum(temperature, 0.0)
    return (
        999.79684 + 0.068317355 * t - 0.010740248 * t**2 + 0.00082140905 * t**2.5
        - 2.3030988e-5 * t**3
    )  # fmt: skip


def water_heat_capacity(temperature: Number) -> Any:
    """Return the specific heat capacity of water at constant pressure. [J/(kg K)]

    Source, span and argument are those of `water_density`; off by less than 0.06 %.
    """
    t = np.maximum(temperature, 0.0)
    return 1000 * (
        4.2174356 - 0.0056181625 * t + 0.0012992528 * t**1.5 - 0.00011535353 * t**2
        + 4.14964e-6 * t**2.5
    )  # fmt: skip


def thermal_power(flow: Number, supply: Number, returning: Number) -> Any:
    r"""Return the thermal power that the water takes up. [W]

    .. math:: \dot Q = \dot V \, \rho(T_r) \, c_p(\bar T) \, (T_s - T_r)

    Parameters
    ----------
    flow : array-like
        Volume flow; the sensor sits in the return, as EN 1434 has it for heating. [l/min]
    supply, returning : array-like
        Water temperatures. [°C]

    Notes
    -----
    For water. A glycol mixture carries up to 10 % less heat than this says.
    """
    # Density at the return, where the flow is measured; heat capacity at the mean of the span.
    mass_flow = flow / 60_000 * water_density(returning)
    return mass_flow * water_heat_capacity((supply + returning) / 2) * (supply - returning)
