"""The readings of one heat pump: from the physics to the catalogue's points and units."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType

from heatpump_twin.drivers.plant.controller.protection import NO_ERROR
from heatpump_twin.drivers.plant.physics.heat_pump_physics import HeatPumpPhysics
from heatpump_twin.drivers.plant.physics.meters import JOULES_PER_KWH, heat_power
from heatpump_twin.drivers.plant.sensors import SENSORS

_SUN_ON_TRANSMITTER = 1.2e-3
"""The site's transmitter hangs in the sun at times. [K m²/W]"""
_FLOW_CUT_OFF = 0.3
"""Flow sensors show nothing below this. [l/min]"""
Source = Callable[[], float]

ABSENT: frozenset[str] = frozenset()
"""Points of the catalogue that no emulated device has."""
_FAN_SPEED = 650.0
"""Of the outdoor fan while the compressor runs. [r/min]"""
_RPM_PER_HZ = 30.0
"""A motor of two pairs of poles."""
_COOLING, _DEFROST, _FAULT, _OFF, _UNAVAILABLE = 3, 4, 11, 12, 13
"""Codes of the catalogue's `controller_state`."""


class Readings:
    """The readings of the devices of one heat pump, by point, in the catalogue's units."""

    def __init__(self, physics: HeatPumpPhysics) -> None:
        self._x = physics
        self.states: frozenset[int] = frozenset(range(_UNAVAILABLE))
        """Codes of `controller_state` that the controller can show."""
        self._probed = _probed(physics)
        self._stated: Mapping[str, Source] = MappingProxyType(
            {
                **_states(physics),
                **_counted(physics),
                "controller_state": self._state,
                **_second_zone(physics),
                **_settings(physics),
                **_set_up(physics),
                **_meters(self, physics),
            }
        )

    @property
    def points(self) -> frozenset[str]:
        """All points that can be read."""
        return frozenset(self._probed) | frozenset(self._stated)

    def read(self, point: str) -> float | None:
        """Return what a device shows of a point now; None: there is no such sensor."""
        if point in self._probed:
            value, possible = self.shown(point), _POSSIBLE.get(point)
            return value if possible is None else possible(value)
        stated = self._stated.get(point)
        return None if stated is None else float(stated())

    def shown(self, point: str) -> float:
        """Return what the probe of a point shows now."""
        x = self._x
        return x.probes.show(point, self._probed[point](), x.time, x.disturbances)

    def _state(self) -> float:
        # Some controllers say `off` where others have a word for nothing to do.
        state = _controller_state(self._x)
        known = (code for code in (state, 0, _OFF) if code in self.states)
        return next(known, min(self.states))

    def truth(self) -> dict[str, float]:
        """Return the true values behind the probes, and what no probe sees."""
        x = self._x
        values = {point: source() for point, source in self._probed.items()}
        layers = {f"tank_layer_{i + 1}": t for i, t in enumerate(x.tank.layers)}
        return {
            **values,
            **layers,
            "heat_power": x.machine.heat,
            "compressor_power": x.machine.power,
            "modulation": x.machine.modulation,
            "supply_target": x.controller.target,
            "frost_level": x.machine.coil.level,
            "defrosts": float(x.controller.defrost.count),
            "compressor_starts": float(x.controller.starts),
            "valve_opening": x.building.valve_opening,
            "mass_temperature": x.building.mass,
            "irradiance": x.weather.irradiance,
            "cloud_cover": x.weather.cloud_cover,
        }


def _percent(value: float) -> float:
    return min(max(value, 0.0), 100.0)


def _measured_flow(value: float) -> float:
    return value if value > _FLOW_CUT_OFF else 0.0


_POSSIBLE: Mapping[str, Callable[[float], float]] = MappingProxyType(
    {
        "outdoor_humidity": _percent,
        "room_humidity": _percent,
        "water_flow": _measured_flow,
        "controller_water_flow": _measured_flow,
        "water_pressure": lambda value: max(value, 0.0),
    }
)
"""What a device makes of a reading that cannot be, by point."""


