"""The server stops whatever its clients do meanwhile."""

from __future__ import annotations

import asyncio
import socket

from asyncua import ua
from patience import PATIENCE
from patient_client import patient_client


async def test_clients_that_come_while_it_stops_do_not_keep_it(start_rig) -> None:
    comers = []
    try:
        async with start_rig() as rig:
            # They are in the kernel's queue: the server takes them while it stops.
            endpoint = ("127.0.0.1", rig.site.opcua.port)
            comers = [socket.create_connection(endpoint) for _ in range(20)]
            await asyncio.wait_for(rig.server.stop(), PATIENCE)
    finally:
        for comer in comers:
            comer.close()


async def test_a_client_that_takes_no_responses_does_not_keep_it(start_rig, connect) -> None:
    large = ua.ReadParameters()
    large.NodesToRead = [
        ua.ReadValueId(ua.NodeId(ua.ObjectIds.Server_NamespaceArray), ua.AttributeIds.Value)
    ] * 2000
    async with start_rig() as rig:
        greedy = patient_client(rig.url)
        await greedy.connect()
        wire = greedy.uaclient.protocol.transport
        wire.pause_reading()
        # Small questions with large answers: more of them than the machine's socket buffers hold.
        reads = [asyncio.create_task(greedy.uaclient.read(large)) for _ in range(60)]
        async with connect(rig) as healthy:
            for _ in range(2 * len(reads)):
                await healthy.nodes.server_state.read_value()
        await asyncio.wait_for(rig.server.stop(), PATIENCE)
        for unanswered in reads:
            unanswered.cancel()
        wire.abort()
        await asyncio.wait(reads)
