"""OPC UA: the same Read again and again, beside stock asyncua and node-opcua, in the same run."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
from asyncua import Client, Node, ua
from asyncua.ua.ua_binary import struct_to_binary
from places import NODE_MODULES
from rich.console import Console
from rich.table import Table

from bench.opcua import IDLE, Subject, peer, reachable, twin

MANY = 100
REPEATS = 4_000
NODE_PORT, FLOOR_PORT = 38842, 38843
NODE_SERVER = Path(NODE_MODULES, "node-opcua-server")
REQUEST, ANSWER = 131, 63
"""Bytes of a Read of one node, and of its answer. [B]"""
ECHO = f"""
import asyncio
class Echo(asyncio.BufferedProtocol):
    room = bytearray(65_536)
    def connection_made(self, transport): self.transport = transport
    def get_buffer(self, size): return self.room
    def buffer_updated(self, size): self.transport.write(bytes({ANSWER}))
async def main():
    await (await asyncio.get_running_loop().create_server(
        Echo, "127.0.0.1", {FLOOR_PORT})).serve_forever()
asyncio.run(main())
"""
"""A server that answers without looking: what the machine and the event loop take by themselves."""


async def _read_again(client: Client, nodes: list[Node], count: int) -> None:
    """Send the same ReadRequest ``REPEATS`` times, each after the answer to the one before.

    The messages are made before: a client that works between two of them, on the same processor,
    has the server begin each with cold caches, and that is measured as the server's work.
    """
    params = ua.ReadParameters(TimestampsToReturn=ua.TimestampsToReturn.Both)
    params.NodesToRead = [
        ua.ReadValueId(nodes[i % len(nodes)].nodeid, ua.AttributeIds.Value) for i in range(count)
    ]
    protocol = client.uaclient.protocol
    request = ua.ReadRequest(Parameters=params)
    # The first one is sent by the library, which gives it its header.
    await protocol.send_request(request)
    encoded = struct_to_binary(request)
    chunks = [
        bytes(protocol._connection.message_to_binary(encoded, request_id=1_000_000 + number))  # noqa: SLF001
        for number in range(REPEATS)
    ]
    transport = protocol.transport
    transport.pause_reading()
    with socket.socket(fileno=os.dup(transport.get_extra_info("socket").fileno())) as line:
        line.setblocking(True)
        await asyncio.to_thread(_ask_one_by_one, line, chunks)
        line.setblocking(False)
    # The library has not seen these answers, whose numbers go on.
    protocol._connection._peer_sequence_number += REPEATS  # noqa: SLF001
    transport.resume_reading()


def _ask_one_by_one(line: socket.socket, chunks: list[bytes]) -> None:
    for chunk in chunks:
        line.sendall(chunk)
        answer = line.recv(1 << 16)
        while len(answer) < 8 or len(answer) < int.from_bytes(answer[4:8], "little"):
            answer += line.recv(1 << 16)


async def _measure(subject: Subject) -> dict[int, float]:
    """Return the server's CPU time of one Read by its number of nodes. [µs]"""
    used = {}
    # Nothing of the library's own in between, such as its looks whether the server lives.
    async with Client(subject.url, timeout=30, watchdog_intervall=3600.0) as client:
        nodes, _ = await subject.nodes(client)
        before = subject.cpu()
        await asyncio.sleep(IDLE)
        idle = (subject.cpu() - before) / IDLE
        for count in (1, MANY):
            cpu, begin = subject.cpu(), time.monotonic()
            await _read_again(client, nodes, count)
            busy = subject.cpu() - cpu - idle * (time.monotonic() - begin)
            used[count] = max(busy, 0.0) / REPEATS * 1e6
    return used


async def _node_nodes(client: Client) -> tuple[list[Node], Node]:
    nodes = [client.get_node(f"ns=1;s=p{i}") for i in range(MANY)]
    return nodes, nodes[0]


@contextlib.asynccontextmanager
async def _node_opcua() -> AsyncIterator[Subject]:
    script = Path(__file__).with_name("peer_node_opcua.js")
    process = subprocess.Popen(
        ["node", script, str(NODE_PORT), str(MANY)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        env={**os.environ, "NODE_PATH": NODE_MODULES},
    )  # fmt: skip
    try:
        await reachable(NODE_PORT)
        await asyncio.sleep(3)
        url = f"opc.tcp://127.0.0.1:{NODE_PORT}/peer"
        yield Subject("node-opcua", url, psutil.Process(process.pid), _node_nodes)
    finally:
        process.kill()
        process.wait()


def _subjects(folder: Path) -> list[contextlib.AbstractAsyncContextManager[Subject]]:
    subjects = [twin(folder), peer()]
    # Others than ours may be missing here.
    return [*subjects, _node_opcua()] if shutil.which("node") and NODE_SERVER.is_dir() else subjects


async def _compare(folder: Path) -> dict[str, dict[int, float]]:
    results = {}
    for opened in _subjects(folder):
        async with opened as subject:
            results[subject.name] = await _measure(subject)
    return results


async def _floor() -> float:
    """Return the CPU time of one answer of a server that does nothing else. [µs]"""
    process = subprocess.Popen([sys.executable, "-c", ECHO])
    try:
        await reachable(FLOOR_PORT)
        reader, writer = await asyncio.open_connection("127.0.0.1", FLOOR_PORT)
        before = psutil.Process(process.pid).cpu_times()
        for _ in range(REPEATS):
            writer.write(bytes(REQUEST))
            await reader.readexactly(ANSWER)
        after = psutil.Process(process.pid).cpu_times()
        writer.close()
        return (after.user + after.system - before.user - before.system) / REPEATS * 1e6
    finally:
        process.kill()
        process.wait()


def run(console: Console) -> None:
    """Measure all servers that are there, and print the ratios."""
    with tempfile.TemporaryDirectory() as folder:
        results = asyncio.run(_compare(Path(folder)))
    ours = next(iter(results.values()))
    table = Table("server CPU", "one node [µs]", f"a value of {MANY} nodes [µs]", "ratios")
    for name, used in results.items():
        ratios = " · ".join(f"{used[n] / ours[n]:.1f}" for n in (1, MANY) if ours[n])
        table.add_row(name, f"{used[1]:.0f}", f"{used[MANY] / MANY:.2f}", ratios)
    console.print(table)
    console.print(
        "The same request, 4,000 times, one at a time, without encryption. A server that answers "
        f"without looking takes {asyncio.run(_floor()):.0f} µs of this."
    )
