"""HistoryRead of the events of the audit (OPC 10000-11, 6.5.2)."""

from __future__ import annotations

import pytest
import pytest_asyncio
from asyncua import ua
from event_history import SECOND, T0, ask, event_filter, messages, of_type, rows

from heatpump_twin.drivers.status import BAD_NO_COMMUNICATION, BAD_USER_ACCESS_DENIED, GOOD
from heatpump_twin.twin_engine.commands.audit_entry import AuditEntry, AuditKind

pytestmark = pytest.mark.asyncio(loop_scope="module")
CODES, IDS = ua.StatusCodes, ua.ObjectIds
WHO = ("olga", "OPC UA 10.0.0.7:50000")
FIELDS = ("EventType", "SourceNode", "Message", "Status", "ClientUserId", "OldValue", "NewValue")


def write(second: int, old: float, new: float, status: int = GOOD, reason: str = "") -> AuditEntry:
    return AuditEntry(
        T0 + second * SECOND, *WHO, "hp1.supply_setpoint", old, new, None, status, "Done.", reason
    )


RECORDS = [
    write(0, 40.0, 45.0, reason="cold in here"),
    AuditEntry.of(AuditKind.LOGIN, T0 + SECOND, WHO, "login", BAD_USER_ACCESS_DENIED, "refused"),
    AuditEntry.of(AuditKind.USER, T0 + 2 * SECOND, WHO, "erik", GOOD, "user added", after="viewer"),
    AuditEntry.of(AuditKind.CONDITION, T0 + 3 * SECOND, WHO, "hp1.low_flow", GOOD, "acknowledged"),
    write(4, 45.0, 50.0, BAD_NO_COMMUNICATION),
]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def recorded(shared_rig):
    """The rig with five records of long ago."""
    for entry in RECORDS:
        await shared_rig.audit.append(entry)
    return shared_rig


async def test_who_changed_what_from_what_to_what_and_why(recorded, connect) -> None:
    async with connect(recorded, "erik") as client:
        found = rows(await ask(client, wanted=event_filter(FIELDS)))
        point = (await recorded.node(client, "hp1.supply_setpoint")).nodeid
        kinds = (
            IDS.AuditWriteUpdateEventType,
            IDS.AuditActivateSessionEventType,
            IDS.AuditEventType,
            IDS.AuditConditionEventType,
            IDS.AuditWriteUpdateEventType,
        )
        assert [row[0] for row in found] == [ua.NodeId(kind) for kind in kinds]
        server = ua.NodeId(IDS.Server)
        condition = ua.NodeId("hp1.alarms.low_flow", point.NamespaceIndex)
        assert [row[1] for row in found] == [point, server, server, condition, point]
        assert found[0][2].Text == "hp1.supply_setpoint: Done. (cold in here)"
        assert [row[3] for row in found] == [True, False, True, True, False]
        assert {row[4] for row in found} == {"olga (OPC UA 10.0.0.7:50000)"}
        assert [row[5:] for row in found] == [[40, 45], *[[None, None]] * 3, [45, 50]]


@pytest.mark.parametrize(
    ("start", "end", "count", "places"),
    [
        (0, 5, 0, [0, 1, 2, 3, 4]),
        (1, 3, 0, [1, 2]),
        (3, 1, 0, [3, 2]),
        (1, None, 2, [1, 2]),
        (None, 3, 2, [3, 2]),
        (2, 2, 0, [2]),
        (-9, -5, 0, []),
    ],
)
async def test_ranges(recorded, connect, start, end, count, places) -> None:
    async with connect(recorded, "erik") as client:
        answer = await ask(client, start, end, count)
        assert messages(answer) == [RECORDS[place].key for place in places]
        assert (answer.StatusCode.value == CODES.GoodNoData) is (not places)


async def test_the_where_clause_filters(recorded, connect) -> None:
    async with connect(recorded, "erik") as client:
        for number, places in (
            (IDS.AuditWriteUpdateEventType, [0, 4]),
            (IDS.AuditSecurityEventType, [1]),
            (IDS.AuditEventType, [0, 1, 2, 3, 4]),
            (IDS.AlarmConditionType, []),
        ):
            answer = await ask(client, wanted=event_filter(("Message",), of_type(number)))
            assert messages(answer) == [RECORDS[place].key for place in places]


@pytest.mark.parametrize(("start", "end"), [(0, 5), (5, -1)])
async def test_pages_add_up(recorded, connect, start: int, end: int) -> None:
    async with connect(recorded, "erik") as client:
        answer = await ask(client, start, end, 2)
        # A count with both ends is that of a page.
        found, pages = messages(answer), 1
        while answer.ContinuationPoint:
            answer = await ask(client, start, end, 2, point=answer.ContinuationPoint)
            found += messages(answer)
            pages += 1
        assert found == messages(await ask(client, start, end))
        assert pages >= 3


async def test_an_event_id_is_that_of_its_record(recorded, connect) -> None:
    async with connect(recorded, "erik") as client:
        wanted = event_filter(("EventId",))
        first = rows(await ask(client, wanted=wanted))
        assert rows(await ask(client, wanted=wanted)) == first
        assert len({bytes(row[0]) for row in first}) == len(RECORDS)


async def test_an_attempt_and_its_outcome_are_one_event(recorded, connect) -> None:
    begun = write(100, 1.0, 2.0).begun()
    number = await recorded.audit.append(begun)
    await recorded.audit.complete(number, status=GOOD, read_back=2.0, message="Read back.")
    async with connect(recorded, "erik") as client:
        (row,) = rows(await ask(client, 100, 101))
        assert row[0].Text == "hp1.supply_setpoint: Read back."


async def test_who_may_not_gets_nothing(recorded, connect) -> None:
    for user in (None, "victor", "olga"):
        async with connect(recorded, user) as client:
            answer = await ask(client)
            assert answer.StatusCode.value == CODES.GoodNoData
            assert rows(answer) == []


async def test_refusals(recorded, connect) -> None:
    async with connect(recorded, "erik") as client:
        # A variable, and an object that is no notifier.
        node = (await recorded.node(client, "hp1.supply_setpoint")).nodeid
        answer = await ask(client, node=node)
        assert answer.StatusCode.value == CODES.BadHistoryOperationUnsupported
        node = ua.NodeId(IDS.Server_ServerCapabilities)
        answer = await ask(client, node=node)
        assert answer.StatusCode.value == CODES.BadHistoryOperationUnsupported
        answer = await ask(client, node=ua.NodeId("nothing", 1))
        assert answer.StatusCode.value == CODES.BadNodeIdUnknown
        answer = await ask(client, 0, None)
        assert answer.StatusCode.value == CODES.BadHistoryOperationInvalid
        for bad in (ua.EventFilter(), event_filter(("Nonsense",))):
            answer = await ask(client, wanted=bad)
            assert answer.StatusCode.value == CODES.BadEventFilterInvalid


async def test_the_server_object_says_that_it_has_a_history(recorded, connect) -> None:
    async with connect(recorded) as client:
        notifier = await client.nodes.server.read_attribute(ua.AttributeIds.EventNotifier)
        assert notifier.Value.Value == 0b1101
        number = IDS.HistoryServerCapabilities_AccessHistoryEventsCapability
        assert await client.get_node(ua.NodeId(number)).read_value() is True
