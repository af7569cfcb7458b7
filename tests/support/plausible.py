"""What a heat pump and its meters show on an ordinary day, whatever profile stands between."""

from __future__ import annotations

from heatpump_twin.drivers.modbus.profile.profile import DeviceKind, Profile

WINTER: dict[str, float | None] = {
    "supply_temperature": 35.2, "return_temperature": 30.4, "zone1_water_temperature": 34.8,
    "zone2_water_temperature": 33.1, "dhw_temperature": 48.5, "heater_outlet_temperature": 35.6,
    "source_inlet_temperature": 4.2, "source_outlet_temperature": 1.1, "outdoor_temperature": 2.3,
    "outdoor_humidity": 81, "ambient_temperature": 2.6, "room_temperature": 21.2,
    "room_humidity": 44, "compressor_frequency": 52, "compressor_speed": 3120,
    "compressor_hours": 4123, "compressor_starts": 4211, "discharge_temperature": 68.4,
    "suction_temperature": 0.8, "liquid_temperature": 31.2, "evaporator_inlet_temperature": -3.4,
    "evaporator_outlet_temperature": -1.2, "high_pressure": 24.6, "low_pressure": 6.8,
    "water_pressure": 1.6, "controller_water_flow": 14.3, "defrost_active": 0,
    "compressor_running": 1, "water_pump_running": 1, "water_flow_detected": 1, "dhw_heating": 0,
    "backup_heater_on": 0, "dhw_heater_on": 0, "fault_active": 0, "error_code": 0, "fault_reset": 0,
    "operation_cycle": 2, "controller_state": 1, "unit_enabled": 1, "operating_mode": 1,
    "supply_setpoint": 36, "zone2_supply_setpoint": 33, "room_setpoint": 21, "dhw_enabled": 1,
    "dhw_setpoint": 50, "zones_enabled": 3, "silent_mode": 0, "heating_curve": 1.1,
    "heating_curve_offset": 2, "degree_minutes": -120, "heating_setting_method": 1,
    "cooling_setting_method": 1, "zone1_sensor": 1, "zone2_sensor": 1, "zone1_setting_mode": 1,
    "zone2_setting_mode": 1, "supply_setpoint_min": 20, "supply_setpoint_max": 55,
    "zone2_supply_setpoint_min": 20, "zone2_supply_setpoint_max": 55, "dhw_setpoint_min": 40,
    "dhw_setpoint_max": 75, "tank_connected": 1, "zone_count": 2, "zone1_setup": 1,
    "zone2_setup": 1, "valve_direction": 0, "outdoor_unit_type": 5, "gateway_version": 100,
    "dhw_power_estimate": 0, "heating_power_estimate": 1080, "cooling_power_estimate": 0,
    "controller_electrical_power": 1130, "controller_electrical_energy": 5121,
    "heating_electrical_energy": 3871, "dhw_electrical_energy": 1250,
    "controller_heat_power": 4700, "controller_heat_energy": 20121, "heating_heat_energy": 16002,
    "dhw_heat_energy": 4119, "electrical_power": 1130, "apparent_power": 1190,
    "reactive_power": 370, "power_factor": 0.95, "voltage": 231.4, "current": 5.1,
    "grid_frequency": 49.98, "electrical_energy": 5121.4, "water_flow": 14.2,
    "meter_supply_temperature": 35.1, "meter_return_temperature": 30.3, "meter_heat_power": 4720,
    "heat_energy": 20121, "heat_volume": 3555, "active_functions": 1,
}  # fmt: skip
"""A winter day: it heats."""

SUMMER = WINTER | {
    "supply_temperature": 24.9, "return_temperature": 24.8, "zone1_water_temperature": 24.6,
    "zone2_water_temperature": None, "outdoor_temperature": 27.4, "outdoor_humidity": 55,
    "ambient_temperature": 27.9, "room_temperature": None, "heater_outlet_temperature": 24.9,
    "source_inlet_temperature": 26.1, "source_outlet_temperature": 26.0,
    "compressor_frequency": 0, "compressor_speed": 0, "discharge_temperature": 31.0,
    "suction_temperature": 26.4, "liquid_temperature": 25.8, "evaporator_inlet_temperature": 26.9,
    "evaporator_outlet_temperature": 26.7, "high_pressure": 11.2, "low_pressure": 11.1,
    "controller_water_flow": 0, "compressor_running": 0, "water_pump_running": 0,
    "water_flow_detected": 0, "operation_cycle": 0, "controller_state": 0,
    "zone2_supply_setpoint": None, "zone2_sensor": None, "zone2_setting_mode": None,
    "zone2_supply_setpoint_min": None, "zone2_supply_setpoint_max": None, "zones_enabled": 1,
    "zone_count": 1, "zone2_setup": 0, "heating_power_estimate": 0, "degree_minutes": 0,
    "controller_electrical_power": 30, "controller_heat_power": 0, "electrical_power": 30,
    "apparent_power": 34, "reactive_power": -16, "current": 0.1, "water_flow": 0,
    "meter_supply_temperature": 24.9, "meter_return_temperature": 24.8, "meter_heat_power": 0,
    "active_functions": 0,
}  # fmt: skip
"""A summer day: it stands still; its controller has neither a room sensor nor a second zone."""


class PlausibleProcess:
    """Shows a day's values; of a state that the profile does not know, another one."""

    def __init__(self, profile: Profile, day: dict[str, float | None]) -> None:
        self._profile = profile
        self._day = day

    def read(self, point: str) -> float | None:
        value = self._day[point]
        if value is None and self._profile.kind is DeviceKind.TRANSMITTER:
            value = WINTER[point]
        codes = set(self._profile.by_name[point].enum.values())
        return next(code for code in (value, 6, 1, 2, 0) if code in codes) if codes else value

    def write(self, point: str, value: float) -> None:
        raise AssertionError(f"{point} was written")
