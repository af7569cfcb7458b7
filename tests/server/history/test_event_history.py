"""HistoryRead of the events of alarms and state machines (OPC 10000-11, 6.5.2)."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import pytest_asyncio
from asyncua import Client, ua
from event_history import T0, ask, event_filter, of_type, rows

from heatpump_twin.twin_engine.alarm import AlarmTransition
from heatpump_twin.twin_engine.commands.audit_entry import AuditEntry, AuditKind
from heatpump_twin.twin_engine.historian.events.event_rows import EventRecord

pytestmark = pytest.mark.asyncio(loop_scope="module")
IDS, CODES = ua.ObjectIds, ua.StatusCodes
SERVER = ua.NodeId(IDS.Server)
NODE = "hp1.alarms.low_water_flow"
EVER = 2_000_000_000
ALARM_FIELDS = (
    "EventId", "EventType", "SourceNode", "SourceName", "Time", "Severity", "ConditionName",
    "Retain", "ActiveState/Id", "AckedState/Id", "AckedState", "Comment", "ClientUserId",
    "InputNode", "BranchId", "Quality", "Message",
)  # fmt: skip


async def past(
    client: Client, node: ua.NodeId = SERVER, kind: int = IDS.BaseEventType,
    fields: Sequence[str] = ("Message",), start: int = 0, end: int = EVER, **more: object
) -> list:  # fmt: skip
    """All events of a node, page by page."""
    wanted = event_filter(fields, of_type(kind))
    answer = await ask(client, start, end, wanted=wanted, node=node, **more)
    found = rows(answer)
    while answer.ContinuationPoint:
        answer = await ask(
            client, start, end, wanted=wanted, node=node, point=answer.ContinuationPoint, **more
        )
        found += rows(answer)
    return found


def announce(rig, active: bool, message: str) -> None:
    rig.server.announce(AlarmTransition(rig.alarm, active, rig.clock.now(), message))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def happened(shared_rig, connect, eventually):
    """An alarm that came, was acknowledged with a comment by somebody, and went."""
    rig = shared_rig
    heard: list[list[object]] = []
    async with connect(rig, "olga") as client:

        class Handler:
            def event_notification(self, event: object) -> None:
                heard.append(event)

        device = await rig.node(client, "hp1")
        subscription = await client.create_subscription(100, Handler())
        await subscription.subscribe_events(device, IDS.AlarmConditionType)
        announce(rig, True, "Flow is 5.1 l/min")
        await eventually(lambda: len(heard) == 1)
        condition = await rig.node(client, NODE)
        await condition.call_method(
            ua.NodeId(IDS.AcknowledgeableConditionType_Acknowledge),
            ua.Variant(heard[0].EventId, ua.VariantType.ByteString),
            ua.Variant(ua.LocalizedText("on my way"), ua.VariantType.LocalizedText),
        )
        await eventually(lambda: len(heard) == 2)
        announce(rig, False, "Flow is back")
        await eventually(lambda: len(heard) == 3)

        async def written() -> bool:
            return len(await past(client, device.nodeid, IDS.AlarmConditionType)) == 3

        await eventually(written)
    return rig, heard


async def test_what_was_sent_is_read_later_word_for_word(happened, connect) -> None:
    rig, heard = happened
    async with connect(rig, "victor") as client:
        device = (await rig.node(client, "hp1")).nodeid
        found = await past(client, device, IDS.AlarmConditionType, ALARM_FIELDS)
        for row, event in zip(found, heard, strict=True):
            said = dict(zip(ALARM_FIELDS, row, strict=True))
            for name, value in said.items():
                if "/" not in name and name != "AckedState":
                    assert value == getattr(event, name), name
        assert [row[8] for row in found] == [True, True, False]
        assert [row[9] for row in found] == [False, True, True]
        assert [row[10].Text for row in found] == ["Unacknowledged", *["Acknowledged"] * 2]
        assert (found[1][11].Text, found[1][12]) == ("on my way", "olga")


async def test_a_notifier_says_which_fields_it_keeps_and_reads_them_by_that_filter(
    happened, connect
) -> None:
    rig, heard = happened
    async with connect(rig, "victor") as client:
        device = await rig.node(client, "hp1")
        server = client.get_node(SERVER)
        (filter_of_device, filter_of_server) = [
            await (await node.get_child("0:HistoricalEventFilter")).read_value()
            for node in (device, server)
        ]
        assert filter_of_device == filter_of_server
        paths = [
            "/".join(name.Name for name in clause.BrowsePath)
            for clause in filter_of_device.SelectClauses
        ]
        assert {"", "EventId", "Time", "ActiveState/Id", "Comment", "NewValue"} <= set(paths)
        assert "LocalTime" not in paths, "a structure is not kept"
        filter_of_device.WhereClause = of_type(IDS.AlarmConditionType)
        found = rows(await ask(client, 0, EVER, wanted=filter_of_device, node=device.nodeid))
        assert [row[paths.index("EventId")] for row in found] == [one.EventId for one in heard]
        assert [row[paths.index("ActiveState/Id")] for row in found] == [True, True, False]


async def test_the_server_has_all_and_the_audit_for_those_with_the_right(happened, connect) -> None:
    rig, _ = happened
    kinds = [IDS.AuditConditionEventType, IDS.AlarmConditionType]
    for user, audit in ((None, 0), ("victor", 0), ("olga", 0), ("erik", 1)):
        async with connect(rig, user) as client:
            counts = [len(await past(client, SERVER, kind)) for kind in kinds]
            assert counts == [audit, 3]
    async with connect(rig, "erik") as client:
        device = (await rig.node(client, "hp1")).nodeid
        assert await past(client, device, IDS.AuditEventType) == []
        times = [row[0] for row in await past(client, fields=("Time",))]
        assert len(times) > 4
        assert times == sorted(times)


async def test_a_where_clause_and_a_range_choose(happened, connect) -> None:
    rig, heard = happened
    async with connect(rig) as client:
        element = ua.ContentFilterElement()
        element.FilterOperator = ua.FilterOperator.Equals
        operand = event_filter(("ActiveState/Id",)).SelectClauses[0]
        element.FilterOperands = [operand, ua.LiteralOperand(ua.Variant(False))]
        where = ua.ContentFilter()
        where.Elements = [element]
        answer = await ask(client, 0, EVER, wanted=event_filter(("EventId",), where))
        assert rows(answer) == [[heard[2].EventId]]
        answer = await ask(client, EVER, 0, 2, wanted=event_filter(
            ("EventId",), of_type(IDS.AlarmConditionType)))  # fmt: skip
        assert rows(answer) == [[heard[2].EventId], [heard[1].EventId]]  # backwards
        assert await past(client, start=0, end=1) == []


async def test_transitions_of_a_state_machine_are_kept(happened, connect, eventually) -> None:
    rig, _ = happened
    async with connect(rig) as client:
        machine = (await rig.node(client, "hp1.OperatingStateMachine")).nodeid
        for state in (1.0, 2.0):
            rig.feed("hp1.operating_state", state)

        async def kept() -> bool:
            return len(await past(client, machine, IDS.TransitionEventType)) > 0

        await eventually(kept)
        of_machine = await past(client, machine, IDS.TransitionEventType, ("EventId", "Message"))
        device = (await rig.node(client, "hp1")).nodeid
        above = await past(client, device, IDS.TransitionEventType, ("EventId", "Message"))
        assert above == of_machine
        assert of_machine[-1][1].Text == "Standby → Heating"


async def test_events_come_in_the_language_of_who_asks(happened, connect) -> None:
    rig, _ = happened
    async with connect(rig) as client:
        client.set_locale(["es"])
        await client.activate_session()
        states = await past(client, SERVER, IDS.AlarmConditionType, ("AckedState",))
        assert states[0][0].Locale == "es"
        assert states[0][0].Text != "Unacknowledged"


async def test_pages_of_two_sources_add_up(happened, connect, eventually) -> None:
    rig, _ = happened
    async with connect(rig, "erik") as client:
        # As old as nothing else: two sources, whose events take turns.
        log = rig.server._events
        data = (await log.page(0, 2**60, beneath="hp1", limit=1))[0][1].data
        for number in range(1_200):
            log.note(EventRecord(b"%d" % number, T0 - 10**9 + 2_000 * number, "hp10", data))
        for number in range(700):
            entry = AuditEntry.of(AuditKind.USER, T0 - 10**9 + 3_000 * number + 1, ("erik", "here"),
                                  f"user{number}", 0, "user added")  # fmt: skip
            await rig.audit.append(entry)

        async def written() -> bool:
            return len(await log.page(T0 - 10**9, T0, beneath="hp10", limit=5_000)) == 1_200

        await eventually(written)
        from_then = {"start": -1_000, "end": -990}
        forward = await past(client, SERVER, fields=("EventId",), **from_then)
        assert len(forward) == 1_900
        back = await past(client, SERVER, fields=("EventType",), start=-990, end=-1_001)
        sources = [row[0] == ua.NodeId(IDS.AuditEventType) for row in back]
        assert sources.count(True) == 700
        assert sources.count(False) == 1_200
        assert sources[-3:] == [False, True, False]  # the first ones: at 2,000, 1 and 0 µs
        # Another heat pump, whose name only begins the same.
        device = (await rig.node(client, "hp1")).nodeid
        assert await past(client, device, fields=("EventId",), **from_then) == []


async def test_history_outlives_a_restart_and_a_restart_is_none(
    start_rig, connect, eventually, tmp_path_factory
) -> None:
    folder = tmp_path_factory.mktemp("again")
    counts = []
    for _ in range(2):
        async with start_rig(data_path=folder) as rig, connect(rig) as client:
            if not counts:
                announce(rig, True, "Flow is 5.1 l/min")
            else:
                states = dict(await rig.conditions.load())
                rig.server.recall(states, rig.alarms)

            async def there(client: Client = client) -> bool:
                return len(await past(client, SERVER, IDS.AlarmConditionType)) >= 1

            await eventually(there)
            counts.append(len(await past(client, SERVER, IDS.AlarmConditionType)))
    assert counts == [1, 1]


async def test_notifiers_say_that_they_have_a_history(happened, connect) -> None:
    rig, _ = happened
    async with connect(rig) as client:
        for name in ("hp1", "hp1.OperatingStateMachine"):
            node = await rig.node(client, name)
            notifier = await node.read_attribute(ua.AttributeIds.EventNotifier)
            assert notifier.Value.Value == 0b1101
