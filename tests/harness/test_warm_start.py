"""A process that is started warm is one as any other: for its tests, and in how it ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys

import processes
import psutil
import pytest
import warm_start
from patience import PATIENCE, until
from ports import claim
from warm_start import WarmStart


def test_it_says_and_returns_what_a_cold_one_does() -> None:
    for asked in (("--help",), ("schema", "rules"), ("schema", "no such thing")):
        warm = warm_start.run(*asked)
        cold = processes.run(sys.executable, "-m", "heatpump_twin", *asked)
        assert (warm.returncode, warm.stdout, warm.stderr) == (
            cold.returncode, cold.stdout, cold.stderr,
        )  # fmt: skip


def test_what_it_is_given_arrives() -> None:
    ran = warm_start.run("schema", "site", cwd="/")
    assert json.loads(ran.stdout)["type"] == "object"


@pytest.fixture
def plant():
    """A plant that serves, in a session of its own."""
    port = claim(12)
    settings = ("--set", f"plant.port={port + 1}", "--set", f"plant.control_port={port}")
    started = warm_start.start("plant", *settings, stdout=-1, stderr=subprocess.STDOUT)
    assert isinstance(started, WarmStart)
    assert started.stdout is not None
    for line in started.stdout:
        if "plant serves" in line:
            break
    yield started
    processes.kill(started)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 0), (signal.SIGKILL, -9)])
def test_its_end_is_told(plant: WarmStart, number: int, code: int) -> None:
    assert plant.poll() is None
    assert os.getsid(plant.pid) == plant.pid
    with pytest.raises(subprocess.TimeoutExpired):
        plant.wait(0.01)
    assert processes.end(plant, number) == code
    assert plant.poll() == code


def test_it_dies_with_what_it_is_a_copy_of(plant: WarmStart) -> None:
    seen = psutil.Process(plant.pid)
    server = seen.parent()
    assert server is not None
    warm_start.SERVERS.end()
    server.wait(PATIENCE)
    assert plant.wait(PATIENCE) == -9
    # Nobody may have read how it ended.
    until(lambda: not seen.is_running() or seen.status() == psutil.STATUS_ZOMBIE)


def test_one_with_another_environment_is_started_cold() -> None:
    process = warm_start.start("--help", stdout=-1, env={**os.environ, "COLUMNS": "60"})
    assert not isinstance(process, WarmStart)
    out, _ = process.communicate()
    assert max(map(len, out.splitlines())) <= 60
