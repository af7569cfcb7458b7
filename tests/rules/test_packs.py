from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from heatpump_twin.config.errors import ConfigError
from heatpump_twin.rules.cases import run_cases
from heatpump_twin.rules.pack import load_pack, load_packs
from heatpump_twin.rules.schema import RulePack, json_schema

PACK = """\
title: Mine
rules:
  - id: tank_hot
    title: Tank hot
    when: dhw_temperature > 70
    clear: dhw_temperature < 65
    delay: 10 s
    severity: 700
    cause: heater
    action: "Look."
    cases:
      - {given: {dhw_temperature: 71}, after: 10 s, active: true}
      - {given: {dhw_temperature: 71}, after: 9 s, active: false}
"""


def write(tmp_path: Path, *changes: tuple[str, str]) -> str:
    text = PACK
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    return str(path)


PACKAGED = ("heat-pump", "twin")
RULES = [rule for name in PACKAGED for rule in load_pack(name).rules]


@pytest.mark.parametrize("name", PACKAGED)
def test_the_packaged_packs_pass_their_own_cases(name):
    assert run_cases(load_pack(name)) == []


def test_a_site_has_the_rules_of_the_twin_whatever_packs_it_names(tmp_path):
    stricter = write(
        tmp_path,
        ("id: tank_hot", "id: disk_low\n    asset: twin"),
        ("dhw_temperature > 70", "disk_free < 20"),
        ("clear: dhw_temperature < 65", "clear: disk_free > 25"),
        ("dhw_temperature: 71", "disk_free: 19"),
        ("dhw_temperature: 71", "disk_free: 19"),
    )
    own, mine = load_packs([stricter])
    assert [rule.asset for rule in own.rules] == ["twin"] * len(load_pack("twin").rules)
    assert run_cases(mine) == []
    assert [len(load_packs(names)) for names in ([], ["twin"], ["heat-pump", "twin"])] == [1, 1, 2]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_every_packaged_rule_has_a_case_that_raises_it(rule):
    assert any(step.active for case in rule.cases for step in case.steps)
    assert any(step.active is False for case in rule.cases for step in case.steps)
    assert rule.severity in (300, 500, 700, 900)


EXPECTED = {
    "controller_fault": (700, "equipment"),
    "device_unreachable": (700, "diagnostic"),
    "dhw_tank_overtemperature": (900, "safety"),
    "supply_overtemperature": (700, "equipment"),
    "low_water_flow": (700, "equipment"),
    "flow_switch_open": (700, "equipment"),
    "freeze_risk": (900, "equipment"),
    "water_pressure_low": (500, "process"),
    "water_pressure_falling": (300, "diagnostic"),
    "water_pressure_high": (700, "safety"),
    "return_above_supply": (500, "process"),
    "delta_t_high": (500, "efficiency"),
    "delta_t_low": (500, "efficiency"),
    "discharge_overtemperature": (700, "equipment"),
    "high_pressure": (900, "equipment"),
    "low_pressure": (700, "equipment"),
    "superheat_high": (500, "diagnostic"),
    "superheat_low": (700, "equipment"),
    "fan_stopped": (700, "equipment"),
    "power_above_plate": (700, "equipment"),
    "power_frequency_mismatch": (500, "diagnostic"),
    "defrost_too_long": (500, "equipment"),
    "defrost_too_often": (500, "efficiency"),
    "defrost_missing": (500, "equipment"),
    "defrost_energy_high": (300, "efficiency"),
    "short_cycling": (500, "efficiency"),
    "short_runs": (300, "efficiency"),
    "setpoint_missed": (500, "process"),
    "heat_up_slow": (500, "diagnostic"),
    "backup_heater_unneeded": (500, "efficiency"),
    "legionella_missed": (700, "safety"),
    "dhw_standing_loss": (300, "efficiency"),
    "three_way_valve_mismatch": (500, "equipment"),
    "cop_below_expected": (500, "efficiency"),
    "sensor_implausible": (500, "diagnostic"),
    "outdoor_sensor_drift": (300, "diagnostic"),
}
"""What an expert of heat pumps wants to be told of: severity and class."""


def test_an_expert_s_alarms_are_there_with_severity_class_and_all_texts():
    rules = {rule.id: rule for rule in load_pack("heat-pump").rules}
    assert {name: (rules[name].severity, rules[name].category) for name in EXPECTED} == EXPECTED
    for rule in rules.values():
        assert rule.title
        assert rule.cause
        assert rule.consequence
        assert rule.action


