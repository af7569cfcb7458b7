"""What the heat-up model is trained on, for those who need not load what trains it."""

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
