"""What the twin does by itself, on a whole site: emulated plant, real Modbus, real OPC UA."""

from __future__ import annotations

import json
import signal
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta

import processes
import pytest
from asyncua import Client, ua
from namespaces import site_index
from whole_twin import OPERATOR, Twin, new_ports

WINTER = "plant.start=2026-01-15T12:00:00+01:00"
SPEED = "plant.speed=240"
ENGINEER = "erik"


@pytest.fixture(scope="module")
def plant_and_twin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Twin]:
    """A plant that outlives the twin; four plant minutes are a second."""
    twin = Twin(tmp_path_factory.mktemp("programs"), new_ports())
    settings = ["--set", SPEED, "--set", WINTER, "--set", "plant.managed=false"]
    twin.extra = [*settings]
    for name, role in ((OPERATOR, "operator"), (ENGINEER, "engineer")):
        twin.add_user(name, role)
    plant = (sys.executable, "-m", "heatpump_twin", "plant", *twin.ports.settings, *settings)
    with processes.started(*plant):
        try:
            twin.start()
            yield twin
        finally:
            twin.kill()


class Site:
    """A client of the twin, with words for what these tests do."""

    def __init__(self, client: Client, index: int) -> None:
        self.client = client
        self.index = index

    def node(self, name: str):
        return self.client.get_node(ua.NodeId(f"hp1.{name}", self.index))

    async def value(self, name: str):
        return (await self.node(name).read_data_value(raise_on_bad_status=False)).Value.Value

    async def now(self) -> datetime:
        return await self.client.get_node(ua.ObjectIds.Server_ServerStatus_CurrentTime).read_value()

    async def call(self, name: str, *inputs: ua.Variant) -> ua.CallMethodResult:
        request = ua.CallMethodRequest()
        request.ObjectId = ua.NodeId("hp1", self.index)
        request.MethodId = self.node(name).nodeid
        request.InputArguments = list(inputs)
        (answer,) = await self.client.uaclient.call([request])
        return answer

    async def set(self, name: str, value: float) -> None:
        answer = await self.call(name, ua.Variant(value, ua.VariantType.Double))
        assert answer.StatusCode.is_good(), answer


@pytest.fixture
def site(plant_and_twin: Twin, connect):
    """Return a coroutine function that gives a `Site` on a connected client."""

    async def of(client: Client) -> Site:
        return Site(client, await site_index(client))

    return of


def audit(twin: Twin) -> list[dict[str, object]]:
    with closing(sqlite3.connect(twin.data / "historian.sqlite")) as database:
        database.row_factory = sqlite3.Row
        return [
            dict(row)
            for row in database.execute(
                "SELECT * FROM audit WHERE kind IN ('write', 'program') ORDER BY id"
            )
        ]


def double(value: float) -> ua.Variant:
    return ua.Variant(value, ua.VariantType.Double)


async def test_a_boost_heats_the_tank_and_goes_on_over_a_crash(
    plant_and_twin: Twin, connect, site, eventually
) -> None:
    twin = plant_and_twin
    async with connect(twin, OPERATOR) as client:
        here = await site(client)
        before = await here.value("dhw_setpoint")
        tank = await here.value("dhw_temperature")
        target = double(round(min(max(tank, before) + 6.0, 60.0), 1))
        answer = await here.call("StartDhwBoost", target, double(12 * 3600e3))
        assert answer.StatusCode.is_good()
        assert await here.value("dhw_setpoint") == pytest.approx(target.Value)
        assert await here.value("Programs.TankProgram") == 1
    assert twin.process is not None
    twin.stop(signal.SIGKILL)
    twin.start()
    async with connect(twin, OPERATOR) as client:
        here = await site(client)

        async def over() -> bool:
            return await here.value("Programs.TankProgram") == 0

        await eventually(over)
        assert await here.value("dhw_setpoint") == pytest.approx(before)
        assert "Boost ended: the tank has reached" in await here.value("Programs.LatestMessage")
    rows = [row for row in audit(twin) if row["key"] == "hp1.dhw_setpoint"]
    assert [(row["user"], row["requested"]) for row in rows] == [
        (OPERATOR, target.Value), (OPERATOR, before),
    ]  # fmt: skip
    assert all(str(row["origin"]).startswith("boost, OPC UA 127.0.0.1:") for row in rows)


