"""Event filters: every operator works or is refused, and a mistake is told element by element."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from asyncua import Client, ua
from patience import PATIENCE

from heatpump_twin.twin_engine.alarm import AlarmTransition

pytestmark = pytest.mark.asyncio(loop_scope="module")

F, T = ua.FilterOperator, ua.VariantType
IDS = ua.ObjectIds


def field(*path: str, kind: int = IDS.BaseEventType, **more: Any) -> ua.SimpleAttributeOperand:
    operand = ua.SimpleAttributeOperand(
        ua.NodeId(kind), [ua.QualifiedName(name, 0) for name in path], ua.AttributeIds.Value
    )
    for name, value in more.items():
        setattr(operand, name, value)
    return operand


def literal(value: object, kind: ua.VariantType | None = None) -> ua.LiteralOperand:
    return ua.LiteralOperand(ua.Variant(value, kind))


def type_of(number: int) -> ua.LiteralOperand:
    return literal(ua.NodeId(number), T.NodeId)


def element(operator: ua.FilterOperator, *operands: object) -> ua.ContentFilterElement:
    return ua.ContentFilterElement(operator, list(operands))


def at(index: int) -> ua.ElementOperand:
    return ua.ElementOperand(index)


SEVERITY, MESSAGE, SOURCE = field("Severity"), field("Message"), field("SourceName")
ALARM_ID = field("ActiveState", "Id", kind=IDS.AlarmConditionType)
NOTHING = field("AudibleSound", kind=IDS.AlarmConditionType)
NUMBER = literal(700, T.UInt16)


class Events:
    """Messages of events, by how many fields the item has that they are of."""

    def __init__(self) -> None:
        self.messages: dict[bool, list[str]] = {False: [], True: []}
        self.news = asyncio.Event()

    def event_notification(self, event: Any) -> None:
        everything = hasattr(event, "Severity")
        self.messages[everything].append(event.Message.Text)
        self.news.set()

    async def told(self, message: str) -> None:
        while not any(message in told for told in self.messages[True]):
            await asyncio.wait_for(self.news.wait(), PATIENCE)
            self.news.clear()


async def create(
    client: Client,
    *where: ua.ContentFilterElement,
    select: list[ua.SimpleAttributeOperand] | None = None,
) -> tuple[ua.MonitoredItemCreateResult, int]:
    """Create an item of events of the Server object; return its result and the subscription."""
    wanted = ua.EventFilter([MESSAGE] if select is None else select, ua.ContentFilter(list(where)))
    subscription = await client.create_subscription(100, handler=None)
    request = ua.MonitoredItemCreateRequest()
    request.ItemToMonitor = ua.ReadValueId(ua.NodeId(IDS.Server), ua.AttributeIds.EventNotifier)
    request.MonitoringMode = ua.MonitoringMode.Reporting
    request.RequestedParameters.QueueSize = 10
    request.RequestedParameters.Filter = wanted
    params = ua.CreateMonitoredItemsParameters()
    params.SubscriptionId = subscription.subscription_id
    params.ItemsToCreate = [request]
    (result,) = await client.uaclient.create_monitored_items(params)
    return result, subscription.subscription_id


# ── what passes ───────────────────────────────────────────────────────────────────────────────────
PASS = [
    pytest.param([element(F.Equals, SEVERITY, NUMBER)], id="equals"),
    pytest.param([element(F.Equals, SEVERITY, literal("700", T.String))], id="text and number"),
    pytest.param([element(F.GreaterThan, SEVERITY, literal(699, T.Int32))], id="greater"),
    pytest.param([element(F.LessThanOrEqual, SEVERITY, NUMBER)], id="at most"),
    pytest.param([element(F.Between, SEVERITY, literal(1, T.Int32), NUMBER)], id="between"),
    pytest.param([element(F.InList, SEVERITY, literal(1, T.Int32), NUMBER)], id="in list"),
    pytest.param([element(F.Like, MESSAGE, literal("Flow%", T.String))], id="like"),
    pytest.param([element(F.IsNull, NOTHING)], id="is null"),
    pytest.param([element(F.OfType, type_of(IDS.ConditionType))], id="of a supertype"),
    pytest.param([element(F.Equals, ALARM_ID, literal(True, T.Boolean))], id="long path"),
    pytest.param(
        [element(F.Equals, at(1), literal(700.0, T.Double)),
         element(F.Cast, SEVERITY, type_of(IDS.Double))],
        id="cast",
    ),
    pytest.param(
        [element(F.Equals, at(1), literal("700", T.String)),
         element(F.Cast, SEVERITY, type_of(IDS.String))],
        id="cast to text",
    ),
    pytest.param(
        [element(F.IsNull, at(1)), element(F.Cast, MESSAGE, type_of(IDS.Int32))],
        id="what cannot be cast is null",
    ),
    pytest.param(
        [element(F.IsNull, at(1)), element(F.Cast, SEVERITY, type_of(IDS.Byte))],
        id="what does not fit is null",
    ),
    pytest.param(
        [element(F.Equals, at(1), literal(4, T.UInt16)),
         element(F.BitwiseAnd, SEVERITY, literal(4, T.UInt16))],
        id="bitwise and",
    ),
    pytest.param(
        [element(F.Equals, at(1), literal(703, T.UInt16)),
         element(F.BitwiseOr, SEVERITY, literal(3, T.UInt16))],
        id="bitwise or",
    ),
    pytest.param(
        [element(F.Or, at(1), at(2)), element(F.Equals, SEVERITY, NUMBER),
         element(F.Equals, NOTHING, NUMBER)],
        id="true or null",
    ),
    pytest.param(
        [element(F.Not, at(1)), element(F.And, at(2), at(3)),
         element(F.Equals, SEVERITY, literal(1, T.UInt16)), element(F.Equals, NOTHING, NUMBER)],
        id="not (false and null)",
    ),
]  # fmt: skip

FAIL = [
    pytest.param([element(F.Equals, SEVERITY, literal(1, T.UInt16))], id="another number"),
    pytest.param([element(F.Equals, NOTHING, NUMBER)], id="null is equal to nothing"),
    pytest.param(
        [element(F.Not, at(1)), element(F.Equals, NOTHING, NUMBER)], id="not null is null"
    ),
    pytest.param([element(F.GreaterThan, MESSAGE, NUMBER)], id="a text has no order with a number"),
    pytest.param([element(F.OfType, type_of(IDS.AuditEventType))], id="of another type"),
    pytest.param([element(F.Like, SOURCE, literal("[z-a]", T.String))], id="no pattern"),
]


@pytest.mark.parametrize(
    ("where", "passes"),
    [pytest.param(*p.values, True, id=p.id) for p in PASS]
    + [pytest.param(*p.values, False, id=p.id) for p in FAIL],
)
async def test_every_operator(rig, connect, where, passes: bool) -> None:
    now = rig.clock.now()
    async with connect(rig) as client:
        events = Events()
        subscription = await client.create_subscription(100, events)
        asked = ua.EventFilter([MESSAGE], ua.ContentFilter(where))
        await subscription.subscribe_events(IDS.Server, evfilter=asked)
        # A second item, which takes everything, tells that the first has been told as well.
        everything = ua.EventFilter([MESSAGE, SEVERITY], ua.ContentFilter())
        await subscription.subscribe_events(IDS.Server, evfilter=everything)
        rig.server.announce(AlarmTransition(rig.alarm, True, now, "Flow is low"))
        await events.told("Flow is low")
        rig.server.announce(AlarmTransition(rig.alarm, False, now, "Back to normal"))
        await events.told("Back to normal")
        assert any("Flow is low" in told for told in events.messages[False]) is passes


# ── what is refused ───────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("where", "status", "operands"),
    [
        (element(F.InView, type_of(IDS.Server)), "BadFilterOperatorUnsupported", []),
        (element(F.RelatedTo, *[NUMBER] * 6), "BadFilterOperatorUnsupported", []),
        (element(F.Equals, SEVERITY), "BadFilterOperandCountMismatch", []),
        (element(F.Not), "BadFilterOperandCountMismatch", []),
        (element(F.Between, SEVERITY, NUMBER), "BadFilterOperandCountMismatch", []),
        (element(F.Equals, at(0), NUMBER), "BadFilterOperandInvalid",
         ["BadFilterOperandInvalid", "Good"]),
        (element(F.Cast, SEVERITY, type_of(IDS.Server)), "BadFilterOperandInvalid",
         ["Good", "BadFilterLiteralInvalid"]),
        (element(F.OfType, NUMBER), "BadFilterOperandInvalid", ["BadFilterLiteralInvalid"]),
        (element(F.OfType, type_of(IDS.Server)), "BadFilterOperandInvalid",
         ["BadTypeDefinitionInvalid"]),
        (element(F.Equals, field("Nonsense"), NUMBER), "BadFilterOperandInvalid",
         ["BadNodeIdUnknown", "Good"]),
        (element(F.Equals, field("Severity", kind=IDS.Server), NUMBER), "BadFilterOperandInvalid",
         ["BadTypeDefinitionInvalid", "Good"]),
    ],
)  # fmt: skip
async def test_a_wrong_element_is_told(rig, connect, where, status: str, operands) -> None:
    right = element(F.Equals, SEVERITY, NUMBER)
    async with connect(rig) as client:
        result, _ = await create(client, where, right)
        assert result.StatusCode.name == "BadEventFilterInvalid"
        wrong, good = result.FilterResult.WhereClauseResult.ElementResults
        assert (wrong.StatusCode.name, good.StatusCode.name) == (status, "Good")
        assert [code.name for code in wrong.OperandStatusCodes] == operands


async def test_a_filter_selects_something(rig, connect) -> None:
    async with connect(rig) as client:
        result, _ = await create(client, select=[])
        assert result.StatusCode.name == "BadEventFilterInvalid"
        result, _ = await create(client, select=[field("Nonsense")])
        assert result.StatusCode.name == "BadEventFilterInvalid"


async def test_a_field_that_there_is_not_is_told_and_null(rig, connect) -> None:
    condition_id = ua.SimpleAttributeOperand(
        ua.NodeId(IDS.ConditionType), [], ua.AttributeIds.NodeId
    )
    select = [
        MESSAGE,
        field("Nonsense"),
        field("Severity", kind=IDS.Server),
        field("Severity", IndexRange="5:2"),
        field("Severity", AttributeId=ua.AttributeIds.Historizing),
        ALARM_ID,
        condition_id,
    ]
    async with connect(rig) as client:
        result, _ = await create(client, select=select)
        assert result.StatusCode.is_good()
        assert [code.name for code in result.FilterResult.SelectClauseResults] == [
            "Good", "BadNodeIdUnknown", "BadTypeDefinitionInvalid", "BadIndexRangeInvalid",
            "BadAttributeIdInvalid", "Good", "Good",
        ]  # fmt: skip


async def test_a_refused_modification_leaves_the_item_as_it_was(rig, connect) -> None:
    async with connect(rig) as client:
        result, subscription = await create(client, element(F.Equals, SEVERITY, NUMBER))
        request = ua.MonitoredItemModifyRequest()
        request.MonitoredItemId = result.MonitoredItemId
        wrong = ua.EventFilter([MESSAGE], ua.ContentFilter([element(F.Equals, SEVERITY)]))
        request.RequestedParameters.Filter = wrong
        params = ua.ModifyMonitoredItemsParameters()
        params.SubscriptionId, params.ItemsToModify = subscription, [request]
        (modified,) = await client.uaclient.modify_monitored_items(params)
        assert modified.StatusCode.name == "BadEventFilterInvalid"
        (element_,) = modified.FilterResult.WhereClauseResult.ElementResults
        assert element_.StatusCode.name == "BadFilterOperandCountMismatch"


OPERANDS = {
    F.IsNull: {1}, F.Not: {1}, F.OfType: {1}, F.Between: {3}, F.InList: {2, 3, 4},
    F.InView: set(), F.RelatedTo: set(),
}  # fmt: skip
"""How many operands an operator may have of none to four; all others have two."""


@pytest.mark.parametrize("operator", F)
async def test_an_operator_has_its_number_of_operands(rig, connect, operator) -> None:
    offered = OPERANDS.get(operator, {2})
    async with connect(rig) as client:
        for count in range(5):
            kind = type_of(IDS.BaseEventType if operator is F.OfType else IDS.Double)
            operands = [*[SEVERITY] * (count - 1), kind][:count]
            result, _ = await create(client, element(operator, *operands))
            if count in offered:
                assert result.StatusCode.is_good()
                continue
            (said,) = result.FilterResult.WhereClauseResult.ElementResults
            assert result.StatusCode.name == "BadEventFilterInvalid"
            assert said.StatusCode.name == (
                "BadFilterOperandCountMismatch" if offered else "BadFilterOperatorUnsupported"
            )


async def test_an_operand_is_one_of_those_that_there_are(rig, connect) -> None:
    async with connect(rig) as client:
        for wrong in (None, ua.AttributeOperand(), ua.Argument()):
            result, _ = await create(client, element(F.Equals, SEVERITY, wrong))
            (said,) = result.FilterResult.WhereClauseResult.ElementResults
            assert [code.name for code in said.OperandStatusCodes] == [
                "Good", "BadFilterOperandInvalid",
            ]  # fmt: skip
