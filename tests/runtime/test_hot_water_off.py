"""Hot water that is switched off for a heat-up, on a whole twin that is killed, and stopped."""

from __future__ import annotations

import signal
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta

import processes
import pytest
from asyncua import Client, ua
from namespaces import site_index
from whole_twin import OPERATOR, Twin, new_ports

# A heat-up begins when it is asked for, and is not over before this test is.
SETTINGS = (
    "plant.start=2026-01-15T12:00:00+01:00", "plant.managed=false",
    "smart_start.hot_water=switched_off", "smart_start.shortest=12 h",
)  # fmt: skip


@pytest.fixture
def twin(tmp_path) -> Iterator[Twin]:
    """A twin whose plant outlives it."""
    twin = Twin(tmp_path, new_ports())
    settings = [part for setting in SETTINGS for part in ("--set", setting)]
    twin.extra = [*settings]
    twin.add_user(OPERATOR, "operator")
    plant = (sys.executable, "-m", "heatpump_twin", "plant", *twin.ports.settings, *settings)
    with processes.started(*plant):
        try:
            twin.start()
            yield twin
        finally:
            twin.kill()


async def value(client: Client, name: str):
    node = client.get_node(ua.NodeId(f"hp1.{name}", await site_index(client)))
    return (await node.read_data_value(raise_on_bad_status=False)).Value.Value


async def call(client: Client, name: str, *inputs: ua.Variant) -> None:
    index = await site_index(client)
    owner = client.get_node(ua.NodeId("hp1", index))
    await owner.call_method(ua.NodeId(f"hp1.{name}", index), *inputs)


async def heat_up(client: Client) -> None:
    """Ask for hot supply water in three hours."""
    clock = client.get_node(ua.ObjectIds.Server_ServerStatus_CurrentTime)
    ready_at = await clock.read_value() + timedelta(hours=3)
    zero, none = ua.Variant(0, ua.VariantType.Int32), ua.Variant(0.0, ua.VariantType.Double)
    target = ua.Variant(55.0, ua.VariantType.Double)
    when = ua.Variant(ready_at, ua.VariantType.DateTime)
    await call(client, "ScheduleReady", when, target, none, zero, zero, none)


def written(twin: Twin) -> list[tuple[float, float]]:
    """Return what was asked of the switch of hot water, and what it then was."""
    with closing(sqlite3.connect(twin.data / "historian.sqlite")) as database:
        return database.execute(
            "SELECT requested, read_back FROM audit WHERE key = 'hp1.dhw_enabled' ORDER BY id"
        ).fetchall()


async def test_it_comes_back_however_the_twin_ends(twin: Twin, connect, eventually) -> None:
    def shows(client: Client, on: bool):
        async def shown() -> bool:
            return await value(client, "dhw_enabled") is on

        return shown

    async with connect(twin, OPERATOR) as client:
        await eventually(shows(client, on=True))
        await heat_up(client)
        await eventually(shows(client, on=False))
    twin.stop(signal.SIGKILL)
    twin.start()
    async with connect(twin, OPERATOR) as client:
        await eventually(shows(client, on=True))
        # What was asked for is heated on: it is the hot water that does not wait any longer.
        assert await value(client, "Programs.SchedulePhase") == 2
        assert "DhwEnabled" not in await value(client, "Programs.Overrides")
        await call(client, "CancelSchedule")
        await heat_up(client)
        assert written(twin) == [(0.0, 0.0), (1.0, 1.0)]
        await call(client, "CancelSchedule")
        await call(client, "ReleaseOverride")
    # One that is stopped in order gives it back before it ends.
    twin.stop()
    twin.start()
    async with connect(twin, OPERATOR) as client:
        await heat_up(client)
        await eventually(shows(client, on=False))
    assert twin.stop() == 0
    assert written(twin)[2:] == [(0.0, 0.0), (1.0, 1.0)]
