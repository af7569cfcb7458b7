"""What happens to an alarm is in the journal, and kept: who, when, why, and the value then."""

from __future__ import annotations

import pytest
from alarm_client import AlarmClient, duration, words
from asyncua import ua

from heatpump_twin.twin_engine.alarm import AlarmTransition
from heatpump_twin.twin_engine.conditions.alarm_journal import AlarmJournal

pytestmark = pytest.mark.asyncio(loop_scope="module")

IDS = ua.ObjectIds
NODE, OTHER = "hp1.alarms.low_water_flow", "hp1.alarms.high_pressure"
KEY = "hp1.low_water_flow"
ACKNOWLEDGE = IDS.AcknowledgeableConditionType_Acknowledge
COMMENT = IDS.ConditionType_AddComment
EVER = 1 << 62


def turn(rig, active: bool, value: float, time: int | None = None) -> int:
    time = rig.clock.now() if time is None else time
    message = f"Flow is {value}"
    rig.server.announce(AlarmTransition(rig.alarm, active, time, message, value, 7.5))
    return time


async def entries(rig, eventually, key: str, count: int):
    journal = AlarmJournal(f"sqlite:///{rig.data.database}")
    try:
        found: list = []

        async def written() -> bool:
            found[:] = await journal.read(0, EVER, key=key)
            return len(found) >= count

        await eventually(written)
        return found
    finally:
        journal.close()


async def test_each_transition_is_in_the_journal(start_rig, connect, eventually) -> None:
    async with start_rig() as rig, connect(rig, "erik") as client:
        site = (await rig.namespaces(client))["site"]
        alarms = await AlarmClient.start(client, site)
        raised = turn(rig, True, 5.1)
        await eventually(lambda: len(alarms.events) == 1)
        event = alarms.events[0]["EventId"]
        assert await alarms.respond(NODE, ACKNOWLEDGE, event, "on my way") == "Good"
        assert await alarms.respond(NODE, COMMENT, event, "strainer ordered") == "Good"
        for method, inputs in (
            (IDS.ShelvedStateMachineType_TimedShelve, [duration(600)]),
            (IDS.ShelvedStateMachineType_Unshelve2, [words("the strainer is here")]),
            (IDS.AlarmConditionType_Suppress, []),
            (IDS.AlarmConditionType_Unsuppress, []),
            (IDS.AlarmConditionType_RemoveFromService2, [words("pump is changed")]),
            (IDS.AlarmConditionType_PlaceInService, []),
            (IDS.ConditionType_Disable, []),
        ):
            assert await alarms.call(NODE, method, *inputs) == "Good", method
        returned = turn(rig, False, 12.0, raised + 1_000_000)
        again = turn(rig, True, 4.0, raised + 2_000_000)
        found = await entries(rig, eventually, KEY, 12)
        assert [(e.kind, e.user, e.comment) for e in found if e.time > raised + 2_000_000] == []
        by_kind = {e.kind: e for e in found}
        assert [e.kind for e in sorted(found, key=lambda e: e.time) if e.user] == [
            "acknowledged", "commented", "shelved", "unshelved", "suppressed", "unsuppressed",
            "out_of_service", "in_service", "disabled",
        ]  # fmt: skip
        assert {e.user for e in found} == {"", "erik"}
        assert by_kind["acknowledged"].comment == "on my way"
        assert by_kind["unshelved"].comment == "the strainer is here"
        assert by_kind["out_of_service"].comment == "pump is changed"
        assert by_kind["acknowledged"].origin.startswith("OPC UA 127.0.0.1:")
        first = [e for e in found if e.occurrence == 1]
        # Nothing that happens later changes when it began, and with which value.
        assert {(e.raised, e.limit) for e in first} == {(raised, 7.5)}
        assert {e.value for e in first if e.kind != "returned"} == {5.1}
        gone = by_kind["returned"]
        assert (gone.time, gone.value, gone.asset) == (returned, 12.0, "hp1")
        assert gone.rule == "low_water_flow"
        # A disabled alarm tells nobody, and the journal knows it all the same.
        assert [(e.time, e.value) for e in found if e.occurrence == 2] == [(again, 4.0)]
        assert await alarms.call(NODE, IDS.ConditionType_Enable) == "Good"
        await eventually(lambda: len(alarms.events) == 11)
        assert [e["RaisedValue"] for e in alarms.events] == [5.1] * 10 + [4.0]
        assert [e["Retain"] for e in alarms.events] == [True] * 9 + [False, True]
        assert {e["ConditionName"] for e in alarms.events} == {"Low water flow"}


