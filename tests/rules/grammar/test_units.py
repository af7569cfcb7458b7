"""Units of conditions, found out when a pack is read."""

from __future__ import annotations

import numpy as np
import pytest

from heatpump_twin.config.errors import ConfigError
from heatpump_twin.rules.grammar.errors import ExpressionError
from heatpump_twin.rules.grammar.expression import Expression
from heatpump_twin.rules.grammar.parser import Inputs
from heatpump_twin.rules.pack import load_pack

GOOD = (
    "supply_temperature > 55",
    "supply_temperature > max_supply + 5",
    "supply_temperature - return_temperature < temperature_difference",
    "supply_temperature > return_temperature + temperature_difference",
    "(supply_temperature + return_temperature) / 2 > dhw_temperature",
    "0.5 * supply_temperature + 0.5 * return_temperature > dhw_temperature",
    "abs(outdoor_temperature - ambient_temperature) > temperature_difference",
    "20 - outdoor_temperature > temperature_difference",
    "min(supply_temperature, 40, return_temperature) < dhw_temperature",
    "thermal_power / electrical_power < cop",
    "electrical_power < 0.5 * max_power and compressor_on",
    "electrical_power * defrost_active > 0.1 * mean(electrical_power, '1 d')",
    "trend(supply_temperature, '1 h') > temperature_difference",
    "since(compressor_on) > '7 d'",
    "duration(compressor_on, '1 d') > heat_up_time",
    "compressor_hours > '2 h'",
    "count(compressor_on, '1 h') > 6",
    "cusum(-cop_residual, 0.2) > 5",
    "electrical_energy > 5 and operating_state == 2",
    "-electrical_power_residual < pump_power",
)
MIXED = (
    ("water_pressure < supply_temperature", "bar and °C cannot be compared"),
    ("temperature_difference > supply_temperature", "K and °C cannot be compared"),
    ("supply_temperature - return_temperature > dhw_temperature", "K and °C cannot be compared"),
    ("supply_temperature + return_temperature > dhw_temperature", "°C cannot be compared"),
    ("supply_temperature * water_flow > 3", "cannot be multiplied"),
    ("temperature_difference - supply_temperature > 3", "°C cannot be subtracted from K"),
    ("water_flow + electrical_power > 3", "l/min and W cannot be added up"),
    ("max(electrical_power, water_flow) > 3", "W and l/min cannot be compared in max"),
    ("compressor_on == electrical_power", "cannot be compared"),
    ("operating_state == controller_state", "cannot be compared"),
    ("water_flow and compressor_on", "'water_flow' is in l/min and no condition"),
    ("not electrical_power", "no condition"),
    ("supply_temperature", "no condition"),
    ("since(water_flow) > 3", "no condition"),
    ("duration(electrical_power, '1 h') > 3", "no condition"),
    ("mean(electrical_power, '1 h', during=water_flow) > 3", "no condition"),
    ("since(compressor_on) > electrical_power", "s and W cannot be compared"),
    ("trend(supply_temperature, '1 h') > supply_temperature", "K and °C"),
    ("cusum(cop_residual, electrical_power) > 3", "cannot be compared in cusum"),
    ("outdoor_humidity > outdoor_temperature", "% and °C"),
)


@pytest.mark.parametrize("text", GOOD)
def test_units_that_go_together_are_taken(text: str) -> None:
    assert Expression.parse(text).text == text


@pytest.mark.parametrize(("text", "words"), MIXED)
def test_units_that_do_not_are_refused_in_words(text: str, words: str) -> None:
    with pytest.raises(ExpressionError, match=words):
        Expression.parse(text)


@pytest.mark.parametrize(
    ("text", "minutes", "expected"),
    [
        # 90 min are 5400 s, an hour 60 min: sizes are converted, not only names compared.
        ("heat_up_time > '80 min'", 90.0, 1),
        ("heat_up_time > '100 min'", 90.0, 0),
        ("'2 h' > heat_up_time", 90.0, 1),
        ("compressor_hours > heat_up_time", 59.0, 1),
        ("compressor_hours > heat_up_time", 61.0, 0),
        ("compressor_hours - heat_up_time > 0.4", 30.0, 1),
        ("min(compressor_hours, heat_up_time) == 0.5", 30.0, 1),
    ],
)
def test_sizes_are_converted(text: str, minutes: float, expected: int) -> None:
    values = {"heat_up_time": np.array([minutes]), "compressor_hours": np.array([1.0])}
    assert Expression.parse(text).evaluate(Inputs(values, {})).tolist() == [expected]


def test_a_pack_with_mixed_units_is_refused_with_file_line_and_both(tmp_path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(
        "title: Mine\nrules:\n  - id: mixed\n    title: Mixed\n"
        "    when: water_pressure < supply_temperature\n    severity: 300\n    cause: c\n"
        "    action: a\n    cases: [{given: {water_pressure: 1, supply_temperature: 2}, "
        "after: 0 s, active: true}]\n"
    )
    with pytest.raises(ConfigError) as caught:
        load_pack(str(path))
    (problem,) = caught.value.problems
    assert (problem.file, problem.line, problem.key) == (str(path), 5, "rules.0.when")
    assert "water_pressure and supply_temperature: bar and °C" in problem.message