def _probed(x: HeatPumpPhysics) -> Mapping[str, Source]:
    """Return the true values that probes measure, by point."""
    loop, circuit, meter = x.loop, x.machine.circuit, x.heat_meter
    sources: dict[str, Source] = {
        "supply_temperature": lambda: loop.supply,
        "return_temperature": lambda: loop.back,
        "zone1_water_temperature": lambda: loop.zone,
        "heater_outlet_temperature": lambda: loop.heater_outlet,
        "dhw_temperature": lambda: x.tank.sensor,
        "outdoor_temperature": lambda: x.weather.temperature,
        "outdoor_humidity": lambda: x.weather.relative_humidity,
        "ambient_temperature": lambda: (
            x.weather.temperature + _SUN_ON_TRANSMITTER * x.weather.irradiance
        ),
        "room_temperature": lambda: x.building.room,
        "room_humidity": lambda: x.building.relative_humidity,
        "discharge_temperature": lambda: circuit.discharge,
        "suction_temperature": lambda: circuit.suction,
        "liquid_temperature": lambda: circuit.liquid,
        "evaporator_inlet_temperature": lambda: circuit.evaporating,
        "evaporator_outlet_temperature": lambda: circuit.coil_outlet,
        "high_pressure": lambda: circuit.high_pressure,
        "low_pressure": lambda: circuit.low_pressure,
        "water_pressure": lambda: x.circulation.pressure,
        "controller_water_flow": lambda: x.circulation.flow,
        "electrical_power": lambda: x.electricity_meter.measured(
            x.electrical_power, x.disturbances.level("meter_offset")
        ),
        "water_flow": lambda: meter.measured_flow(x.circulation.flow),
        "meter_supply_temperature": lambda: loop.meter_supply,
        "meter_return_temperature": lambda: loop.meter_return,
    }
    # Found when the plant is made, and not by whoever happens to read the point.
    missing = SENSORS.keys() ^ sources.keys()
    if missing:
        raise LookupError(f"a probe without accuracy, or the reverse: {', '.join(sorted(missing))}")
    return sources


def _states(x: HeatPumpPhysics) -> Mapping[str, Source]:
    """Return the states that the controller shows, by point."""
    controller = x.controller
    heats_rooms: Source = lambda: (  # noqa: E731
        controller.running and not controller.charging and not controller.cooling
    )
    cools: Source = lambda: controller.running and controller.cooling  # noqa: E731
    return {
        "compressor_frequency": lambda: _frequency(x),
        "compressor_running": lambda: controller.running,
        "defrost_active": lambda: controller.defrost.active,
        "water_pump_running": lambda: controller.pump_on,
        "water_flow_detected": lambda: x.circulation.flow_switch,
        "dhw_heating": lambda: controller.charging,
        "dhw_heater_on": lambda: x.tank.fluxes.heater > 0.0,
        "backup_heater_on": lambda: x.backup_power > 0.0,
        "fault_active": lambda: controller.protection.code != NO_ERROR,
        "error_code": lambda: controller.protection.code,
        "operation_cycle": lambda: (1 if controller.cooling else 2) if controller.running else 0,
        "valve_direction": lambda: controller.charging,
        "dhw_power_estimate": lambda: controller.charging * _estimate(x),
        "heating_power_estimate": lambda: heats_rooms() * _estimate(x),
        "cooling_power_estimate": lambda: cools() * _estimate(x),
    }


def _frequency(x: HeatPumpPhysics) -> float:
    """Return the output of the inverter. [Hz]"""
    return x.machine.modulation * x.parameters.machine.max_frequency


def _counted(x: HeatPumpPhysics) -> Mapping[str, Source]:
    """Return what the controller counts and computes by itself, by point."""
    controller, counters = x.controller, x.counters
    curve = x.parameters.controller.compensation
    return {
        "fan_speed": lambda: _fan_speed(x),
        "compressor_speed": lambda: (
            _RPM_PER_HZ * x.machine.modulation * x.parameters.machine.max_frequency
        ),
        "compressor_hours": lambda: counters.running / 3600.0,
        "compressor_starts": lambda: counters.starts(controller.starts),
        # One for heating, 2 for cooling, 4 for hot water, 8 for a defrost, as the catalogue has it.
        "active_functions": lambda: (
            (controller.running and not controller.charging) * (2 if controller.cooling else 1)
            + controller.charging * 4
            + controller.defrost.active * 8
        ),
        "degree_minutes": lambda: controller.degree_minutes,
        "heating_curve": lambda: 0.0 if curve is None else 10.0 * curve.slope,
        "heating_curve_offset": lambda: x.disturbances.level("curve_wrong"),
        "controller_electrical_power": lambda: _estimate(x),
        "controller_electrical_energy": counters.electricity,
        "heating_electrical_energy": lambda: counters.electricity(charging=False),
        "dhw_electrical_energy": lambda: counters.electricity(charging=True),
        "controller_heat_power": lambda: max(x.machine.heat, 0.0),
        "controller_heat_energy": counters.heat,
        "heating_heat_energy": lambda: counters.heat(charging=False),
        "dhw_heat_energy": lambda: counters.heat(charging=True),
        # Of a machine that takes its heat from the air.
        "source_inlet_temperature": lambda: x.weather.temperature,
        "source_outlet_temperature": lambda: (
            x.weather.temperature - (4.0 if controller.running else 0.0)
        ),
    }


