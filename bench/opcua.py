"""OPC UA: reads and history against a stock asyncua server, in the same run.

What is compared is the server's CPU time, not the wall clock: these machines are shared. The twin's
own work (polling, rules, recording) is measured idle and subtracted.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import psutil
from asyncua import Client, Node, ua
from namespaces import site_index
from rich.console import Console
from rich.table import Table

from bench import opcua_subscriptions
from heatpump_twin.drivers.frame import Frame
from heatpump_twin.drivers.status import GOOD
from heatpump_twin.twin_engine.historian.database.database_access import open_engine
from heatpump_twin.twin_engine.historian.sample_store import SampleStore

POINTS = 61
ROWS = 20_000
READS = 300
HISTORY_READS = 10
IDLE = 5.0
PORTS = {"opcua.port": 38840, "ops.port": 38081, "plant.port": 38150, "plant.control_port": 38100}
PEER_PORT = 38841
KEY = "hp1.supply_temperature"

Work = Callable[[Client, list[Node], Node], Awaitable[int]]


@dataclass
class Subject:
    """A server under test: how to reach it, and which process's CPU counts."""

    name: str
    url: str
    process: psutil.Process
    nodes: Callable[[Client], Awaitable[tuple[list[Node], Node]]]

    def cpu(self) -> float:
        """Return the CPU time that the server has used. [s]"""
        times = self.process.cpu_times()
        return times.user + times.system


async def read_batches(client: Client, nodes: list[Node], _: Node) -> int:
    """Read all points in one request, again and again."""
    for _ in range(READS):
        await client.uaclient.read_attributes([n.nodeid for n in nodes], ua.AttributeIds.Value)
    return READS * len(nodes)


async def read_history(_: Client, __: list[Node], historized: Node) -> int:
    """Read the whole recorded history of one point, page after page."""
    count = 0
    now = datetime.now(UTC)
    for _ in range(HISTORY_READS):
        values = await historized.read_raw_history(
            now - timedelta(days=1), now, return_bounds=False
        )
        count += len(values)
    return count


WORK: dict[str, Work] = {
    "value of a batched read": read_batches,
    "row of HistoryRead": read_history,
}


async def measure(subject: Subject) -> dict[str, tuple[int, float]]:
    """Return for each kind of work how many items were served and the CPU time of one. [µs]"""
    results = {}
    async with Client(subject.url, timeout=30) as client:
        nodes, historized = await subject.nodes(client)
        before = subject.cpu()
        await asyncio.sleep(IDLE)
        idle = (subject.cpu() - before) / IDLE
        for name, work in WORK.items():
            cpu, begin = subject.cpu(), time.monotonic()
            count = await work(client, nodes, historized)
            used = subject.cpu() - cpu - idle * (time.monotonic() - begin)
            results[name] = count, max(used, 0.0) / max(count, 1) * 1e6
    return results


async def _twin_nodes(client: Client) -> tuple[list[Node], Node]:
    space = await site_index(client)
    nodes = await client.get_node(f"ns={space};s=hp1.ParameterSet").get_children()
    return nodes[:POINTS], client.get_node(f"ns={space};s={KEY}")


async def _peer_nodes(client: Client) -> tuple[list[Node], Node]:
    space = await client.get_namespace_index("urn:peer")
    nodes = [client.get_node(f"ns={space};s=p{i}") for i in range(POINTS)]
    return nodes, nodes[0]


def _fill_history(data: Path) -> None:
    """Put ``ROWS`` samples of the last hours into the database of the twin that is to start."""
    store = SampleStore(open_engine(f"sqlite:///{data / 'historian.sqlite'}"))
    point = store.prepare([KEY])[KEY]
    end = time.time_ns() // 1000 - 60_000_000
    times = end - np.arange(ROWS, 0, -1) * 1_000_000
    store.write(Frame.of(np.full(ROWS, point), np.arange(ROWS, dtype=float), GOOD, times))
    store.seal_all()
    store.close()


@contextlib.asynccontextmanager
async def twin(data: Path) -> AsyncIterator[Subject]:
    settings = {**PORTS, "hmi.enabled": "false", "plant.past": 0}
    _fill_history(data)
    arguments = [part for k, v in settings.items() for part in ("--set", f"{k}={v}")]
    process = subprocess.Popen(
        [sys.executable, "-m", "heatpump_twin", "run", "--data", data, *arguments],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        await reachable(PORTS["opcua.port"])
        await asyncio.sleep(3)
        url = f"opc.tcp://127.0.0.1:{PORTS['opcua.port']}/heatpump-twin"
        yield Subject("heatpump-twin", url, psutil.Process(process.pid), _twin_nodes)
    finally:
        process.terminate()
        process.wait()


@contextlib.asynccontextmanager
async def peer() -> AsyncIterator[Subject]:
    script = Path(__file__).with_name("peer_asyncua.py")
    process = subprocess.Popen(
        [sys.executable, script, str(PEER_PORT), str(POINTS), str(ROWS)],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=os.environ,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        await asyncio.to_thread(process.stdout.readline)
        url = f"opc.tcp://127.0.0.1:{PEER_PORT}/peer"
        yield Subject("stock asyncua", url, psutil.Process(process.pid), _peer_nodes)
    finally:
        process.kill()
        process.wait()


async def reachable(port: int) -> None:
    async with asyncio.timeout(60):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.1)
            else:
                writer.close()
                return


async def _compare() -> list[tuple[str, dict[str, tuple[int, float]]]]:
    results = []
    with tempfile.TemporaryDirectory() as folder:
        async with twin(Path(folder)) as subject:
            results.append((subject.name, await measure(subject)))
    async with peer() as subject:
        results.append((subject.name, await measure(subject)))
    return results


def run(console: Console) -> None:
    """Measure both and print the ratios."""
    (_, ours), (peer_name, theirs) = asyncio.run(_compare())
    table = Table("server CPU per", "items", "ours [µs]", f"{peer_name} [µs]", "ratio")
    for name in WORK:
        count, own = ours[name]
        _, other = theirs[name]
        ratio = f"{own / other:.2f}" if other else "–"
        table.add_row(name, str(count), f"{own:.2f}", f"{other:.2f}", ratio)
    console.print(table)
    console.print(
        "Their history is in memory, ours on the disk; the twin polls and records meanwhile."
    )
    opcua_subscriptions.report(console)
