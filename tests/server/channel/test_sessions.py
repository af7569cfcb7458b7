"""Sessions: what one client leaves behind or asks for keeps nobody else out."""

from __future__ import annotations

import contextlib
import math
import time

import pytest
from asyncua import ua
from patient_client import patient_client

from heatpump_twin.server.channel import connection

pytestmark = pytest.mark.asyncio(loop_scope="module")

CURRENT_TIME = ua.NodeId(ua.ObjectIds.Server_ServerStatus_CurrentTime)


async def vanish(rig) -> None:
    """Log in anonymously, subscribe, and break the connection off."""
    client = patient_client(rig.url)
    await client.connect()
    subscription = await client.create_subscription(500, handler=None)
    await subscription.subscribe_data_change(client.get_node(CURRENT_TIME))
    client.uaclient.protocol.transport.abort()
    client.disconnect_socket()


async def test_vanished_anonymous_clients_leave_nothing_behind(start_rig, connect) -> None:
    async with start_rig("opcua.max_sessions=10") as rig:
        for _ in range(12):
            await vanish(rig)
        async with connect(rig) as anonymous, connect(rig, "olga") as olga:
            assert await anonymous.get_namespace_array()
            assert await olga.get_namespace_array()
            while rig.server.statistics.subscriptions:
                await olga.get_namespace_array()
            assert rig.server.statistics.sessions == 2


async def test_anonymous_clients_cannot_take_the_places_of_users(start_rig, connect) -> None:
    async with start_rig("opcua.max_sessions=4") as rig, contextlib.AsyncExitStack() as stack:
        crowd = [await stack.enter_async_context(connect(rig)) for _ in range(3)]
        with pytest.raises(ua.uaerrors.BadTooManySessions):
            async with connect(rig):
                pass
        async with connect(rig, "olga") as olga:
            assert await olga.get_namespace_array()
        for client in crowd:
            assert await client.get_namespace_array()


async def test_sessions_that_an_encrypted_client_left_give_way(start_rig, connect) -> None:
    async with start_rig("opcua.max_sessions=2") as rig:
        for _ in range(3):
            async with connect(rig, "olga") as olga:
                await olga.create_subscription(500, handler=None)
                olga.uaclient.protocol.transport.abort()
                with contextlib.suppress(Exception):
                    await olga.get_namespace_array()
                olga.disconnect_socket()
        async with connect(rig, "victor") as victor:
            assert await victor.get_namespace_array()


@pytest.mark.parametrize("asked", [math.nan, math.inf, -math.inf, -1.0, 1e300])
async def test_a_session_ends_however_long_it_is_asked_for(rig, asked: float) -> None:
    client = patient_client(rig.url)
    client.session_timeout = asked
    await client.connect_socket()
    try:
        await client.send_hello()
        await client.open_secure_channel()
        created = await client.create_session()
        assert 0 < created.RevisedSessionTimeout <= 3_600_000
    finally:
        client.disconnect_socket()


async def test_who_logs_in_again_on_a_connection_keeps_it(
    rig, eventually, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "LOGIN_TIME", 1.0)
    client = patient_client(rig.url)
    await client.connect_socket()
    try:
        await client.send_hello()
        await client.open_secure_channel()
        until = time.monotonic() + 1.5
        while time.monotonic() < until:
            await client.create_session()
            await client.activate_session()
            await client.close_session()
        # Nobody logs in any more.
        await eventually(lambda: not rig.server.statistics.connections)
    finally:
        client.disconnect_socket()
