"""Killed at any moment: what a client had read as recorded is there afterwards, and once."""

from __future__ import annotations

import asyncio
import random
import signal
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
from asyncua import Client
from whole_twin import Twin

POINTS = ("ElectricalPower", "SupplyTemperature", "WaterFlow", "OutdoorTemperature")
Seen = dict[str, dict[datetime, object]]


async def read(client: Client, find, began: datetime) -> Seen:
    found: Seen = {}
    for point in POINTS:
        node = await find(client, "DeviceSet", "hp1", "ParameterSet", point)
        values = await node.read_raw_history(began, datetime.now(UTC) + timedelta(hours=1))
        found[point] = {v.SourceTimestamp: v.Value.Value for v in values if v.StatusCode.is_good()}
    return found


def sound(twin: Twin) -> None:
    with closing(sqlite3.connect(twin.data / "historian.sqlite")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


async def killed(twin: Twin, connect, find, rounds: int) -> int:
    """Kill a twin some times at random moments; return how many samples were read before."""
    twin.extra = ["--set", "historian.max_interval=1 s"]
    chance, began = random.Random(9), datetime.now(UTC) - timedelta(minutes=1)
    seen: Seen = {point: {} for point in POINTS}
    for _ in range(rounds):
        twin.start()
        loop = asyncio.get_running_loop()
        end = loop.time() + chance.uniform(0.0, 6.0)
        async with connect(twin) as client:
            now = await read(client, find, began)
            for point, samples in seen.items():
                missing = {t: v for t, v in samples.items() if now[point].get(t) != v}
                assert missing == {}, f"{point}: read before the kill, and gone"
            while loop.time() < end:
                now = await read(client, find, began)
            seen = now
            twin.stop(signal.SIGKILL)
        sound(twin)
    return sum(map(len, seen.values()))


async def test_what_was_read_survives_kills(fresh_twin: Twin, connect, find) -> None:
    assert await killed(fresh_twin, connect, find, 3) > 0


@pytest.mark.long
async def test_what_was_read_survives_a_hundred_kills(fresh_twin: Twin, connect, find) -> None:
    assert await killed(fresh_twin, connect, find, 100) > 1000
