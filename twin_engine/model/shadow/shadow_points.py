"""Points of the shadow: which of them a heat pump has, by the points that it reports."""

from __future__ import annotations

from collections.abc import Collection

from heatpump_twin.config.catalogue import CATALOGUE, HEAT_PUMP, PointEntry, PointRole
from heatpump_twin.twin_engine.derive.sources import SOURCE_TEMPERATURES, WATER_PAIRS

SHADOWED = (PointRole.EXPECTED, PointRole.COMPARED)
"""Roles of the points that the shadow computes."""
GIVEN_HEAT = (
    "expected_electrical_power",
    "expected_electrical_power_uncertainty",
    "expected_cop",
    "expected_cop_uncertainty",
)
"""What follows from the heat that is delivered."""
GIVEN_POWER = ("expected_thermal_power", "expected_thermal_power_uncertainty")
"""What follows from the electrical power that is taken."""
COMPARED = (
    "electrical_power_residual",
    "electrical_power_residual_score",
    "thermal_power_residual",
    "thermal_power_residual_score",
)
OF_RUNS = ("run_cop_residual", "run_electrical_power_residual", "run_thermal_power_residual")
BY_LOAD = ("cop_residual_low_load", "cop_residual_medium_load", "cop_residual_high_load")
ICE = "coil_ice"
DAMPED = "damped_outdoor_temperature"
SOURCE, LOAD = "expectation_source", "relative_load"
ENVELOPE, INTERIOR = "house_envelope_temperature", "house_interior_temperature"
HOUSE = ("expected_room_temperature", ENVELOPE, INTERIOR)
"""What is remembered of a house: air, envelope, interior mass."""


def shadow_points(ids: Collection[str]) -> list[str]:
    """Return the points of the shadow of a heat pump that has the points ``ids``."""
    have = frozenset(ids)
    water = any(have >= frozenset(pair) for pair in WATER_PAIRS)
    if "operating_state" not in have or not water or not have & {*SOURCE_TEMPERATURES}:
        return []
    found = {ICE, SOURCE}
    heat, power = "thermal_power" in have, "electrical_power" in have
    if heat:
        found |= {*GIVEN_HEAT, LOAD}
    if power:
        found |= {*GIVEN_POWER}
    if heat and power:
        found |= {*COMPARED}
    if heat and "cop" in have:
        found |= {"cop_residual", "cop_residual_score", *OF_RUNS, *BY_LOAD}
    if heat and "supply_temperature" in have:
        found |= {DAMPED, *_of("supply_temperature")}
    if "supply_setpoint" in have:
        found |= {DAMPED, *_of("supply_setpoint")}
    if heat and "dhw_temperature" in have:
        found |= {*_of("dhw_temperature")}
    if heat and "room_temperature" in have:
        found |= {ENVELOPE, INTERIOR, *_of("room_temperature")}
    return [point for point in CATALOGUE[HEAT_PUMP] if point in found]


def _of(point: str) -> tuple[str, ...]:
    """Return the points that tell what is expected of a temperature."""
    expected, residual = f"expected_{point}", f"{point}_residual"
    return expected, f"{expected}_uncertainty", residual, f"{residual}_score"


def shadow_entries(asset: str, ids: Collection[str]) -> list[PointEntry]:
    """Return table entries of the shadow of a heat pump with these points."""
    specs = CATALOGUE[HEAT_PUMP]
    return [(asset, point, specs[point], None) for point in shadow_points(ids)]
