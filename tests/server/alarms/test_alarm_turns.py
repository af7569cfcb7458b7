"""People change conditions side by side with each other, with the rules, and with a bad line."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
import pytest_asyncio
from alarm_client import AlarmClient, duration
from asyncua import ua

from heatpump_twin.server.alarms.alarm_steps import CLOCK_SLACK
from heatpump_twin.twin_engine.alarm import AlarmDefinition, AlarmTransition
from heatpump_twin.twin_engine.commands.audit_entry import LONGEST
from heatpump_twin.twin_engine.conditions.alarm_journal import AlarmJournal
from heatpump_twin.twin_engine.conditions.condition_store import ConditionStore
from heatpump_twin.twin_engine.errors import AuditError

pytestmark = pytest.mark.asyncio(loop_scope="module")

IDS = ua.ObjectIds
ACKNOWLEDGE = IDS.AcknowledgeableConditionType_Acknowledge
COMMENT = IDS.ConditionType_AddComment
TIMED = IDS.ShelvedStateMachineType_TimedShelve
RULES = ("hung_up", "two_people", "raised_anew", "no_outcome", "unclean", "set_back")
EVER = 1 << 62


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def rig(start_rig):
    """A server with an alarm for each test."""
    alarms = [AlarmDefinition("hp1", rule, rule, 700, "?", "!", ()) for rule in RULES]
    async with start_rig(alarms=alarms) as found:
        yield found


class Gate:
    """Holds what the store of conditions writes, until it is opened."""

    def __init__(self) -> None:
        self.reached, self.opened = threading.Event(), threading.Event()


@contextmanager
def held(rig) -> Iterator[Gate]:
    gate, write = Gate(), rig.conditions._transact

    def later(batch: object) -> None:
        gate.reached.set()
        gate.opened.wait()
        write(batch)

    rig.conditions._transact = later
    try:
        yield gate
    finally:
        gate.opened.set()
        rig.conditions._transact = write


def node(rule: str) -> str:
    return f"hp1.alarms.{rule}"


def condition(rig, rule: str):
    return rig.server._running.space.conditions._by_key[f"hp1.{rule}"]


def turn(rig, rule: str, active: bool) -> None:
    alarm = condition(rig, rule).alarm
    rig.server.announce(AlarmTransition(alarm, active, rig.clock.now(), "x", 1.5))


async def started(rig, client) -> AlarmClient:
    return await AlarmClient.start(client, (await rig.namespaces(client))["site"])


async def raised(rig, client, rule: str, eventually) -> tuple[AlarmClient, bytes]:
    """Raise an alarm; return who has heard it, and the EventId, when it is on disk."""
    alarms = await started(rig, client)
    turn(rig, rule, True)
    await eventually(lambda: len(alarms.events) == 1)
    await rig.conditions.settle()
    return alarms, alarms.events[0]["EventId"]


async def journal(rig, rule: str) -> list:
    found = AlarmJournal(f"sqlite:///{rig.data.database}")
    try:
        return await found.read(0, EVER, key=f"hp1.{rule}")
    finally:
        found.close()


async def on_disk(rig):
    beside = ConditionStore(f"sqlite:///{rig.data.database}")
    try:
        return await beside.load()
    finally:
        await beside.stop()


async def outcomes(rig, rule: str) -> list[tuple[str, bool]]:
    key = f"hp1.{rule}"
    return [(e.user, e.status == 0) for e in await rig.audit.tail(50) if e.key == key]


async def test_who_hangs_up_leaves_nothing_half_done(rig, connect, eventually) -> None:
    rule = "hung_up"
    async with connect(rig, "victor") as client:
        alarms, event = await raised(rig, client, rule, eventually)
        with held(rig) as gate:
            async with connect(rig, "olga") as other:
                caller = await started(rig, other)
                call = asyncio.create_task(caller.respond(node(rule), ACKNOWLEDGE, event, "mine"))
                await eventually(gate.reached.is_set)
                connections = rig.server.statistics.connections
                other.uaclient.protocol.transport.abort()
                await asyncio.wait([call])
                assert call.exception() is not None
                await eventually(lambda: rig.server.statistics.connections < connections)
                other.disconnect_socket()
            # Meanwhile the rule goes on, and what it notes waits behind the acknowledgement.
            turn(rig, rule, False)
            await eventually(lambda: len(alarms.events) == 2)
            gate.opened.set()
            await eventually(lambda: condition(rig, rule).state.trunk.acked)
        await eventually(lambda: len(alarms.events) == 3)
        await rig.conditions.settle()
        assert [e.kind for e in await journal(rig, rule)] == ["raised", "acknowledged", "returned"]

        async def recorded() -> bool:
            return await outcomes(rig, rule) == [("olga", True)]

        await eventually(recorded)
        stored = (await on_disk(rig))[f"hp1.{rule}"]
        assert stored == condition(rig, rule).state == rig.conditions.known[stored.key]


async def test_of_two_people_one_is_refused(rig, connect, eventually) -> None:
    rule = "two_people"
    async with connect(rig, "olga") as client, connect(rig, "erik") as other:
        alarms, event = await raised(rig, client, rule, eventually)
        second = await started(rig, other)
        with held(rig) as gate:
            calls = [asyncio.create_task(alarms.respond(node(rule), ACKNOWLEDGE, event))]
            await eventually(gate.reached.is_set)
            calls.append(asyncio.create_task(second.respond(node(rule), ACKNOWLEDGE, event)))
            await eventually(lambda: len(condition(rig, rule).turn._waiters or ()) == 1)
            gate.opened.set()
            assert await asyncio.gather(*calls) == ["Good", "BadConditionBranchAlreadyAcked"]
        assert [e.user for e in await journal(rig, rule)] == ["", "olga"]
        assert sorted(await outcomes(rig, rule)) == [("erik", False), ("olga", True)]


async def test_what_was_raised_meanwhile_is_stored_before_the_answer(
    rig, connect, eventually
) -> None:
    rule = "raised_anew"
    async with connect(rig, "olga") as client:
        alarms, event = await raised(rig, client, rule, eventually)
        with held(rig) as gate:
            call = asyncio.create_task(alarms.respond(node(rule), ACKNOWLEDGE, event))
            await eventually(gate.reached.is_set)
            turn(rig, rule, False)
            turn(rig, rule, True)
            await eventually(lambda: len(alarms.events) == 4)
            gate.opened.set()
            assert await call == "Good"
            stored = (await on_disk(rig))[f"hp1.{rule}"]
        # The earlier occurrence is done with, and the present one still to be acknowledged.
        assert (stored.trunk.number, stored.trunk.acked, stored.branches) == (2, False, ())
        assert stored == condition(rig, rule).state
        kinds = sorted(e.kind for e in await journal(rig, rule))
        assert kinds == ["acknowledged", "raised", "raised", "returned"]


async def test_who_acts_on_what_is_taken_out_hears_that_it_is_gone(
    start_rig, connect, eventually
) -> None:
    rule = "hung_up"
    alarm = AlarmDefinition("hp1", rule, rule, 700, "?", "!", ())
    async with start_rig(alarms=[alarm]) as rig, connect(rig, "olga") as client:
        alarms, event = await raised(rig, client, rule, eventually)
        with held(rig) as gate:
            call = asyncio.create_task(alarms.respond(node(rule), ACKNOWLEDGE, event))
            await eventually(gate.reached.is_set)
            await rig.server.remove("hp1")
            gate.opened.set()
            assert await call == "BadNodeIdUnknown"
        await rig.conditions.settle()
        # When its heat pump comes back, the alarm is one that tells of itself.
        assert (await on_disk(rig))[f"hp1.{rule}"].enabled
        assert await outcomes(rig, rule) == [("olga", False)]


async def test_what_was_stored_is_done_also_without_an_outcome_in_the_audit(
    rig, connect, eventually, monkeypatch
) -> None:
    rule = "no_outcome"

    async def away(*_: object, **__: object) -> None:
        raise AuditError("the database is away")

    async with connect(rig, "olga") as client:
        alarms, event = await raised(rig, client, rule, eventually)
        monkeypatch.setattr(rig.audit, "complete", away)
        assert await alarms.respond(node(rule), ACKNOWLEDGE, event) == "Good"
        assert condition(rig, rule).state.trunk.acked
        assert (await on_disk(rig))[f"hp1.{rule}"].trunk.acked


async def test_a_comment_is_stored_whatever_is_in_it(rig, connect, eventually) -> None:
    rule = "unclean"
    async with connect(rig, "olga") as client:
        alarms, event = await raised(rig, client, rule, eventually)
        for bad, clean in (
            (b"caf\xe9", "caf?"),
            (b"a\0b", "a\N{REPLACEMENT CHARACTER}b"),
            (b"x" * 5000, "x" * LONGEST),
        ):
            comment = bad.decode("utf-8", "surrogateescape")
            assert await alarms.respond(node(rule), COMMENT, event, comment) == "Good"
            assert (await journal(rig, rule))[-1].comment == clean
            assert condition(rig, rule).state.trunk.comment == clean


async def test_a_clock_that_is_set_back_ends_a_shelving(rig, connect, eventually) -> None:
    rule = "set_back"
    async with connect(rig, "olga") as client:
        alarms = await started(rig, client)
        assert await alarms.call(node(rule), TIMED, duration(3600)) == "Good"
        found = condition(rig, rule)
        assert found.state.shelved_until > rig.clock.now()
        # As one that was shelved before the clock was set back by two hours.
        ahead = 7200 * 1_000_000
        assert ahead > CLOCK_SLACK
        found.state = replace(
            found.state,
            shelving_since=found.state.shelving_since + ahead,
            shelved_until=found.state.shelved_until + ahead,
        )
        await eventually(lambda: len(alarms.events) == 2)
        assert alarms.events[-1]["SuppressedOrShelved"] is False
