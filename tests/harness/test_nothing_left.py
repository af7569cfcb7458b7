"""However a run of tests ends, none of its processes runs on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from itertools import product
from pathlib import Path

import processes
import psutil
import pytest
from patience import PATIENCE, until
from places import ROOT

SAMPLE = '''
import os, signal, subprocess, sys
from pathlib import Path
import processes

PARENT = """
import signal, subprocess
child = subprocess.Popen(["sleep", "1000"], start_new_session=True)
print(child.pid, flush=True)
signal.pause()
"""

def test_sample():
    parent = processes.start(sys.executable, "-c", PARENT, stdout=subprocess.PIPE)
    frozen = processes.start("sleep", "1000")
    frozen.send_signal(signal.SIGSTOP)
    helperless = subprocess.Popen(["sleep", "1000"], start_new_session=True)
    pids = [os.getpid(), parent.pid, int(parent.stdout.readline()), frozen.pid, helperless.pid]
    part = Path(os.environ["PIDS"] + ".part")
    part.write_text(" ".join(map(str, pids)))
    part.rename(os.environ["PIDS"])
    if os.environ["ENDS"] == "fails":
        raise AssertionError("it fails, and cleans nothing up")
    signal.pause()
'''
PYTEST = """
import signal, sys
import pytest
signal.signal(signal.SIGINT, signal.default_int_handler)
sys.exit(pytest.main(sys.argv[1:]))
"""
"""A run that hears Ctrl-C: what a shell starts in the background ignores it, children included."""


def runs(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def told(path: Path) -> list[int]:
    """Return the processes that the sample has written down: itself, and four that it left."""
    return [int(pid) for pid in path.read_text().split()] if path.exists() else []


@pytest.mark.parametrize(
    ("ends", "workers"),
    [*product(("fails", "is interrupted", "is killed"), (0, 1)), ("loses its worker", 1)],
)
def test_no_process_outlives_a_run(tmp_path: Path, ends: str, workers: int) -> None:
    (tmp_path / "test_sample.py").write_text(SAMPLE, "utf-8")
    pids = tmp_path / "pids"
    command = (
        sys.executable, "-c", PYTEST, "-c", ROOT / "pyproject.toml", "--rootdir", tmp_path,
        "-p", "nothing_left", "-p", "no:cacheprovider", "-n", str(workers),
        "--max-worker-restart", "0", tmp_path / "test_sample.py",
    )  # fmt: skip
    environment = {
        **os.environ, "PYTHONPATH": str(ROOT / "tests" / "support"), "PIDS": str(pids),
        "ENDS": ends,
    }  # fmt: skip
    with processes.started(
        *command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as run:
        worker, *left = until(lambda: told(pids))
        if ends != "fails":
            assert [pid for pid in left if not runs(pid)] == []
        match ends:
            case "is killed":
                run.kill()
            case "is interrupted":
                run.send_signal(signal.SIGINT)
            case "loses its worker":
                os.kill(worker, signal.SIGKILL)
        out, _ = run.communicate(timeout=PATIENCE)
    assert run.returncode != 0, out
    if ends != "is killed":  # whoever is killed says nothing more, nor waits
        assert "left behind and killed" in out
        assert [pid for pid in left if runs(pid)] == []
    until(lambda: not any(runs(pid) for pid in (worker, *left)))
