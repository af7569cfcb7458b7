"""What a heat pump should show now if nothing was wrong with it, and how far it is from that."""

from __future__ import annotations

import math
from collections.abc import Mapping

from heatpump_twin.config.settings import Plate
from heatpump_twin.drivers.status import BAD_CONFIGURATION_ERROR, BAD_NO_DATA, is_good
from heatpump_twin.twin_engine.derive.derived import (
    COP_SPAN,
    HEATERS,
    SOURCE_TEMPERATURES,
    WATER_FLOWS,
    WATER_PAIRS,
    State,
)
from heatpump_twin.twin_engine.derive.plate_performance import PlatePerformance
from heatpump_twin.twin_engine.quality import at_least_uncertain, limited
from heatpump_twin.twin_engine.sample import Sample, first_usable, sample_of


class Expectation:
    """Compares a heat pump with its plate.

    =====================  ============  =====================================================
    state                  expected COP  expected electrical power
    =====================  ============  =====================================================
    heating, hot water     yes           heat over the plate's COP, and the circulation pump
    off, standby           Bad           standby, and the circulation pump where water flows
    defrost, cooling, …    Bad           Bad: the plate's heating points say nothing of it
    =====================  ============  =====================================================

    Expected values are Good only in steady heating, without a heater, within what the plate's
    points span; otherwise Uncertain.
    """

    def __init__(self, plate: Plate, ids: frozenset[str]) -> None:
        self._performance = PlatePerformance(plate.heating)
        self._pump_power = plate.pump_power
        self._standby_power = plate.standby_power
        # Outdoor air tells nothing of a borehole.
        sources = SOURCE_TEMPERATURES if plate.source == "air" else SOURCE_TEMPERATURES[:1]
        self._sources = [(point,) for point in sources if point in ids]
        self._flows = [(point,) for point in WATER_FLOWS if point in ids]
        self._pairs = [pair for pair in WATER_PAIRS if ids.issuperset(pair)]
        self._heaters = [point for point in HEATERS if point in ids]

    def update(
        self, inputs: Mapping[str, Sample], derived: Mapping[str, Sample]
    ) -> dict[str, Sample]:
        """Return expected values and residuals from the latest samples and what follows of them."""
        cop, power = self._expect(inputs, derived)
        return {
            "expected_cop": cop,
            "expected_electrical_power": power,
            "cop_residual": _residual(derived["cop"], cop),
            "electrical_power_residual": _residual(inputs["electrical_power"], power),
        }

    def _expect(
        self, inputs: Mapping[str, Sample], derived: Mapping[str, Sample]
    ) -> tuple[Sample, Sample]:
        state = derived["operating_state"]
        if state.bad:
            return (sample_of(math.nan, state),) * 2
        none = Sample(math.nan, BAD_NO_DATA, state.time)
        match State(int(state.value)):
            case State.HEATING | State.HOT_WATER:
                return self._running(inputs, derived)
            case State.OFF | State.STANDBY:
                return none, self._idle(inputs, state)
            case _:
                return none, none

    def _running(
        self, inputs: Mapping[str, Sample], derived: Mapping[str, Sample]
    ) -> tuple[Sample, Sample]:
        state, heat = derived["operating_state"], derived["thermal_power"]
        if not self._sources:
            missing = Sample(math.nan, BAD_CONFIGURATION_ERROR, state.time)
            return missing, missing
        _, (source,) = first_usable(inputs, self._sources)
        _, (supply, _) = first_usable(inputs, self._pairs)
        used = (state, heat, source, supply)
        if any(sample.bad for sample in used) or heat.value <= 0:
            return (sample_of(math.nan, *used),) * 2
        rated = float(self._performance.cop(source.value, supply.value))
        watts = heat.value / rated + self._pump_power
        power = sample_of(watts, *used)
        # COP is Good only after five steady minutes, from values that are Good themselves.
        trusted = (
            state.value == State.HEATING
            and is_good(derived["cop"].status)
            and self._performance.covers(source.value, supply.value, heat.value)
            and not any(inputs[h].bad or inputs[h].value for h in self._heaters)
        )
        if not trusted:
            power = power._replace(status=at_least_uncertain(power.status))
        cop = power._replace(value=heat.value / watts)
        value, status = limited(cop.value, cop.status, COP_SPAN)
        return cop._replace(value=value, status=status), power

    def _idle(self, inputs: Mapping[str, Sample], state: Sample) -> Sample:
        _, (flow,) = first_usable(inputs, self._flows)
        pump = self._pump_power if flow.value > 0 else 0.0
        power = sample_of(self._standby_power + pump, state, flow)
        return power._replace(status=at_least_uncertain(power.status))


def _residual(measured: Sample, expected: Sample) -> Sample:
    return sample_of(measured.value - expected.value, measured, expected)
