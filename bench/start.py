"""The start: how soon `hptwin run` is ready with a new data directory and with one that it knows.

The machine may be shared: beside the clock stands what each process took of the processors.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from statistics import median

import psutil
from rich.console import Console
from rich.table import Table

from bench.free_ports import free_ports

BARS = {"first": 4.0, "warm": 3.5, "hptwin --help": 0.4}
"""Seconds to all of `/readyz` on an idle machine, and to the list of commands."""
STARTS = 4
LISTS = 5
PARTS = ("opcua", "hmi", "all")
PROCESSES = ("run", "hmi", "plant")
"""By the command of each: the twin, and the two that it starts."""


def run(console: Console) -> None:
    """Measure and print all of it."""
    table = Table(
        "", *(f"{name}, s" for name in PARTS), *(f"CPU of {name}, s" for name in PROCESSES),
        "busy processes", title="Start of `hptwin run`",
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as name:
        for number in range(STARTS):
            figures, busy = start(Path(name)), os.getloadavg()[0]
            title = "first" if number == 0 else f"warm {number}"
            table.add_row(title, *(f"{value:.2f}" for value in figures.values()), f"{busy:.0f}")
    console.print(table)
    for arguments in (["--help"], ["--version"], ["user", "--help"]):
        runs = [_command(arguments) for _ in range(LISTS)]
        wall, cpu = (median(figures) for figures in zip(*runs, strict=True))
        console.print(f"hptwin {' '.join(arguments)}: {wall:.2f} s, {cpu:.2f} s of CPU")
    console.print(f"Bars, on an idle machine: {BARS}. The emulated plant starts as well.")


def start(data: Path) -> dict[str, float]:
    """Start the default site; tell when each part was ready, and the CPU time of each process."""
    opcua, hmi, ops, control, plant, *_ = free_ports(9)
    settings = {
        "opcua.port": opcua, "hmi.port": hmi, "ops.port": ops,
        "plant.control_port": control, "plant.port": plant, "plant.past": 0,
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
            if process.poll() is not None or now > 120:
                raise RuntimeError(f"the twin did not become ready: {parts}")
            time.sleep(0.02)
        return {**{part: seen[part] for part in PARTS}, **_cpu(process.pid)}
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


def _cpu(pid: int) -> dict[str, float]:
    """Return what the twin and its children have taken."""
    found = {}
    for process in (twin := psutil.Process(pid), *twin.children()):
        line, times = process.cmdline(), process.cpu_times()
        found[line[line.index("heatpump_twin") + 1]] = times.user + times.system
    return {f"CPU of {name}": found[name] for name in PROCESSES}


def _command(arguments: Sequence[str]) -> tuple[float, float]:
    """Return seconds of a command and of the processors."""
    before, begin = _children_cpu(), time.monotonic()
    subprocess.run(
        [sys.executable, "-m", "heatpump_twin", *arguments],
        stdout=subprocess.DEVNULL, check=True,
    )  # fmt: skip
    return time.monotonic() - begin, _children_cpu() - before


def _children_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


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


if __name__ == "__main__":
    run(Console())
