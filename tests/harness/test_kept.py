"""What is kept is computed once for all processes of a run, and anew when sources change."""

from __future__ import annotations

import sys
from pathlib import Path

import kept
import processes
import pytest
from places import ROOT

_COMPUTE = """
import sys
sys.path.insert(0, {support!r})
from pathlib import Path
import kept
kept.KEPT = Path({folder!r})
kept.sources = lambda: {sources!r}

@kept.kept
def square(number):
    with Path({told!r}).open("a") as told:
        told.write("computed\\n")
    return number * number

print(square({number}), square({number}))
"""


@pytest.fixture
def computing(tmp_path: Path):
    """Return a function that begins to compute in a process of its own."""

    def begin(sources: str = "as they are", number: int = 7):
        code = _COMPUTE.format(
            support=str(ROOT / "tests/support"), folder=str(tmp_path / "kept"), sources=sources,
            told=str(tmp_path / "told"), number=number,
        )  # fmt: skip
        return processes.start(sys.executable, "-c", code, stdout=-1)

    return begin


def test_many_processes_compute_once(computing, tmp_path: Path) -> None:
    begun = [computing() for _ in range(3)]
    assert [process.communicate()[0] for process in begun] == ["49 49\n"] * 3
    assert (tmp_path / "told").read_text() == "computed\n"
    assert computing(number=8).communicate()[0] == "64 64\n"
    assert computing(sources="changed").communicate()[0] == "49 49\n"
    assert (tmp_path / "told").read_text() == "computed\n" * 3


def test_the_sources_of_the_product_and_of_the_support_count() -> None:
    counted = {
        path.relative_to(ROOT).as_posix()
        for folder in kept.SOURCES
        for path in (ROOT / folder).rglob("*.py")
    }
    assert {"twin_engine/model/house/sun.py", "tests/support/observed_house.py"} <= counted
