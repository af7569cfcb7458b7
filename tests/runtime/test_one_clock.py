"""One clock: at speed, plant, twin and history live through the same time."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
import requests
from asyncua import Client, ua
from namespaces import site_index
from patience import PATIENCE
from whole_twin import Twin, new_ports

SPEED = 600
MORNING = datetime(2026, 1, 15, 5, tzinfo=UTC)
ELECTRICITY, HEAT, COP = "electrical_energy_today", "heat_energy_today", "cop_today"


@pytest.fixture(scope="module")
def fast(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Twin]:
    """Ten minutes of the site a second."""
    twin = Twin(tmp_path_factory.mktemp("fast"), new_ports())
    twin.extra = [
        "--speed", str(SPEED), "--set", f"plant.start={MORNING.isoformat()}",
    ]  # fmt: skip
    try:
        twin.start()
        yield twin
    finally:
        twin.kill()


async def asked(twin: Twin, path: str, body: object = None) -> dict[str, object]:
    """Return what the plant's control port answers."""
    url = f"http://127.0.0.1:{twin.ports.control}{path}"
    how = requests.get if body is None else requests.post
    reply = await asyncio.to_thread(how, url, json=body, timeout=PATIENCE)
    assert reply.ok, reply.text
    return reply.json()


class Truth:
    """What the plant itself knows of its energies, as a line through what was seen of it. [kWh]"""

    def __init__(self) -> None:
        self.seen: list[tuple[float, float, float]] = []

    async def look(self, twin: Twin) -> None:
        (pump,) = (await asked(twin, "/state"))["heat_pumps"].values()
        energies = pump["ledger_kwh"]
        used = sum(energies[name] for name in ("compressor", "pump", "standby", "tank_heater"))
        time = datetime.fromisoformat(pump["time"]).timestamp()
        self.seen.append((time, used, energies["heat_to_water"]))

    def between(self, start: datetime, end: datetime) -> tuple[float, float]:
        time, used, heat = (np.array(column) for column in zip(*self.seen, strict=True))
        at = [moment.timestamp() for moment in (start, end)]
        return tuple(float(np.diff(np.interp(at, time, line))[0]) for line in (used, heat))


async def test_energy_and_cop_are_the_plant_s_own(fast: Twin, connect, eventually) -> None:
    truth = Truth()
    read: dict[str, list[ua.DataValue]] = {name: [] for name in (ELECTRICITY, HEAT, COP)}
    async with connect(fast) as client:
        index = await site_index(client)
        nodes = [ua.NodeId(f"hp1.{point}", index) for point in read]

        async def look() -> timedelta:
            await truth.look(fast)
            # In one request: a moment between two of them is some minutes of the site's.
            for samples, sample in zip(read.values(), await values(client, nodes), strict=True):
                samples.append(sample)
            return read[ELECTRICITY][-1].SourceTimestamp - read[ELECTRICITY][0].SourceTimestamp

        async def two_hours_are_over() -> bool:
            return await look() > timedelta(hours=2)

        await eventually(two_hours_are_over)
        await look()
    gained = []
    for point, which in ((ELECTRICITY, 0), (HEAT, 1)):
        # The last but one: what the plant knows goes on beyond it.
        samples = read[point][:-1]
        start, end = samples[0].SourceTimestamp, samples[-1].SourceTimestamp
        true = truth.between(start, end)[which]
        assert true > 0.5
        # What a midnight takes away is in the value before it.
        counted = np.array([sample.Value.Value for sample in samples])
        steps = np.diff(counted)
        gained.append(float(np.where(steps < 0, counted[1:], steps).sum()))
        # Class of the meters, one count at each end, and a plant that is a step or two ahead.
        assert gained[-1] == pytest.approx(true, rel=0.03, abs=0.1)
    used, heat = (read[name][-1].Value.Value for name in (ELECTRICITY, HEAT))
    assert read[COP][-1].Value.Value == pytest.approx(heat / used, rel=0.02)


async def test_sources_are_stamped_with_the_site_s_time_and_servers_with_the_real_one(
    fast: Twin, connect
) -> None:
    async with connect(fast) as client:
        now = await now_of(client)
        point = ua.NodeId("hp1.supply_temperature", await site_index(client))
        (sample,) = await values(client, [point])
    plant = datetime.fromtimestamp((await asked(fast, "/clock"))["time"] / 1e6, UTC)
    # A minute of real time would be ten hours of the site's.
    assert abs(sample.SourceTimestamp - now) < timedelta(days=1)
    assert timedelta() <= plant - now < timedelta(days=1)
    assert abs(sample.ServerTimestamp - datetime.now(UTC)) < timedelta(seconds=PATIENCE)
    detail = fast.ready()[1]["components"]["clock"]["detail"]
    assert "goes 600 times as fast as real time" in detail


async def test_an_alarm_is_raised_at_the_site_s_time(fast: Twin, connect, eventually) -> None:
    fault = {"heat_pump": "hp1", "name": "controller_error", "magnitude": 62}
    async with connect(fast) as client:
        alarm = client.get_node(ua.NodeId("hp1.alarms.controller_fault", await site_index(client)))
        active = await alarm.get_child(["0:ActiveState", "0:Id"])
        begun = await now_of(client)
        await asked(fast, "/faults", fault)

        async def raised() -> bool:
            return bool(await active.read_value())

        await eventually(raised)
        since = await (await alarm.get_child(["0:ActiveState", "0:TransitionTime"])).read_value()
        # CurrentTime is written every tenth of a second, which is a minute here.
        assert begun < since < await now_of(client) + timedelta(minutes=10)


async def values(client: Client, nodes: list[ua.NodeId]) -> list[ua.DataValue]:
    """Return values with both their times, all of the same moment."""
    wanted = ua.ReadParameters(TimestampsToReturn=ua.TimestampsToReturn.Both)
    wanted.NodesToRead = [ua.ReadValueId(node, ua.AttributeIds.Value) for node in nodes]
    return await client.uaclient.read(wanted)


async def now_of(client: Client) -> datetime:
    return await client.get_node(ua.ObjectIds.Server_ServerStatus_CurrentTime).read_value()
