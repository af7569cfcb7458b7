"""Compute electrical energy, heat energy and COP since local midnight."""

from __future__ import annotations

import math

from heatpump_twin.twin_engine.derive.daily_counter import DailyCounter
from heatpump_twin.twin_engine.derive.derived_point import MachineFacts
from heatpump_twin.twin_engine.quality import at_least_uncertain, worst
from heatpump_twin.twin_engine.sample import Sample, sample_of

COP_TODAY_FLOOR = 0.5
"""Energy of a day below which the meters' last digits decide its COP. [kWh]"""


def electricity_counter(facts: MachineFacts) -> DailyCounter:
    """Return the day's electricity counter; largest rate: twice the plate's maximum power."""
    # Twice the plate: an electrical heater may sit behind the same meter.
    return DailyCounter(facts.zone, 2 * facts.plate.max_power / 1000)


def heat_counter(facts: MachineFacts) -> DailyCounter:
    """Return the day's heat counter; largest rate: ten times the plate's maximum power."""
    # A COP above 10 is none: this bounds the heat that a machine of that power can give.
    return DailyCounter(facts.zone, 10 * facts.plate.max_power / 1000)


def energy_today(day: DailyCounter, counter: Sample) -> Sample:
    """Return what a meter's counter has gained since midnight. [kWh]"""
    if counter.bad:
        return sample_of(math.nan, counter)
    energy, status = day.update(counter.value, counter.time)
    return Sample(energy, worst((status, counter.status)), counter.time)


def cop_today(heat: Sample, electricity: Sample) -> Sample:
    """Return heat over electricity since midnight. [-]"""
    if heat.bad or electricity.bad or electricity.value <= 0:
        return sample_of(math.nan, heat, electricity)
    ratio = sample_of(heat.value / electricity.value, heat, electricity)
    # Shortly after midnight a tenth of a kilowatt hour more or less is the whole ratio.
    few = electricity.value < COP_TODAY_FLOOR
    return ratio._replace(status=at_least_uncertain(ratio.status)) if few else ratio
