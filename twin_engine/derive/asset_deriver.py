"""The derived points of one heat pump, and the little memory that they need."""

from __future__ import annotations

import math
from collections.abc import Mapping
from zoneinfo import ZoneInfo

from heatpump_twin.config.settings import Plate
from heatpump_twin.drivers.status import BAD_NO_DATA, UNCERTAIN_SENSOR_NOT_ACCURATE
from heatpump_twin.twin_engine.derive.daily_counter import DailyCounter
from heatpump_twin.twin_engine.derive.derived import (
    COMPRESSOR_SOURCES,
    COP_FLOOR,
    COP_SPAN,
    COP_TODAY_FLOOR,
    HEATERS,
    INPUTS,
    NO_POWER,
    STATE_SWITCHES,
    WATER_FLOWS,
    WATER_PAIRS,
    compressor_from_power,
    derived_entries,
    operating_state,
    thermal_power,
)
from heatpump_twin.twin_engine.derive.expectation import Expectation
from heatpump_twin.twin_engine.derive.steadiness import Steadiness
from heatpump_twin.twin_engine.quality import at_least_uncertain, limited, worst
from heatpump_twin.twin_engine.sample import Sample, first_usable, sample_of


class AssetDeriver:
    """Computes the derived points of one heat pump that has the points ``ids``."""

    def __init__(self, ids: frozenset[str], plate: Plate, zone: ZoneInfo) -> None:
        self.points = tuple(point for _, point, _, _ in derived_entries("", ids))
        self.inputs = ids & INPUTS
        self._ids = ids
        self._flows = [(point,) for point in WATER_FLOWS if point in ids]
        self._pairs = [pair for pair in WATER_PAIRS if ids.issuperset(pair)]
        self._idle_power = plate.standby_power + plate.pump_power
        self._compressor_was_on = False
        self._steadiness = Steadiness()
        self._expectation = Expectation(plate, ids)
        largest = plate.max_power / 1000
        # Twice the plate: a heater may sit behind the meter; COP stays below 10.
        self.counters = {
            counter: DailyCounter(zone, rate)
            for counter, rate in (("electrical_energy", 2 * largest), ("heat_energy", 10 * largest))
            if counter in ids
        }

    def update(self, inputs: Mapping[str, Sample]) -> dict[str, Sample]:
        """Return every derived point from the latest samples of the asset's points."""
        out: dict[str, Sample] = {}
        if "compressor_on" in self.points:
            out["compressor_on"] = self._compressor(inputs)
            out["operating_state"] = self._state(inputs, out["compressor_on"])
        if "temperature_difference" in self.points:
            # The controller's pair where it has one: what is shown is what is subtracted.
            supply, back = (inputs[point] for point in self._pairs[-1])
            out["temperature_difference"] = sample_of(supply.value - back.value, supply, back)
        if "thermal_power" in self.points:
            out["thermal_power"] = self._heat(inputs)
        if "cop" in self.points:
            out["cop"] = self._cop(inputs, out["thermal_power"], out["compressor_on"])
        if "expected_cop" in self.points:
            out |= self._expectation.update(inputs, out)
        for counter, day in self.counters.items():
            out[f"{counter}_today"] = _today(day, inputs[counter])
        if "cop_today" in self.points:
            out["cop_today"] = _cop_today(out["heat_energy_today"], out["electrical_energy_today"])
        return out

    def _compressor(self, inputs: Mapping[str, Sample]) -> Sample:
        source = next(point for point in COMPRESSOR_SOURCES if point in self._ids)
        told = inputs[source]
        if told.bad:
            return sample_of(math.nan, told)
        if source != "electrical_power":
            on = told.value > 0
            return sample_of(float(on), told)
        on = compressor_from_power(told.value, self._idle_power, self._compressor_was_on)
        self._compressor_was_on = on
        heaters = [inputs[point] for point in HEATERS if point in self._ids]
        # The meter cannot tell a heater from the compressor.
        if any(heater.bad or heater.value for heater in heaters):
            return Sample(float(on), at_least_uncertain(told.status), told.time)
        return sample_of(float(on), told)

    def _state(self, inputs: Mapping[str, Sample], compressor: Sample) -> Sample:
        switches = {point: inputs[point] for point in STATE_SWITCHES if point in self._ids}
        used = (compressor, *switches.values())
        if any(sample.bad for sample in used):
            return sample_of(math.nan, *used)
        values = {point: sample.value for point, sample in switches.items()}
        return sample_of(float(operating_state(bool(compressor.value), values)), *used)

    def _heat(self, inputs: Mapping[str, Sample]) -> Sample:
        flow, (volume,) = first_usable(inputs, self._flows)
        pair, (supply, back) = first_usable(inputs, self._pairs)
        used = (volume, supply, back)
        heat = sample_of(float(thermal_power(*(sample.value for sample in used))), *used)
        if (*flow, *pair) == (WATER_FLOWS[0], *WATER_PAIRS[0]):
            return heat
        # Only a heat meter's sensors are paired and calibrated for this.
        return heat._replace(status=at_least_uncertain(heat.status, UNCERTAIN_SENSOR_NOT_ACCURATE))

    def _cop(self, inputs: Mapping[str, Sample], heat: Sample, compressor: Sample) -> Sample:
        power = inputs["electrical_power"]
        defrost = inputs["defrost_active"] if "defrost_active" in self._ids else None
        _, (supply, _) = first_usable(inputs, self._pairs)
        used = (heat, power, compressor, *([defrost] if defrost else []))
        if any(sample.bad for sample in used):
            self._steadiness.update(0, running=False, supply=math.nan)
            return sample_of(math.nan, *used)
        running = bool(compressor.value) and not (defrost and defrost.value)
        newest = max(sample.time for sample in used)
        steady = self._steadiness.update(newest, running, supply.value)
        if power.value < NO_POWER:
            return Sample(math.nan, BAD_NO_DATA, newest)
        status = worst(sample.status for sample in used)
        if not steady or power.value < COP_FLOOR:
            status = at_least_uncertain(status)
        return Sample(*limited(heat.value / power.value, status, COP_SPAN), newest)


def _today(day: DailyCounter, counter: Sample) -> Sample:
    if counter.bad:
        return sample_of(math.nan, counter)
    energy, status = day.update(counter.value, counter.time)
    return Sample(energy, worst((status, counter.status)), counter.time)


def _cop_today(heat: Sample, electricity: Sample) -> Sample:
    if heat.bad or electricity.bad or electricity.value <= 0:
        return sample_of(math.nan, heat, electricity)
    ratio = sample_of(heat.value / electricity.value, heat, electricity)
    few = electricity.value < COP_TODAY_FLOOR
    return ratio._replace(status=at_least_uncertain(ratio.status)) if few else ratio