async def test_all_is_as_it_was_after_a_restart(start_rig, connect, eventually, tmp_path) -> None:
    async with start_rig(data_path=tmp_path) as rig, connect(rig, "erik") as client:
        site = (await rig.namespaces(client))["site"]
        alarms = await AlarmClient.start(client, site)
        raised = turn(rig, True, 5.1)
        await eventually(lambda: len(alarms.events) == 1)
        turn(rig, False, 9.0)
        second = turn(rig, True, 4.2)
        await eventually(lambda: len(alarms.events) == 4)
        event = alarms.events[-1]["EventId"]
        earlier = alarms.events[0]["EventId"]
        assert await alarms.respond(NODE, ACKNOWLEDGE, event, "seen") == "Good"
        for node, method, inputs in (
            (NODE, IDS.ShelvedStateMachineType_TimedShelve, [duration(3600)]),
            (NODE, IDS.AlarmConditionType_Suppress, []),
            (NODE, IDS.AlarmConditionType_RemoveFromService, []),
            (OTHER, IDS.ConditionType_Disable, []),
        ):
            assert await alarms.call(node, method, *inputs) == "Good", method
    async with start_rig(data_path=tmp_path) as rig, connect(rig, "erik") as client:
        rig.server.recall(rig.conditions.known, rig.alarms)
        alarms = await AlarmClient.start(client, site)

        async def recalled() -> bool:
            node = await rig.node(client, f"{NODE}.SuppressedOrShelved")
            return await node.read_value() is True

        await eventually(recalled)
        alarms.events.clear()
        assert await alarms.refresh() == "Good"
        await eventually(lambda: len(alarms.events) == 4)
        branch, trunk = alarms.events[1:3]
        assert str(branch["BranchId"].Identifier).startswith(NODE)
        assert (branch["ActiveState/Id"], branch["AckedState/Id"]) == (False, False)
        assert (branch["RaisedValue"], branch["RaisedLimit"]) == (5.1, 7.5)
        assert round(branch["RaisedTime"].timestamp() * 1_000_000) - raised < 10
        assert trunk["BranchId"].is_null()
        assert (trunk["ActiveState/Id"], trunk["AckedState/Id"]) == (True, True)
        assert (trunk["Comment"].Text, trunk["RaisedValue"]) == ("seen", 4.2)
        for name in ("SuppressedState/Id", "OutOfServiceState/Id"):
            assert trunk[name] is True
        assert trunk["ShelvingState/CurrentState"].Text == "Timed shelved"
        assert 0 < trunk["ShelvingState/UnshelveTime"] <= 3_600_000
        disabled = await rig.node(client, f"{OTHER}.EnabledState.Id")
        assert await disabled.read_value() is False
        # A client that was away acknowledges the event that it still shows.
        assert await alarms.respond(NODE, ACKNOWLEDGE, earlier, "late") == "Good"
        assert await alarms.respond(NODE, ACKNOWLEDGE, earlier) == "BadEventIdUnknown"
        assert second > raised


async def test_past_events_have_each_transition(start_rig, connect, eventually) -> None:
    from event_history import ask, rows

    async with start_rig() as rig, connect(rig, "erik") as client:
        alarms = await AlarmClient.start(client, (await rig.namespaces(client))["site"])
        turn(rig, True, 5.1)
        await eventually(lambda: len(alarms.events) == 1)
        event = alarms.events[0]["EventId"]
        assert await alarms.respond(NODE, ACKNOWLEDGE, event, "seen") == "Good"
        assert await alarms.call(NODE, IDS.ShelvedStateMachineType_OneShotShelve) == "Good"
        turn(rig, False, 12.0)
        await eventually(lambda: len(alarms.events) == 5)

        async def past(where: ua.ContentFilterElement | None = None) -> list:
            wanted = alarms.filter()
            kind = ua.ContentFilterElement()
            kind.FilterOperator = ua.FilterOperator.OfType
            kind.FilterOperands = [ua.LiteralOperand(ua.Variant(ua.NodeId(IDS.ConditionType)))]
            wanted.WhereClause.Elements = [where or kind]
            device = (await rig.node(client, "hp1")).nodeid
            return rows(await ask(client, 0, 2_000_000_000, wanted=wanted, node=device))

        async def written() -> bool:
            return len(await past()) == 5

        await eventually(written)
        found = await past()
        assert [row[0] for row in found] == [e["EventId"] for e in alarms.events]
        shelved = ua.ContentFilterElement()
        shelved.FilterOperator = ua.FilterOperator.Equals
        suppressed = ua.SimpleAttributeOperand()
        suppressed.TypeDefinitionId = ua.NodeId(IDS.AlarmConditionType)
        suppressed.BrowsePath = [ua.QualifiedName("SuppressedOrShelved")]
        suppressed.AttributeId = ua.AttributeIds.Value
        shelved.FilterOperands = [suppressed, ua.LiteralOperand(ua.Variant(True))]
        assert [row[0] for row in await past(shelved)] == [
            e["EventId"] for e in alarms.events if e["SuppressedOrShelved"]
        ]