def _fan_speed(x: HeatPumpPhysics) -> float:
    """Return the speed of the outdoor fan, which stands still in a defrost. [r/min]"""
    if not x.controller.running or x.controller.defrost.active:
        return 0.0
    return _FAN_SPEED * (1.0 - x.disturbances.level("fan_stopped"))


def _controller_state(x: HeatPumpPhysics) -> int:
    """Return the code of the catalogue's `controller_state`."""
    controller = x.controller
    if controller.protection.code != NO_ERROR:
        return _FAULT
    if not controller.settings.enabled:
        return _OFF
    if controller.defrost.active:
        return _DEFROST
    if controller.charging:
        return 2
    return int(controller.running) * (_COOLING if controller.cooling else 1)


def _second_zone(x: HeatPumpPhysics) -> Mapping[str, Source]:
    """Return the readings of a second zone, which is a part of the first one's circuit."""
    limits = x.parameters.controller
    return {
        "zone2_water_temperature": lambda: x.loop.zone,
        "zone2_supply_setpoint": lambda: x.controller.setpoint.value,
        "zone2_supply_setpoint_min": lambda: limits.supply_min,
        "zone2_supply_setpoint_max": lambda: limits.supply_max,
        "zone2_sensor": lambda: 0.0,
        "zone2_setting_mode": lambda: 0.0,
    }


def _estimate(x: HeatPumpPhysics) -> float:
    """Return what the controller makes of the inverter's current: a few percent off. [W]"""
    return 1.04 * x.machine.power + 0.5 * x.circulation.power


def _settings(x: HeatPumpPhysics) -> Mapping[str, Source]:
    """Return the settings of the user, by point."""
    s = x.controller.settings
    return {
        "unit_enabled": lambda: s.enabled,
        "operating_mode": lambda: s.mode,
        "supply_setpoint": lambda: x.controller.setpoint.value,
        "room_setpoint": lambda: s.room_setpoint,
        "dhw_enabled": lambda: s.dhw_enabled,
        "dhw_setpoint": lambda: s.dhw_setpoint,
        "zones_enabled": lambda: s.zones,
        "silent_mode": lambda: s.silent,
        "fault_reset": lambda: 0.0,  # a push-button: nobody holds it down
    }


def _set_up(x: HeatPumpPhysics) -> Mapping[str, Source]:
    """Return what the installer has set up, by point."""
    limits = x.parameters.controller
    return {
        "heating_setting_method": lambda: not x.controller.setpoint.on_curve,
        "cooling_setting_method": lambda: 1.0,
        "zone1_sensor": lambda: 0.0,
        "zone1_setting_mode": lambda: 0.0,
        "zone1_setup": lambda: 0.0,
        "zone2_setup": lambda: 0.0,
        "supply_setpoint_min": lambda: limits.supply_min,
        "supply_setpoint_max": lambda: limits.supply_max,
        "dhw_setpoint_min": lambda: limits.tank_min,
        "dhw_setpoint_max": lambda: limits.tank_max,
        "tank_connected": lambda: 1.0,
        "zone_count": lambda: 1.0,
        "outdoor_unit_type": lambda: 0.0,
        "gateway_version": lambda: 100.0,
    }


def _meters(readings: Readings, x: HeatPumpPhysics) -> Mapping[str, Source]:
    """Return the readings of the electricity meter and the heat meter, by point."""
    meter, heat = x.electricity_meter, x.heat_meter

    # A meter computes from what it measures itself: from the true values, power would not be
    # voltage times current times power factor.
    def power() -> float:
        return readings.shown("electrical_power")

    def apparent(power: float) -> float:
        return abs(power) / meter.power_factor(power)

    def reactive(power: float) -> float:
        return math.sqrt(max(apparent(power) ** 2 - power**2, 0.0))

    def current(power: float) -> float:
        return apparent(power) / meter.mains(x.time, power).voltage

    return {
        "apparent_power": lambda: apparent(power()),
        "reactive_power": lambda: reactive(power()),
        "power_factor": lambda: meter.power_factor(power()),
        "voltage": lambda: meter.mains(x.time, power()).voltage,
        "current": lambda: current(power()),
        "grid_frequency": lambda: meter.mains(x.time, power()).frequency,
        "electrical_energy": lambda: meter.energy / JOULES_PER_KWH,
        "meter_heat_power": lambda: heat_power(
            # In standing water the noise of the flow sensor would be heat out of nothing.
            max(readings.shown("water_flow"), 0.0) if x.circulation.flow else 0.0,
            readings.shown("meter_supply_temperature"),
            readings.shown("meter_return_temperature"),
        ),
        "heat_energy": lambda: heat.energy / JOULES_PER_KWH,
        "heat_volume": lambda: heat.volume_m3,
    }
