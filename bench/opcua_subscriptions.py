"""Subscriptions: server CPU of a notification, of a value that stays, and of a new item.

A server is fed by hand, so that what is measured is the server's work alone; what feeding costs
without a subscriber is subtracted. On a busy machine that cost moves by more than what is left: it
is measured in turns with it, and the median counts. Beside it, in the same run, a stock asyncua
server.
"""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from statistics import median

import psutil
from asyncua import Client, Node, ua
from namespaces import site_index
from rich.console import Console
from rich.table import Table

from bench.free_ports import free_ports
from bench.listener import Listener

PUMPS = 95
"""Heat pumps of the server: some 5,000 numbers."""
ITEMS, FEEDS, PAUSE, FED = 1_000, 50, 0.1, 19
"""Items of a client, whose heat pumps are so many."""
ROUNDS = 7
CLIENTS, EACH, SECONDS = 20, 5_000, 10
PEER_POINTS, PEER_SECONDS = 200, 10
BARS = {
    "changed": ("notification, 1,000 items [µs]", 1.0),
    "same": ("value that stays, 1,000 items [µs]", 0.1),
    "create": ("new item, 500 in one request [µs]", 20.0),
    "many": ("20 clients × 5,000 items, each second [% of a core]", 30.0),
}


class Fed:
    """The server that is fed."""

    def __init__(self, process: subprocess.Popen[str], url: str) -> None:
        self._process = process
        self.url = url

    @property
    def pid(self) -> int:
        """Number of the process."""
        return self._process.pid

    async def ask(self, *words: object) -> float:
        """Have the server do something; return the CPU time. [s]"""
        if self._process.stdin is None or self._process.stdout is None:
            raise RuntimeError("the server has no standard streams")
        self._process.stdin.write(" ".join(map(str, words)) + "\n")
        self._process.stdin.flush()
        return float(await asyncio.to_thread(self._process.stdout.readline))


@contextlib.asynccontextmanager
async def fed_server(folder: Path) -> AsyncIterator[Fed]:
    """Start the server that is fed, and end it."""
    (port,) = free_ports(1)
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.fed_server", str(PUMPS), str(port), str(folder)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        while "ready" not in (line := await asyncio.to_thread(process.stdout.readline)):
            if not line:
                raise RuntimeError("the server did not start")
        yield Fed(process, f"opc.tcp://127.0.0.1:{port}/heatpump-twin")
    finally:
        process.kill()
        process.wait()


_AT_ONCE = 5_000
"""Nodes of one ReadRequest: servers have a limit."""


async def points_of(client: Client, pumps: int, *, analog: bool = False) -> list[ua.NodeId]:
    """Return the variables of the points of heat pumps; of those that are Doubles alone."""
    space = await site_index(client)
    nodes: list[Node] = []
    for pump in range(1, pumps + 1):
        nodes += await client.get_node(f"ns={space};s=hp{pump}.ParameterSet").get_children()
    found = [node.nodeid for node in nodes]
    if not analog:
        return found
    double, types = ua.NodeId(ua.ObjectIds.Double), []
    for first in range(0, len(found), _AT_ONCE):
        some = found[first : first + _AT_ONCE]
        types += await client.uaclient.read_attributes(some, ua.AttributeIds.DataType)
    return [node for node, kind in zip(found, types, strict=True) if kind.Value.Value == double]


async def _points(url: str) -> list[ua.NodeId]:
    async with Client(url, timeout=60) as client:
        return (await points_of(client, PUMPS, analog=True))[:EACH]


async def _subscribed(
    fed: Fed, clients: int, nodes: list[ua.NodeId], interval: float
) -> tuple[list[Listener], float]:
    """Open clients that listen; return them, and the CPU time of their items. [s]"""
    listeners = [Listener(fed.url) for _ in range(clients)]
    for listener in listeners:
        await listener.open(interval)
    before = await fed.ask("cpu")
    for listener in listeners:
        await listener.monitor(nodes)
    used = await fed.ask("cpu") - before
    for listener in listeners:
        listener.listen()
    await asyncio.sleep(2 * interval / 1000.0)
    return listeners, used


