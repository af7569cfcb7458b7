"""Compiled code is kept for the next process, and only where that is safe and still right."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import processes
import pytest

from heatpump_twin.twin_engine.model.compiled import code_folder

SIMULATES = """
from inspect import unwrap
from learnt_house import course
from heatpump_twin.twin_engine.model.simulation.kernel import live
print(float(unwrap(course)().points["room_temperature"].sum()), sum(live.stats.cache_hits.values()))
"""


def simulated(caches: Path, before: str = "") -> tuple[float, int]:
    """Return what a process of its own simulates, and how much it found compiled."""
    own = {"XDG_CACHE_HOME": str(caches), "PYTHONPATH": os.pathsep.join(sys.path)}
    ran = processes.run(sys.executable, "-c", before + SIMULATES, env={**os.environ, **own})
    assert ran.returncode == 0, ran.stderr
    room, hits = ran.stdout.split()
    return float(room), int(hits)


def test_the_next_process_finds_what_was_compiled_and_says_the_same(tmp_path: Path) -> None:
    first, second = simulated(tmp_path), simulated(tmp_path)
    assert first[1] == 0
    assert second == (first[0], 1)


# Each compiles twice: one of them is enough for every change.
@pytest.mark.parametrize("left", [pytest.param(0, marks=pytest.mark.long), 40])
def test_what_was_cut_off_is_compiled_again_and_kept_anew(tmp_path: Path, left: int) -> None:
    """A machine lost its power: of the files there is their beginning, or nothing."""
    first = simulated(tmp_path)
    for path in [path for path in tmp_path.rglob("*.nb?") if path.is_file()]:
        path.write_bytes(path.read_bytes()[:left])
    assert simulated(tmp_path) == first
    assert simulated(tmp_path) == (first[0], 1)


def test_a_full_disk_keeps_nothing_and_stops_nothing(tmp_path: Path) -> None:
    assert simulated(tmp_path, "import resource as r; r.setrlimit(r.RLIMIT_FSIZE, (0, 0))")[1] == 0
    assert [path for path in tmp_path.rglob("*") if path.is_file() and path.stat().st_size] == []


def test_without_a_place_for_it_each_process_compiles(tmp_path: Path) -> None:
    caches = tmp_path / "none"
    caches.write_text("no folder")
    assert simulated(caches)[1] == 0


def test_code_of_other_sources_lies_elsewhere(tmp_path: Path) -> None:
    sources = tmp_path / "model"
    (sources / "part").mkdir(parents=True)
    called = sources / "part" / "called.py"
    called.write_text("A = 1\n")
    before = code_folder(sources, tmp_path)
    assert before == code_folder(sources, tmp_path)
    called.write_text("A = 2\n")
    after = code_folder(sources, tmp_path)
    assert None not in (before, after)
    assert before != after


def test_what_others_may_write_to_is_not_run(tmp_path: Path) -> None:
    found = code_folder(tmp_path, tmp_path / "caches")
    assert found is not None
    assert found.stat().st_mode & 0o777 == 0o700
    for folder in (found, found.parent):
        folder.chmod(0o770)
        assert code_folder(tmp_path, tmp_path / "caches") is None
        folder.chmod(0o700)
