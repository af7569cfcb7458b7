"""Tell whether the compressor runs: as reported, or inferred from the electrical power."""

from __future__ import annotations

import math
from collections.abc import Mapping

from heatpump_twin.drivers.status import UNCERTAIN_SENSOR_NOT_ACCURATE
from heatpump_twin.twin_engine.derive.derived_inputs import Chosen
from heatpump_twin.twin_engine.derive.derived_point import MachineFacts
from heatpump_twin.twin_engine.quality import at_least_uncertain
from heatpump_twin.twin_engine.sample import Sample, sample_of


class CompressorMemory:
    """Last answer, which the next one depends on, and the idle power of the unit. [W]"""

    def __init__(self, facts: MachineFacts) -> None:
        self.idle_power = facts.plate.standby_power + facts.plate.pump_power
        self.was_on = False


def compressor_on(
    memory: CompressorMemory, source: Chosen, heaters: Mapping[str, Sample]
) -> Sample:
    """Tell whether the compressor runs, from the most direct source that there is."""
    (told,) = source.samples
    # The answer before stays as it is: a meter that is away for a moment is no start or stop.
    if told.bad:
        return sample_of(math.nan, told)
    if source.points != ("electrical_power",):
        return sample_of(float(told.value > 0), told)
    # No power where other sensors show a machine that runs: they are believed, and not the meter.
    if told.status == UNCERTAIN_SENSOR_NOT_ACCURATE and told.value < memory.idle_power:
        return sample_of(1.0, told)
    memory.was_on = compressor_from_power(told.value, memory.idle_power, memory.was_on)
    on = sample_of(float(memory.was_on), told)
    # The meter cannot tell a heater from the compressor.
    if any(heater.bad or heater.value for heater in heaters.values()):
        return on._replace(status=at_least_uncertain(told.status))
    return on


def compressor_from_power(power: float, idle: float, was_on: bool) -> bool:
    """Tell from the electrical power whether the compressor runs.

    Parameters
    ----------
    power : float
        Electrical power of the whole unit. [W]
    idle : float
        Standby and circulation pump together. [W]
    was_on : bool
        The answer before: it takes 100 W above idle to be on and less than 50 W to be off.
    """
    # Two thresholds: a meter's noise around a single one would count as starts, and each would
    # begin the five steady minutes of COP anew.
    return power > idle + (50.0 if was_on else 100.0)
