"""Who is no user any more neither reads nor hears anything, though they logged in before."""

from __future__ import annotations

import pytest
from asyncua import ua

from heatpump_twin.config.durable_file import write_private

pytestmark = pytest.mark.asyncio(loop_scope="module")

KEY = "hp1.supply_temperature"


async def test_the_session_of_a_removed_user_ends(rig, connect, raw, eventually) -> None:
    rig.feed(KEY, 20.0)
    async with connect(rig) as anonymous, connect(rig, "victor") as victor:
        session, node = raw(victor), await rig.node(victor, KEY)
        for _ in range(3):  # remembered
            assert await node.read_value() == 20.0
        subscription = (await session.subscribe()).SubscriptionId
        await session.monitor(subscription, [node.nodeid])
        assert await session.values() == [20.0]
        rig.users.remove("victor")
        with pytest.raises((ua.uaerrors.BadSessionClosed, ua.uaerrors.BadSessionIdInvalid)):
            await node.read_value()
        with pytest.raises((ua.uaerrors.BadSessionClosed, ua.uaerrors.BadSessionIdInvalid)):
            await session.publish()
        await eventually(lambda: rig.server.statistics.sessions == 1)
        await eventually(lambda: rig.server.statistics.subscriptions == 0)
        assert await (await rig.node(anonymous, KEY)).read_value() == 20.0

    async def on_record() -> bool:
        entries = await rig.audit.tail(10)
        return any(e.user == "victor" and "user was removed" in e.message for e in entries)

    await eventually(on_record)


async def test_a_publish_that_waits_is_refused(rig, connect, raw, soon) -> None:
    async with connect(rig, "victor") as victor:
        session = raw(victor)
        await session.subscribe()
        await session.publish()  # the first sign of life
        waiting = await soon(session.publish())
        await session.ask("Read", read_of(ua.ObjectIds.Server_ServerStatus_State))
        rig.users.remove("victor")
        with pytest.raises(ua.uaerrors.BadSessionClosed):
            await waiting


async def test_another_role_counts_at_once(rig, connect) -> None:
    async with connect(rig, "olga") as olga:
        node = await rig.node(olga, "hp1.supply_setpoint")
        await node.write_value(ua.DataValue(ua.Variant(45.0, ua.VariantType.Double)))
        text = rig.data.users.read_text()
        lesser = text.replace('"role":"operator"', '"role":"viewer"')
        lesser = lesser.replace('"role": "operator"', '"role": "viewer"')
        assert lesser != text
        write_private(rig.data.users, lesser.encode())
        with pytest.raises(ua.uaerrors.BadUserAccessDenied):
            await node.write_value(ua.DataValue(ua.Variant(46.0, ua.VariantType.Double)))
        assert await node.read_browse_name()


def read_of(number: int) -> ua.ReadParameters:
    wanted = ua.ReadParameters(TimestampsToReturn=ua.TimestampsToReturn.Both)
    wanted.NodesToRead = [ua.ReadValueId(ua.NodeId(number), ua.AttributeIds.Value)]
    return wanted
