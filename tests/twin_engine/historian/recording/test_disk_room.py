"""History within a budget and on a disk that fills up: the oldest samples give way in time."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from small_disk import fill, small_disk
from structlog.testing import capture_logs

from heatpump_twin.config.settings import HistorianSettings
from heatpump_twin.drivers.frame import Frame
from heatpump_twin.drivers.status import GOOD
from heatpump_twin.twin_engine.historian.database.database_access import open_engine
from heatpump_twin.twin_engine.historian.historian import Historian
from heatpump_twin.twin_engine.historian.recording import disk_room
from heatpump_twin.twin_engine.historian.sample_store import Pages, SampleStore, row_ids

START = 1_767_225_600_000_000
S = 1_000_000
HOUR = 3_600 * S
DAY = 24 * HOUR
KEY = "hp1.supply_temperature"
EACH = 100_000
NOISE = np.random.default_rng(1).normal(size=EACH)
"""Not to be compressed: a history of some MB."""
PASSES = 50
WARNING = "the history gives way: its oldest samples are deleted"


@pytest.fixture(autouse=True)
def _look_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk_room, "LOOK_PERIOD", 0.01)


def record(path: Path, table, days: float) -> int:
    """Write ``days`` of history up to START; return the size of its file. [B]"""
    store = SampleStore(open_engine(f"sqlite:///{path}"))
    keys = [point.key for point in table]
    rows = row_ids(store.prepare(keys), keys)
    times = np.linspace(START - days * DAY, START, EACH).astype(np.int64)
    for part in np.split(np.arange(EACH), PASSES):
        point = np.repeat(rows, len(part))
        store.write(
            Frame.of(point, np.tile(NOISE[part], len(rows)), GOOD, np.tile(times[part], len(rows)))
        )
        store.seal_all()
    store.close()
    return path.stat().st_size


async def test_a_history_within_its_budget_shrinks_from_its_oldest_end(
    tmp_path: Path, table, clock, eventually
) -> None:
    path = tmp_path / "historian.sqlite"
    size = record(path, table, days=30)
    settings = HistorianSettings(
        flush=0.01, disk_budget=f"{size / 2e6:.3f} MB", disk_reserve="0 MB"
    )
    with capture_logs() as logs:
        historian = Historian(table, f"sqlite:///{path}", settings, clock)
        await historian.start()

        async def fits() -> bool:
            # What comes meanwhile is recorded as ever.
            clock.advance(1)
            historian.append(Frame.of(0, clock.now() / S, GOOD, clock.now()))
            return path.stat().st_size <= size / 2

        await eventually(fits)
        assert historian.health.giving_way
        samples = await historian.read_raw(KEY, 0, 2**60, limit=10**6)
        await historian.stop()
    assert [log["log_level"] for log in logs if log["event"] == WARNING] == ["warning"]
    old = samples.value[samples.time <= START]
    # One piece without a hole, up to what was last.
    assert old.tolist() == NOISE[EACH - len(old) :].tolist()
    assert EACH / 3 < len(old) < EACH / 1.5
    assert historian.health.rows_dropped == 0


async def test_the_last_day_never_gives_way(tmp_path: Path, table, clock, eventually) -> None:
    path = tmp_path / "historian.sqlite"
    record(path, table, days=2)
    settings = HistorianSettings(flush=0.01, disk_budget="1 MB", disk_reserve="0 MB")
    historian = Historian(table, f"sqlite:///{path}", settings, clock)
    await historian.start()

    async def oldest() -> int:
        return int((await historian.after(KEY, 0)).time[0])

    async def shortened() -> bool:
        # Whole blocks go, of some hours.
        return await oldest() >= START - DAY - 5 * HOUR

    await eventually(shortened)
    for k in range(20):
        written = historian.health.rows_written
        historian.append(Frame.of(0, float(k), GOOD, START + k * S))
        await eventually(lambda written=written: historian.health.rows_written > written)
    assert await oldest() <= START - DAY
    await historian.stop()


def has_room_inside(path: Path, pages: Pages) -> bool:
    """Tell whether there is room in the file, and nothing in the log for which it must grow."""
    return pages.free * pages.size > 1_000_000 and path.stat().st_size >= pages.count * pages.size


async def test_a_disk_that_others_fill_leaves_room_for_what_comes(
    tmp_path: Path, table, clock, eventually
) -> None:
    with small_disk(tmp_path, "200M") as disk:
        path = disk / "historian.sqlite"
        record(path, table, days=30)
        settings = HistorianSettings(flush=0.01)
        historian = Historian(table, f"sqlite:///{path}", settings, clock)
        await historian.start()
        # To within the reserve, as a log file does it: not all at once.
        (disk / "others").write_bytes(bytes(shutil.disk_usage(disk).free - 17_000_000))
        await eventually(lambda: historian.health.giving_way)
        await eventually(lambda: has_room_inside(path, historian._store.pages()))
        fill(disk)
        for k in range(10):
            written = historian.health.rows_written
            historian.append(Frame.of([0, 2], [float(k), 1.0], GOOD, START + k * S))
            await eventually(lambda written=written: historian.health.rows_written > written)
        # Not: without one failed attempt. The disk may be full in the middle of a deletion.
        assert historian.health.connected
        assert historian.health.rows_dropped == 0
        samples = await historian.read_raw(KEY, START + S, 2**60, limit=99)
        assert samples.value.tolist() == [float(k) for k in range(1, 10)]
        await historian.stop()


async def test_a_disk_that_is_full_at_once_is_waited_for(
    tmp_path: Path, table, clock, eventually
) -> None:
    """A history of an hour has nothing to give: samples wait, and come when there is room."""
    with small_disk(tmp_path, "8M") as disk:
        path = disk / "historian.sqlite"
        historian = Historian(table, f"sqlite:///{path}", HistorianSettings(flush=0.01), clock)
        await historian.start()
        historian.append(Frame.of(0, 0.0, GOOD, START))
        await eventually(lambda: historian.health.rows_written == 1)
        filler = fill(disk)
        with capture_logs() as logs:
            count = 1
            while historian.health.connected:
                points = np.zeros(2000)
                times = START + (count + np.arange(2000)) * S
                historian.append(Frame.of(points, count + np.arange(2000.0), GOOD, times))
                count += 2000
                await eventually(
                    lambda: not historian.health.queue_rows or not historian.health.connected
                )
            assert "full" in historian.health.last_error
            filler.unlink()
            await eventually(lambda: historian.health.connected)
            await eventually(lambda: not historian.health.queue_rows)
        told = [log["event"] for log in logs if log["log_level"] == "warning"]
        assert told == ["the database is away: samples wait in memory"]
        samples = await historian.read_raw(KEY, START, 2**60, limit=10**6)
        assert samples.value.tolist() == [float(k) for k in range(count)]
        await historian.stop()
