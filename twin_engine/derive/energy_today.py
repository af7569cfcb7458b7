"""Compute electrical energy, heat energy and COP since local midnight."""

from __future__ import annotations

import math
from collections.abc import Mapping
from zoneinfo import ZoneInfo

from heatpump_twin.twin_engine.derive.derived_inputs import Chosen
from heatpump_twin.twin_engine.derive.derived_point import MachineFacts
from heatpump_twin.twin_engine.derive.energy.daily_counter import DailyCounter
from heatpump_twin.twin_engine.derive.energy.daily_integral import DailyIntegral
from heatpump_twin.twin_engine.derive.heat_taken_back import TAKEN_FROM, HeatTakenBack
from heatpump_twin.twin_engine.derive.sources import HEAT_SOURCES, POWERS
from heatpump_twin.twin_engine.history import Samples
from heatpump_twin.twin_engine.quality import at_least_uncertain, worst
from heatpump_twin.twin_engine.sample import Sample, sample_of

COP_TODAY_FLOOR = 0.5
"""Energy of a day below which the meters' last digits decide its COP. [kWh]"""


class EnergyToday:
    """Energy of the day from the source that a heat pump has: a counter, or a power.

    Parameters
    ----------
    zone : ZoneInfo
        Where midnight is.
    largest_rate : float
        More than this the machine is not expected to do. [kW]
    """

    def __init__(self, zone: ZoneInfo, largest_rate: float) -> None:
        self._counter = DailyCounter(zone, largest_rate)
        self._integral = DailyIntegral(zone)

    def restore(self, point: str, recorded: Samples) -> None:
        """Take the recorded samples of the source since shortly before midnight."""
        self.of(point).restore(recorded)

    def of(self, point: str) -> DailyCounter | DailyIntegral:
        """Return what computes the energy of the day from this point."""
        return self._integral if point in POWERS else self._counter


def electricity_of_day(facts: MachineFacts) -> EnergyToday:
    """Return the day's electricity; largest rate: twice the plate's maximum power."""
    # Twice the plate: an electrical heater may sit behind the same meter. A larger one is named.
    return EnergyToday(facts.zone, 2 * facts.plate.max_power / 1000)


def heat_of_day(facts: MachineFacts) -> EnergyToday:
    """Return the day's heat; largest rate: ten times the plate's maximum power."""
    # A COP above 10 is none: this bounds the heat that a machine of that power can give.
    return EnergyToday(facts.zone, 10 * facts.plate.max_power / 1000)


def energy_today(day: EnergyToday, source: Chosen) -> Sample:
    """Return what a meter's counter has gained since midnight, or a power has given. [kWh]"""
    (point,), (sample,) = source
    if sample.bad:
        return sample_of(math.nan, sample)
    energy, status = day.of(point).update(sample.value, sample.time)
    return Sample(energy, worst((status, sample.status)), sample.time)


def cop_today(
    taken_back: HeatTakenBack,
    heat: Sample,
    electricity: Sample,
    source: Chosen,
    samples: Mapping[str, Sample],
) -> Sample:
    """Return heat, less what defrosts took back, over electricity since midnight. [-]"""
    # Only an instrument's counter is known not to count down; in a power it is taken off already.
    counted = source.points == HEAT_SOURCES[:1] and len(samples) == len(TAKEN_FROM)
    # Before all else: it has to see each sample.
    back = taken_back.update(samples) if counted else 0.0
    if heat.bad or electricity.bad or electricity.value <= 0:
        return sample_of(math.nan, heat, electricity)
    ratio = sample_of((heat.value - back) / electricity.value, heat, electricity)
    # Shortly after midnight a tenth of a kilowatt hour more or less is the whole ratio.
    few = electricity.value < COP_TODAY_FLOOR
    return ratio._replace(status=at_least_uncertain(ratio.status)) if few else ratio
