"""HistoryUpdate of events, as OPC 10000-11, 6.9.4 and 6.9.7 describe it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio
from asyncua import Client, ua
from event_history import SECOND, T0, ask, event_filter, of_type, rows
from history_update import codes, update
from patience import PATIENCE

from heatpump_twin.server.history.update import event_updates
from heatpump_twin.server.space.point_values import to_datetime
from heatpump_twin.twin_engine.alarm import AlarmTransition

pytestmark = pytest.mark.asyncio(loop_scope="module")
CODES, IDS, TYPES = ua.StatusCodes, ua.ObjectIds, ua.VariantType
INSERT, REPLACE, UPDATE, REMOVE = ua.PerformUpdateType
INSERTED, REPLACED = CODES.GoodEntryInserted, CODES.GoodEntryReplaced
EXISTS, NONE, IGNORED = CODES.BadEntryExists, CODES.BadNoEntryExists, CODES.GoodDataIgnored
SERVER = ua.NodeId(IDS.Server)
SECONDS = iter(range(10_000, 10**6, 100))
"""Each test has a time of its own."""
FIELDS = ("EventType", "Time", "SourceNode", "SourceName", "Message", "Severity")
READ = ("EventId", *FIELDS, "ReceiveTime")
Values = dict[str, ua.Variant]


def words(value: str) -> ua.Variant:
    return ua.Variant(ua.LocalizedText(value, "en"), TYPES.LocalizedText)


def node(value: ua.NodeId | int) -> ua.Variant:
    found = ua.NodeId(value) if isinstance(value, int) else value
    return ua.Variant(found, TYPES.NodeId)


class Notifier:
    """A node whose events are corrected, and a time at which there are none so far."""

    def __init__(self, client: Client, nodeid: ua.NodeId) -> None:
        self.client, self.nodeid, self.second = client, nodeid, next(SECONDS)

    def event(self, message: str = "Filter cleaned", second: float = 0, **more: ua.Variant):
        time = to_datetime(T0 + round((self.second + second) * SECOND))
        return {
            "EventType": node(IDS.SystemEventType),
            "Time": ua.Variant(time, TYPES.DateTime),
            "Message": words(message),
            **more,
        }

    def written(
        self, change: ua.PerformUpdateType, *events: Values, where: ua.ContentFilter | None = None
    ) -> ua.UpdateEventDetails:
        names = list(dict.fromkeys(name for event in events for name in event))
        details = ua.UpdateEventDetails()
        details.NodeId, details.PerformInsertReplace = self.nodeid, change
        details.Filter = event_filter(names, where)
        for event in events:
            fields = [event.get(name, ua.Variant()) for name in names]
            details.EventData.append(ua.HistoryEventFieldList(fields))
        return details

    async def write(self, change: ua.PerformUpdateType, *events: Values) -> list[int]:
        (result,) = await update(self.client, self.written(change, *events))
        assert result.StatusCode.is_good(), result
        return codes(result)

    async def delete(self, *event_ids: bytes) -> tuple[int, list[int]]:
        details = ua.DeleteEventDetails()
        details.NodeId, details.EventIds = self.nodeid, list(event_ids)
        (result,) = await update(self.client, details)
        return result.StatusCode.value, codes(result)

    async def read(self, names: Sequence[str] = READ, above: ua.NodeId | None = None):
        answer = await ask(
            self.client, self.second, self.second + 100,
            wanted=event_filter(names), node=above or self.nodeid,
        )  # fmt: skip
        return [dict(zip(names, row, strict=True)) for row in rows(answer)]

    async def messages(self, above: ua.NodeId | None = None) -> list[str]:
        return [row["Message"].Text for row in await self.read(above=above)]


def id_of(row: dict[str, object]) -> Values:
    return {"EventId": ua.Variant(row["EventId"], TYPES.ByteString)}


@pytest_asyncio.fixture(loop_scope="module")
async def hp1(shared_rig, connect):
    async with connect(shared_rig, "erik") as client:
        yield Notifier(client, (await shared_rig.node(client, "hp1")).nodeid)


async def test_an_event_is_inserted_replaced_updated_and_deleted(hp1: Notifier) -> None:
    now = datetime.now(UTC)
    assert await hp1.write(INSERT, hp1.event("one"), hp1.event("two", 1)) == [INSERTED] * 2
    one, two = await hp1.read()
    assert one["EventId"] != two["EventId"]
    assert (one["EventType"], one["Message"].Text) == (ua.NodeId(IDS.SystemEventType), "one")
    # What nobody has said is what is nearest.
    assert (one["SourceNode"], one["SourceName"], one["Severity"]) == (hp1.nodeid, "hp1", 1)
    assert abs(one["ReceiveTime"] - now) < timedelta(hours=1)
    assert await hp1.messages(SERVER) == ["one", "two"]

    # Its id is there already, so it is not inserted; the others are.
    again = [hp1.event("three", 2), {**hp1.event("no"), **id_of(one)}]
    assert await hp1.write(INSERT, *again) == [INSERTED, EXISTS]
    # A replacement has what it is given, and keeps all else.
    severe = ua.Variant(700, TYPES.UInt16)
    assert await hp1.write(REPLACE, {**id_of(one), "Severity": severe}) == [REPLACED]
    kept = dict(one, Severity=700)
    assert (await hp1.read())[0] == kept
    # An update is a new event, with the old id.
    assert await hp1.write(UPDATE, {**hp1.event("1", 3), **id_of(one)}) == [REPLACED]
    assert await hp1.write(UPDATE, hp1.event("four", 4)) == [INSERTED]
    assert await hp1.messages() == ["two", "three", "1", "four"]
    last = (await hp1.read())[2]
    assert (last["EventId"], last["Severity"]) == (one["EventId"], 1)

    missing = {"EventId": ua.Variant(b"nobody's", TYPES.ByteString), "Message": words("?")}
    assert await hp1.write(REPLACE, missing) == [NONE]
    good = CODES.Good
    assert await hp1.delete(one["EventId"], b"nobody's") == (good, [good, NONE])
    twice = await hp1.delete(two["EventId"], two["EventId"])
    assert twice == (good, [good, NONE])
    assert await hp1.delete(two["EventId"]) == (CODES.BadNoData, [NONE])
    assert await hp1.messages() == ["three", "four"]


async def test_of_one_id_twice_the_second_meets_the_first(hp1: Notifier, monkeypatch) -> None:
    monkeypatch.setattr(event_updates, "PIECE", 2)
    own = {"EventId": ua.Variant(b"own %d" % hp1.second, TYPES.ByteString)}
    events = [{**hp1.event(f"{n}", n), **(own if n in (1, 4) else {})} for n in range(6)]
    assert await hp1.write(UPDATE, *events) == [INSERTED] * 4 + [REPLACED, INSERTED]
    assert await hp1.messages() == ["0", "2", "3", "4", "5"]


async def test_an_event_that_was_just_heard_can_be_deleted(shared_rig, hp1: Notifier) -> None:
    """Its EventId is that of the notification, and it need not have been written yet."""
    heard: asyncio.Queue[bytes] = asyncio.Queue()

    class Listener:
        def event_notification(self, event) -> None:
            heard.put_nowait(event.EventId)

    subscription = await hp1.client.create_subscription(10, Listener())
    await subscription.subscribe_events(hp1.nodeid)
    announced = AlarmTransition(shared_rig.alarm, True, shared_rig.clock.now(), "Flow is 5 l/min")
    shared_rig.server.announce(announced)
    event_id = await asyncio.wait_for(heard.get(), PATIENCE)
    assert (await hp1.delete(event_id))[1] == [CODES.Good]
    assert (await hp1.delete(event_id))[1] == [NONE]
    await subscription.delete()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"EventType": node(IDS.BaseObjectType)}, CODES.BadTypeDefinitionInvalid),
        ({"EventType": node(ua.NodeId(4711, 1))}, CODES.BadTypeDefinitionInvalid),
        # The audit is what nobody changes.
        ({"EventType": node(IDS.AuditWriteUpdateEventType)}, CODES.BadTypeDefinitionInvalid),
        ({"EventType": words("no")}, CODES.BadInvalidArgument),
        ({"EventType": ua.Variant()}, CODES.BadInvalidArgument),
        ({"Time": ua.Variant()}, CODES.BadInvalidArgument),
        ({"Time": ua.Variant(5, TYPES.Int32)}, CODES.BadInvalidArgument),
        (
            {"Time": ua.Variant(datetime(1601, 1, 1, tzinfo=UTC), TYPES.DateTime)},
            CODES.BadOutOfRange,
        ),
        (
            {"Time": ua.Variant(datetime(2300, 1, 1, tzinfo=UTC), TYPES.DateTime)},
            CODES.BadOutOfRange,
        ),
        ({"SourceNode": node(ua.NodeId("hp9", 1))}, CODES.BadSourceNodeIdInvalid),
        ({"SourceNode": node(IDS.Server)}, CODES.BadSourceNodeIdInvalid),
        ({"Severity": ua.Variant(0, TYPES.UInt16)}, CODES.BadInvalidArgument),
        ({"Severity": ua.Variant(1001, TYPES.UInt16)}, CODES.BadInvalidArgument),
        ({"Severity": ua.Variant(5, TYPES.Int32)}, CODES.BadInvalidArgument),
        ({"Message": ua.Variant("no text", TYPES.String)}, CODES.BadInvalidArgument),
        ({"EventId": ua.Variant("no bytes", TYPES.String)}, CODES.BadInvalidArgument),
        ({"EventId": ua.Variant(b"x" * 65, TYPES.ByteString)}, CODES.BadInvalidArgument),
        # What such an event has not, or what is not kept, is left out and said.
        ({"ActiveState": words("Active")}, IGNORED),
        ({"NoSuchField": words("?")}, IGNORED),
        ({"EventId/Nothing": words("?")}, IGNORED),
        ({"ConditionSubClassId": ua.Variant([ua.NodeId(5)], TYPES.NodeId)}, IGNORED),
        ({"ConditionClassId": node(ua.NodeId(5, 4711))}, IGNORED),
        ({"EventId": ua.Variant(b"", TYPES.ByteString)}, INSERTED),
    ],
)
async def test_what_cannot_be_written(hp1: Notifier, change: Values, code: int) -> None:
    # The others of the update are not taken along.
    wrong = {**hp1.event("wrong"), **change}
    assert await hp1.write(INSERT, wrong, hp1.event("right")) == [code, INSERTED]
    there = ["wrong", "right"] if not code >> 31 else ["right"]
    assert await hp1.messages() == there


async def test_what_is_refused_as_a_whole(hp1: Notifier) -> None:
    event, nobody = hp1.event(), {"EventId": ua.Variant(b"nobody's", TYPES.ByteString)}
    without = [{k: v for k, v in event.items() if k != name} for name in ("EventType", "Time")]
    wrong_length = hp1.written(INSERT, event)
    wrong_length.EventData[0].EventFields.pop()
    no_object = hp1.written(INSERT, event)
    no_object.NodeId = ua.NodeId("hp1.supply_temperature", hp1.nodeid.NamespaceIndex)
    nowhere = hp1.written(INSERT, event)
    nowhere.NodeId = ua.NodeId("hp9", hp1.nodeid.NamespaceIndex)
    no_notifier = ua.DeleteEventDetails()
    no_notifier.NodeId, no_notifier.EventIds = ua.NodeId(IDS.ObjectsFolder), [b"x"]
    nothing_to_delete = ua.DeleteEventDetails()
    nothing_to_delete.NodeId = hp1.nodeid
    cases = [
        (hp1.written(REMOVE, {**event, **nobody}), CODES.BadInvalidArgument),
        (hp1.written(INSERT), CODES.BadNothingToDo),
        (hp1.written(INSERT, without[0]), CODES.BadArgumentsMissing),
        (hp1.written(UPDATE, without[1]), CODES.BadArgumentsMissing),
        (hp1.written(REPLACE, event), CODES.BadArgumentsMissing),
        (hp1.written(INSERT, event, where=of_type(IDS.BaseEventType)), CODES.BadEventFilterInvalid),
        (no_object, CODES.BadHistoryOperationUnsupported),
        (nowhere, CODES.BadNodeIdUnknown),
        (no_notifier, CODES.BadHistoryOperationUnsupported),
        (nothing_to_delete, CODES.BadNothingToDo),
    ]
    # One request for all: what is refused takes nothing else along.
    results = await update(hp1.client, *(details for details, _ in cases), wrong_length)
    assert [result.StatusCode.value for result in results[:-1]] == [code for _, code in cases]
    assert codes(results[-1]) == [CODES.BadInvalidArgument]
    assert await hp1.messages() == []


async def test_a_node_has_its_own_events_alone(shared_rig, hp1: Notifier) -> None:
    machine = Notifier(
        hp1.client, (await shared_rig.node(hp1.client, "hp1.OperatingStateMachine")).nodeid
    )
    machine.second = hp1.second
    server = Notifier(hp1.client, SERVER)
    server.second = hp1.second
    assert await server.write(INSERT, server.event("of the server")) == [INSERTED]
    point = (await shared_rig.node(hp1.client, "hp1.supply_temperature")).nodeid
    of_point = server.event("of a point", 1, SourceNode=node(point))
    assert await server.write(INSERT, of_point) == [INSERTED]
    assert await machine.write(INSERT, machine.event("of the machine", 2)) == [INSERTED]
    assert await machine.messages() == ["of the machine"]
    assert await hp1.messages() == ["of a point", "of the machine"]
    assert await server.messages() == ["of the server", "of a point", "of the machine"]
    _, of_point, of_machine = await server.read()
    # Neither deleted, replaced nor taken for another by who does not have it.
    assert (await machine.delete(of_point["EventId"]))[0] == CODES.BadNoData
    assert await machine.write(REPLACE, {**id_of(of_point), "Message": words("?")}) == [NONE]
    assert await machine.write(UPDATE, {**machine.event(), **id_of(of_point)}) == [EXISTS]
    # What is replaced from above stays where it was.
    assert await server.write(REPLACE, {**id_of(of_machine), "Message": words("M")}) == [REPLACED]
    assert await machine.messages() == ["M"]


async def test_fields_of_other_types_and_the_condition(hp1: Notifier) -> None:
    condition = ua.NodeId("hp1.low_water_flow", hp1.nodeid.NamespaceIndex)
    event = hp1.event(
        "Low flow",
        **{
            "EventType": node(IDS.AlarmConditionType),
            "ActiveState": words("Active"),
            "ActiveState/Id": ua.Variant(True, TYPES.Boolean),
            "Quality": ua.Variant(ua.StatusCode(CODES.Uncertain), TYPES.StatusCode),
            "Retain": ua.Variant(False, TYPES.Boolean),
        },
    )
    details = hp1.written(INSERT, event)
    operand = ua.SimpleAttributeOperand()
    operand.TypeDefinitionId = ua.NodeId(IDS.ConditionType)
    operand.AttributeId = ua.AttributeIds.NodeId
    details.Filter.SelectClauses.append(operand)
    details.EventData[0].EventFields.append(node(condition))
    (result,) = await update(hp1.client, details)
    assert codes(result) == [INSERTED]
    wanted = event_filter(("ActiveState/Id", "Quality", "Retain"))
    wanted.SelectClauses.append(operand)
    answer = await ask(hp1.client, hp1.second, hp1.second + 9, wanted=wanted, node=hp1.nodeid)
    assert rows(answer) == [[True, ua.StatusCode(CODES.Uncertain), False, condition]]


AUDITED = (
    "EventType", "SourceName", "Status", "ClientUserId", "Message", "ParameterDataTypeId",
    "UpdatedNode", "PerformInsertReplace", "Filter", "NewValues", "OldValues", "EventIds",
)  # fmt: skip


async def audited(client: Client, since: int) -> list[dict[str, object]]:
    begin = (since - T0) // SECOND
    wanted = event_filter(AUDITED, of_type(IDS.AuditHistoryUpdateEventType))
    answer = await ask(client, begin, begin + 3600, wanted=wanted)
    return [dict(zip(AUDITED, row, strict=True)) for row in rows(answer)]


def told(row: dict[str, object], name: str) -> list[list[object]]:
    """Field lists of an audit event; texts as they read."""
    lists = row[name] if isinstance(row[name], list) else [row[name]]
    return [
        [getattr(field.Value, "Text", field.Value) for field in one.EventFields] for one in lists
    ]


async def test_who_corrected_which_events_is_on_record(shared_rig, hp1, connect) -> None:
    since = shared_rig.clock.now()
    earlier = len(await audited(hp1.client, since))  # of the same second
    await hp1.write(INSERT, hp1.event("before"))
    (event,) = await hp1.read()
    await hp1.write(REPLACE, {**id_of(event), "Message": words("after")})
    await hp1.delete(event["EventId"], b"none")
    await hp1.delete(b"none")
    async with connect(shared_rig, "olga") as client:
        others = Notifier(client, hp1.nodeid)
        for details in (others.written(INSERT, others.event()), others.written(REMOVE)):
            (refused,) = await update(client, details)
            assert refused.StatusCode.value == CODES.BadUserAccessDenied
    inserted, replaced, deleted, nothing, *denied = (await audited(hp1.client, since))[earlier:]
    for row in (inserted, replaced, deleted, nothing):
        assert row["SourceName"] == "Attribute/HistoryUpdate"
        assert row["UpdatedNode"] == hp1.nodeid
        assert row["ClientUserId"].startswith("erik (OPC UA 127.0.0.1")
    kind = ua.NodeId(IDS.AuditHistoryEventUpdateEventType)
    assert inserted["EventType"] == replaced["EventType"] == kind
    assert inserted["ParameterDataTypeId"] == ua.NodeId(IDS.UpdateEventDetails)
    assert (inserted["PerformInsertReplace"], replaced["PerformInsertReplace"]) == (1, 2)
    names = [c.BrowsePath[0].Name for c in inserted["Filter"].SelectClauses]
    assert names == ["EventType", "Time", "Message"]
    assert told(inserted, "NewValues")[0][2] == "before"
    assert inserted["OldValues"] == []
    assert told(replaced, "OldValues") == [[event["EventId"], "before"]]
    assert told(replaced, "NewValues") == [[event["EventId"], "after"]]
    assert deleted["EventType"] == ua.NodeId(IDS.AuditHistoryEventDeleteEventType)
    assert deleted["EventIds"] == [event["EventId"], b"none"]
    assert told(deleted, "OldValues")[0][0] == event["EventId"]
    assert told(deleted, "OldValues")[0][6] == "after"
    assert [row["Status"] for row in (inserted, replaced, deleted, nothing)] == [True] * 3 + [False]
    assert [row["Status"] for row in denied] == [False, False]


async def test_the_server_says_that_events_can_be_corrected(hp1: Notifier) -> None:
    for name in ("Insert", "Replace", "Update", "Delete"):
        number = getattr(IDS, f"HistoryServerCapabilities_{name}EventCapability")
        assert await hp1.client.get_node(ua.NodeId(number)).read_value() is True
