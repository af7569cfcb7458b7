"""Monitoring modes and triggering (OPC 10000-4, 5.13.1.3 and 5.13.1.6)."""

from __future__ import annotations

import pytest
from asyncua import ua

pytestmark = pytest.mark.asyncio(loop_scope="module")

KEY, OTHER, THIRD = "hp1.electrical_power", "hp1.supply_temperature", "hp1.return_temperature"
CURRENT_TIME = ua.NodeId(ua.ObjectIds.Server_ServerStatus_CurrentTime)
SAMPLING, REPORTING = ua.MonitoringMode.Sampling, ua.MonitoringMode.Reporting
DISABLED = ua.MonitoringMode.Disabled


async def ids(session, subscription: int, nodes, **settings) -> list[int]:
    results = await session.monitor(subscription, nodes, **settings)
    return [result.MonitoredItemId for result in results]


async def test_an_item_that_samples_reports_when_it_may(rig, connect, raw) -> None:
    rig.feed(KEY, 1.0)
    rig.feed(OTHER, 1.0)
    async with connect(rig) as client:
        session = raw(client)
        subscription = (await session.subscribe(100.0)).SubscriptionId
        silent, loud = [(await rig.node(client, key)).nodeid for key in (KEY, OTHER)]
        quiet = await ids(session, subscription, [silent], mode=SAMPLING, QueueSize=5)
        await session.monitor(subscription, [loud])
        rig.feed(KEY, 2.0)
        assert await session.values() == [1.0]
        rig.feed(OTHER, 7.0)
        assert await session.values() == [7.0]
        assert await session.set_mode(subscription, [*quiet, 999], REPORTING) == [
            "Good", "BadMonitoredItemIdInvalid",
        ]  # fmt: skip
        assert await session.values() == [1.0, 2.0]


@pytest.mark.parametrize("key", [OTHER, None])
async def test_a_disabled_item_forgets_and_begins_anew(rig, connect, raw, key) -> None:
    rig.feed(OTHER, 1.0)
    async with connect(rig) as client:
        session = raw(client)
        subscription = (await session.subscribe(100.0, PublishingEnabled=False)).SubscriptionId
        node = CURRENT_TIME if key is None else (await rig.node(client, key)).nodeid
        items = await ids(session, subscription, [node], QueueSize=5)
        rig.feed(OTHER, 2.0)
        await session.set_mode(subscription, items, DISABLED)
        rig.feed(OTHER, 3.0)
        await session.set_mode(subscription, items, SAMPLING)
        await session.set_mode(subscription, items, REPORTING)
        await session.enable(subscription, True)
        first, *_ = await session.values()
        assert key is None or first == 3.0


async def test_an_item_has_those_reported_that_it_triggers(rig, connect, raw) -> None:
    for key in (KEY, OTHER, THIRD):
        rig.feed(key, 1.0)
    async with connect(rig) as client:
        session = raw(client)
        subscription = (await session.subscribe(100.0)).SubscriptionId
        nodes = [(await rig.node(client, key)).nodeid for key in (KEY, OTHER, THIRD)]
        (trigger,) = await ids(session, subscription, nodes[:1])
        linked = await ids(session, subscription, nodes[1:], mode=SAMPLING, QueueSize=5)
        assert await session.values() == [1.0]
        links = ua.SetTriggeringParameters()
        links.SubscriptionId, links.TriggeringItemId = subscription, trigger
        links.LinksToAdd, links.LinksToRemove = [linked[0], 999], [linked[1]]
        answer = (await session.ask("SetTriggering", links)).Parameters
        assert [r.name for r in answer.AddResults] == ["Good", "BadMonitoredItemIdInvalid"]
        assert [r.name for r in answer.RemoveResults] == ["BadMonitoredItemIdInvalid"]
        rig.feed(OTHER, 2.0)
        rig.feed(THIRD, 2.0)
        rig.feed(KEY, 5.0)
        assert sorted(await session.values()) == [1.0, 2.0, 5.0]
        # Once: the next has to be triggered again.
        rig.feed(OTHER, 3.0)
        rig.feed(THIRD, 3.0)
        await session.set_mode(subscription, [trigger], SAMPLING)
        await session.set_mode(subscription, [linked[1]], REPORTING)
        assert await session.values() == [1.0, 2.0, 3.0]
        # One that is not reported itself triggers as well.
        rig.feed(KEY, 6.0)
        assert await session.values() == [3.0]
        links.LinksToAdd, links.LinksToRemove = [], [linked[0]]
        answer = (await session.ask("SetTriggering", links)).Parameters
        assert [r.name for r in answer.RemoveResults] == ["Good"]
        rig.feed(OTHER, 8.0)
        rig.feed(KEY, 7.0)
        rig.feed(THIRD, 9.0)
        assert await session.values() == [9.0]


async def test_other_items_trigger_and_are_triggered(rig, connect, raw) -> None:
    rig.feed(KEY, 1.0)
    async with connect(rig) as client:
        session = raw(client)
        subscription = (await session.subscribe(100.0)).SubscriptionId
        node = (await rig.node(client, KEY)).nodeid
        (trigger,) = await ids(session, subscription, [CURRENT_TIME], mode=SAMPLING)
        linked = await ids(session, subscription, [node], mode=SAMPLING, QueueSize=5)
        links = ua.SetTriggeringParameters()
        links.SubscriptionId, links.TriggeringItemId = subscription, trigger
        links.LinksToAdd = linked
        await session.ask("SetTriggering", links)
        assert await session.values() == [1.0]
        links.TriggeringItemId, links.LinksToAdd = linked[0], [trigger]
        await session.ask("SetTriggering", links)
        rig.feed(KEY, 2.0)
        seen = set()
        while seen != {1, 2}:
            seen |= {item.ClientHandle for item in await session.news()}


@pytest.mark.parametrize(
    ("subscription", "trigger", "links", "code"),
    [
        (0, 1, [1], "BadSubscriptionIdInvalid"),
        (1, 99, [1], "BadMonitoredItemIdInvalid"),
        (1, 1, [], "BadNothingToDo"),
    ],
)
async def test_wrong_triggering_is_refused(
    rig, connect, raw, subscription: int, trigger: int, links: list[int], code: str
) -> None:
    async with connect(rig) as client:
        session = raw(client)
        own = (await session.subscribe(100.0)).SubscriptionId
        items = await ids(session, own, [CURRENT_TIME])
        asked = ua.SetTriggeringParameters()
        asked.SubscriptionId = own if subscription else 4_000_000_000
        asked.TriggeringItemId = items[0] if trigger == 1 else trigger
        asked.LinksToAdd = links
        with pytest.raises(getattr(ua.uaerrors, code)):
            await session.ask("SetTriggering", asked)
