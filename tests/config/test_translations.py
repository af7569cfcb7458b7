"""The tool that keeps the translations complete: `make check` runs it."""

from __future__ import annotations

import importlib.util
from types import ModuleType

import pytest
from places import ROOT

from heatpump_twin.config.languages import Language, load, sources

TOOL = ROOT / "tools" / "translations.py"


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("translations", TOOL)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def changed(name: str, **sections: dict[str, str | None]) -> Language:
    """Return a packaged language with texts added, or taken out where they are None."""
    (text,) = (s.read_text("utf-8") for s in sources() if s.name == name)
    data = load(text).model_dump()
    for section, texts in sections.items():
        merged = data[section] | texts
        data[section] = {english: said for english, said in merged.items() if said is not None}
    return Language.model_validate(data)


@pytest.mark.parametrize("name", [source.name for source in sources()])
def test_nothing_is_missing_and_nothing_is_left_over(tool: ModuleType, name: str) -> None:
    texts = list(tool.declared())
    known = {text for _, text in texts} | set(tool.literals())
    assert tool.report(changed(name), texts, known) == []


def test_missing_and_left_over_texts_are_listed_by_section(tool: ModuleType) -> None:
    texts = list(tool.declared())
    known = {text for _, text in texts} | set(tool.literals())
    german = changed(
        "de.yaml",
        points={"Supply temperature": None, "Flow temperature": "Vorlauftemperatur"},
        alarms={"Low water flow": None},
        commands={"What the caller had for lunch": "Was der Anrufer gegessen hat"},
    )
    assert tool.report(german, texts, known) == [
        "missing in de.yaml, points:",
        '  "Supply temperature": ""',
        "missing in de.yaml, alarms:",
        '  "Low water flow": ""',
        "left over in de.yaml, points:",
        '  "Flow temperature"',
        "left over in de.yaml, commands:",
        '  "What the caller had for lunch"',
    ]
