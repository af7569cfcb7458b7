"""Mutated messages: no crash, no hang, nothing left behind, and never BadInternalError."""

from __future__ import annotations

import gc
import logging
import random
from functools import partial

import psutil
import pytest
from opcua_fuzz import Fuzzer, strangers

pytestmark = pytest.mark.asyncio(loop_scope="module")

SEEDS = (1, 2)
"""Of those that are run for every change."""
COUNT = 20_000
LONG = 1_000_000
GROWTH = 60_000_000
"""Memory that buffers, caches and the collector's leisure may take. [B]"""


@pytest.mark.parametrize(
    ("seed", "count"),
    [*((seed, COUNT // 2) for seed in SEEDS), pytest.param(3, LONG, marks=pytest.mark.long)],
)
async def test_mutated_messages_do_no_harm(
    start_rig, connect, eventually, caplog, seed: int, count: int
) -> None:
    rng = random.Random(seed)
    # What the client warns of: the test runner keeps every one of it, twice.
    caplog.set_level(logging.CRITICAL, logger="asyncua")
    async with start_rig() as rig, connect(rig) as healthy:
        rig.feed("hp1.supply_temperature", 41.5)
        point = await rig.node(healthy, "hp1.supply_temperature")
        outside = Fuzzer(partial(connect, rig), rng)
        inside = Fuzzer(partial(connect, rig, "olga"), rng)
        memory = 0
        for part in range(10):
            await strangers(rig.site.opcua.port, count // 50, rng)
            await outside.run(count * 2 // 50)
            await inside.run(count * 2 // 50)
            assert await point.read_value() == 41.5
            gc.collect()
            used = psutil.Process().memory_info().rss
            memory = used if part == 1 else memory  # caches are filled by then
        assert outside.outcome.internal == inside.outcome.internal == []
        # What was sent went through to the services.
        assert len(outside.outcome.faults) > 5
        assert used - memory < GROWTH
        await eventually(lambda: rig.server.statistics.sessions == 1)
        await eventually(lambda: rig.server.statistics.connections == 1)
        # Subscriptions that a CloseSession has kept wait for a transfer until their lifetime ends.
