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
OF_RUNS = (
    "run_cop_residual",
    "cop_residual_low_load",
    "cop_residual_medium_load",
    "cop_residual_high_load",
)
ICE = "coil_ice"


def shadow_points(ids: Collection[str]) -> list[str]:
    """Return the points of the shadow of a heat pump that has the points ``ids``."""
    have = frozenset(ids)
    water = any(have >= frozenset(pair) for pair in WATER_PAIRS)
    if "operating_state" not in have or not water or not have & {*SOURCE_TEMPERATURES}:
        return []
    found = {ICE}
    heat, power = "thermal_power" in have, "electrical_power" in have
    if heat:
        found |= {*GIVEN_HEAT}
    if power:
        found |= {*GIVEN_POWER}
    if heat and power:
        found |= {"electrical_power_residual", "thermal_power_residual"}
    if heat and "cop" in have:
        found |= {"cop_residual", "cop_residual_score", *OF_RUNS}
    return [point for point in CATALOGUE[HEAT_PUMP] if point in found]


def shadow_entries(asset: str, ids: Collection[str]) -> list[PointEntry]:
    """Return table entries of the shadow of a heat pump with these points."""
    specs = CATALOGUE[HEAT_PUMP]
    return [(asset, point, specs[point], None) for point in shadow_points(ids)]
