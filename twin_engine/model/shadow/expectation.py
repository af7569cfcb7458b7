"""What fault-free machines would take, give and reach now, with their uncertainty.

=====================  =============  ==========================================================
state                  expected COP   expected electrical power
=====================  =============  ==========================================================
heating, hot water     yes            by the model, for the heat that is delivered
off, standby           Bad            at rest, with or without moving water; never Good
defrost, cooling, …    Bad            Bad: no model here is of that
=====================  =============  ==========================================================

Good only while the machine is steady (its COP is Good), without a heater, and within what its model
was made for: in heating for the plate, in any running state for one that was learnt.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from heatpump_twin.drivers.frame import Values
from heatpump_twin.drivers.status import BAD, BAD_NO_DATA
from heatpump_twin.twin_engine.derive.measured_cop import COP_SPAN
from heatpump_twin.twin_engine.derive.operating_state import State
from heatpump_twin.twin_engine.model.machine.frost import FULL
from heatpump_twin.twin_engine.model.machine.operating_points import (
    STEADY_PERIOD,
    STEADY_RANGE,
    OperatingPoints,
)
from heatpump_twin.twin_engine.model.machine.power_model import Estimate
from heatpump_twin.twin_engine.model.shadow.fleet_models import FleetModels
from heatpump_twin.twin_engine.model.shadow.reading import (
    ShadowFlags,
    ShadowReading,
    doubted,
    either,
    following,
    without,
)

_LOW, _HIGH = 0x0500, 0x0600
"""InfoType DataValue with LimitBits Low and High (OPC 10000-4, 7.39)."""


@dataclass(frozen=True, slots=True)
class FleetState:
    """What is known of n heat pumps now."""

    state: ShadowReading
    source: ShadowReading
    water: ShadowReading
    heat: ShadowReading
    power: ShadowReading
    cop: ShadowReading
    flow: ShadowReading
    supply: ShadowReading
    """Leaving water as the controller sees it."""
    setpoint: ShadowReading
    tank: ShadowReading
    heater: ShadowFlags
    """Whether a heater is on, or may be."""
    ice: Values
    warming: Values
    """How fast the leaving water gets warmer. [K/s]"""
    running: ShadowFlags
    """Whether the machine heats rooms or water."""
    resting: ShadowFlags
    """Whether it is off or in standby."""

    @property
    def steady(self) -> ShadowFlags:
        """Whether it has run steadily for minutes, from values that are Good themselves."""
        # So does the COP say; but while a tank is charged the water is never steady.
        settled = np.abs(self.warming) * STEADY_PERIOD <= STEADY_RANGE
        return np.asarray((self.cop.status >> 30 == 0) & ~self.cop.bad & settled)

    def points(self, heat: Values) -> OperatingPoints:
        """Return the conditions of now, with some heat in W; not known ones are ordinary."""
        return OperatingPoints(
            np.nan_to_num(self.source.value, nan=7.0),
            np.nan_to_num(self.water.value, nan=35.0),
            np.nan_to_num(heat),
            np.minimum(self.ice, FULL),
            self.warming,
        )


def expectations(models: FleetModels, now: FleetState) -> dict[str, ShadowReading]:
    """Return the expected values of n heat pumps and their uncertainties, by point."""
    given_heat, given_power = _estimates(models, now)
    power = _power(models, now, given_heat)
    heat = _heat(models, now, given_power)
    cop = _cop(now, power)
    # At rest there is a power, and nothing that tells how far it may be off.
    relative = np.where(now.running, given_heat.uncertainty / given_heat.value, np.nan)
    return {
        "expected_electrical_power": power,
        "expected_electrical_power_uncertainty": beside(power, power.value * relative),
        "expected_cop": cop,
        "expected_cop_uncertainty": beside(cop, cop.value * relative),
        "expected_thermal_power": heat,
        "expected_thermal_power_uncertainty": beside(heat, given_power.uncertainty),
    }


def _estimates(models: FleetModels, now: FleetState) -> tuple[Estimate, Estimate]:
    """Return what the models say of the heat, and of the electrical power, of now."""
    # Most machines rest most of the time, and of that no model is asked.
    if not now.running.any():
        nothing = np.full(len(now.ice), np.nan)
        return Estimate(nothing, nothing), Estimate(nothing, nothing)
    at = now.points(now.heat.value)
    return models.power.power(at), models.power.heat(at, np.nan_to_num(now.power.value))


def _power(models: FleetModels, now: FleetState, given: Estimate) -> ShadowReading:
    running = following(given.value, now.state, now.heat, now.source, now.water)
    # A start that gives no heat yet is not compared.
    none = (running.status < BAD) & ~(now.heat.value > 0.0)
    running = without(running, none, BAD_NO_DATA)
    known = models.covers(now.source.value, now.water.value, now.heat.value)
    running = doubted(running, known & _trusted(models, now))
    moving = np.nan_to_num(now.flow.value) > 0.0
    idle = np.where(moving, models.circulating, models.standby)
    resting = doubted(following(idle, now.state, now.flow), np.zeros(len(idle), dtype=bool))
    return _by_state(now, running, resting)


def _heat(models: FleetModels, now: FleetState, given: Estimate) -> ShadowReading:
    found = following(given.value, now.state, now.power, now.source, now.water)
    known = models.covers(now.source.value, now.water.value, given.value)
    found = doubted(found, known & _trusted(models, now))
    return _by_state(now, found, without(found, np.ones(len(given.value), bool), BAD_NO_DATA))


def _cop(now: FleetState, power: ShadowReading) -> ShadowReading:
    ratio = power._replace(value=now.heat.value / power.value)
    low, high = COP_SPAN
    usable = ratio.status < BAD
    limit = np.where(usable & (ratio.value < low), _LOW, 0)
    limit = np.where(usable & (ratio.value > high), _HIGH, limit).astype(np.uint32)
    bounded = doubted(ratio._replace(value=np.clip(ratio.value, low, high)), limit == 0)
    bounded = bounded._replace(status=bounded.status | limit)
    nothing = without(bounded, np.ones(len(limit), dtype=bool), BAD_NO_DATA)
    return _by_state(now, bounded, nothing)


def _trusted(models: FleetModels, now: FleetState) -> ShadowFlags:
    own = (now.state.value == State.HEATING) | (models.calibrated & now.running)
    return np.asarray(now.steady & own & ~now.heater)


def _by_state(now: FleetState, running: ShadowReading, resting: ShadowReading) -> ShadowReading:
    elsewhere = ~now.running & ~now.resting & ~now.state.bad
    found = either(running, resting, now.running)
    unknown = following(np.full(len(found.value), np.nan), now.state)
    found = either(unknown, found, now.state.bad)
    return without(found, elsewhere, BAD_NO_DATA)


def beside(found: ShadowReading, value: Values) -> ShadowReading:
    """Return what is told beside values: as good as they are, and not where they are not."""
    return following(np.where(found.status >= BAD, np.nan, value), found)
