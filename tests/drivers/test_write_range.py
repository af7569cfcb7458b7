from __future__ import annotations

import math

import pytest

from heatpump_twin.config.catalogue import CATALOGUE
from heatpump_twin.drivers.status import BAD_OUT_OF_RANGE
from heatpump_twin.drivers.write_range import codes_within, out_of_range

SPECS = CATALOGUE["heat_pump"]


@pytest.mark.parametrize(
    ("point", "limits", "value"),
    [
        ("supply_setpoint", (20.0, 55.0), 20.0),
        ("supply_setpoint", (20.0, 55.0), 54.9),
        ("unit_enabled", (0.0, 1.0), 1.0),
        ("zones_enabled", (1.0, 3.0), 3.0),
    ],
)
def test_what_is_within_its_limits_is_taken(point, limits, value):
    assert out_of_range(SPECS[point], limits, value) is None


@pytest.mark.parametrize(
    ("point", "limits", "value", "words"),
    [
        ("supply_setpoint", (20.0, 55.0), 55.1, "Supply setpoint takes 20 to 55 °C, not 55.1."),
        ("supply_setpoint", (20.0, 55.0), math.nan, "Supply setpoint takes 20 to 55 °C, not nan."),
        ("heating_curve", (0.0, 15.0), 16.0, "Heating curve takes 0 to 15, not 16."),
        ("silent_mode", (0.0, 1.0), 0.5, "Silent mode takes 0 Off, 1 On, not 0.5."),
        ("zones_enabled", (1.0, 2.0), 3.0, "Zones on takes 1 Zone 1, 2 Zone 2, not 3."),
        ("zones_enabled", (1.0, 2.0), 0.0, "Zones on takes 1 Zone 1, 2 Zone 2, not 0."),
    ],
)
def test_what_is_not_is_refused_with_what_would_be_taken(point, limits, value, words):
    refusal = out_of_range(SPECS[point], limits, value)
    assert (refusal.status, refusal.message) == (BAD_OUT_OF_RANGE, words)


def test_a_caller_names_the_value_as_the_person_does():
    refusal = out_of_range(SPECS["dhw_setpoint"], (40.0, 60.0), 61.0, "Target")
    assert refusal.message == "Target takes 40 to 60 °C, not 61."


def test_the_codes_of_a_point_are_those_of_its_kind():
    assert SPECS["silent_mode"].codes == {0: "Off", 1: "On"}
    assert SPECS["zones_enabled"].codes == SPECS["zones_enabled"].enum
    assert SPECS["supply_setpoint"].codes == {}
    assert list(codes_within(SPECS["zones_enabled"], (1.0, 2.0))) == [1, 2]
