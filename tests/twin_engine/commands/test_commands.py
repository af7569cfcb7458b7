from __future__ import annotations

import asyncio
import math

import pytest

from heatpump_twin.drivers.frame import Frame
from heatpump_twin.drivers.protocol import LinkError, WriteOutcome, WriteState
from heatpump_twin.drivers.status import (
    BAD_DEVICE_FAILURE,
    BAD_INVALID_STATE,
    BAD_NO_COMMUNICATION,
    BAD_NODE_ID_UNKNOWN,
    BAD_NOT_WRITABLE,
    BAD_OUT_OF_RANGE,
    BAD_RESOURCE_UNAVAILABLE,
    BAD_USER_ACCESS_DENIED,
    GOOD,
    UNCERTAIN,
)
from heatpump_twin.twin_engine.commands.audit import AuditLog
from heatpump_twin.twin_engine.commands.commands import Commands
from heatpump_twin.twin_engine.commands.refused_write import RefusedWrite
from heatpump_twin.twin_engine.errors import AuditError
from heatpump_twin.twin_engine.happening import SettingChange
from heatpump_twin.twin_engine.image import Image

KEY = "hp1.supply_setpoint"
WHO = {"user": "olga", "origin": "test client"}


class FixtureDriver:
    """A device in memory: it holds values, and answers a write as it is told to."""

    name = "hp1.controller"
    connected = True

    def __init__(self, table) -> None:
        self.points = {p.index: p.id for p in table if p.asset == "hp1"}
        self.held: dict[int, float] = {}
        self.answer = WriteOutcome(WriteState.CONFIRMED, GOOD, None, "")
        self.error: Exception | None = None
        self.writing = 0
        self.most_at_once = 0
        self.on_write = None

    async def run(self, sink) -> None:
        raise NotImplementedError

    async def write(self, point: int, value: float) -> WriteOutcome:
        self.writing += 1
        self.most_at_once = max(self.most_at_once, self.writing)
        await asyncio.sleep(0)
        if self.on_write:
            await self.on_write()
        self.writing -= 1
        if self.error:
            raise self.error
        if self.answer.state is WriteState.CONFIRMED:
            self.held[point] = value
            return WriteOutcome(WriteState.CONFIRMED, GOOD, value, "")
        return self.answer


@pytest.fixture
async def audit(database):
    log = AuditLog(database)
    await log.start()
    yield log
    await log.stop()


@pytest.fixture
def driver(table) -> FixtureDriver:
    return FixtureDriver(table)


@pytest.fixture
def commands(table, driver, audit, clock) -> Commands:
    image = Image(table, clock.now())
    image.ingest(Frame.of(table.by_key[KEY].index, 45.0, GOOD, clock.now()))
    return Commands(table, image, [driver], audit, clock)


async def test_a_confirmed_write_is_good_and_on_record(commands, driver, audit, table, clock):
    result = await commands.write(KEY, 55.0, **WHO, reason="cold morning")
    assert (result.status, result.old, result.requested, result.read_back) == (GOOD, 45, 55, 55)
    assert result.message == "Supply setpoint is 55 °C."
    assert driver.held == {table.by_key[KEY].index: 55.0}
    (entry,) = await audit.tail(10)
    assert (entry.user, entry.origin, entry.key) == ("olga", "test client", KEY)
    assert (entry.old, entry.requested, entry.read_back) == (45, 55, 55)
    assert (entry.status, entry.reason, entry.complete) == (GOOD, "cold morning", True)
    assert entry.message == result.message
    assert entry.time == clock.now()


