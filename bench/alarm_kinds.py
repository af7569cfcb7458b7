"""Kinds of faults of the emulated plant, and which alarms tell of each."""

from __future__ import annotations

from dataclasses import dataclass

MORE = (
    "water_pressure", "backup_heater_on", "fan_speed", "suction_temperature",
    "evaporator_inlet_temperature", "low_pressure", "water_flow_detected", "compressor_frequency",
)  # fmt: skip
"""What the machine reports beside what that of the default site does."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of fault, and the alarms that tell of it."""

    name: str
    alarms: tuple[str, ...]
    point: str | None = None
    magnitude: float | None = None
    """Where it has no degree; default: the fault's."""
    graded: bool = True
    why: str = ""
    """Why it cannot be seen at 20 %, where it cannot."""

    @property
    def title(self) -> str:
        """Its name, with that of the sensor that it is a fault of."""
        return self.name if self.point is None else f"{self.name} {self.point}"


UNSEEN = "its marks are within what machines differ by: [measured](alarm-marks.md)"
UNWANTED = "nobody wants that heater in this week: [measured](alarm-marks.md)"
SLIGHT = "its water is 0.7 K warmer, and models of sound tanks are 0.5 K off at times"
FAULTS = (
    Kind("strainer_clogged", ("low_water_flow", "delta_t_high", "flow_switch_open")),
    Kind("air_in_circuit", ("low_water_flow", "delta_t_high", "flow_switch_open")),
    Kind(
        "refrigerant_undercharge",
        ("cop_below_expected", "superheat_high", "superheat_raised", "low_pressure"),
    ),
    Kind(
        "coil_fouled",
        (
            "cop_below_expected",
            "evaporator_approach_high",
            "defrost_too_often",
            "defrost_energy_high",
        ),
    ),
    Kind(
        "fan_stopped",
        (
            "fan_stopped",
            "evaporator_approach_high",
            "cop_below_expected",
            "defrost_too_often",
        ),
    ),
    Kind(
        "reversing_valve_stuck",
        ("cop_below_expected", "defrost_too_long", "defrost_too_often"),
    ),
    Kind("controller_error", ("controller_fault",), magnitude=62.0, graded=False),
    Kind(
        "curve_wrong",
        ("supply_setpoint_off_curve", "setpoint_missed", "short_cycling"),
    ),
    Kind("water_leak", ("water_pressure_low", "water_pressure_falling", "controller_fault")),
    Kind(
        "valve_stuck",
        ("three_way_valve_mismatch", "dhw_setpoint_missed"),
        magnitude=0.0,
        graded=False,
    ),
    Kind(
        "diverter_leaking",
        ("three_way_valve_mismatch", "dhw_charged_often"),
    ),
    Kind(
        "mixing_valve_stuck",
        ("short_cycling", "delta_t_low", "short_runs"),
        why=UNSEEN,
    ),
    Kind(
        "tank_coil_scaled",
        ("dhw_coil_scaled", "three_way_valve_mismatch", "dhw_setpoint_missed"),
        why=SLIGHT,
    ),
    Kind(
        "tank_heater_stuck",
        (
            "dhw_tank_overtemperature",
            "tank_warms_by_itself",
            "cop_below_expected",
            "power_at_rest_high",
            "power_above_plate",
        ),
    ),
    Kind(
        "backup_heater_stuck",
        (
            "backup_heater_unneeded",
            "cop_below_expected",
            "power_above_plate",
            "power_at_rest_high",
            "delta_t_low",
        ),
    ),
    Kind(
        "backup_heater_failed",
        ("setpoint_missed",),
        why=UNWANTED,
    ),
    Kind(
        "meter_offset",
        (
            "cop_below_expected",
            "power_at_rest_high",
            "power_frequency_mismatch",
            "sensor_implausible",
        ),
    ),
    Kind(
        "sensor_offset",
        ("outdoor_sensor_drift", "outdoor_sensors_apart", "sensor_implausible"),
        "outdoor_temperature",
    ),
    Kind(
        "sensor_offset",
        ("sensor_implausible", "supply_sensors_apart", "delta_t_high"),
        "supply_temperature",
    ),
    Kind(
        "sensor_drift",
        ("outdoor_sensor_drift", "outdoor_sensors_apart", "sensor_implausible"),
        "outdoor_temperature",
    ),
    Kind("sensor_stuck", ("sensor_implausible",), "return_temperature", graded=False),
    Kind("sensor_open", ("sensor_implausible", "controller_fault"), "return_temperature"),
)
