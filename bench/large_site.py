"""A whole twin of 250 heat pumps, live: polled, recorded, and told to 20 clients.

`hptwin run` in a process of its own, with devices over real Modbus TCP in another one, whose values
change each second. What is told of the twin is what it says itself in ``/metrics``, each second.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psutil
from asyncua import ua
from rich.console import Console
from rich.table import Table

from bench.free_ports import free_ports
from bench.listener import Listener
from bench.modbus_fleet import serving, site_of
from bench.modbus_poll import PROFILE
from heatpump_twin.drivers.modbus.profile.profile_files import load_profile

PUMPS = 250
CLIENTS = 20
ITEMS = 500
PERIOD = 1.0
WARM_UP = 30.0
"""After the clients have subscribed. [s]"""
INTERVAL = 1000.0
"""Of publishing. [ms]"""
LONGEST_START = 600.0
"""[s]"""
_METRIC = re.compile(r"^hptwin_(\w+?)(?:_total)?(?:\{[^}]*\})? ([-+.\deE]+)$", re.MULTILINE)
_SUMMED = ("polls", "polls_missed", "poll_failures", "historian_rows", "historian_rows_dropped")
_LARGEST = ("historian_delay_seconds", "historian_queue_rows", "historian_flush_seconds")


def run(console: Console, seconds: float, pumps: int = PUMPS) -> None:
    """Run the site and print what it had to say."""
    Path("build").mkdir(exist_ok=True)  # on disk, which /tmp may not be
    with tempfile.TemporaryDirectory(dir="build") as folder:
        figures = asyncio.run(_live(Path(folder), seconds, pumps))
    table = Table("", "", title=f"{pumps} heat pumps, {CLIENTS} clients × {ITEMS} items, live")
    for name, value in figures.items():
        table.add_row(name, value)
    console.print(table)


async def _live(folder: Path, seconds: float, pumps: int) -> dict[str, str]:
    opcua, ops = free_ports(2)
    with serving([PROFILE] * pumps, changing=True) as fleet:
        settings = {
            **site_of([PROFILE] * pumps, fleet.ports, PERIOD),
            "opcua": {"port": opcua}, "ops": {"port": ops}, "hmi": {"enabled": False},
        }  # fmt: skip
        site = folder / "site.yaml"
        site.write_text(json.dumps(settings), encoding="utf-8")
        with running_twin(site, folder / "data") as process:
            begun = time.monotonic()
            await asyncio.to_thread(wait_until_ready, ops, process)
            started = time.monotonic() - begun
            clients = await _subscribed(f"opc.tcp://127.0.0.1:{opcua}/heatpump-twin", pumps)
            await asyncio.sleep(WARM_UP)
            figures = await _watched(ops, psutil.Process(process.pid), clients, seconds)
            for client in clients:
                await client.close()
    size = sum(path.stat().st_size for path in (folder / "data").glob("historian.sqlite*"))
    return {
        "measured for, s": f"{seconds:.0f}",
        "until all was ready, s": f"{started:.0f}",
        **figures,
        "database, MB": f"{size / 1e6:.0f}",
    }


@contextmanager
def running_twin(site: Path, data: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run a twin in a process of its own."""
    command = [sys.executable, "-m", "heatpump_twin", "run", "--site", site, "--data", data]
    with (site.parent / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait()


def wait_until_ready(port: int, process: subprocess.Popen[bytes]) -> None:
    """Wait until a twin says that it is ready."""
    end = time.monotonic() + LONGEST_START
    while process.poll() is None and time.monotonic() < end:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=60):
                return
        except OSError:  # not there yet, or not ready
            time.sleep(1.0)
    raise RuntimeError("the twin did not become ready")


async def _subscribed(url: str, pumps: int) -> list[Listener]:
    """Return clients that listen, each to other points than the one before it."""
    points = [point.point for point in load_profile(PROFILE).points]
    clients = [Listener(url) for _ in range(CLIENTS)]
    for place, client in enumerate(clients):
        await client.open(INTERVAL)
        names = await client.client.get_namespace_array()
        (site,) = (index for index, name in enumerate(names) if ":site:" in name)
        wanted = range(place * ITEMS, (place + 1) * ITEMS)
        keys = [f"hp{n // len(points) % pumps}.{points[n % len(points)]}" for n in wanted]
        await client.monitor([ua.NodeId(key, site) for key in keys])
    for client in clients:
        client.listen()
    return clients


async def _watched(
    port: int, process: psutil.Process, clients: Sequence[Listener], seconds: float
) -> dict[str, str]:
    first = await asyncio.to_thread(metrics, port)
    told, begin = sum(client.notifications for client in clients), time.monotonic()
    used, load = sum(process.cpu_times()[:2]), []
    largest = dict.fromkeys(_LARGEST, 0.0)
    while (left := begin + seconds - time.monotonic()) > 0:
        await asyncio.sleep(min(1.0, left))
        last = await asyncio.to_thread(metrics, port)
        largest = {name: max(value, last[name]) for name, value in largest.items()}
        load.append(os.getloadavg()[0])
    span = time.monotonic() - begin
    done = {name: last[name] - first[name] for name in _SUMMED}
    told = sum(client.notifications for client in clients) - told
    return {
        "polls": f"{done['polls']:.0f}",
        "polls missed or failed": f"{done['polls_missed'] + done['poll_failures']:.0f}",
        "samples recorded a second": f"{done['historian_rows'] / span:.0f}",
        "samples lost": f"{done['historian_rows_dropped']:.0f}",
        "oldest waiting sample, s": f"{largest['historian_delay_seconds']:.2f}",
        "most samples waiting": f"{largest['historian_queue_rows']:.0f}",
        "longest flush, s": f"{largest['historian_flush_seconds']:.2f}",
        "notifications a second": f"{told / span:.0f}",
        "messages lost": f"{sum(client.lost for client in clients)}",
        "CPU of the twin, share of one core": f"{(sum(process.cpu_times()[:2]) - used) / span:.0%}",
        "memory of the twin, MB": f"{process.memory_info().rss / 1e6:.0f}",
        "load of the machine, mean and most": f"{sum(load) / len(load):.1f}, {max(load):.1f}",
    }


def metrics(port: int) -> dict[str, float]:
    """Return what the twin says, summed over its devices."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=60) as reply:
        text = reply.read().decode()
    found: dict[str, float] = dict.fromkeys((*_SUMMED, *_LARGEST), 0.0)
    for name, value in _METRIC.findall(text):
        if name in found:
            found[name] += float(value)
    return found
