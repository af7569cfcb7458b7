"""The address space: how long it takes to build, what it weighs, how fast the twin is ready.

Every figure is a process of its own. Memory is a slope: what one more heat pump adds to it.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

SIZES = (1, 50, 250)
PEER_SIZES = (5, 25)
WARM_STARTS = 3
MEGABYTE, KILOBYTE = 1e6, 1e3
BUILD = "the whole twin"
"""The mark of `bench.site_build` behind points, drivers, rules, database and server."""
BARS = {"build": 10.0, "rss": 1.0, "start": 4.0}
"""At the design size: seconds to build, MB per heat pump, seconds to ready."""


def run(console: Console) -> None:
    """Measure and print all of it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _child("site_build", 1, _ports(1)[0], folder)  # imports the type nodes once
        sizes = {size: _child("site_build", size, _ports(1)[0], folder) for size in SIZES}
        _print_build(console, sizes)
        _print_peer(console, folder, sizes)
        _print_start(console, folder)


def _print_build(console: Console, sizes: dict[int, dict[str, Any]]) -> None:
    table = Table("heat pumps", *map(str, sizes), title="A whole twin, not polling")
    for name in ("points", "alarms", "nodes", "resident"):
        table.add_row(name, *(f"{figures[name]:,}" for figures in sizes.values()))
    for name in next(iter(sizes.values()))["seconds"]:
        table.add_row(
            escape(f"{name} [s]"),
            *(f"{figures['seconds'][name]:.3f}" for figures in sizes.values()),
        )
    table.add_row(escape("RSS [MB]"), *(f"{f['rss'] / MEGABYTE:.0f}" for f in sizes.values()))
    table.add_row(
        escape("RSS when every node was looked at [MB]"),
        *(f"{f['rss after'] / MEGABYTE:.0f}" for f in sizes.values()),
    )
    console.print(table)
    least, most = min(sizes), max(sizes)
    per_pump = (sizes[most]["rss"] - sizes[least]["rss"]) / (most - least) / MEGABYTE
    built = sizes[most]["seconds"][BUILD]
    console.print(f"RSS per heat pump: {per_pump:.2f} MB (bar: {BARS['rss']} MB)")
    console.print(f"{most} heat pumps built in {built:.1f} s (bar: {BARS['build']:.0f} s)")


def _print_peer(console: Console, folder: Path, sizes: dict[int, dict[str, Any]]) -> None:
    """Compare what one more node costs with stock asyncua, which is told to build the same ones."""
    peers = []
    for size in PEER_SIZES:
        recipe = folder / f"recipe-{size}.json"
        _run("site_recipe", size, folder, recipe)
        peers.append(_child("peer_address_space", recipe))
    ours = [
        {"nodes": f["nodes"], "rss": f["rss"], "seconds": f["seconds"][BUILD]}
        for f in (sizes[SIZES[0]], sizes[SIZES[-1]])
    ]
    table = Table("one more node", "ours", "stock asyncua", "ratio")
    for name, unit in (("seconds", 1e-6), ("rss", KILOBYTE)):
        own, theirs = (
            (last[name] - first[name]) / (last["nodes"] - first["nodes"]) / unit
            for first, last in (ours, peers)
        )
        title = "build [µs]" if name == "seconds" else "memory [kB]"
        table.add_row(escape(title), f"{own:.2f}", f"{theirs:.2f}", f"{own / theirs:.2f}")
    console.print(table)
    console.print("Ours with drivers, rules and historian; asyncua's with nodes alone.")


def _print_start(console: Console, folder: Path) -> None:
    data = folder / "start"
    table = Table(
        "ready after [s]", "OPC UA", "HMI", "all of /readyz", title="Start of `hptwin run`"
    )
    for number in range(1 + WARM_STARTS):
        title = "first, with import" if number == 0 else f"warm {number}"
        ready = _start(data)
        table.add_row(title, *(f"{ready[part]:.2f}" for part in ("opcua", "hmi", "all")))
    console.print(table)
    console.print(
        f"Bar for a warm start: {BARS['start']:.0f} s. The emulated plant starts as well."
    )


def _start(data: Path) -> dict[str, float]:
    """Start the default site; return after how many seconds each part was ready, and all were."""
    opcua, hmi, ops, control, plant, *_ = _ports(9)
    settings = {
        "opcua.port": opcua, "hmi.port": hmi, "ops.port": ops,
        "plant.control_port": control, "plant.port": plant,
    }  # fmt: skip
    arguments = [part for key, port in settings.items() for part in ("--set", f"{key}={port}")]
    begin = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "heatpump_twin", "run", "--data", data, *arguments],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    seen: dict[str, float] = {}
    try:
        while "all" not in seen:
            parts, ready = _readiness(ops)
            now = time.monotonic() - begin
            for name in [*parts, *(["all"] if ready else [])]:
                seen.setdefault(name, now)
            if process.poll() is not None or now > 60:
                raise RuntimeError(f"the twin did not become ready: {parts}")
            time.sleep(0.01)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()
    return seen


def _readiness(port: int) -> tuple[Sequence[str], bool]:
    """Return the parts that are ready, and whether all are."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as reply:
            body = json.load(reply)
    except urllib.error.HTTPError as error:
        with error:
            body = json.load(error)
    except OSError:
        return (), False
    return [name for name, part in body["components"].items() if part["ready"]], body["ready"]


def _ports(count: int) -> list[int]:
    """Return free TCP ports in a row."""
    for first in range(21_000 + os.getpid() % 5_000, 32_000, count):
        ports = list(range(first, first + count))
        try:
            with ExitStack() as stack:
                for port in ports:
                    stack.enter_context(socket.socket()).bind(("127.0.0.1", port))
        except OSError:
            continue
        return ports
    raise RuntimeError("no free ports")


def _run(module: str, *arguments: object) -> str:
    done = subprocess.run(
        [sys.executable, "-m", f"bench.{module}", *map(str, arguments)],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, timeout=300, check=True,
    )  # fmt: skip
    return done.stdout


def _child(module: str, *arguments: object) -> dict[str, Any]:
    """Run one measurement; its last line is the result."""
    result: dict[str, Any] = json.loads(_run(module, *arguments).splitlines()[-1])
    return result


if __name__ == "__main__":
    run(Console())
