"""What no database took at the end of a run is kept, and is in the history after the next start."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import numpy as np
import pytest
from structlog.testing import capture_logs

from heatpump_twin.config.settings import HistorianSettings
from heatpump_twin.drivers.frame import Frame
from heatpump_twin.drivers.status import BAD_NO_DATA, GOOD
from heatpump_twin.twin_engine.errors import HistoryLost
from heatpump_twin.twin_engine.historian.historian import Historian
from heatpump_twin.twin_engine.historian.recording import overflow, sample_writer
from heatpump_twin.twin_engine.historian.recording.spool import Spool

START = 1_767_225_600_000_000
S = 1_000_000
TEN = np.arange(10)
KEY = "hp1.supply_temperature"
SETTINGS = HistorianSettings(flush=0.02)


async def run(table, url, clock, spool: Spool, values: list[float], first: int) -> None:
    """Record a few samples in a run of their own; whether they get anywhere is another matter."""
    historian = Historian(table, url, SETTINGS, clock, spool=spool)
    await historian.start()
    for k, value in enumerate(values, first):
        historian.append(Frame.of(0, value, GOOD, START + k * S))
    clock.advance(100)
    try:
        await historian.stop()
    finally:
        await historian.run()


async def history(table, url, clock, spool: Spool) -> list[float]:
    historian = Historian(table, url, SETTINGS, clock, spool=spool)
    await historian.start()
    samples = await historian.read_raw(KEY, 0, 2**60, limit=99)
    await historian.stop()
    assert not spool.waiting
    good = samples.status == GOOD
    assert samples.status[~good].tolist() == [BAD_NO_DATA] * int((~good).sum())
    return samples.value[good].tolist()


async def test_what_a_locked_file_did_not_take_comes_at_the_next_start(
    tmp_path, table, clock
) -> None:
    path, spool = tmp_path / "historian.sqlite", Spool(tmp_path / "spool")
    url = f"sqlite:///{path}"
    await run(table, url, clock, spool, [1.0, 2.0], 0)
    other = sqlite3.connect(path)
    other.execute("BEGIN EXCLUSIVE")
    with capture_logs() as logs:
        # Twice: what the first one left must not be lost by the second, and comes before it.
        await run(table, url, clock, spool, [3.0, 4.0], 200)
        await run(table, url, clock, spool, [5.0, 6.0], 400)
    other.rollback()
    other.close()
    kept = [log for log in logs if log["event"].endswith("kept for the next start")]
    assert [log["rows"] for log in kept] == [3, 3]  # two samples and the end of the run, each
    assert [oct(file.stat().st_mode)[-3:] for file in spool.files()] == ["600", "600"]
    assert await history(table, url, clock, spool) == [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]


async def test_what_postgresql_did_not_take_comes_at_the_next_start(
    cluster, tmp_path, table, clock
) -> None:
    url, spool = cluster.new_database(), Spool(tmp_path / "spool")
    await run(table, url, clock, spool, [1.0], 0)
    cluster.stop()
    try:
        await run(table, url, clock, spool, [2.0, 3.0], 200)
    finally:
        cluster.start()
    assert await history(table, url, clock, spool) == [1.0, 2.0, 3.0]
    assert await history(table, url, clock, spool) == [1.0, 2.0, 3.0]


async def test_what_waits_for_long_waits_on_disk_and_keeps_its_order(
    tmp_path, table, clock, eventually, monkeypatch
) -> None:
    monkeypatch.setattr(overflow, "SPILL_AFTER", 0.0)
    path, spool = tmp_path / "historian.sqlite", Spool(tmp_path / "spool")
    historian = Historian(table, f"sqlite:///{path}", SETTINGS, clock, spool=spool, capacity=60)
    await historian.start()
    with closing(sqlite3.connect(path)) as other:
        other.execute("BEGIN EXCLUSIVE")
        # More than memory has room for; the second of each pair replaces the first.
        for k in range(20):
            for value in (-1.0, float(k)):
                historian.append(Frame.of([0, 4], value, GOOD, START + k * S))
            if k % 10 == 9:
                await eventually(lambda: historian.health.queue_rows == 0)
                assert historian.health.spool_size > 0
        assert not historian.health.connected
        other.rollback()
    historian.append(Frame.of(0, 20.0, GOOD, START + 20 * S))
    await eventually(lambda: not (historian.health.spool_size or historian.health.queue_rows))
    await eventually(lambda: historian.health.connected)
    assert historian.health.rows_dropped == 0
    assert not spool.waiting
    samples = await historian.read_raw(KEY, START, START + 99 * S, limit=99)
    assert samples.value.tolist() == [float(k) for k in range(21)]
    await historian.stop()


async def test_what_comes_while_the_spool_is_taken_back_waits_behind_it(
    tmp_path, table, clock, eventually, monkeypatch
) -> None:
    """A large spool takes longer than memory has room for what comes meanwhile."""
    monkeypatch.setattr(overflow, "SPILL_AFTER", 0.0)
    monkeypatch.setattr(overflow, "_SPOOLED", 50)
    # A file at a time.
    monkeypatch.setattr(sample_writer, "_TAKE_BACK_SECONDS", 0.0)
    path, spool = tmp_path / "historian.sqlite", Spool(tmp_path / "spool")
    historian = Historian(table, f"sqlite:///{path}", SETTINGS, clock, spool=spool, capacity=5_000)
    await historian.start()

    def append(k: int) -> None:
        for value in (-1.0 - TEN, 10.0 * k + TEN):
            historian.append(Frame.of(np.zeros(10), value, GOOD, START + (10 * k + TEN) * S))

    with closing(sqlite3.connect(path)) as other:
        other.execute("BEGIN EXCLUSIVE")
        for k in range(100):
            append(k)
        await eventually(lambda: historian.health.queue_rows == 0)
        left = len(spool.files())
        assert left > 10
        other.rollback()
    with capture_logs() as logs:
        # More comes while one file after the other is taken back.
        for k in range(100, 300):
            await eventually(lambda: historian.health.queue_rows < 1_000)
            append(k)
        await eventually(lambda: not (historian.health.spool_size or historian.health.queue_rows))
    taken = [log for log in logs if log["event"].startswith("what the database did not take")]
    assert len(taken) > left
    assert historian.health.rows_dropped == 0
    samples = await historian.read_raw(KEY, START, START + 9_999 * S, limit=9_999)
    assert samples.value.tolist() == np.arange(3000.0).tolist()
    await historian.stop()


def test_a_file_has_the_keys_of_its_own_samples_alone(tmp_path) -> None:
    spool = Spool(tmp_path / "spool")
    keys = [f"hp{k}.supply_temperature" for k in range(50_000)]
    path = spool.put(keys, Frame.of([40_000, 7, 40_000], [1.0, 2.0, 3.0], GOOD, START))
    assert path.stat().st_size < 2_000
    (left,) = spool.take(START)
    assert [left.keys[place] for place in left.frame.point] == [keys[40_000], keys[7], keys[40_000]]


async def test_a_spool_that_takes_nothing_leaves_samples_in_memory(
    tmp_path, table, clock, eventually, monkeypatch
) -> None:
    monkeypatch.setattr(overflow, "SPILL_AFTER", 0.0)
    (tmp_path / "spool").write_text("in the way")
    path = tmp_path / "historian.sqlite"
    spool = Spool(tmp_path / "spool")
    historian = Historian(table, f"sqlite:///{path}", SETTINGS, clock, spool=spool)
    await historian.start()
    with closing(sqlite3.connect(path)) as other, capture_logs() as logs:
        other.execute("BEGIN EXCLUSIVE")
        historian.append(Frame.of(0, 1.0, GOOD, START))
        await eventually(lambda: any("in memory alone" in log["event"] for log in logs))
        assert historian.health.queue_rows == 1
        other.rollback()
        await eventually(lambda: historian.health.rows_written == 1)
    await historian.stop()


async def test_a_spool_that_is_read_twice_doubles_nothing(tmp_path, table, clock) -> None:
    """The power may go after the samples are stored and before their file is gone."""
    url, spool = f"sqlite:///{tmp_path / 'historian.sqlite'}", Spool(tmp_path / "spool")
    path = spool.put([KEY], Frame.of([0, 0], [1.0, 2.0], GOOD, [START, START + S]))
    content = path.read_bytes()
    assert await history(table, url, clock, spool) == [1.0, 2.0]
    path.write_bytes(content)
    assert await history(table, url, clock, spool) == [1.0, 2.0]


async def test_a_point_that_is_no_longer_there_gets_its_samples(tmp_path, table, clock) -> None:
    url, spool = f"sqlite:///{tmp_path / 'historian.sqlite'}", Spool(tmp_path / "spool")
    spool.put(["old.power", KEY], Frame.of([0, 1], [7.0, 8.0], GOOD, START))
    historian = Historian(table, url, SETTINGS, clock, spool=spool)
    await historian.start()
    old = await historian.read_raw("old.power", 0, 2**60, limit=1)
    await historian.stop()
    assert old.value.tolist() == [7.0]


async def test_samples_that_nothing_takes_are_an_error_with_their_number(
    tmp_path, table, clock
) -> None:
    path = tmp_path / "historian.sqlite"
    (tmp_path / "spool").write_text("in the way")
    other = sqlite3.connect(path)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(HistoryLost, match="history lost: 3 samples"):
        await run(table, f"sqlite:///{path}", clock, Spool(tmp_path / "spool"), [1.0, 2.0], 0)
    other.close()


@pytest.mark.parametrize("damage", [b"", b"nonsense", b"PK\x03\x04 cut"])
async def test_a_damaged_spool_is_set_aside_and_the_others_are_taken(
    tmp_path, table, clock, damage
) -> None:
    url, spool = f"sqlite:///{tmp_path / 'historian.sqlite'}", Spool(tmp_path / "spool")
    spool.put([KEY], Frame.of([0], [1.0], GOOD, START)).write_bytes(damage)
    spool.put([KEY], Frame.of([0], [2.0], GOOD, START + S))
    with capture_logs() as logs:
        assert await history(table, url, clock, spool) == [2.0]
    assert [log["log_level"] for log in logs if "spool" in log["event"]] == ["error"]
    assert len(list((tmp_path / "spool").glob("*.damaged-*"))) == 1


def test_a_full_spool_says_so(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("heatpump_twin.twin_engine.historian.recording.spool.LARGEST", 4000)
    spool = Spool(tmp_path / "spool")
    noise = np.random.default_rng(1).normal(size=100)
    spool.put([KEY], Frame.of(np.zeros(100), noise, GOOD, np.arange(100)))
    with pytest.raises(OSError, match="full"):
        spool.put([KEY], Frame.of(np.zeros(1000), np.repeat(noise, 10), GOOD, np.arange(1000)))
