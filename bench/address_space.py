"""The address space: how long it takes to build, and what it weighs.

Every figure is a process of its own. Memory is a slope: what one more heat pump adds to it.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from bench.free_ports import free_ports

SIZES = (1, 50, 250)
PEER_SIZES = (5, 25)
MEGABYTE, KILOBYTE = 1e6, 1e3
BUILD = "the whole twin"
"""The mark of `bench.site_build` behind points, drivers, rules, database and server."""
BARS = {"build": 10.0, "rss": 1.0}
"""At the design size: seconds to build, MB per heat pump."""


def run(console: Console) -> None:
    """Measure and print all of it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sizes = {size: _child("site_build", size, free_ports(1)[0], folder) for size in SIZES}
        _print_build(console, sizes)
        _print_peer(console, folder, sizes)


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