async def test_a_schedule_sets_the_target_switches_on_and_can_be_released(
    plant_and_twin: Twin, connect, site, eventually
) -> None:
    async with connect(plant_and_twin, OPERATOR) as client:
        here = await site(client)
        await here.set("SetSupplySetpoint", 41.0)
        assert (await here.call("Stop")).StatusCode.is_good()
        assert (await here.call("ReleaseOverride")).StatusCode.is_good()
        before = await here.value("supply_setpoint")
        assert await here.value("unit_enabled") is True
        assert (await here.call("Stop")).StatusCode.is_good()
        assert await here.value("Programs.Overrides") == ["UnitEnabled"]
        # By the site's clock, which goes as fast as the plant.
        now = await here.now()
        ready_at = ua.Variant(now + timedelta(hours=1), ua.VariantType.DateTime)
        zero = ua.Variant(0, ua.VariantType.Int32)
        answer = await here.call(
            "ScheduleReady", ready_at, double(before + 3.0), double(90.0), zero, zero, double(0.0)
        )
        assert answer.StatusCode.is_good(), answer

        async def started() -> bool:
            return await here.value("Programs.SchedulePhase") in (None, 0, 2)

        await eventually(started)
        assert await here.value("unit_enabled") is True
        assert await here.value("supply_setpoint") == pytest.approx(before + 3.0)
        assert "SupplySetpoint" in await here.value("Programs.Overrides")

        async def judged() -> bool:
            return bool(await here.value("Programs.HeatUps")) and (
                await here.value("Programs.ScheduleReadyAt") is None
            )

        await eventually(judged)
        (record,) = map(json.loads, await here.value("Programs.HeatUps"))
        assert record["outcome"] in ("on time", "late")
        assert (record["quantity"], record["target"]) == ("water", pytest.approx(before + 3.0))
        assert record["begin"] <= record["ended"]
        share = await here.node("start_on_time").read_data_value(raise_on_bad_status=False)
        assert share.StatusCode.is_good()
        assert share.Value.Value == (100.0 if record["outcome"] == "on time" else 0.0)
        answer = await here.call("ReleaseOverride")
        assert answer.OutputArguments[0].Value.startswith("Supply setpoint is ")
        # Back on the heating curve, which goes on by steps of 0.5 K.
        assert await here.value("supply_setpoint") == pytest.approx(before, abs=1.0)
    (switched_on,) = [
        row
        for row in audit(plant_and_twin)
        if row["key"] == "hp1.unit_enabled" and str(row["origin"]).startswith("schedule, ")
    ]
    assert (switched_on["user"], switched_on["requested"]) == (OPERATOR, 1.0)
    assert str(switched_on["reason"]).startswith("water ready at ")


async def test_training_on_too_little_history_says_so(
    plant_and_twin: Twin, connect, site, eventually
) -> None:
    async with connect(plant_and_twin, ENGINEER) as client:
        here = await site(client)
        answer = await here.call("Retrain")
        assert answer.StatusCode.is_good()

        async def failed() -> bool:
            return await here.value("Programs.TrainingState") == 5

        await eventually(failed)
        assert "heat-up runs in the history" in await here.value("Programs.TrainingMessage")


async def test_a_write_reaches_the_register_and_a_viewer_s_does_not(
    plant_and_twin: Twin, connect, site
) -> None:
    twin = plant_and_twin
    value = ua.DataValue(ua.Variant(46.5, ua.VariantType.Double))
    async with connect(twin, OPERATOR) as client:
        here = await site(client)
        await here.node("supply_setpoint").write_value(value)
        assert await here.value("supply_setpoint") == pytest.approx(46.5)
        await here.call("ReleaseOverride")
    async with connect(twin) as client:
        here = await site(client)
        with pytest.raises(ua.uaerrors.BadUserAccessDenied):
            await here.node("supply_setpoint").write_value(value)
    assert audit(twin)[-1]["user"] == "anonymous"