async def _one_client(fed: Fed, nodes: list[ua.NodeId]) -> tuple[float, float, float]:
    """Return the CPU time of a notification, of a value that stays, and of a new item. [s]"""
    idle = await fed.ask("feed", FEEDS, PAUSE, FED)
    idle_same = await fed.ask("same", FEEDS, PAUSE, FED)
    (one,), creating = await _subscribed(fed, 1, nodes, 100.0)
    before = one.notifications
    used = await fed.ask("feed", FEEDS, PAUSE, FED)
    told = one.notifications - before
    used_same = await fed.ask("same", FEEDS, PAUSE, FED)
    await one.close()
    return (
        (used - idle) / told,
        (used_same - idle_same) / (FEEDS * len(nodes)),
        creating / len(nodes),
    )


async def ours(folder: Path) -> dict[str, float]:
    """Measure the server that is fed."""
    async with fed_server(folder) as fed:
        nodes = await _points(fed.url)
        rounds = [await _one_client(fed, nodes[:ITEMS]) for _ in range(ROUNDS)]
        changed, same, create = (median(column) for column in zip(*rounds, strict=True))
        idle_many = await fed.ask("feed", SECONDS, 1.0, PUMPS)
        many, _ = await _subscribed(fed, CLIENTS, nodes, 1000.0)
        before = sum(listener.notifications for listener in many)
        used = await fed.ask("feed", SECONDS, 1.0, PUMPS)
        await asyncio.sleep(2.0)
        told = sum(listener.notifications for listener in many) - before
        lost = sum(listener.lost for listener in many)
        for listener in many:
            await listener.close()
    return {
        "changed": changed * 1e6,
        "same": same * 1e6,
        "create": create * 1e6,
        "many": (used - idle_many) / SECONDS * 100.0,
        "told": told / SECONDS,
        "lost": lost,
    }


async def theirs() -> dict[str, float]:
    """Measure a stock asyncua server, whose values change each second."""
    (port,) = free_ports(1)
    script = Path(__file__).with_name("peer_asyncua.py")
    process = subprocess.Popen(
        [sys.executable, script, str(port), str(PEER_POINTS), "1"],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        await asyncio.to_thread(process.stdout.readline)
        clock = psutil.Process(process.pid).cpu_times
        listener = Listener(f"opc.tcp://127.0.0.1:{port}/peer")
        await listener.open(500.0)
        space = await listener.client.get_namespace_index("urn:peer")
        nodes = [ua.NodeId(f"p{1 + i % (PEER_POINTS - 1)}", space) for i in range(ITEMS)]
        before = sum(clock()[:2])
        await asyncio.sleep(PEER_SECONDS)
        idle = sum(clock()[:2]) - before
        before = sum(clock()[:2])
        await listener.monitor(nodes)
        create = sum(clock()[:2]) - before
        listener.listen()
        await asyncio.sleep(2.0)
        told, before = listener.notifications, sum(clock()[:2])
        await asyncio.sleep(PEER_SECONDS)
        used = sum(clock()[:2]) - before - idle
        told = listener.notifications - told
        await listener.close()
    finally:
        process.kill()
        process.wait()
    return {"changed": used / max(told, 1) * 1e6, "create": create / ITEMS * 1e6}


def report(console: Console) -> None:
    """Measure both, and print them beside the bars."""
    with tempfile.TemporaryDirectory() as folder:
        own = asyncio.run(ours(Path(folder)))
    other = asyncio.run(theirs())
    table = Table("server CPU per", "ours", "bar", "stock asyncua", "ratio")
    for name, (title, bar) in BARS.items():
        peer = other.get(name)
        table.add_row(
            title.replace("[", "\\["),
            f"{own[name]:.3f}",
            f"{bar:g}",
            "–" if peer is None else f"{peer:.1f}",
            "–" if peer is None else f"{own[name] / peer:.4f}",
        )
    console.print(table)
    console.print(f"{own['told']:,.0f} notifications a second; {own['lost']:.0f} messages lost.")