@pytest.mark.parametrize(
    ("key", "value", "status", "words"),
    [
        ("hp1.nonsense", 1.0, BAD_NODE_ID_UNKNOWN, "no point hp1.nonsense"),
        ("hp1.supply_temperature", 40.0, BAD_NOT_WRITABLE, "cannot be written"),
        ("hp2.supply_setpoint", 40.0, BAD_NOT_WRITABLE, "cannot be written"),  # nobody owns it
        (KEY, 61.0, BAD_OUT_OF_RANGE, "Supply setpoint takes 20 to 60 °C, not 61."),
        (KEY, 19.9, BAD_OUT_OF_RANGE, "Supply setpoint takes 20 to 60 °C, not 19.9."),
        (KEY, math.nan, BAD_OUT_OF_RANGE, "takes 20 to 60 °C, not nan."),
        (KEY, math.inf, BAD_OUT_OF_RANGE, "takes 20 to 60 °C, not inf."),
        ("hp1.unit_enabled", 0.5, BAD_OUT_OF_RANGE, "takes 0 Off, 1 On, not 0.5."),
    ],
)
async def test_what_cannot_be_asked_for_never_reaches_the_wire(
    commands, driver, audit, key, value, status, words
):
    result = await commands.write(key, value, **WHO)
    assert result.status == status
    assert words in result.message
    assert driver.most_at_once == 0
    (entry,) = await audit.tail(10)
    assert (entry.key, entry.status, entry.message) == (key, status, result.message)
    assert entry.complete
    assert entry.requested == (value if math.isfinite(value) else None)


@pytest.mark.parametrize(
    ("outcome", "status", "words"),
    [
        (WriteOutcome(WriteState.MISMATCH, BAD_INVALID_STATE, 50.0, "reads back 50"),
         BAD_DEVICE_FAILURE, "Supply setpoint is 50 °C although 55 °C was written: reads back 50."),
        (WriteOutcome(WriteState.REFUSED, BAD_NO_COMMUNICATION, None, "not connected"),
         BAD_NO_COMMUNICATION, "was not changed: not connected"),
        (WriteOutcome(WriteState.REFUSED, UNCERTAIN, 45.0, "throttled"), BAD_INVALID_STATE,
         "was not changed: throttled"),
        (WriteOutcome(WriteState.UNKNOWN, UNCERTAIN, None, "no answer."), UNCERTAIN,
         "55 °C was sent for Supply setpoint: no answer. Look at the value"),
    ],
)  # fmt: skip
async def test_each_outcome_has_its_status_and_its_words(
    commands, driver, audit, outcome, status, words
):
    driver.answer = outcome
    result = await commands.write(KEY, 55.0, **WHO)
    assert result.status == status
    assert words in result.message
    assert result.read_back == outcome.read_back
    (entry,) = await audit.tail(1)
    assert (entry.status, entry.read_back, entry.message) == (
        status,
        outcome.read_back,
        result.message,
    )


async def test_a_driver_error_is_an_unknown_outcome_not_an_exception(commands, driver, audit):
    driver.error = LinkError("connection reset")
    result = await commands.write(KEY, 55.0, **WHO)
    assert result.status == UNCERTAIN
    assert "connection reset" in result.message
    assert (await audit.tail(1))[0].complete


async def test_a_refusal_by_somebody_else_is_on_record(commands, audit):
    refused = RefusedWrite(KEY, 55.0, "", "anonymous", BAD_USER_ACCESS_DENIED, "log in")
    await commands.refuse(refused)
    (entry,) = await audit.tail(1)
    assert (entry.status, entry.message, entry.old) == (BAD_USER_ACCESS_DENIED, "log in", 45.0)


async def test_writes_to_one_point_take_turns(commands, driver, audit):
    await asyncio.gather(*(commands.write(KEY, 30.0 + k, **WHO) for k in range(5)))
    assert driver.most_at_once == 1
    assert [entry.requested for entry in await audit.tail(5)] == [34, 33, 32, 31, 30]


async def test_writes_to_different_points_do_not_wait_for_each_other(commands, driver, audit):
    both = asyncio.Barrier(2)
    driver.on_write = both.wait  # neither ends before the other has begun
    results = await asyncio.gather(
        commands.write(KEY, 30.0, **WHO), commands.write("hp1.unit_enabled", 1.0, **WHO)
    )
    assert [r.status for r in results] == [GOOD, GOOD]
    assert results[1].message == "Heat pump on is On."


async def test_the_attempt_is_on_record_before_the_wire_and_stays_if_the_twin_dies(
    commands, driver, audit
):
    seen = []

    async def look() -> None:
        seen.extend(await audit.tail(1))
        raise asyncio.CancelledError  # the twin is being killed

    driver.on_write = look
    with pytest.raises(asyncio.CancelledError):
        await commands.write(KEY, 55.0, **WHO)
    assert [(e.requested, e.complete, e.status) for e in seen] == [(55.0, False, UNCERTAIN)]
    assert (await audit.tail(1)) == seen


