"""What a record tells of the water: a known curve, coil and tank, and what is missing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from known_machine import plate
from known_water import (
    AT_ZERO,
    DAMPING,
    FALL_PER_HOUR,
    NIGHT,
    PER_KW,
    RISE,
    SETTLED,
    SLOPE,
    known_water,
)

from heatpump_twin.twin_engine.derive.water import thermal_power
from heatpump_twin.twin_engine.model.calibration.machine_course import machine_course
from heatpump_twin.twin_engine.model.calibration.water_fit import fit_water
from heatpump_twin.twin_engine.model.water.water_model import WaterModel
from heatpump_twin.twin_engine.model.water.water_section import WaterSection


def learnt(*without: str) -> WaterModel:
    record = known_water(*without)
    return fit_water(record, machine_course(record, plate()))


def test_a_known_curve_is_found_with_its_delay_and_its_night() -> None:
    found = learnt()
    assert float(found.damping) == DAMPING
    assert float(found.curve_spread) < 0.15
    noon, night = (found.wanted(np.array(0.0), np.array(hour)) for hour in (15, 2))
    cold = found.wanted(np.array(-5.0), np.array(15))
    assert float(noon) == pytest.approx(AT_ZERO, abs=0.15)
    assert float(noon - cold) / 5.0 == pytest.approx(SLOPE, abs=0.02)
    assert float(night - noon) == pytest.approx(NIGHT, abs=0.15)
    assert found.has_setpoint == 1.0


def test_without_a_setpoint_the_water_itself_tells_the_curve() -> None:
    found = learnt("supply_setpoint")
    assert found.has_setpoint == 0.0
    assert float(found.wanted(np.array(0.0), np.array(15))) == pytest.approx(AT_ZERO, abs=0.2)


def test_a_coil_is_found_by_what_it_needs_and_a_tank_by_what_it_gets() -> None:
    found = learnt()
    tank, heat = np.array([46.0, 50.0]), np.array([4000.0, 4000.0])
    wanted = tank + SETTLED + PER_KW * 4.0
    assert found.charging_water(tank, heat) == pytest.approx(wanted, abs=0.15)
    assert float(found.rise) == pytest.approx(RISE, rel=0.05)
    assert float(found.fall) == pytest.approx(FALL_PER_HOUR, rel=0.05)


def test_what_a_coil_needs_is_for_its_heat_where_that_follows_the_tank() -> None:
    # A controller that holds the water gives the less heat the warmer the tank is.
    record = known_water()
    columns = dict(record.columns)
    charging, held = columns["dhw_heating"] > 0.5, 58.0
    heat = (held - columns["dhw_temperature"]) / PER_KW * 1e3
    supply = columns["meter_supply_temperature"]
    columns["meter_supply_temperature"] = np.where(charging, held, supply)
    carried = thermal_power(columns["water_flow"], held, held - 1.0)
    back = columns["meter_return_temperature"]
    columns["meter_return_temperature"] = np.where(charging, held - heat / carried, back)
    columns["supply_temperature"] = columns["meter_supply_temperature"]
    record = replace(record, columns=columns)
    found = fit_water(record, machine_course(record, plate()))
    tank = float(np.median(columns["dhw_temperature"][charging]))
    for power in (3000.0, 5000.0):
        wanted = tank + PER_KW * power / 1e3
        water = found.charging_water(np.array([tank]), np.array([power]))
        assert water == pytest.approx(wanted, abs=1.0)


@pytest.mark.parametrize(
    ("without", "missing"),
    [
        (("dhw_temperature",), {"coil", "tank"}),
        (("dhw_temperature", "dhw_heating"), {"coil", "tank"}),
        (("dhw_heating",), {"curve", "supply", "coil", "tank"}),
        (("water_flow",), {"supply", "coil", "tank"}),
        ((), set()),
    ],
)
def test_what_is_not_told_is_left_out_of_the_card(
    without: tuple[str, ...], missing: set[str]
) -> None:
    section = WaterSection.of(learnt(*without))
    assert {name for name in WaterSection.model_fields if getattr(section, name) is None} == missing
    again = WaterSection.model_validate_json(section.model_dump_json()).water_model()
    for part in WaterModel.__slots__:
        np.testing.assert_array_equal(
            getattr(again, part), getattr(section.water_model(), part), part
        )
