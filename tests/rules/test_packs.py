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
    assert any(step.active for case in rule.cases for step in (case, *case.then))
    assert rule.severity in (300, 500, 700, 900)


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
