"""The HMI of a site of 250 heat pumps: 500 loads of its page, 50 pages open at once, log-ins.

Pages are opened without a browser (`bench/page_client.py`): what the server does for them is the
same, and what a browser does is measured by nobody's server.
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import aiohttp
import psutil
from rich.console import Console
from rich.table import Table

from bench.free_ports import free_ports
from bench.large_site import running_twin, wait_until_ready
from bench.modbus_fleet import serving, site_of
from bench.modbus_poll import PROFILE
from bench.page_client import PageClient, logged_in

PUMPS, GROUPS = 250, 10
LOADS, LOOK_EVERY = 500, 100
OPEN, SECONDS = 50, 60.0
PERIOD = 1.0
"""Of polling, and of every change. [s]"""
PATIENCE = 120.0
"""For the values of a page. [s]"""
_ADMINISTRATOR = "admin"


def run(console: Console, pumps: int = PUMPS) -> None:
    """Run the site, and print what its pages cost."""
    Path("build").mkdir(exist_ok=True)  # on disk, which /tmp may not be
    with tempfile.TemporaryDirectory(dir="build") as folder:
        figures = _site(Path(folder), pumps)
    table = Table("", "", title=f"The HMI of {pumps} heat pumps in {GROUPS} groups")
    for name, value in figures.items():
        table.add_row(name, value)
    console.print(table)


def _site(folder: Path, pumps: int) -> dict[str, str]:
    opcua, ops, hmi = free_ports(3)
    with serving([PROFILE] * pumps, changing=True) as fleet:
        settings = {
            **site_of([PROFILE] * pumps, fleet.ports, PERIOD),
            "opcua": {"port": opcua}, "ops": {"port": ops}, "hmi": {"port": hmi},
        }  # fmt: skip
        for place, heat_pump in enumerate(settings["heat_pumps"]):
            heat_pump["group"] = f"Building {place % GROUPS}"
        site = folder / "site.yaml"
        site.write_text(json.dumps(settings), encoding="utf-8")
        with running_twin(site, folder / "data") as process:
            wait_until_ready(ops, process)
            (child,) = (
                one for one in psutil.Process(process.pid).children() if "hmi" in one.cmdline()
            )
            password = (folder / "data" / "initial-admin-password.txt").read_text().strip()
            return asyncio.run(measured(f"http://127.0.0.1:{hmi}", child, password))


async def measured(url: str, process: psutil.Process, password: str) -> dict[str, str]:
    """Return figures of a running HMI, by what they are of."""
    figures = {"memory before the first log-in, MB": _memory(process)}
    sessions: list[aiohttp.ClientSession] = []
    try:
        for name in ("first log-in, s", "next log-in, s"):
            begun = time.monotonic()
            sessions.append(await logged_in(url, _ADMINISTRATOR, password))
            figures[name] = f"{time.monotonic() - begun:.2f}"
        figures |= await _loads(sessions[0], process)
        figures |= await _together(sessions[0], process)
    finally:
        for session in sessions:
            await session.close()
    return figures | {"load of the machine": f"{os.getloadavg()[0]:.1f}"}


async def _loads(session: aiohttp.ClientSession, process: psutil.Process) -> dict[str, str]:
    """Load the page of the site again and again."""
    memory, built, seen, used = [], [], [], _cpu(process)
    for number in range(LOADS):
        page = PageClient(session)
        begun = time.monotonic()
        await page.open("/")
        built.append(time.monotonic() - begun)
        await asyncio.wait_for(page.has_values.wait(), PATIENCE)
        seen.append(time.monotonic() - begun)
        await page.close()
        if (number + 1) % LOOK_EVERY == 0:
            memory.append(_memory(process))
    return {
        "page and its socket, s (median, p95)": _spread(built),
        "values in view, s (median, p95)": _spread(seen),
        f"memory after each {LOOK_EVERY} of {LOADS} loads, MB": ", ".join(memory),
        "CPU of the HMI for a load, s": f"{(_cpu(process) - used) / LOADS:.3f}",
    }


async def _together(session: aiohttp.ClientSession, process: psutil.Process) -> dict[str, str]:
    """Keep many pages open."""
    pages = [PageClient(session) for _ in range(OPEN)]
    for page in pages:
        await page.open("/")
    for page in pages:
        await asyncio.wait_for(page.has_values.wait(), PATIENCE)
    used, values, begun = _cpu(process), sum(page.values for page in pages), time.monotonic()
    await asyncio.sleep(SECONDS)
    span = time.monotonic() - begun
    share = (_cpu(process) - used) / span
    told = (sum(page.values for page in pages) - values) / span
    memory = _memory(process)
    for page in pages:
        await page.close()
    return {
        f"CPU of the HMI with {OPEN} pages, share of one core": f"{share:.0%}",
        "values told a second, together": f"{told:.0f}",
        f"memory with {OPEN} pages, MB": memory,
    }


def _memory(process: psutil.Process) -> str:
    return f"{process.memory_info().rss / 1e6:.0f}"


def _cpu(process: psutil.Process) -> float:
    return float(sum(process.cpu_times()[:2]))


def _spread(times: Sequence[float]) -> str:
    return f"{statistics.median(times):.2f}, {statistics.quantiles(times, n=20)[-1]:.2f}"
