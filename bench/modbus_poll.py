"""Modbus polling: 250 devices of 60 points every second, against pymodbus reading the same blocks.

The devices are emulated in a process of their own, each at a port of its own, with one connection
each. Pollers are processes, too, and run one after the other. pymodbus converts every value; scale,
marks for missing sensors, statuses and times, which our drivers add, are left out there.

A deadline is missed by a poll that fails, or is not over when the next one is due. Lateness is from
when a poll is due until its first request leaves, as the drivers measure it themselves; and once
more as the devices see it, against a grid of whole periods from the earliest arrival on.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from rich import box
from rich.console import Console
from rich.table import Table

from bench.modbus_fleet import Fleet, for_pymodbus, serving
from heatpump_twin.drivers.modbus.profile.poll_plan import plan
from heatpump_twin.drivers.modbus.profile.profile_files import load_profile

PROFILE = str(Path(__file__).with_name("heat-pump-60.yaml"))
DEVICES = 250
PERIOD = 1.0
WARM_UP = 3.0
PEER_SECONDS = 60.0
"""The peer is only there for its CPU time, which does not take long to measure."""


@dataclass(frozen=True)
class Measured:
    """The figures of one poller after its warm-up; times in seconds."""

    begin: float
    end: float
    cpu: float
    values: int
    missed: int
    lateness: list[float]
    """Of every poll; empty: the poller does not know it."""
    others: float
    """Share of the machine's time that neither the poller nor the devices had."""


def measure(fleet: Fleet, module: str, what: str, seconds: float) -> Measured:
    """Let a process poll the fleet."""
    arguments = [what, json.dumps(fleet.ports), *map(str, (PERIOD, WARM_UP, seconds))]
    before = _machine(fleet)
    process = subprocess.run(
        [sys.executable, "-m", module, *arguments], stdout=subprocess.PIPE, check=True
    )
    others, whole = (after - b for after, b in zip(_machine(fleet), before, strict=True))
    figures: dict[str, Any] = json.loads(process.stdout)
    if figures.pop("bad", 0):
        raise RuntimeError(f"{module}: not every value was good")
    return Measured(**figures, others=others / whole)


def _machine(fleet: Fleet) -> tuple[float, float]:
    """Return the CPU time that others have had so far, and that of the whole machine. [s]"""
    times = psutil.cpu_times()
    idle, whole = times.idle + times.iowait, sum(times[:8])
    devices, ended = fleet.process.cpu_times(), resource.getrusage(resource.RUSAGE_CHILDREN)
    measured = devices.user + devices.system + ended.ru_utime + ended.ru_stime
    return whole - idle - measured, whole


def seen(fleet: Fleet, poller: Measured) -> tuple[list[float], int]:
    """Return the lateness of every scan as its device saw it, and how many never came. [s]"""
    lateness: list[float] = []
    missing = 0
    for times in map(np.array, fleet.scans):
        arrivals = times[(times >= poller.begin) & (times < poller.end)]
        number = np.round((arrivals - arrivals[0]) / PERIOD)
        late = arrivals - number * PERIOD
        lateness += (late - late.min()).tolist()
        missing += int(number[-1]) + 1 - len(np.unique(number))
    return lateness, missing


def run(console: Console, seconds: float = 10.0) -> None:
    """Measure both and print the figures with the bars that they are held to."""
    profile = load_profile(PROFILE)
    blocks = plan(profile, profile.samples)
    with serving([PROFILE] * DEVICES) as fleet:
        ours = measure(fleet, "bench.modbus_poller", PROFILE, seconds)
        what = json.dumps(for_pymodbus(profile, blocks))
        peer = measure(fleet, "bench.peer_pymodbus", what, min(seconds, PEER_SECONDS))
    points, registers = len(profile.samples), sum(block.count for block in blocks)
    cost = [x.cpu / (x.values / points * registers) * 1e6 for x in (ours, peer)]
    arrived = [seen(fleet, x) for x in (ours, peer)]
    table = Table(
        "", "ours", "pymodbus", "ratio", "bar", box=box.SIMPLE,
        title=f"Modbus: {DEVICES} devices × {points} points every {PERIOD:g} s",
    )  # fmt: skip
    table.columns[0].no_wrap = True
    for name, *cells in (
        ("requests, registers a scan", *(f"{len(blocks)}, {registers}" for _ in range(2))),
        ("measured for, s", *(f"{x.end - x.begin:.0f}" for x in (ours, peer))),
        ("CPU per register, µs", *(f"{x:.2f}" for x in cost), f"{cost[0] / cost[1]:.2f}", "1.3"),
        ("share of one core", *(f"{x.cpu / (x.end - x.begin):.1%}" for x in (ours, peer))),
        ("missed deadlines", str(ours.missed), str(peer.missed), "", "0"),
        ("lateness p99, ms", f"{np.quantile(ours.lateness, 0.99) * 1e3:.1f}", "–", "", "100"),
        ("lateness max, ms", f"{max(ours.lateness) * 1e3:.1f}", "–"),
        ("as devices see it: p99", *(f"{np.quantile(x, 0.99) * 1e3:.1f}" for x, _ in arrived)),
        ("as devices see it: max", *(f"{max(x) * 1e3:.1f}" for x, _ in arrived)),
        ("scans that never came", *(str(missing) for _, missing in arrived), "", "0"),
        ("others' share of the machine", *(f"{x.others:.0%}" for x in (ours, peer))),
    ):
        table.add_row(name, *cells)
    console.print(table)
    console.print(
        "pymodbus: the same blocks, each value converted; no scale, sentinels, status or time."
    )
