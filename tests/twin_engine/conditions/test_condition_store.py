"""The store of conditions: what it has returned from is on disk, what it was told of follows."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import text

from heatpump_twin.config.phrase import Context, Phrase, Text
from heatpump_twin.twin_engine.conditions.alarm_journal import AlarmJournal
from heatpump_twin.twin_engine.conditions.condition_state import ConditionState, Shelving, Switch
from heatpump_twin.twin_engine.conditions.condition_store import ConditionChange, ConditionStore
from heatpump_twin.twin_engine.conditions.occurrence import Occurrence
from heatpump_twin.twin_engine.errors import ConditionStoreError
from heatpump_twin.twin_engine.historian.database.database_access import migrate, open_engine
from heatpump_twin.twin_engine.historian.events.event_rows import EventRecord
from heatpump_twin.twin_engine.historian.events.journal_entry import JournalEntry, TransitionKind

pytestmark = pytest.mark.asyncio
KEY = "hp1.low_water_flow"
PHRASE = Phrase("{alarm}: normal", alarm=Text("Low water flow", Context.ALARMS))
OCCURRENCE = Occurrence(
    number=7, active=True, raised=100, value=5.1, limit=7.5, turned=100, turned_value=5.1,
    severity=700, message=PHRASE, cause=Text("pump", Context.ALARMS), action="look", acked=False,
    comment="on my way", user="olga", time=120, event_id=b"\x00\xffabc",
    known_events=(b"one", b"\x00\xffabc"),
)  # fmt: skip
STATE = ConditionState(
    KEY, OCCURRENCE, (replace(OCCURRENCE, number=6, active=False),), enabled=False,
    enabled_since=9, shelving=Shelving.TIMED, shelving_since=5, shelved_until=500,
    suppressed=Switch(True, 1), out_of_service=Switch(True, 2), latched=Switch(True, 3),
)  # fmt: skip


def entry(time: int, kind: TransitionKind = TransitionKind.RAISED, **more: object) -> JournalEntry:
    known = {
        "time": time, "key": KEY, "kind": kind, "occurrence": 7, "branch": False, "raised": 100,
        "severity": 700, "value": 5.1, "limit": None, "user": "olga", "origin": "test",
        "comment": "", "message": PHRASE,
    }  # fmt: skip
    return JournalEntry(**(known | more))


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'historian.sqlite'}"


async def test_a_state_comes_back_whole_with_its_journal_and_its_events(database) -> None:
    store = ConditionStore(database)
    with pytest.raises(ConditionStoreError):
        await store.keep(ConditionChange(STATE))
    assert await store.load() == {}
    event = EventRecord(b"one", 100, "hp1", "{}")
    await store.keep(ConditionChange(STATE, [entry(100), entry(90)], [event]))
    # Another one beside it, as after a crash.
    after, journal = ConditionStore(database), AlarmJournal(database)
    (found,) = (await after.load()).values()
    assert found == STATE
    # What can be translated still can.
    assert isinstance(found.trunk.message, Phrase)
    assert found.trunk.message.key == PHRASE.key
    assert await journal.read(0, 1000) == [entry(90), entry(100)]
    assert await journal.read(91, 100) == []
    assert await journal.read(0, 1000, key="hp1.other") == []
    assert await journal.read(0, 1000, limit=1) == [entry(90)]
    (read,) = await journal.read(100, 101, key=KEY)
    assert (read.asset, read.rule, read.message.key) == ("hp1", "low_water_flow", PHRASE.key)
    journal.close()
    await store.stop()
    await after.stop()


async def test_what_is_noted_while_the_database_is_away_is_written_later(url, eventually) -> None:
    store = ConditionStore(url)
    await store.load()
    path = url.removeprefix("sqlite:///")
    with closing(sqlite3.connect(path, isolation_level=None)) as lock:
        lock.execute("BEGIN EXCLUSIVE")
        store.note(ConditionChange(STATE, [entry(100)]))
        with pytest.raises(ConditionStoreError):
            await store.flush()
        with pytest.raises(ConditionStoreError):
            await store.keep(ConditionChange(replace(STATE, enabled=True), [entry(101)]))
        store.note(ConditionChange(STATE, [entry(102)]))
        lock.execute("ROLLBACK")
    await store.settle()
    journal = AlarmJournal(url)
    # What a person was refused has not happened.
    assert [e.time for e in await journal.read(0, 1000)] == [100, 102]
    assert store.known == {KEY: STATE}
    journal.close()
    await store.stop()


async def test_what_was_stored_is_not_replaced_before_it_was_read(url) -> None:
    store = ConditionStore(url)
    await store.load()
    await store.keep(ConditionChange(STATE))
    await store.stop()
    later = ConditionStore(url)
    fresh = ConditionState(KEY, Occurrence(number=1, active=True))
    later.note(ConditionChange(fresh, [entry(200)]))
    await asyncio.sleep(0)
    assert await later.load() == {KEY: STATE}
    await later.settle()
    assert later.known == {KEY: STATE}
    journal = AlarmJournal(url)
    assert [e.time for e in await journal.read(0, 1000)] == [200]
    journal.close()
    await later.stop()


async def test_the_form_of_an_earlier_version_is_taken_over(database) -> None:
    engine = open_engine(database)
    config = Config()
    config.set_main_option(
        "script_location", "heatpump_twin.twin_engine.historian.database:migrations"
    )
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0010")
        connection.execute(
            text(
                "INSERT INTO condition VALUES "
                "('hp1.low_water_flow', true, 100, false, 100, false, 50, 'seen', 120, 'olga')"
            )
        )
    migrate(engine)
    engine.dispose()
    store = ConditionStore(database)
    (state,) = (await store.load()).values()
    assert (state.enabled, state.enabled_since, state.active) == (False, 50, True)
    assert (state.trunk.raised, state.trunk.acked, state.trunk.comment) == (100, False, "seen")
    await store.stop()


def held(store: ConditionStore) -> tuple[threading.Event, threading.Event]:
    """Have a store tell when it begins to write, and wait until it may."""
    begun, go = threading.Event(), threading.Event()
    write = store._transact

    def slowly(batch: object) -> None:
        begun.set()
        go.wait()
        write(batch)

    store._transact = slowly
    return begun, go


async def test_what_was_noted_is_known_at_once(url) -> None:
    store = ConditionStore(url)
    await store.load()
    later = replace(STATE, enabled=True)
    begun, go = held(store)
    writing = asyncio.create_task(store.keep(ConditionChange(STATE)))
    await asyncio.to_thread(begun.wait)
    store.note(ConditionChange(later))
    assert store.known == {KEY: later}
    go.set()
    await writing
    # What was written first does not turn it back.
    assert store.known == {KEY: later}
    await store.settle()
    await store.stop()


async def test_who_is_cancelled_leaves_no_change_to_be_written_again(url) -> None:
    store = ConditionStore(url)
    await store.load()
    begun, go = held(store)
    store.note(ConditionChange(STATE, [entry(100)]))
    flushing = asyncio.create_task(store.flush())
    await asyncio.to_thread(begun.wait)
    flushing.cancel()
    await asyncio.wait([flushing])
    after = replace(STATE, enabled=True)
    store.note(ConditionChange(after, [entry(101)]))
    go.set()
    await store.settle()
    journal = AlarmJournal(url)
    assert [e.time for e in await journal.read(0, 1000)] == [100, 101]
    journal.close()
    assert store.known == {KEY: after}
    await store.stop()


@pytest.mark.parametrize(("active", "numbers"), [(False, [8, 8, 9]), (True, [7, 7, 8])])
async def test_occurrences_from_before_the_states_were_read_follow_them(
    url, active: bool, numbers: list[int]
) -> None:
    store = ConditionStore(url)
    await store.load()
    await store.keep(ConditionChange(replace(STATE, trunk=replace(OCCURRENCE, active=active))))
    await store.stop()
    later = ConditionStore(url)
    for time, number in ((200, 1), (201, 1), (202, 2)):
        fresh = ConditionState(KEY, Occurrence(number=number))
        later.note(ConditionChange(fresh, [entry(time, occurrence=number)]))
    await later.load()
    await later.settle()
    journal = AlarmJournal(url)
    assert [e.occurrence for e in await journal.read(0, 1000)] == numbers
    journal.close()
    await later.stop()
