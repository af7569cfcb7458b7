"""kill -9 while samples are written and sealed: nothing stored is lost, nothing is doubled."""

from __future__ import annotations

import random
import sqlite3
import subprocess
import sys
import textwrap
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import numpy as np
import processes
import pytest
from sqlalchemy import select

from heatpump_twin.twin_engine.historian.database.database_access import open_engine
from heatpump_twin.twin_engine.historian.database.tables import BLOCK
from heatpump_twin.twin_engine.historian.sample_store import SampleStore

START = 1_767_225_600_000_000
S = 1_000_000
EVER = 2**62
POINTS = 40
WRITER = """
    import sys
    import numpy as np
    from heatpump_twin.drivers.frame import Frame
    from heatpump_twin.twin_engine.correction import Correction
    from heatpump_twin.twin_engine.historian.columns import sealer
    from heatpump_twin.twin_engine.historian.database.database_access import open_engine
    from heatpump_twin.twin_engine.historian.sample_store import SampleStore

    # Small, so that most of the time something is being sealed.
    sealer._LEAST_HOT = sealer._HOT_OF_POINT = 1
    sealer.FULL, sealer._POINTS = 64, 3
    store = SampleStore(open_engine(f"sqlite:///{sys.argv[1]}"))
    store.prepare([f"p{k}" for k in range(POINTS)])
    points = np.arange(1, POINTS + 1)
    second = int(sys.argv[2])
    while True:
        times = START + np.full(POINTS, second) * S
        store.write(Frame.of(points, float(second), 0, times))
        if second % 3 == 0 and second >= 50:
            # Late: the sample of some time ago is corrected.
            store.write(Frame.of(points, -float(second), 0, times - 50 * S))
        if second % 5 == 0 and second >= 70:
            # Longer ago, somebody deletes a sample of the first point.
            gone = np.array([START + (second - 70) * S])
            store.correct(1, Correction.deletion("p0", gone, "erik", second))
        print(second, flush=True)
        second += 1
        store.seal(0, 0.005)
"""


def code() -> str:
    program = textwrap.dedent(WRITER)
    for name in ("POINTS", "START"):
        program = program.replace(name, str(globals()[name]))
    return program.replace("* S", f"* {S}")


def written_until_killed(path: Path, first: int, chance: random.Random) -> int:
    """Let a process write and seal, kill it after some time; return the last second it told."""
    command = (sys.executable, "-c", code(), path, str(first))
    with processes.started(*command, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        for _ in range(chance.randint(3, 60)):
            last = int(child.stdout.readline())
        child.kill()
        # With what it told before the kill came.
        told = child.stdout.read().split("\n")[:-1]
        child.stdout.close()
    return max([last, *map(int, told)])


def verify(path: Path, last: int) -> None:
    """Compare all samples up to the last that was told of with what was written."""
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    store = SampleStore(open_engine(f"sqlite:///{path}"))
    store.prepare([])
    seconds = np.arange(last + 1)
    later = seconds + 50
    value = np.where((later % 3 == 0) & (later <= last), -later, seconds)
    for point in range(1, POINTS + 1):
        found = store.read(point, -EVER, START + (last + 1) * S, EVER)
        there = (found.time - START) // S
        # A correction that came while it was killed may be there already.
        deleted = (seconds + 70) % 5 == 0 if point == 1 else np.zeros(len(seconds), bool)
        right = seconds[~(deleted & (seconds + 70 <= last))]
        assert set(right) - set(there) <= set(seconds[deleted & (seconds + 70 == last + 1)])
        assert not set(there) - set(right)
        assert (np.diff(there) > 0).all()
        assert not ((found.value != value[there]) & (later[there] != last + 1)).any()
    kept = store.read_modified(1, -EVER, EVER)
    # What was deleted is kept, exactly once.
    found = (kept.samples.time - START) // S
    missing = seconds[~np.isin(seconds, (store.read(1, -EVER, EVER, EVER).time - START) // S)]
    assert found.tolist() == missing.tolist()
    with store._engine.connect() as connection:
        query = select(BLOCK.c.point_id, BLOCK.c.first, BLOCK.c.last)
        blocks = sorted(map(tuple, connection.execute(query)))
    for (point, _, end), (following, begin, _) in pairwise(blocks):
        assert point != following or end < begin
    store.close()


@pytest.mark.parametrize("kills", [3, pytest.param(100, marks=pytest.mark.long)])
def test_nothing_stored_is_lost_or_doubled_by_a_kill(tmp_path: Path, kills: int) -> None:
    path, chance = tmp_path / "historian.sqlite", random.Random(kills)
    last = -1
    for _ in range(kills):
        last = written_until_killed(path, last + 1, chance)
        verify(path, last)
