"""A whole twin of 250 heat pumps whose database is away for ten minutes: what of it is lost.

Another process holds the SQLite database, so that nothing can be written. Then it lets go, and the
history is compared with what devices whose values change each second have answered.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import psutil
from rich.console import Console
from rich.table import Table

from bench.free_ports import free_ports
from bench.large_site import PERIOD, PROFILE, PUMPS, metrics, running_twin, wait_until_ready
from bench.modbus_fleet import serving, site_of
from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.drivers.modbus.profile.profile_files import load_profile
from heatpump_twin.twin_engine.historian.stored_history import StoredHistory

BEFORE = 30.0
"""How long the twin records before. [s]"""
LONGEST = 900.0
"""How long is waited for what is behind. [s]"""
_EVER = 2**62
_GAP = 65.0
"""What has not changed is recorded again after 60 s: in longer ones samples are lost. [s]"""


def run(console: Console, seconds: float, pumps: int = PUMPS) -> None:
    """Take the database away for so long, and print what the history has."""
    Path("build").mkdir(exist_ok=True)  # on disk, which /tmp may not be
    with tempfile.TemporaryDirectory(dir="build") as folder:
        figures = _suffered(Path(folder), seconds, pumps)
    table = Table("", "", title=f"{pumps} heat pumps, database away for {seconds:.0f} s")
    for name, value in figures.items():
        table.add_row(name, value)
    console.print(table)


def _suffered(folder: Path, seconds: float, pumps: int) -> dict[str, str]:
    opcua, ops = free_ports(2)
    with serving([PROFILE] * pumps, changing=True) as fleet:
        settings = {
            **site_of([PROFILE] * pumps, fleet.ports, PERIOD),
            "opcua": {"port": opcua}, "ops": {"port": ops}, "hmi": {"enabled": False},
        }  # fmt: skip
        site, database = folder / "site.yaml", folder / "data" / "historian.sqlite"
        site.write_text(json.dumps(settings), encoding="utf-8")
        with running_twin(site, folder / "data") as process:
            wait_until_ready(ops, process)
            time.sleep(BEFORE)
            before = metrics(ops)
            with _held(database):
                time.sleep(seconds)
                most = metrics(ops)
                memory = psutil.Process(process.pid).memory_info().rss
            begun = time.monotonic()
            # What flushing makes of a live twin, and a pass of it.
            while metrics(ops)["historian_delay_seconds"] > 15.0:
                if time.monotonic() - begun > LONGEST:
                    raise RuntimeError("the history is still behind")
                time.sleep(1.0)
            caught_up = time.monotonic() - begun
            after = metrics(ops)
    return {
        "oldest waiting sample when it came back, s": f"{most['historian_delay_seconds']:.0f}",
        "samples waiting in memory then": f"{most['historian_queue_rows']:.0f}",
        "memory of the twin then, MB": f"{memory / 1e6:.0f}",
        "until all was written, s": f"{caught_up:.0f}",
        "samples dropped": f"{after['historian_rows_dropped']:.0f}",
        "polls": f"{after['polls'] - before['polls']:.0f}",
        "polls missed or failed": f"{_missed(after) - _missed(before):.0f}",
        **asyncio.run(_recorded(database, pumps)),
    }


def _missed(told: dict[str, float]) -> float:
    return told["polls_missed"] + told["poll_failures"]


@contextmanager
def _held(database: Path) -> Iterator[None]:
    """Hold a database, so that nobody else can write."""
    connection = sqlite3.connect(database, timeout=60.0, isolation_level=None)
    try:
        connection.execute("BEGIN EXCLUSIVE")
        yield
        connection.execute("ROLLBACK")
    finally:
        connection.close()


async def _recorded(database: Path, pumps: int) -> dict[str, str]:
    """Count samples, and gaps and doubles among them, of all measured points."""
    history = StoredHistory(f"sqlite:///{database}")
    await history.start()
    samples = gaps = doubled = 0
    longest = 0.0
    try:
        for pump in range(pumps):
            for point in load_profile(PROFILE).points:
                read = await history.read_raw(f"hp{pump}.{point.point}", 0, _EVER, limit=10**6)
                between = np.diff(read.time[read.status == 0])
                samples += len(read)
                gaps += int((between > _GAP * MICROSECONDS).sum())
                doubled += int((between <= 0).sum())
                longest = max(longest, float(between.max(initial=0)) / 1e6)
    finally:
        await history.stop()
    return {
        "samples of measured points": f"{samples}",
        f"gaps of more than {_GAP:.0f} s, longest": f"{gaps}, {longest:.1f} s",
        "samples doubled": f"{doubled}",
    }
