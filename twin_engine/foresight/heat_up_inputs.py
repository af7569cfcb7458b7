"""Inputs of the heat-up model, apart from its training, which is slow to import."""

from __future__ import annotations

FEATURES = (
    "supply_temperature",
    "supply_setpoint",
    "outdoor_temperature",
    "room_temperature",
    "dhw_temperature",  # a cool tank is charged first
)
SWITCH = "unit_enabled"
"""Its going on begins a heat-up."""
