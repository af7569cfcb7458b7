"""What 1,000 idle and 400 slow connections to each web port do to everybody else."""

from __future__ import annotations

import asyncio
import http.client
import json
import logging
import multiprocessing
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from contextlib import suppress
from pathlib import Path

from asyncua import Client
from rich.console import Console
from rich.table import Table

from bench.free_ports import free_ports

IDLE, SLOW = 1_000, 400
SECONDS = 30.0
DRIP = 5.0
"""Between two bytes of a slow header. [s]"""
BARS = {"OPC UA login": 1.0, "log": 1_000_000}
"""Longest login [s], and what the log may grow by [B]."""
TORN = b"GET /login HTTP/1.1\r\nHost: twin\r\nX: "


def run(console: Console) -> None:
    """Measure and print all of it."""
    logging.getLogger("asyncua").setLevel(logging.ERROR)
    opcua, hmi, ops, control, plant, *_ = free_ports(9)
    settings = {
        "opcua.port": opcua, "hmi.port": hmi, "ops.port": ops,
        "plant.control_port": control, "plant.port": plant, "plant.past": 0,
    }  # fmt: skip
    table = Table(
        "connections to each web port", "longest OPC UA login, s", "longest /readyz, s",
        "longest HMI page, s", "log, B", title=f"Web ports under {IDLE} idle, {SLOW} slow clients",
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as name:
        log = Path(name) / "output.log"
        arguments = [
            part for key, value in settings.items() for part in ("--set", f"{key}={value}")
        ]
        with log.open("w") as output:
            twin = subprocess.Popen(
                [sys.executable, "-m", "heatpump_twin", "run", "--data", name, *arguments],
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        try:
            _await_ready(ops)
            for title, idle, slow in (("none", 0, 0), (f"{IDLE} + {SLOW}", IDLE, SLOW)):
                before = log.stat().st_size
                figures = asyncio.run(_measure(opcua, (hmi, ops), idle, slow))
                table.add_row(title, *figures, str(log.stat().st_size - before))
        finally:
            twin.send_signal(signal.SIGTERM)
            twin.wait()
    console.print(table)
    console.print(f"Bars: {BARS}.")


def _await_ready(ops: int) -> None:
    while True:
        with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{ops}/readyz") as reply:
            if json.load(reply)["ready"]:
                return
        time.sleep(0.2)


async def _measure(opcua: int, web: tuple[int, int], idle: int, slow: int) -> list[str]:
    # In a process of its own: it must not be the one that measures who waits for it.
    attackers = multiprocessing.Process(target=_attack_all, args=(web, idle, slow), daemon=True)
    attackers.start()
    logins, ready, pages = [], [], []
    hmi, ops = web
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        logins.append(await _login(opcua))
        ready.append(await asyncio.to_thread(_page, ops, "/readyz"))
        pages.append(await asyncio.to_thread(_page, hmi, "/login"))
        await asyncio.sleep(0.2)
    attackers.kill()
    attackers.join()
    return [f"{max(times):.2f}" for times in (logins, ready, pages)]


def _attack_all(web: tuple[int, int], idle: int, slow: int) -> None:
    async def attack() -> None:
        async with asyncio.TaskGroup() as group:
            for port in web:
                for drip, count in ((False, idle), (True, slow)):
                    for _ in range(count):
                        group.create_task(_attack(port, drip))

    asyncio.run(attack())


async def _attack(port: int, drip: bool) -> None:
    """Connect, and whenever that is ended, again."""
    while True:
        with suppress(OSError):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                while drip and not reader.at_eof():
                    writer.write(TORN[:1])
                    await writer.drain()
                    await asyncio.sleep(DRIP)
                await reader.read()
            finally:
                writer.transport.abort()
        await asyncio.sleep(1.0)


async def _login(port: int) -> float:
    begin = time.monotonic()
    async with Client(f"opc.tcp://127.0.0.1:{port}/heatpump-twin", timeout=60.0) as client:
        await client.nodes.server_state.read_value()
        return time.monotonic() - begin


def _page(port: int, path: str) -> float:
    begin = time.monotonic()
    while True:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=60.0).close()
        except urllib.error.HTTPError as error:
            error.close()  # a page, too
        except (OSError, http.client.HTTPException):
            continue  # sent away: a person's browser tries again, too
        return time.monotonic() - begin
