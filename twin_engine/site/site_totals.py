"""Compute COP of the site and the number of heat pumps that do not answer."""

from __future__ import annotations

import numpy as np

from heatpump_twin.drivers.status import (
    BAD_NO_COMMUNICATION,
    BAD_NO_DATA,
    BAD_WAITING_FOR_INITIAL_DATA,
    GOOD,
    UNCERTAIN_SUB_NORMAL,
)
from heatpump_twin.twin_engine.derive.energy_today import COP_TODAY_FLOOR
from heatpump_twin.twin_engine.derive.measured_cop import COP_FLOOR, COP_SPAN, NO_POWER
from heatpump_twin.twin_engine.quality import at_least_uncertain, limited
from heatpump_twin.twin_engine.site.fleet import FleetReading, joint_status
from heatpump_twin.twin_engine.site.site_point import TotalValue
from heatpump_twin.twin_engine.site.site_sources import FieldStatus


def unreachable(field: FieldStatus) -> TotalValue:
    """Count heat pumps with a point that has no communication; those that wait are unknown."""
    status, owner, heat_pumps = field
    answered = owner[status != BAD_WAITING_FOR_INITIAL_DATA]
    known = np.bincount(answered, minlength=heat_pumps) > 0
    lost = np.bincount(owner[status == BAD_NO_COMMUNICATION], minlength=heat_pumps) > 0
    if not known.any():
        return np.nan, BAD_WAITING_FOR_INITIAL_DATA
    return float(lost.sum()), GOOD if known.all() else UNCERTAIN_SUB_NORMAL


def cop_of_day(heat: FleetReading, electricity: FleetReading, cop: FleetReading) -> TotalValue:
    """Return heat over electricity of those heat pumps that count both. [kWh/kWh]

    ``cop`` is that of each of them, which has what defrosts took back taken off.
    """
    # Only those that count both: electricity without its heat would pull the COP down, and nobody
    # would know why.
    both = heat.usable & electricity.usable
    used = float(electricity.value[both].sum())
    if used <= 0:
        return np.nan, BAD_NO_DATA
    status = GOOD if (heat.good & electricity.good).all() else UNCERTAIN_SUB_NORMAL
    if used < COP_TODAY_FLOOR:
        status = at_least_uncertain(status)
    net = np.where(cop.usable, cop.value * electricity.value, heat.value)
    return float(net[both].sum()) / used, status


def cop_of_site(
    heat: FleetReading, power: FleetReading, cop: FleetReading, runs: FleetReading
) -> TotalValue:
    """Return the ratio of the sums, Good only if each heat pump is steady or at rest."""
    both = heat.usable & power.usable
    watts = float(power.value[both].sum())
    if not both.any():
        return np.nan, joint_status(cop)
    # Of machines that all rest there is no ratio, as of one.
    if watts < NO_POWER or not (both & runs.usable & (runs.value != 0)).any():
        return np.nan, BAD_NO_DATA
    # A unit at rest has no COP of its own and changes the ratio little; without this the site
    # would be Uncertain as long as one of many stands still.
    rests = (np.abs(power.value) < COP_FLOOR) & (np.abs(heat.value) < COP_FLOOR)
    certain = heat.good & power.good & (cop.good | rests)
    status = GOOD if certain.all() and watts >= COP_FLOOR else UNCERTAIN_SUB_NORMAL
    return limited(float(heat.value[both].sum()) / watts, status, COP_SPAN)
