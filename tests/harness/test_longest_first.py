"""What took longest begins first, when there are workers."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import processes
from places import ROOT

SECONDS = {"test_a.py": 0.0, "test_b.py": 0.3, "test_c.py": 0.1}
SAMPLE = "import time\ndef test_sample(): time.sleep({})\n"


def run(folder: Path, *more: str) -> list[str]:
    """Run the samples on one worker, and return their files in the order in which they ran."""
    command = (
        sys.executable, "-m", "pytest", "-c", ROOT / "pyproject.toml", "--rootdir", folder,
        "-p", "longest_first", "-v",
        "-n", "1", "--dist", "loadfile", "--no-loadscope-reorder", *more, folder,
    )  # fmt: skip
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "tests" / "support")}
    ran = processes.run(*command, cwd=folder, env=environment)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    told = [line for line in ran.stdout.splitlines() if "PASSED" in line]
    return [line.split()[-1].partition("::")[0] for line in told]


def test_files_come_in_the_usual_order_and_then_the_longest_first(tmp_path: Path) -> None:
    for name, seconds in SECONDS.items():
        (tmp_path / name).write_text(SAMPLE.format(seconds), "utf-8")
    assert run(tmp_path) == ["test_a.py", "test_b.py", "test_c.py"]
    (tmp_path / "test_d.py").write_text(SAMPLE.format(0), "utf-8")
    assert run(tmp_path) == ["test_d.py", "test_b.py", "test_c.py", "test_a.py"]


def test_a_run_without_a_cache_keeps_nothing(tmp_path: Path) -> None:
    (tmp_path / "test_a.py").write_text(SAMPLE.format(0), "utf-8")
    assert run(tmp_path, "-p", "no:cacheprovider") == ["test_a.py"]
