"""YAML by libyaml and in Python: the same data, and mistakes are told as in Python."""

from __future__ import annotations

import pytest
import yaml
from places import ROOT
from pydantic import BaseModel

from heatpump_twin.config.errors import ConfigError
from heatpump_twin.config.quick_yaml import quick_load
from heatpump_twin.config.yaml_source import YamlSource

PACKAGED = sorted(
    file
    for room in ("config", "drivers", "rules", "server")
    for file in (ROOT / room).rglob("*.yaml")
)


@pytest.mark.parametrize("file", PACKAGED, ids=lambda file: str(file.relative_to(ROOT)))
def test_packaged_files_are_read_alike(file) -> None:
    text = file.read_text("utf-8")
    assert quick_load(text) == yaml.safe_load(text)


@pytest.mark.parametrize(
    "text",
    [
        "a: [1, 2",
        "a: b: c",
        "a: 'open",
        "\ta: 1",
        "a: &x 1\nb: *y",
        "a: 1\n b: 2",
        "- a\nb: 1",
        "%X",
    ],
)
def test_a_mistake_is_told_in_the_words_of_python(text) -> None:
    with pytest.raises(yaml.MarkedYAMLError) as python:
        yaml.safe_load(text)
    with pytest.raises(ConfigError) as ours:
        YamlSource(text, "site.yaml")
    (problem,) = ours.value.problems
    mark = python.value.problem_mark
    assert problem.message == f"not valid YAML: {python.value.problem}"
    assert problem.line == (mark.line + 1 if mark else 1)


class _Anything(BaseModel):
    """A model that takes every key."""


def test_a_key_that_is_written_twice_is_a_mistake() -> None:
    with pytest.raises(ConfigError) as ours:
        YamlSource("a: 1\nb: {c: 1, c: 2}\n", "site.yaml").validate(_Anything)
    assert str(ours.value) == "site.yaml:2: b.c: key 'c' is written twice"


def test_lines_are_those_of_the_file() -> None:
    source = YamlSource("a: 1\nb:\n  - c: 1\n    d: 2\n  - c: 3\n", "site.yaml")
    places = (["a"], ["b", 0, "d"], ["b", 1], ["b", 1, "none"])
    assert [source.line(at) for at in places] == [1, 4, 5, 5]
