"""Long requests are served in pieces: who asks for little does not wait for who asks for much."""

from __future__ import annotations

import asyncio
import contextlib
import gc

import pytest
from asyncua import Client, ua
from asyncua.ua.ua_binary import nodeid_to_binary
from patient_client import patient_client

from heatpump_twin.server import limits
from heatpump_twin.server.channel import connection
from heatpump_twin.server.channel.turns import Turns

pytestmark = pytest.mark.asyncio(loop_scope="module")

MANY = limits.OperationLimits().nodes_per_read
LONG = 2000
"""Nodes of a long request, whose bytes still arrive in one go."""
CURRENT_TIME = ua.NodeId(ua.ObjectIds.Server_ServerStatus_CurrentTime)
"""A node with a short NodeId."""
KEY = "hp1.supply_temperature"


async def read(client: Client, node: ua.NodeId, count: int) -> list[ua.DataValue]:
    params = ua.ReadParameters()
    params.NodesToRead = [ua.ReadValueId(node, ua.AttributeIds.Value)] * count
    return await client.uaclient.read(params)


def note_arrival(client: Client, arrived: list[str], name: str) -> None:
    """Note when anything arrives at a client: what is in it takes the client time to find out."""
    protocol = client.uaclient.protocol
    received = protocol.data_received

    def noting(data: bytes) -> None:
        arrived.append(name)
        received(data)

    protocol.data_received = noting


async def first_answered(short: tuple[Client, int], *long: Client) -> str:
    """Ask for many values by each of the long ones, then for the short one's; all at once.

    Return who is answered first. All is sent before the server gets to read anything: client and
    server share an event loop.
    """
    arrived: list[str] = []
    asker, count = short
    for client in set(long):
        note_arrival(client, arrived, "long")
    note_arrival(asker, arrived, "short")
    async with asyncio.TaskGroup() as tasks:
        for client in long:
            tasks.create_task(read(client, CURRENT_TIME, LONG))
        tasks.create_task(read(asker, CURRENT_TIME, count))
    return arrived[0]


async def test_a_burst_of_long_reads_does_not_delay_a_short_one(rig, connect) -> None:
    async with connect(rig) as greedy, connect(rig) as modest:
        assert await first_answered((modest, 1), *[greedy] * 4) == "short"


async def test_a_burst_from_many_connections_does_not_delay_a_short_one(rig, connect) -> None:
    async with contextlib.AsyncExitStack() as stack:
        greedy = [await stack.enter_async_context(connect(rig)) for _ in range(4)]
        modest = await stack.enter_async_context(connect(rig))
        assert await first_answered((modest, 1), *greedy) == "short"


async def test_a_named_user_does_not_stand_in_line_behind_anonymous_ones(rig, connect) -> None:
    async with contextlib.AsyncExitStack() as stack:
        strangers = [await stack.enter_async_context(connect(rig)) for _ in range(4)]
        olga = await stack.enter_async_context(connect(rig, "olga"))
        assert await first_answered((olga, LONG), *strangers) == "short"


async def test_everybody_waiting_gets_a_turn_before_anybody_gets_two() -> None:
    turns, given = Turns(), []

    async def wait(who: str) -> None:
        await turns.wait(who)
        given.append(who)

    waiting = [asyncio.create_task(wait(who)) for who in "aaabbc"]
    gone = asyncio.create_task(wait("gone"))
    await asyncio.sleep(0)
    gone.cancel()
    await asyncio.gather(*waiting)
    assert "".join(given) == "abcaba"


# ── the same responses as without pieces ──────────────────────────────────────────────────────────
@pytest.mark.parametrize("count", [1, 31, 32, 33, 1000])
async def test_results_come_in_the_order_of_the_request(rig, connect, count: int) -> None:
    async with connect(rig) as client:
        known = (await rig.node(client, KEY)).nodeid
        unknown = ua.NodeId("nowhere", known.NamespaceIndex)
        rig.feed(KEY, 35.0)
        params = ua.ReadParameters()
        params.NodesToRead = [
            ua.ReadValueId(unknown if i % 3 else known, ua.AttributeIds.Value) for i in range(count)
        ]
        results = await client.uaclient.read(params)
        bad = ua.StatusCodes.BadNodeIdUnknown
        assert [r.StatusCode.value for r in results] == [bad if i % 3 else 0 for i in range(count)]
        assert [r.Value.Value for r in results[::3]] == [35.0] * len(results[::3])


async def test_too_many_are_refused_before_they_are_decoded(rig, connect) -> None:
    async with connect(rig) as client:
        params = ua.ReadParameters()
        params.NodesToRead = [ua.ReadValueId()] * (MANY + 1)
        with pytest.raises(ua.uaerrors.BadTooManyOperations):
            await client.uaclient.read(params)
        params.NodesToRead = []
        with pytest.raises(ua.uaerrors.BadNothingToDo):
            await client.uaclient.read(params)


async def test_monitored_items_of_a_long_request_are_all_made_and_deleted(rig, connect) -> None:
    async with connect(rig) as client:
        node = await rig.node(client, KEY)
        subscription = await client.create_subscription(100, handler=None)
        handles = await subscription.subscribe_data_change([node] * 500)
        assert len(set(handles)) == 500
        await subscription.unsubscribe(handles)


async def test_requests_sent_at_once_are_all_answered(rig, connect) -> None:
    count = 5 * limits.MAX_PENDING_MESSAGES
    async with connect(rig) as client:
        answers = await asyncio.gather(*[read(client, CURRENT_TIME, 1) for _ in range(count)])
        assert [len(results) for results in answers] == [1] * count


# ── who does not take the responses ───────────────────────────────────────────────────────────────
async def test_who_takes_no_responses_is_served_no_more_and_then_dropped(
    rig, connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "SLOW_READER_TIME", 0.5)
    rig.feed(KEY, 35.0)
    async with connect(rig) as healthy:
        greedy = patient_client(rig.url)
        await greedy.connect()
        node = ua.NodeId(ua.ObjectIds.Server_NamespaceArray)
        greedy.uaclient.protocol.transport.pause_reading()
        # Small questions with large answers: more of them than the machine's socket buffers hold.
        reads = [asyncio.create_task(read(greedy, node, 2000)) for _ in range(60)]
        while rig.server.statistics.connections > 1:
            assert len(await read(healthy, node, 1)) == 1
        for unanswered in reads:
            unanswered.cancel()
        greedy.disconnect_socket()


async def test_what_waits_to_be_served_is_bounded_by_its_size(rig, connect, eventually) -> None:
    node, count = ua.NodeId(ua.ObjectIds.Server_NamespaceArray), 60
    async with connect(rig) as client:
        transport = client.uaclient.protocol.transport
        here = transport.get_extra_info("sockname")
        there = next(
            found for found in gc.get_objects()
            if isinstance(found, connection.ClientConnection) and found.peer_name == here
        )  # fmt: skip
        transport.pause_reading()
        reads = [asyncio.create_task(read(client, node, LONG)) for _ in range(count)]
        # Its responses are not taken, so nothing more is served, and then nothing more received.
        await eventually(lambda: there.transport is not None and not there.transport.is_reading())
        size = LONG * len(nodeid_to_binary(node))
        assert there.messages.qsize() * size <= limits.MAX_PENDING_SIZE + limits.CHUNK
        transport.resume_reading()
        assert [len(results) for results in await asyncio.gather(*reads)] == [LONG] * count
