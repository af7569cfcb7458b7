"""Whole twins whose database is locked or whose disk is full: told, waited for, nothing lost."""

from __future__ import annotations

import re
import sqlite3
import time
from pathlib import Path

import numpy as np
from patience import until
from small_disk import fill, small_disk
from stored_samples import stored
from whole_twin import Twin, new_ports

WAITING = re.compile(r"(\d+) samples wait")


def historian(twin: Twin) -> tuple[bool, str]:
    components = twin.ready()[1].get("components", {})
    assert isinstance(components, dict)
    part = components.get("historian", {})
    return bool(part.get("ready")), str(part.get("detail"))


def times(path: Path) -> list[int]:
    """Return the times of a point that is recorded each second."""
    samples = stored(path, "hp1.electrical_power")
    return samples.time[np.isfinite(samples.value)].tolist()


def waiting(twin: Twin) -> int:
    """Return how many samples wait while the database is away."""
    found = WAITING.search(historian(twin)[1])
    return int(found[1]) if found else 0


def recorded_between(path: Path, start: float, end: float) -> bool:
    return any(start * 1e6 < t < end * 1e6 for t in times(path))


def test_a_database_that_another_program_locks(fresh_twin: Twin) -> None:
    fresh_twin.extra = ["--set", "historian.max_interval=1 s"]
    fresh_twin.start()
    path = fresh_twin.data / "historian.sqlite"
    until(lambda: len(times(path)) > 2)
    other = sqlite3.connect(path, isolation_level=None, timeout=60.0)
    other.execute("BEGIN EXCLUSIVE")
    until(lambda: "locked" in historian(fresh_twin)[1])
    assert "samples wait, room for" in historian(fresh_twin)[1]
    assert fresh_twin.get("/healthz")[0] == 200
    other.rollback()
    other.close()
    until(lambda: historian(fresh_twin) == (True, "recording"))
    assert fresh_twin.stop() == 0
    assert fresh_twin.output.count("the database is away") == 1
    assert fresh_twin.output.count("the database is back") == 1


def test_a_database_that_is_locked_over_the_stop(fresh_twin: Twin) -> None:
    fresh_twin.extra = ["--set", "historian.max_interval=1 s"]
    fresh_twin.start()
    path = fresh_twin.data / "historian.sqlite"
    until(lambda: len(times(path)) > 2)
    other = sqlite3.connect(path, isolation_level=None, timeout=60.0)
    other.execute("BEGIN EXCLUSIVE")
    until(lambda: "locked" in historian(fresh_twin)[1])
    assert fresh_twin.stop() == 0
    told = re.search(r"samples are kept for the next start.*rows=(\d+)", fresh_twin.output)
    assert told is not None
    assert int(told[1]) > 60
    other.rollback()
    other.close()
    fresh_twin.start()
    until(lambda: re.search(rf"is in it now .*rows={told[1]}\b", fresh_twin.output))
    assert not list((fresh_twin.data / "spool").iterdir())
    assert fresh_twin.stop() == 0


def test_a_spool_that_cannot_be_written_is_an_exit_code(fresh_twin: Twin) -> None:
    fresh_twin.start()
    path = fresh_twin.data / "historian.sqlite"
    until(lambda: len(times(path)) > 2)
    (fresh_twin.data / "spool").write_text("in the way")
    other = sqlite3.connect(path, isolation_level=None, timeout=60.0)
    other.execute("BEGIN EXCLUSIVE")
    until(lambda: "locked" in historian(fresh_twin)[1])
    assert fresh_twin.stop() == 1
    (line,) = [line for line in fresh_twin.output.splitlines() if "history lost" in line]
    assert re.search(r"history lost: \d+ samples", line)
    assert "Traceback" not in fresh_twin.output
    other.close()


def test_a_disk_that_is_full_and_has_room_again(tmp_path: Path) -> None:
    with small_disk(tmp_path, "24M") as disk:
        twin = Twin(disk / "data", new_ports(), extra=["--set", "historian.max_interval=1 s"])
        try:
            twin.start()
            path = twin.data / "historian.sqlite"
            until(lambda: len(times(path)) > 2)
            filler = fill(disk)
            until(lambda: "full" in historian(twin)[1])
            full, before = time.time(), waiting(twin)
            assert twin.get("/healthz")[0] == 200
            assert len(twin.children()) == 1
            # Some seconds' samples, of every device.
            until(lambda: waiting(twin) > before + 400)
            room_again = time.time()
            filler.unlink()
            until(lambda: historian(twin)[0])
            since = times(path)[-1]
            until(lambda: times(path)[-1] > since)
            assert twin.stop() == 0
            assert recorded_between(path, full, room_again)
        finally:
            twin.kill()
