from __future__ import annotations

import numpy as np
import pytest

from heatpump_twin.config.catalogue import CATALOGUE, PointRole
from heatpump_twin.drivers.status import BAD, GOOD, UNCERTAIN, is_bad, is_good
from heatpump_twin.twin_engine.derive.compressor import compressor_from_power
from heatpump_twin.twin_engine.derive.derived_records import derived_entries
from heatpump_twin.twin_engine.derive.operating_state import operating_state
from heatpump_twin.twin_engine.derive.water import (
    thermal_power,
    water_density,
    water_heat_capacity,
)
from heatpump_twin.twin_engine.quality import limited, worst


# IAPWS-95 at 0.1 MPa, NIST Chemistry WebBook (SRD 69).
@pytest.mark.parametrize(
    ("temperature", "density", "heat_capacity"),
    [(20, 998.21, 4184.1), (40, 992.22, 4179.6), (60, 983.20, 4185.1), (80, 971.79, 4196.9)],
)
def test_water_properties_agree_with_published_values(temperature, density, heat_capacity):
    assert water_density(temperature) == pytest.approx(density, rel=2e-4)
    assert water_heat_capacity(temperature) == pytest.approx(heat_capacity, rel=8e-4)


def test_thermal_power_at_the_plate_point():
    # 5.00 kW at 14.3 l/min and 5 K, as the plate has it
    assert thermal_power(14.3, 35.0, 30.0) == pytest.approx(5000, rel=0.02)
    assert thermal_power(14.3, 30.0, 35.0) < 0


def test_an_array_gives_what_its_elements_give():
    flow, supply, back = np.array([5.0, 14.3]), np.array([30.0, 55.0]), np.array([25.0, 48.0])
    together = thermal_power(flow, supply, back)
    apart = [thermal_power(*row) for row in zip(flow, supply, back, strict=True)]
    np.testing.assert_array_equal(together, apart)


def test_the_inferred_compressor_has_hysteresis():
    idle = 64.0
    assert not compressor_from_power(160.0, idle, was_on=False)
    assert compressor_from_power(165.0, idle, was_on=False)
    assert compressor_from_power(115.0, idle, was_on=True)
    assert not compressor_from_power(113.0, idle, was_on=True)


@pytest.mark.parametrize(
    ("state", "on", "inputs"),
    [
        ("Fault", True, {"fault_active": 1, "unit_enabled": 0}),
        ("Fault", True, {"error_code": 62}),
        ("Off", False, {"unit_enabled": 0, "fault_active": 0}),
        ("Defrost", True, {"defrost_active": 1, "unit_enabled": 1}),
        ("Standby", False, {"unit_enabled": 1}),
        ("Standby", False, {}),
        ("Heating", True, {}),
        ("Hot water", True, {"valve_direction": 1}),
        ("Hot water", True, {"dhw_heating": 1, "operating_mode": 5}),
        ("Heating", True, {"dhw_heating": 0, "valve_direction": 1, "operating_mode": 2}),
        ("Cooling", True, {"operating_mode": 5}),
        ("Cooling", True, {"operation_cycle": 1, "operating_mode": 6}),
        ("Heating", True, {"operation_cycle": 2, "operating_mode": 4}),
    ],
)
def test_operating_state_follows_what_the_machine_reports(state, on, inputs):
    names = CATALOGUE["heat_pump"]["operating_state"].enum
    assert names[operating_state(on, inputs)] == state


def test_an_asset_has_the_derived_points_that_its_inputs_allow():
    def derivable(*ids):
        return {point for _, point, _, _ in derived_entries("hp1", ids)}

    assert derivable("outdoor_temperature") == set()
    assert derivable("supply_temperature", "return_temperature") == {"temperature_difference"}
    assert derivable("electrical_power", "electrical_energy") == {
        "compressor_on",
        "operating_state",
        "electrical_energy_today",
    }
    assert "thermal_power" not in derivable(
        "water_flow", "meter_supply_temperature", "return_temperature"
    )
    everything = derivable(*CATALOGUE["heat_pump"])
    derived = PointRole.DERIVED
    assert everything == {i for i, s in CATALOGUE["heat_pump"].items() if s.role is derived}


def test_the_worst_status_wins_and_a_clamped_value_is_not_good():
    assert worst([GOOD, UNCERTAIN, BAD, UNCERTAIN]) == BAD
    assert worst([GOOD, UNCERTAIN, GOOD]) == UNCERTAIN
    assert limited(3.0, GOOD, (0, 8)) == (3.0, GOOD)
    for value, clamped in ((-1.0, 0), (30.0, 8)):
        at_limit, status = limited(value, GOOD, (0, 8))
        assert at_limit == clamped
        assert not is_good(status)
        assert not is_bad(status)
        assert status & 0x0300
