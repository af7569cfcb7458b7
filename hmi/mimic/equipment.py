"""What a heat pump has, by the points that it reports: what is not there is not drawn."""

from __future__ import annotations

from dataclasses import dataclass

from heatpump_twin.hmi.heat_pump_model import HeatPumpModel, Variable

BUFFER, SOURCE_PUMP = "buffer_temperature", "source_pump_running"
"""Quantities that a site or a profile declares: hardly a device tells them."""
_AIR = "air"


@dataclass(frozen=True, slots=True)
class Equipment:
    """Parts of a heat pump and of what stands around it."""

    unit: HeatPumpModel

    def has(self, *points: str) -> bool:
        """Return whether it reports one of some points."""
        return any(point in self.unit.variables for point in points)

    def state(self, *points: str) -> Variable | None:
        """Return the first of some points that it reports."""
        found = (self.unit.variables[point] for point in points if point in self.unit.variables)
        return next(found, None)

    @property
    def air(self) -> bool:
        """Whether its source is the outdoor air; else brine or ground water flows through it."""
        return self.unit.heat_source == _AIR

    @property
    def tank(self) -> bool:
        """Whether it makes hot water."""
        # Only who has one has a valve to it.
        return self.has("dhw_temperature", "dhw_setpoint", "dhw_heating", "valve_direction")

    @property
    def buffer(self) -> bool:
        """Whether heating water is stored between it and the rooms."""
        return self.has(BUFFER)

    @property
    def second_circuit(self) -> bool:
        """Whether there is a second heating circuit."""
        return self.has("zone2_water_temperature", "zone2_supply_setpoint")

    @property
    def circuits_apart(self) -> bool:
        """Whether the water of a heating circuit is not that which leaves the heat pump."""
        return self.second_circuit or self.buffer

    @property
    def heat_meter(self) -> bool:
        """Whether its heat or its flow is measured."""
        return self.has("thermal_power", "water_flow", "meter_heat_power")

    @property
    def fan(self) -> Variable | None:
        """What tells whether the fan runs."""
        return self.state("fan_running", "fan_speed")

    @property
    def compressor(self) -> Variable | None:
        """What tells whether the compressor runs."""
        return self.state("compressor_running", "compressor_on")

    @property
    def heater(self) -> Variable | None:
        """What tells whether the heater in its water is on."""
        return self.state("backup_heater_on")

    @property
    def source_pump(self) -> Variable | None:
        """What tells whether brine or ground water is moved."""
        return self.state(SOURCE_PUMP)

    @property
    def pump(self) -> Variable | None:
        """What tells whether heating water is moved."""
        return self.state("water_pump_running", "water_flow_detected")
