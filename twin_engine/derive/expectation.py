"""Expected COP and electrical power of a fault-free heat pump, and the residuals from them.

=====================  ============  =====================================================
state                  expected COP  expected electrical power
=====================  ============  =====================================================
heating, hot water     yes           heat over the plate's COP, and the circulation pump
off, standby           Bad           standby, and the circulation pump where water flows
defrost, cooling, …    Bad           Bad: the plate's heating points say nothing of it
=====================  ============  =====================================================

Expected values are Good only in steady heating, without a heater, within what the plate's points
span; otherwise Uncertain.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from heatpump_twin.drivers.status import (
    BAD_CONFIGURATION_ERROR,
    BAD_NO_DATA,
    BAD_OUT_OF_RANGE,
    is_good,
)
from heatpump_twin.twin_engine.derive.derived_inputs import Chosen
from heatpump_twin.twin_engine.derive.derived_point import MachineFacts
from heatpump_twin.twin_engine.derive.measured_cop import COP_SPAN
from heatpump_twin.twin_engine.derive.operating_state import State
from heatpump_twin.twin_engine.derive.plate_performance import PlatePerformance
from heatpump_twin.twin_engine.derive.sources import SOURCE_TEMPERATURES
from heatpump_twin.twin_engine.quality import at_least_uncertain, limited
from heatpump_twin.twin_engine.sample import Sample, sample_of

_RUNNING = (State.HEATING, State.HOT_WATER)
_RESTING = (State.OFF, State.STANDBY)


class PlateExpectation:
    """Plate performance and idle powers of a machine, for its expected values."""

    def __init__(self, facts: MachineFacts) -> None:
        plate = facts.plate
        self.performance = PlatePerformance(plate.heating)
        self.pump_power = plate.pump_power
        self.standby_power = plate.standby_power
        # Outdoor air tells nothing of a borehole.
        self.sources = SOURCE_TEMPERATURES if plate.source == "air" else SOURCE_TEMPERATURES[:1]

    def source(self, temperatures: Mapping[str, Sample]) -> Sample | None:
        """Return the first usable temperature of what enters the machine, else the first.

        One that cannot be stays the first: the machine goes by it, and what a fault-free one would
        do at another temperature tells nothing of it.
        None: none of those that there are tells anything of this machine.
        """
        known = [temperatures[point] for point in self.sources if point in temperatures]
        usable = (s for s in known if not s.bad or s.status == BAD_OUT_OF_RANGE)
        return next(usable, next(iter(known), None))


def expected_power(
    plate: PlateExpectation,
    state: Sample,
    heat: Sample,
    cop: Sample,
    temperatures: Mapping[str, Sample],
    water: Chosen,
    flow: Chosen,
    heaters: Mapping[str, Sample],
) -> Sample:
    """Return the electrical power that a fault-free machine would take. [W]"""
    if state.bad:
        return sample_of(math.nan, state)
    # At rest there is no heat to divide, but a machine that draws power then has a fault worth
    # seeing.
    if state.value in _RESTING:
        return _at_rest(plate, state, flow)
    if state.value not in _RUNNING:
        return Sample(math.nan, BAD_NO_DATA, state.time)
    source, supply = plate.source(temperatures), water.samples[0]
    if source is None:
        return Sample(math.nan, BAD_CONFIGURATION_ERROR, state.time)
    used = (state, heat, source, supply)
    if any(sample.bad for sample in used) or heat.value <= 0:
        return sample_of(math.nan, *used)
    # The expectation follows the measured heat and not the rated capacity: an inverter gives what
    # is asked for.
    rated = float(plate.performance.cop(source.value, supply.value))
    rated *= 1.0 + float(plate.performance.part_load_gain(heat.value))
    power = sample_of(heat.value / rated + plate.pump_power, *used)
    # COP is Good only after five steady minutes, from values that are Good themselves.
    trusted = (
        state.value == State.HEATING
        and is_good(cop.status)
        and plate.performance.covers(source.value, supply.value, heat.value)
        and not any(heater.bad or heater.value for heater in heaters.values())
    )
    return power if trusted else power._replace(status=at_least_uncertain(power.status))


def expected_cop(state: Sample, heat: Sample, power: Sample) -> Sample:
    """Return the COP that a fault-free machine would have at its expected power. [-]"""
    if state.bad:
        return sample_of(math.nan, state)
    if state.value not in _RUNNING:
        return Sample(math.nan, BAD_NO_DATA, state.time)
    if power.bad:
        return power
    value, status = limited(heat.value / power.value, power.status, COP_SPAN)
    return power._replace(value=value, status=status)


def residual(measured: Sample, expected: Sample) -> Sample:
    """Return the measured less the expected value."""
    return sample_of(measured.value - expected.value, measured, expected)


def _at_rest(plate: PlateExpectation, state: Sample, flow: Chosen) -> Sample:
    # Never Good: crankcase heaters and pump speeds at rest are on no plate.
    (water,) = flow.samples
    pump = plate.pump_power if water.value > 0 else 0.0
    power = sample_of(plate.standby_power + pump, state, water)
    return power._replace(status=at_least_uncertain(power.status))
