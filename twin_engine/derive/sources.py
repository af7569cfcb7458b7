"""Where each quantity of a heat pump is taken from: ids of the catalogue, the best source first."""

from __future__ import annotations

WATER_FLOWS = ("water_flow", "controller_water_flow")
"""Where the water flow comes from, the best source first."""
WATER_PAIRS = (
    ("meter_supply_temperature", "meter_return_temperature"),
    ("supply_temperature", "return_temperature"),
)
"""Supply and return of one instrument, the best first. Two instruments are never mixed: their
offsets would be as large as the difference."""
SHOWN_PAIRS = WATER_PAIRS[::-1]
"""The controller's pair where it has one: what is shown is what is subtracted."""
COMPRESSOR_SOURCES = ("compressor_running", "compressor_frequency", "electrical_power")
"""What tells whether the compressor runs, the most direct first."""
SOURCE_TEMPERATURES = ("source_inlet_temperature", "outdoor_temperature", "ambient_temperature")
"""What enters the machine on its cold side; all but the first are the outdoor air."""
ELECTRICITY_SOURCES = ("electrical_energy", "controller_electrical_energy", "electrical_power")
"""Where the day's electricity comes from: the meter's counter, the controller's, or a power."""
HEAT_SOURCES = ("heat_energy", "controller_heat_energy", "thermal_power")
"""Where the day's heat comes from."""
POWERS = ("electrical_power", "thermal_power")
"""Sources of energy that are integrated."""
HEATERS = ("backup_heater_on", "dhw_heater_on")
"""Electrical heaters, which a meter cannot tell from the compressor."""
STATE_SWITCHES = (
    "fault_active",
    "error_code",
    "unit_enabled",
    "defrost_active",
    "dhw_heating",
    "valve_direction",
    "operation_cycle",
    "operating_mode",
)
"""What a machine may report of what it is doing."""
