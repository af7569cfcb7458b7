"""What kind of alarm a rule raises follows from what its condition compares."""

from __future__ import annotations

import pytest

from heatpump_twin.rules.alarm_form import form_of, targets_of
from heatpump_twin.rules.grammar.expression import Expression
from heatpump_twin.twin_engine.alarm import AlarmForm

CASES = {
    "discharge_temperature > 110": ("exclusive_limit", "discharge_temperature", ""),
    "110 < discharge_temperature": ("exclusive_limit", "discharge_temperature", ""),
    "compressor_on and water_flow < 0.55 * nominal_flow": ("exclusive_limit", "water_flow", ""),
    "min(supply_temperature, return_temperature) < 5": (
        "exclusive_limit", "supply_temperature", "",
    ),
    "water_pressure < 1 or water_pressure > 2.5": ("exclusive_limit", "water_pressure", ""),
    'trend(water_pressure, "7 d") < -0.1': ("rate_of_change", "water_pressure", ""),
    "supply_temperature < supply_setpoint - 2": (
        "discrepancy", "supply_temperature", "supply_setpoint",
    ),
    'ewma(cop_residual / expected_cop, "8 h", during=good(expected_cop)) < -0.15': (
        "discrepancy", "cop_residual", "expected_cop",
    ),
    "fault_active or error_code != 0": ("off_normal", "", ""),
    "return_temperature > supply_temperature": ("off_normal", "return_temperature", ""),
    'count(compressor_on, "1 h") > 6': ("off_normal", "compressor_on", ""),
    "-5 < outdoor_temperature < 2": ("off_normal", "", ""),
    "water_pressure < 1 or outdoor_temperature > 5": ("off_normal", "", ""),
    "unreachable(supply_temperature)": ("system_off_normal", "", ""),
    "hmi_state == 4": ("system_off_normal", "", ""),
    "disk_free < 10": ("exclusive_limit", "disk_free", ""),
}  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), CASES.items())
def test_the_kind_follows_from_what_is_compared(text: str, expected: tuple[str, str, str]) -> None:
    form, subject, target = expected
    when = Expression.parse(text)
    assert form_of(when) == AlarmForm(form)
    inputs = when.compared[0].inputs if when.compared else ("",)
    assert inputs[0] == subject
    if form == "discrepancy":
        assert next(targets_of(when)) == target


def test_a_value_can_have_a_limit_on_each_side() -> None:
    low, high = Expression.parse("water_pressure < 1 or 2.5 < water_pressure").compared
    assert (low.above, high.above) == (False, True)
