"""A stock asyncua server with as many variables as a heat pump has points. Run as a process."""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime, timedelta

from asyncua import Server, ua


async def main(port: int, points: int, rows: int) -> None:
    """Serve ``points`` Doubles that change every second; the first has ``rows`` samples."""
    server = Server()
    await server.init()
    server.set_endpoint(f"opc.tcp://127.0.0.1:{port}/peer")
    server.set_security_policy([ua.SecurityPolicyType.NoSecurity])
    space = await server.register_namespace("urn:peer")
    folder = await server.nodes.objects.add_folder(space, "points")
    nodes = [
        await folder.add_variable(ua.NodeId(f"p{i}", space), f"p{i}", float(i))
        for i in range(points)
    ]
    async with server:
        await server.historize_node_data_change(nodes[0], period=None, count=rows + 10)
        start = datetime.now(UTC) - timedelta(seconds=rows)
        for row in range(rows):
            value = ua.DataValue(
                ua.Variant(float(row), ua.VariantType.Double),
                SourceTimestamp=start + timedelta(seconds=row),
            )
            await server.iserver.history_manager.storage.save_node_value(nodes[0].nodeid, value)
        print("ready", flush=True)
        tick = 0.0
        while True:
            tick += 1.0
            for i, node in enumerate(nodes[1:]):
                await node.write_value(tick + i)
            await asyncio.sleep(1.0)


asyncio.run(main(*map(int, sys.argv[1:])))