def test_a_parent_is_a_rule_of_the_same_pack():
    for name in PACKAGED:
        ids = {rule.id for rule in load_pack(name).rules}
        assert {r.suppressed_by for r in load_pack(name).rules if r.suppressed_by} <= ids


LONG = """after: 0 s, then: [{repeat: 3, steps: [
          {given: {dhw_temperature: 60}, to: {dhw_temperature: 80}, after: 10 min, active: true},
          {given: {dhw_temperature: 60}, after: 3 d, active: false}]}]"""


def test_a_long_history_is_short_to_say(tmp_path):
    short = "after: 9 s, active: false"
    assert run_cases(load_pack(write(tmp_path, (short, LONG)))) == []
    wrong = LONG.replace("active: true", "active: false")
    (problem,) = run_cases(load_pack(write(tmp_path, (short, wrong))))
    assert "after 600 s" in problem.message


def test_a_good_pack_of_a_site_passes(tmp_path):
    assert run_cases(load_pack(write(tmp_path))) == []


@pytest.mark.parametrize(
    ("change", "line", "key", "words"),
    [
        (("dhw_temperature > 70", "dhw_temprature > 70"), 5, "rules.0.when", "neither a point"),
        (("dhw_temperature < 65", "open('x')"), 6, "rules.0.clear", "no function open"),
        (("delay: 10 s", "delay: soon"), 7, "rules.0.delay", "or '3 polls'"),
        (("delay: 10 s", "delay: -1"), 7, "rules.0.delay", "not negative"),
        (("severity: 700", "severity: 1001"), 8, "rules.0.severity", "1000 or less"),
        (("cause: heater", "couse: heater"), 9, "rules.0.couse", "unknown key"),
        (("active: true", "activ: true"), 12, "rules.0.cases.0.activ", "unknown key"),
        (("id: tank_hot", "id: Tank hot"), 3, "rules.0.id", "lower-case letters"),
        (("title: Mine", "titel: Mine"), 1, "titel", "unknown key"),
        ((", active: true", ""), 12, "rules.0.cases.0", "state `active` of one step at least"),
        (
            ("severity: 700", "severity: 700\n    suppressed_by: tank_hot"),
            3,
            "rules.0",
            "of itself",
        ),
        (
            ("severity: 700", "severity: 700\n    decodes: error_code"),
            3,
            "rules.0",
            "no point that",
        ),
        (("severity: 700", "severity: 700\n    class: odd"), 9, "rules.0.class", "'safety'"),
        (("dhw_temperature > 70", "disk_free > 70"), 3, "rules.0", "disk_free: not of an asset"),
        (("title: Tank", "asset: boiler\n    title: Tank"), 4, "rules.0.asset", "'twin'"),
    ],
)
def test_a_mistake_is_named_with_file_line_and_key(tmp_path, change, line, key, words):
    path = write(tmp_path, change)
    with pytest.raises(ConfigError) as caught:
        load_pack(path)
    problem = next(p for p in caught.value.problems if p.key == key)
    assert (problem.file, problem.line) == (path, line)
    assert words in problem.message


@pytest.mark.parametrize(
    ("change", "line", "words"),
    [
        (("after: 10 s, active: true", "after: 8 s, active: true"), 12, "is not active"),
        (("after: 9 s, active: false", "after: 99 s, active: false"), 13, "is active"),
        (("given: {dhw_temperature: 71}", "given: {}"), 12, "no value for dhw_temperature"),
        (("{dhw_temperature: 71}", "{dhw_temperature: 71, water_flow: 1}"), 12, "does not look at"),
    ],
)
def test_a_case_that_fails_is_named_with_its_line(tmp_path, change, line, words):
    (problem,) = run_cases(load_pack(write(tmp_path, change)))
    assert (problem.line, problem.key[:13]) == (line, "rules.0.cases")
    assert words in problem.message


def test_a_pack_that_does_not_exist_is_said_to(tmp_path):
    with pytest.raises(ConfigError, match="cannot be read"):
        load_pack(str(tmp_path / "none.yaml"))


def test_the_json_schema_is_complete():
    schema = json_schema()
    assert schema["additionalProperties"] is False
    rule = schema["$defs"]["Rule"]
    assert set(rule["required"]) == {"id", "title", "when", "severity", "cause", "action", "cases"}
    assert rule["properties"]["when"]["type"] == "string"
    assert RulePack.model_validate(yaml.safe_load(PACK)).rules[0].id == "tank_hot"
