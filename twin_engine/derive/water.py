"""Water side: density and heat capacity of water, thermal power and temperature difference."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from heatpump_twin.drivers.status import UNCERTAIN_SENSOR_NOT_ACCURATE
from heatpump_twin.twin_engine.derive.derived_inputs import Chosen
from heatpump_twin.twin_engine.derive.operating_state import State
from heatpump_twin.twin_engine.derive.sources import WATER_FLOWS, WATER_PAIRS
from heatpump_twin.twin_engine.quality import at_least_uncertain
from heatpump_twin.twin_engine.sample import Sample, sample_of

SENSORS_DIFFER = 0.3
"""Difference of a pair of sensors in the same water that is still ordinary: EN 1434-1 allows 0.1 K
at 3 K; ageing, a digit of the register, and the heat of a pump come on top. [K]"""
NOISE = 0.05
"""And of two single samples. [K]"""

Number = float | NDArray[np.float64]


def temperature_difference(water: Chosen) -> Sample:
    """Return supply less return temperature. [K]"""
    supply, back = water.samples
    return sample_of(supply.value - back.value, supply, back)


def heat_into_water(
    flow: Chosen, water: Chosen, states: Mapping[str, Sample] = MappingProxyType({})
) -> Sample:
    """Return the thermal power from water flow, supply and return temperature. [W]

    Uncertain where the state says that there can be none: at rest, and less than none in heating.
    """
    used = (*flow.samples, *water.samples)
    heat = sample_of(float(thermal_power(*[sample.value for sample in used])), *used)
    supply, back = water.samples
    if heat.value and any(_impossible(s, supply.value - back.value) for s in states.values()):
        heat = heat._replace(status=at_least_uncertain(heat.status, UNCERTAIN_SENSOR_NOT_ACCURATE))
    if (*flow.points, *water.points) == (WATER_FLOWS[0], *WATER_PAIRS[0]):
        return heat
    # Only a heat meter's sensors are paired and calibrated for this.
    return heat._replace(status=at_least_uncertain(heat.status, UNCERTAIN_SENSOR_NOT_ACCURATE))


def _impossible(state: Sample, difference: float) -> bool:
    """Tell whether a difference of the water's temperatures cannot be in a state."""
    if state.bad:
        return False
    if state.value in (State.HEATING, State.HOT_WATER):
        return difference < -SENSORS_DIFFER - NOISE
    # A small difference with no compressor is that of the sensors. A large one is heat: of a
    # heater, or what is left in the condenser.
    at_rest = state.value in (State.OFF, State.STANDBY)
    return at_rest and SENSORS_DIFFER + NOISE < abs(difference) < 1.0


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
