"""Filters of monitored items: what passes, and what must not cost the server its time."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from asyncua import Client, Node, ua

from heatpump_twin.server.subscription.filters.operators import like, like_pattern
from heatpump_twin.server.subscription.filters.where_clause import MAX_ELEMENTS
from heatpump_twin.twin_engine.alarm import AlarmTransition

pytestmark = pytest.mark.asyncio(loop_scope="module")


MESSAGE = ua.SimpleAttributeOperand(
    ua.NodeId(ua.ObjectIds.BaseEventType),
    [ua.QualifiedName("Message", 0)],
    ua.AttributeIds.Value,
)


class Values:
    def __init__(self) -> None:
        self.queue: asyncio.Queue[Any] = asyncio.Queue()

    def datachange_notification(self, _node: Node, value: Any, _data: object) -> None:
        self.queue.put_nowait(value)

    def event_notification(self, event: Any) -> None:
        self.queue.put_nowait(event.Message.Text)


async def item(client: Client, node: Node, filter_: Any, attribute: int, handler: Values) -> Any:
    subscription = await client.create_subscription(100, handler)
    request = ua.MonitoredItemCreateRequest()
    request.ItemToMonitor.NodeId = node.nodeid
    request.ItemToMonitor.AttributeId = attribute
    request.MonitoringMode = ua.MonitoringMode.Reporting
    request.RequestedParameters.ClientHandle = 7
    request.RequestedParameters.QueueSize = 10
    request.RequestedParameters.Filter = filter_
    parameters = ua.CreateMonitoredItemsParameters()
    parameters.SubscriptionId = subscription.subscription_id
    parameters.TimestampsToReturn = ua.TimestampsToReturn.Both
    parameters.ItemsToCreate = [request]
    (answer,) = await client.uaclient.create_monitored_items(parameters)
    return answer.StatusCode


@pytest.mark.parametrize(
    ("kind", "value", "status"),
    [
        (ua.DeadbandType.None_, 0.0, ua.StatusCodes.Good),
        (ua.DeadbandType.Absolute, 0.5, ua.StatusCodes.Good),
        (ua.DeadbandType.Absolute, -1.0, ua.StatusCodes.BadDeadbandFilterInvalid),
        (ua.DeadbandType.Percent, 5.0, ua.StatusCodes.Good),
    ],
)
async def test_a_data_change_filter_is_taken(rig, connect, kind, value, status) -> None:
    async with connect(rig) as client:
        wanted = ua.DataChangeFilter(ua.DataChangeTrigger.StatusValue, kind, value)
        node = await rig.node(client, "hp1.supply_temperature")
        found = await item(client, node, wanted, ua.AttributeIds.Value, Values())
        assert found.value == status


def clause(*operands: list[Any]) -> ua.ContentFilter:
    elements = []
    for operand in operands:
        element = ua.ContentFilterElement()
        element.FilterOperator = ua.FilterOperator.And
        element.FilterOperands = operand
        elements.append(element)
    return ua.ContentFilter(elements)


def later(index: int) -> ua.ElementOperand:
    return ua.ElementOperand(index)


TRUE = ua.LiteralOperand(ua.Variant(True, ua.VariantType.Boolean))


@pytest.mark.parametrize(
    "where",
    [
        pytest.param(clause([later(0), TRUE]), id="itself"),
        pytest.param(clause([later(1), TRUE], [later(0), TRUE]), id="in a circle"),
        pytest.param(clause([later(9), TRUE]), id="nowhere"),
        pytest.param(clause(*[[TRUE, TRUE]] * (MAX_ELEMENTS + 1)), id="too many"),
    ],
)
async def test_a_where_clause_without_an_end_is_refused(rig, connect, where) -> None:
    async with connect(rig) as client:
        wanted = ua.EventFilter([MESSAGE], where)
        found = await item(
            client, client.nodes.server, wanted, ua.AttributeIds.EventNotifier, Values()
        )
        assert found.value == ua.StatusCodes.BadEventFilterInvalid


async def test_elements_that_are_named_twice_are_looked_at_once(rig, connect) -> None:
    """With each element looked at whenever it is named, this would take 2⁹⁰ steps."""
    where = clause(*[[later(i + 1), later(i + 1)] for i in range(90)], [TRUE, TRUE])
    async with connect(rig) as client:
        wanted = ua.EventFilter([MESSAGE], where)
        found = await item(
            client, client.nodes.server, wanted, ua.AttributeIds.EventNotifier, Values()
        )
        assert found.value == ua.StatusCodes.Good
        rig.server.announce(AlarmTransition(rig.alarm, True, rig.clock.now(), "Flow"))
        rig.server.announce(AlarmTransition(rig.alarm, False, rig.clock.now(), "Flow"))
        assert await (await rig.node(client, "hp1.unit_enabled")).read_browse_name()


@pytest.mark.parametrize(
    ("pattern", "subject", "fits"),
    [
        ("Flow%", "Flow is low", True),
        ("%low", "Flow is low", True),
        ("%is%", "Flow is low", True),
        ("F%o%w", "Flow is low", True),
        ("%", "", True),
        ("a%a", "a", False),
        ("%ab%ab", "ab", False),
        ("%ab%ab", "abxab", True),
        ("_low%[a-n]%w", "Flow is low", True),
        ("100\\%", "100%", True),
        ("100\\%", "1000", False),
        ("[z-a]", "z", False),
        ("%a" * 30 + "b", "a" * 60, False),
    ],
)
async def test_like(pattern: str, subject: str, fits: bool) -> None:
    assert like(subject, pattern) is fits
    assert "(?>" in like_pattern("a%b%c")
