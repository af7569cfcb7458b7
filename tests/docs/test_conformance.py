"""The page on conformance names tests that there are, and each unit once."""

from __future__ import annotations

import ast
import re

from places import ROOT

PAGE = (ROOT / "docs" / "conformance.md").read_text("utf-8")
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


def functions(file: str) -> set[str]:
    tree = ast.parse((ROOT / file).read_text("utf-8"))
    kinds = ast.FunctionDef | ast.AsyncFunctionDef
    return {node.name for node in tree.body if isinstance(node, kinds)}


def rows(title: str) -> list[list[str]]:
    section = PAGE.partition(f"## {title}\n")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| ")][1:]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def test_every_test_that_is_named_exists() -> None:
    named = NAMED.findall(PAGE)
    assert len(named) > 20
    assert [n for n in named if n[1] not in functions(n[0])] == []


def test_what_is_met_names_its_test_and_no_unit_stands_twice() -> None:
    met, missing = rows("Met"), rows("Not met")
    assert [row[0] for row in met if not NAMED.fullmatch(row[-1])] == []
    units = [unit for row in met + missing for unit in row[0].split(", ")]
    assert len(units) == len(set(units)) > 25