async def test_what_cannot_be_recorded_is_not_done(table, driver, clock, tmp_path):
    audit = AuditLog(f"sqlite:///{tmp_path / 'missing' / 'audit.sqlite'}")
    with pytest.raises(AuditError, match="cannot be used"):
        await audit.start()
    commands = Commands(table, Image(table, clock.now()), [driver], audit, clock)
    result = await commands.write(KEY, 55.0, **WHO)
    assert result.status == BAD_RESOURCE_UNAVAILABLE
    assert "Nothing was written" in result.message
    assert driver.most_at_once == 0
    refused = await commands.write(KEY, 99.0, **WHO)
    assert refused.status == BAD_OUT_OF_RANGE
    await audit.stop()


async def test_an_outcome_that_cannot_be_recorded_is_said(commands, driver, audit):
    async def lose_the_database() -> None:
        with audit._engine.begin() as connection:
            connection.exec_driver_sql("DROP VIEW audit")
            connection.exec_driver_sql("ALTER TABLE audit_record RENAME TO gone")

    driver.on_write = lose_the_database
    result = await commands.write(KEY, 55.0, **WHO)
    assert result.status == GOOD
    assert "not this outcome" in result.message


async def test_the_tail_survives_a_restart_newest_first(commands, audit, database):
    for value in (30.0, 31.0, 32.0):
        await commands.write(KEY, value, **WHO)
    again = AuditLog(database)
    await again.start()
    assert [entry.requested for entry in await again.tail(2)] == [32.0, 31.0]
    await again.stop()


async def test_a_start_up_write_is_the_twins_own_and_on_record_before_it_leaves(
    commands, audit
) -> None:
    seen = []

    async def send() -> WriteOutcome:
        (row,) = await audit.tail(9)
        seen.append((row.user, row.origin, row.complete))
        return WriteOutcome(WriteState.CONFIRMED, GOOD, None, "the device took the request")

    await commands.set_up("hp1.controller", "holding 6000 := 8238 (ids)", send)
    (row,) = await audit.tail(9)
    assert seen == [("twin", "start-up", False)]
    assert (row.key, row.reason) == ("hp1.controller", "holding 6000 := 8238 (ids)")
    assert (row.status, row.complete) == (GOOD, True)
    assert row.message == "the device took the request"
    assert row.requested is None


async def test_a_start_up_write_that_cannot_be_recorded_is_not_made(commands, audit) -> None:
    sent = []

    async def send() -> WriteOutcome:
        sent.append(1)
        return WriteOutcome(WriteState.CONFIRMED, GOOD, None, "")

    async def fail(_entry) -> int:
        raise AuditError("the disk is full")

    audit.append = fail
    await commands.set_up("hp1.controller", "holding 6000 := 8238 (ids)", send)
    assert sent == []


def shown(commands, table, clock, seconds: float = 0.0) -> str:
    """Return whose change of the setpoint to 55 is taken to be, so long after now."""
    time = clock.now() + round(seconds * 1e6)
    change = SettingChange(table.by_key[KEY], time, 45.0, 55.0, "45 → 55")
    return commands.authors.attributed(change).user


async def test_a_write_that_the_device_shows_before_it_is_over_ends_as_any_other(
    commands, driver, audit, table, clock
) -> None:
    seen = []

    async def show() -> None:
        seen.append(shown(commands, table, clock))

    driver.on_write = show
    result = await commands.write(KEY, 55.0, **WHO)
    assert (result.status, seen) == (GOOD, ["olga"])
    assert (await audit.tail(1))[0].complete


async def test_who_was_refused_has_not_set_what_the_device_shows_then(
    commands, driver, table, clock
) -> None:
    driver.answer = WriteOutcome(WriteState.REFUSED, BAD_NO_COMMUNICATION, None, "not connected")
    await commands.write(KEY, 55.0, **WHO)
    assert shown(commands, table, clock) == ""


async def test_a_write_that_was_cancelled_is_its_user_s_for_a_while_and_not_for_ever(
    commands, driver, table, clock
) -> None:
    async def cancel() -> None:
        raise asyncio.CancelledError

    driver.on_write = cancel
    for later, user in ((300.0, ""), (100.0, "olga")):
        with pytest.raises(asyncio.CancelledError):
            await commands.write(KEY, 55.0, **WHO)
        assert shown(commands, table, clock, later) == user
