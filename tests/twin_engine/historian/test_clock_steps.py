"""A clock that is set while samples are recorded leaves a gap and nothing that misleads."""

from __future__ import annotations

import pytest

from heatpump_twin.config.settings import HistorianSettings
from heatpump_twin.drivers.frame import Frame
from heatpump_twin.drivers.status import BAD_NO_DATA, GOOD, UNCERTAIN
from heatpump_twin.twin_engine.historian.historian import Historian

START = 1_767_225_600_000_000
S = 1_000_000
KEY = "hp1.supply_temperature"
HOUR, YEARS = 3600.0, 12 * 365 * 86_400.0


class Recording:
    """A historian and a clock that is set by hand, as `ClockWatch` tells of it."""

    def __init__(self, historian: Historian, clock, eventually) -> None:
        self.historian = historian
        self.clock = clock
        self.eventually = eventually
        self.value = 20.0

    def record(self, seconds: int) -> None:
        for _ in range(seconds):
            self.clock.advance(1)
            self.value += 1
            self.historian.append(Frame.of(0, self.value, GOOD, self.clock.now()))

    async def set_clock(self, by: float) -> None:
        before = self.clock.now()
        self.clock.advance(by)
        self.historian.clock_was_set(before)
        await self.written()

    async def written(self) -> None:
        await self.eventually(lambda: not self.historian.health.queue_rows)

    async def samples(self, reader=None):
        found = await (reader or self.historian).read_raw(KEY, -(2**62), 2**62, limit=999)
        return [
            (int(time - START) // S, value, status)
            for time, value, status in zip(
                found.time, found.value.tolist(), found.status.tolist(), strict=True
            )
        ]


@pytest.fixture
async def recording(database, table, clock, eventually):
    settings = HistorianSettings(flush=0.02, retention="1 d")
    historian = Historian(table, database, settings, clock)
    await historian.start()
    yield Recording(historian, clock, eventually)
    await historian.stop()
    await historian.run()


async def test_a_minute_in_2038_is_doubted_hidden_and_makes_nothing_old(recording) -> None:
    recording.record(3)
    await recording.set_clock(YEARS)
    recording.record(3)
    await recording.written()
    await recording.set_clock(-YEARS)
    recording.record(3)
    await recording.written()
    shown = await recording.samples(recording.historian.stored)
    # Nothing was deleted for being twelve years old, and the newest is of now.
    assert [(time, value) for time, value, status in shown if status == GOOD] == [
        (1, 21.0), (2, 22.0), (3, 23.0), (7, 27.0), (8, 28.0), (9, 29.0),
    ]  # fmt: skip
    assert [status for *_, status in shown if status != GOOD] == [BAD_NO_DATA]
    newest = await recording.historian.stored.before(KEY, 2**60)
    assert newest.value.tolist() == [29.0]

    async def doubted() -> bool:
        far = [s for s in await recording.samples() if s[0] > 1000]
        return [(v, s) for _, v, s in far if s != BAD_NO_DATA] == [
            (24.0, UNCERTAIN), (25.0, UNCERTAIN), (26.0, UNCERTAIN),
        ]  # fmt: skip

    await recording.eventually(doubted)


async def test_a_step_forward_is_a_gap(recording) -> None:
    recording.record(2)
    await recording.set_clock(HOUR)
    recording.record(1)
    await recording.written()
    assert [(time, status) for time, _, status in await recording.samples()] == [
        (1, GOOD), (2, GOOD), (2, BAD_NO_DATA), (3603, GOOD),
    ]  # fmt: skip


async def test_a_step_back_is_a_gap_and_recording_goes_on(recording) -> None:
    recording.record(2)
    await recording.set_clock(-HOUR)
    recording.record(2)
    await recording.written()
    found = await recording.samples()
    assert [(time, status) for time, _, status in found if time < 0] == [
        (-3597, GOOD),
        (-3596, GOOD),
    ]


async def test_a_run_that_was_stopped_is_not_told_to_have_been_killed(
    database, table, clock, recording, eventually
) -> None:
    """Its samples of 2038 are no end of its history."""
    await recording.set_clock(YEARS)
    recording.record(2)
    await recording.set_clock(-YEARS)
    recording.record(2)
    await recording.written()
    await recording.historian.stop()
    await recording.historian.run()
    for back in (0.0, -300 * 86_400.0):
        clock.advance(back)
        later = Historian(table, database, HistorianSettings(), clock)
        assert later._store.prepare([KEY])
        assert later._store.close_gaps(clock.now()) == 0
        later._store.close()
