"""Many items: each has its own values, whichever came and went before."""

from __future__ import annotations

import pytest
from asyncua import ua

pytestmark = pytest.mark.asyncio(loop_scope="module")

REPORTING = ua.MonitoringMode.Reporting
KEYS = ("hp1.supply_temperature", "hp1.return_temperature", "hp1.electrical_power")


async def test_items_that_come_and_go_leave_the_others_their_values(rig, connect, raw) -> None:
    async with connect(rig) as client:
        nodes = [(await rig.node(client, key)).nodeid for key in KEYS]
        session = raw(client)
        made = await session.subscribe(100.0, PublishingEnabled=False)
        kept: dict[int, int] = {}
        for turn in range(4):
            asked = [nodes[n % 3] for n in range(400)]
            results = await session.monitor(made.SubscriptionId, asked)
            gone = ua.DeleteMonitoredItemsParameters()
            gone.SubscriptionId = made.SubscriptionId
            gone.MonitoredItemIds = [r.MonitoredItemId for n, r in enumerate(results) if n % 4]
            await session.ask("DeleteMonitoredItems", gone)
            # The first item of a session has the handle 1.
            kept |= {400 * turn + n + 1: n % 3 for n in range(0, 400, 4)}
        for number, key in enumerate(KEYS):
            rig.feed(key, 10.0 + number)
        await session.enable(made.SubscriptionId, True)
        seen: dict[int, list[float]] = {}
        while len(seen) < len(kept):
            for item in await session.news():
                seen.setdefault(item.ClientHandle, []).append(item.Value.Value.Value)
        assert seen == {handle: [10.0 + number] for handle, number in kept.items()}
        rig.feed(KEYS[1], 99.0)
        again = await session.news()
        assert sorted(item.ClientHandle for item in again) == sorted(
            handle for handle, number in kept.items() if number == 1
        )


async def test_plain_and_special_items_come_in_one_request(rig, connect, raw) -> None:
    rig.feed(KEYS[0], 20.0)
    async with connect(rig) as client:
        node = (await rig.node(client, KEYS[0])).nodeid
        array = ua.NodeId(ua.ObjectIds.Server_NamespaceArray)
        wanted = ua.CreateMonitoredItemsParameters()
        session = raw(client)
        wanted.SubscriptionId = (await session.subscribe()).SubscriptionId
        wanted.TimestampsToReturn = ua.TimestampsToReturn.Both
        band = ua.DataChangeFilter(ua.DataChangeTrigger.StatusValue, ua.DeadbandType.Absolute, 1.0)
        for handle, (target, more) in enumerate(
            [
                (ua.ReadValueId(node, ua.AttributeIds.Value), {}),
                (ua.ReadValueId(array, ua.AttributeIds.Value, "0:1"), {}),
                (ua.ReadValueId(node, ua.AttributeIds.Value), {"Filter": band}),
                (ua.ReadValueId(ua.NodeId("x" * 300, 9), ua.AttributeIds.Value), {}),
                (ua.ReadValueId(node, ua.AttributeIds.DisplayName), {}),
                (ua.ReadValueId(node, ua.AttributeIds.Value, "1"), {}),
                (
                    ua.ReadValueId(
                        node, ua.AttributeIds.Value,
                        DataEncoding=ua.QualifiedName("Default Binary", 0),
                    ),
                    {},
                ),
                (ua.ReadValueId(node, ua.AttributeIds.Value), {}),
                (ua.ReadValueId(node, ua.AttributeIds.Value), {"mode": 3}),
                (ua.ReadValueId(node, ua.AttributeIds.Value), {"mode": -1, "Filter": band}),
            ]
        ):  # fmt: skip
            item = ua.MonitoredItemCreateRequest(target, more.pop("mode", REPORTING))
            item.RequestedParameters.ClientHandle = handle
            for name, value in more.items():
                setattr(item.RequestedParameters, name, value)
            wanted.ItemsToCreate.append(item)
        results = (await session.ask("CreateMonitoredItems", wanted)).Results
        assert [result.StatusCode.name for result in results] == [
            "Good", "Good", "Good", "BadNodeIdUnknown", "Good", "BadIndexRangeNoData", "Good",
            "Good", "BadMonitoringModeInvalid", "BadMonitoringModeInvalid",
        ]  # fmt: skip
        seen: dict[int, object] = {}
        while len(seen) < 6:
            seen |= {item.ClientHandle: item.Value.Value.Value for item in await session.news()}
        assert [seen[handle] for handle in (0, 2, 6, 7)] == [20.0] * 4
        assert seen[4].Text == "Supply temperature"
        assert len(seen[1]) == 2
