"""Samples in the hot table and in blocks: whatever was written in whatever order, it is read right.

A plain dictionary says what is right: a point and a time are a sample, and the latest counts.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import URL, func, select, text
from stored_samples import emptied, prepared, rows
from structlog.testing import capture_logs

from heatpump_twin.drivers.frame import Frame
from heatpump_twin.drivers.status import BAD_NO_DATA, GOOD, UNCERTAIN
from heatpump_twin.twin_engine.errors import DamagedBlock
from heatpump_twin.twin_engine.historian.columns import sealer
from heatpump_twin.twin_engine.historian.database.database_access import open_engine
from heatpump_twin.twin_engine.historian.database.tables import BLOCK, HOT
from heatpump_twin.twin_engine.historian.sample_store import SampleStore

START = 1_767_225_600_000_000
S = 1_000_000
DAY = 86_400 * S
EVER = 2**62
KEYS = ["a", "b", "c"]
Model = dict[tuple[int, int], tuple[float, int]]


@pytest.fixture
def store(database: URL) -> Iterator[SampleStore]:
    store = SampleStore(open_engine(database))
    store.prepare(KEYS)
    yield store
    store.close()


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return prepared(tmp_path_factory.mktemp("sealing") / "historian.sqlite", KEYS)


def expected(model: Model, point: int, start: int, end: int) -> list[tuple[int, float, int]]:
    return sorted((t, *what) for (p, t), what in model.items() if p == point and start <= t < end)


def ramp(point: int, count: int, start: int = START, first: float = 0.0) -> Frame:
    times = start + np.arange(count) * S
    return Frame.of(np.full(count, point), first + np.arange(count), GOOD, times)


sample = st.tuples(
    st.integers(1, 3),
    st.integers(0, 60).map(lambda s: START + s * S)
    | st.integers(0, 3).map(lambda d: START - d * DAY),
    st.integers(0, 999).map(lambda v: v / 8),
    st.sampled_from([GOOD, UNCERTAIN]),
)
step = st.one_of(
    st.lists(sample, min_size=1, max_size=30),
    st.sampled_from(["seal", "seal a little", "start again"]),
)


@settings(max_examples=100)
@given(st.lists(step, max_size=14), st.sampled_from([8, 500]), st.integers(1, 40), st.booleans())
def test_what_is_read_is_what_was_written_last(
    file: Path, steps, full: int, limit: int, reverse: bool
) -> None:
    model: Model = {}
    with pytest.MonkeyPatch.context() as patch, emptied(file) as again:
        store = again()
        patch.setattr(sealer, "FULL", full)
        patch.setattr(sealer, "_POINTS", 1)
        for what in steps:
            if what == "seal":
                store.seal_all()
            elif what == "seal a little":
                store._sealer.seal(0.0)
            elif what == "start again":
                store = again()
            else:
                points, times, values, statuses = zip(*what, strict=True)
                store.write(Frame.of(points, values, np.array(statuses, np.uint32), times))
                model |= {(p, t): (v, s) for p, t, v, s in what}
        for point in (1, 2, 3):
            assert rows(store.read(point, -EVER, EVER, 999)) == expected(model, point, -EVER, EVER)
            for start, end in (
                (START, START + 30 * S),
                (START + 5 * S, EVER),
                (-EVER, START + 9 * S),
            ):
                right = expected(model, point, start, end)
                right = right[::-1][:limit] if reverse else right[:limit]
                assert rows(store.read(point, start, end, limit, reverse)) == right


def test_blocks_of_a_point_are_full_and_never_overlap(store, monkeypatch) -> None:
    monkeypatch.setattr(sealer, "FULL", 64)
    for k in range(40):
        store.write(ramp(1, 10, START + k * 10 * S, k * 10.0))
        store.seal_all()
    # Late ones: into a block, before all, and between two blocks.
    late = [START + 5 * S + S // 2, START - DAY, START + 63 * S + S // 2]
    store.write(Frame.of([1, 1, 1], -1.0, GOOD, late))
    store.seal_all()
    with store._engine.connect() as connection:
        blocks = connection.execute(
            select(BLOCK.c.first, BLOCK.c.last, BLOCK.c.count)
            .where(BLOCK.c.point_id == 1)
            .order_by(BLOCK.c.first)
        ).all()
    assert all(block.last < following.first for block, following in pairwise(blocks))
    assert sum(block.count for block in blocks) == 403
    # 40 passes of 10 samples: no block for each of them.
    assert len(blocks) < 15
    assert max(block.count for block in blocks) <= 64
    assert len(store.read(1, -EVER, EVER, 999)) == 403


def test_statistics_are_those_of_the_samples(store) -> None:
    values = [1.0, 3.0, np.nan, 5.0, 7.0]
    status = [GOOD, GOOD, BAD_NO_DATA, UNCERTAIN, GOOD]
    times = [START + k * S for k in (0, 2, 4, 5, 6)]
    store.write(Frame.of([1] * 5, values, np.array(status, np.uint32), times))
    store.seal_all()
    with store._engine.connect() as connection:
        block = connection.execute(select(BLOCK)).one()
    assert (block.first, block.last, block.count) == (times[0], times[-1], 5)
    assert (block.minimum, block.maximum) == (1.0, 7.0)
    # 1 for 2 s and 3 for 2 s; on the line from 1 to 3 for 2 s.
    assert (block.stepped, block.good) == (8.0, 4 * S)
    assert (block.sloped, block.sloped_time) == (4.0, 2 * S)
    assert block.last_status == GOOD


def test_a_late_sample_of_last_year_is_no_work_for_the_year(store, monkeypatch) -> None:
    monkeypatch.setattr(sealer, "FULL", 100)
    store.write(ramp(1, 1000))
    store.seal_all()
    with store._engine.connect() as connection:
        before = set(connection.scalars(select(BLOCK.c.id)))
    store.write(Frame.of([1, 1], [-5.0, -6.0], GOOD, [START + 150 * S, START + 1000 * S]))
    store.seal_all()
    with store._engine.connect() as connection:
        after = set(connection.scalars(select(BLOCK.c.id)))
    assert len(before - after) == 1
    found = store.read(1, START + 149 * S, START + 152 * S, 9)
    assert found.value.tolist() == [149.0, -5.0, 151.0]


def test_sealed_rows_are_deleted_but_the_newest(store) -> None:
    for k in range(5):
        store.write(ramp(1, 3, START + 3 * k * S))
    store.seal_all()
    store.write(ramp(2, 3))
    with store._engine.connect() as connection:
        ids = connection.scalars(select(HOT.c.id).order_by(HOT.c.id)).all()
    assert len(ids) == 2
    store.seal_all()
    with store._engine.connect() as connection:
        assert connection.scalars(select(HOT.c.id)).all() == ids[-1:]
    assert len(store.read(1, 0, EVER, 99)) == 15


def test_another_process_reads_what_is_written_and_sealed_meanwhile(database: URL) -> None:
    writer, reader = (SampleStore(open_engine(database)) for _ in range(2))
    writer.prepare(KEYS)
    reader.prepare([])
    for k in range(6):
        writer.write(ramp(1, 4, START + 4 * k * S))
        if k % 2:
            writer.seal_all()
        assert len(reader.read(1, 0, EVER, 99)) == 4 * (k + 1)
    writer.close()
    reader.close()


def test_old_blocks_are_dropped_whole(store, monkeypatch) -> None:
    monkeypatch.setattr(sealer, "FULL", 10)
    store.write(ramp(1, 100))
    store.seal_all()
    assert store.oldest({1, 2}) == (START, START + 9 * S)
    assert store.prune([1, 2], START + 35 * S, 2) == 2
    assert store.prune([1, 2], START + 35 * S, 2) == 1
    assert store.prune([1, 2], START + 35 * S, 2) == 0
    assert store.read(1, 0, EVER, 1).value.tolist() == [30.0]


def test_a_long_silence_makes_no_block_of_years(store) -> None:
    times = [START + k * 30 * DAY for k in range(5)]
    store.write(Frame.of([1] * 5, range(5), GOOD, times))
    store.seal_all()
    with store._engine.connect() as connection:
        longest = connection.scalar(select(func.max(BLOCK.c.last - BLOCK.c.first)))
    assert longest <= sealer.LONGEST
    assert len(store.read(1, 0, EVER, 99)) == 5


def test_values_are_kept_bit_by_bit(store) -> None:
    values = np.array([0.1, -0.0, np.inf, -np.inf, 5e-324, 1.7e308, 1 / 3, np.nan])
    statuses = np.array([0, 1, 2, 3, 2**31, 2**32 - 1, 0x40920000, BAD_NO_DATA], np.uint32)
    store.write(Frame.of([1] * 8, values, statuses, START + np.arange(8) * 7))
    for _ in range(2):
        found = store.read(1, 0, EVER, 99)
        assert found.value.tobytes() == values.tobytes()
        assert found.status.tolist() == statuses.tolist()
        assert found.time.tolist() == (START + np.arange(8) * 7).tolist()
        store.seal_all()


def test_a_damaged_block_is_told_and_is_not_in_the_way(store) -> None:
    store.write(ramp(1, 50))
    store.seal_all()
    with store._engine.begin() as connection:
        data = bytearray(connection.scalar(select(BLOCK.c.data)))
        data[len(data) // 2] ^= 1
        connection.execute(BLOCK.update().values(data=bytes(data)))
    with pytest.raises(DamagedBlock, match="checksum"):
        store.read(1, 0, EVER, 99)
    store.write(ramp(1, 3, START + 20 * S, 500.0))
    store.seal_all()
    assert store.read(1, 0, EVER, 99).value.tolist() == [500.0, 501.0, 502.0]
    with store._engine.connect() as connection:
        assert connection.scalar(select(func.count()).where(BLOCK.c.point_id == -1)) == 1


def test_a_damaged_flush_is_left_out_and_told(store) -> None:
    for k in range(3):
        store.write(ramp(1, 2, START + 2 * k * S, 2.0 * k))
    with store._engine.begin() as connection:
        connection.execute(HOT.update().where(HOT.c.id == 2).values(data=b"nonsense"))
    store.close()
    with capture_logs() as logs:
        assert store.read(1, 0, EVER, 99).value.tolist() == [0.0, 1.0, 4.0, 5.0]
        assert store.close_gaps(START) == 1
        store.seal_all()
    assert [(log["log_level"], log["row"]) for log in logs] == [("error", 2)]
    assert len(store.read(1, 0, EVER, 99)) == 5


def test_a_reader_in_a_transaction_holds_no_writer_up(tmp_path) -> None:
    url = f"sqlite:///{tmp_path / 'historian.sqlite'}"
    store = SampleStore(open_engine(url))
    store.prepare(KEYS)
    store.write(ramp(1, 10))
    other = open_engine(url)
    with other.connect() as connection:
        connection.execute(text("BEGIN"))
        assert connection.scalar(select(func.count()).select_from(HOT)) == 1
        # It would fail with "locked" after two seconds.
        store.write(ramp(1, 10, START + 10 * S))
        store.seal_all()
        store.write(ramp(2, 1))
        assert connection.scalar(select(func.count()).select_from(HOT)) == 1
    other.dispose()
    assert len(store.read(1, 0, EVER, 99)) == 20
    store.close()


def test_what_is_hot_is_sealed_when_there_is_enough_of_it(store, monkeypatch) -> None:
    monkeypatch.setattr(sealer, "_LEAST_HOT", 50)
    store.write(ramp(1, 49))
    store.seal(0, 1.0)
    with store._engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(BLOCK)) == 0
        store.write(ramp(2, 49))
        store.seal(0, 1.0)
        assert connection.scalar(select(func.count()).select_from(BLOCK)) == 2
