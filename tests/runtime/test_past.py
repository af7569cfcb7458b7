"""A past: what an emulated plant did in the days before the first start is the site's history."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from asyncua import ua
from namespaces import site_index
from patience import until
from whole_twin import Twin, new_ports

from heatpump_twin.config.data_directory import DataDirectory
from heatpump_twin.config.load import load_site
from heatpump_twin.config.settings import Site
from heatpump_twin.drivers.clock import ManualClock
from heatpump_twin.drivers.frame import Frame
from heatpump_twin.drivers.plant.devices.past_span import PastSpan
from heatpump_twin.drivers.plant.devices.plant import Plant
from heatpump_twin.drivers.status import BAD
from heatpump_twin.errors import TwinError
from heatpump_twin.plant.past import SAMPLE, past_of
from heatpump_twin.runtime.clock.past_plan import PastPlan, plan_past
from heatpump_twin.twin_engine.historian.database.database_access import database_url
from heatpump_twin.twin_engine.historian.stored_history import StoredHistory
from heatpump_twin.twin_engine.history import Samples

DAY = 86_400 * 1_000_000
NOW = 1_768_478_400_000_000
"""2026-01-15 12:00 UTC."""
REAL = "heat_pumps.hp1.devices.heat_meter.connection=tcp://192.0.2.1:502"
COUNTERS = ("electrical_energy", "heat_energy")
LARGEST = 5.2
"""More than the machine and its heater take. [kW]"""


def site(*overrides: str) -> Site:
    return load_site("default", overrides, {})


@pytest.fixture
def data(tmp_path: Path) -> DataDirectory:
    return DataDirectory.open(tmp_path / "data")


# ── when there is one ─────────────────────────────────────────────────────────────────────────────
def test_the_first_start_of_an_emulated_site_has_a_past(data: DataDirectory) -> None:
    plan = plan_past(site(), data, NOW)
    assert plan is not None
    assert (plan.begin, plan.end, plan.recorded) == (NOW - 30 * DAY, NOW, False)
    shorter = plan_past(site("plant.past=1.5"), data, NOW)
    assert shorter is not None
    assert (shorter.begin, shorter.end) == (NOW - DAY * 3 // 2, NOW)


def test_there_is_none_where_it_is_not_wanted_or_would_be_mixed(data: DataDirectory) -> None:
    for overrides in (["plant.past=0"], ["plant.managed=false"], [REAL]):
        assert plan_past(site(*overrides), data, NOW) is None
    data.database.touch()
    assert plan_past(site(), data, NOW) is None


def test_one_that_was_broken_off_is_recorded_again_and_one_that_is_recorded_is_not(
    data: DataDirectory,
) -> None:
    plan = plan_past(site(), data, NOW)
    assert plan is not None
    plan.write(data)
    assert plan_past(site("plant.speed=2", "opcua.port=1234"), data, NOW + DAY) == plan
    with pytest.raises(TwinError, match="another emulated plant"):
        plan_past(site("plant.seed=2"), data, NOW + DAY)
    plan.done(data)
    assert plan_past(site(), data, NOW + DAY) is None


def test_history_of_an_emulated_plant_is_not_mixed_with_that_of_a_real_device(
    data: DataDirectory,
) -> None:
    PastPlan(NOW - 30 * DAY, NOW, recorded=True).write(data)
    with pytest.raises(TwinError, match=r"heat_pumps\.hp1\.devices\.heat_meter is a real device"):
        plan_past(site(REAL), data, NOW)


# ── what it is ────────────────────────────────────────────────────────────────────────────────────
def test_it_is_the_same_each_time_and_ends_where_the_live_plant_begins() -> None:
    span = PastSpan(NOW - DAY // 8, NOW)
    (keys, once), (_, again) = past_of(site(), span), past_of(site(), span)
    first, second = (Frame.concat([frame for _, frame in pieces]) for pieces in (once, again))
    assert [a.tobytes() for a in (first.point, first.time, first.status)] == [
        a.tobytes() for a in (second.point, second.time, second.status)
    ]
    np.testing.assert_array_equal(first.value, second.value)
    assert np.mean((first.status & BAD) == 0) > 0.9
    live = Plant(site(), ManualClock(NOW), span).heat_pumps["hp1"]
    assert live.time == NOW
    for point in ("electrical_energy", "heat_energy", "dhw_temperature", "room_temperature"):
        of_point = first.point == keys.index(f"hp1.{point}")
        at_end = first.value[of_point & (first.time == NOW)]
        # Its register and the history round; the plant does not.
        assert at_end == pytest.approx(live.read(point), abs=0.6)


def test_the_live_plant_is_to_the_last_digit_where_its_past_ends_and_its_faults_come_then() -> None:
    """Looked at every two minutes or not at all: it is the same machine."""
    faulty = site('plant.faults=[{"name": "coil_fouled", "severity": 0.5}]')
    span = PastSpan(NOW - DAY, NOW)
    live = Plant(faulty, ManualClock(NOW), span).heat_pumps["hp1"]
    clock = ManualClock(span.begin)
    looked_at = Plant(site(), clock)
    for time in range(span.begin + SAMPLE, span.end + 1, SAMPLE):
        clock.set(time)
        looked_at.live_through(time)
    seen = looked_at.heat_pumps["hp1"].state
    assert {**live.state, "disturbances": None} == {**seen, "disturbances": None}
    (fault,) = live.disturbances
    assert (fault.name, fault.since) == ("coil_fouled", NOW)


def test_the_faults_of_the_site_are_not_in_its_past() -> None:
    span = PastSpan(NOW - DAY // 24, NOW)
    fault = 'plant.faults=[{"name": "meter_offset", "magnitude": 1000}]'
    (_, healthy), (_, faulty) = past_of(site(), span), past_of(site(fault), span)
    for one, other in zip(healthy, faulty, strict=True):
        np.testing.assert_array_equal(one[1].value, other[1].value)


# ── on a whole twin ───────────────────────────────────────────────────────────────────────────────
@pytest.fixture(scope="module")
def born(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Twin]:
    """A twin after its first start, with a past of one day."""
    twin = Twin(tmp_path_factory.mktemp("past"), new_ports())
    twin.extra = ["--set", "plant.past=1"]
    try:
        twin.start()
        yield twin
    finally:
        twin.kill()


def past_of_readyz(twin: Twin) -> str:
    return twin.ready()[1]["components"]["past"]["detail"]


def recorded(twin: Twin, keys: list[str]) -> dict[str, Samples]:
    """Return all that is in the database of some points, without what is Bad."""

    async def read() -> dict[str, Samples]:
        history = StoredHistory(database_url(site().historian, DataDirectory.at(twin.data)))
        await history.start()
        try:
            return {
                key: (await history.read_raw(f"hp1.{key}", 0, 2**62, limit=10**7)).usable
                for key in keys
            }
        finally:
            await history.stop()

    return asyncio.run(read())


def plan_of(twin: Twin) -> PastPlan:
    plan = PastPlan.read(DataDirectory.at(twin.data))
    assert plan is not None
    return plan


async def test_the_twin_is_ready_while_its_past_is_recorded_and_the_day_is_taken_up(
    born: Twin, connect, eventually
) -> None:
    assert born.ready()[0] == 200
    assert "emulated history from" in past_of_readyz(born)
    await eventually(lambda: past_of_readyz(born).endswith("recorded") and plan_of(born).recorded)
    async with connect(born) as client:
        index = await site_index(client)

        async def value(point: str) -> ua.DataValue:
            node = client.get_node(ua.NodeId(f"hp1.{point}", index))
            return await node.read_data_value(raise_on_bad_status=False)

        async def taken_up() -> bool:
            return (await value("electrical_energy_today")).StatusCode.is_good()

        await eventually(taken_up)
        today, counter = await value("electrical_energy_today"), await value("electrical_energy")
    now = datetime.fromtimestamp(plan_of(born).end / 1e6, ZoneInfo("Europe/Madrid"))
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0).timestamp() * 1e6
    seen = (await asyncio.to_thread(recorded, born, ["electrical_energy"]))["electrical_energy"]
    at_midnight = np.interp(midnight, seen.time, seen.value)
    assert today.Value.Value == pytest.approx(counter.Value.Value - at_midnight, abs=0.05)
    with closing(sqlite3.connect(born.data / "historian.sqlite")) as database:
        found = "SELECT message FROM audit WHERE message LIKE '% emulated plant %'"
        (said,) = database.execute(found).fetchone()
    assert said.startswith("history of an emulated plant recorded, ")


async def test_whoever_reads_it_sees_that_it_is_emulated_and_until_when_simulated(
    born: Twin, connect, eventually
) -> None:
    async with connect(born) as client:
        index = await site_index(client)

        async def read(name: str) -> object:
            return await client.get_node(ua.NodeId(name, index)).read_value()

        for place in ("site", "hp1"):
            assert await read(f"{place}.Emulated") is True
            until_when = await read(f"{place}.SimulatedUntil")
            assert isinstance(until_when, datetime)
            end = plan_of(born).end / 1e6
            assert until_when.replace(tzinfo=UTC).timestamp() == pytest.approx(end, abs=0.001)
    await eventually(lambda: plan_of(born).recorded)
    written = born.command("export", "hp1.room_temperature", "twin.*", "--data", str(born.data))
    rows = list(csv.DictReader(io.StringIO(written.stdout)))
    for row in rows:
        time = datetime.fromisoformat(row["time"]).timestamp()
        if row["point"].startswith("twin."):
            assert row["origin"] == "field", row
        else:
            assert row["origin"] == ("simulated" if time <= end else "emulated"), row
    assert {row["origin"] for row in rows} == {"field", "simulated", "emulated"}


def test_no_counter_and_no_temperature_jumps_where_the_past_ends(born: Twin) -> None:
    until(lambda: plan_of(born).recorded)
    end = plan_of(born).end
    found = recorded(born, [*COUNTERS, "room_temperature", "dhw_temperature"])
    for key, samples in found.items():
        assert samples.time[0] < plan_of(born).begin + DAY // 24, key
        before, after = samples.time <= end, samples.time > end
        assert before.any(), key
        assert after.any(), key
    for counter in COUNTERS:
        # Rises, all the way, and no faster than the machine can.
        steps, hours = np.diff(found[counter].value), np.diff(found[counter].time) / 3.6e9
        assert (steps >= 0).all(), counter
        assert (steps <= 3 * LARGEST * hours + 0.11).all(), counter
    for key, most in (("room_temperature", 0.3), ("dhw_temperature", 1.5)):
        samples = found[key]
        at = int(np.searchsorted(samples.time, end, side="right"))
        assert abs(samples.value[at] - samples.value[at - 1]) < most, key


async def test_its_days_are_in_the_tables_and_add_up_to_what_the_counters_gained(
    born: Twin, connect, eventually
) -> None:
    await eventually(lambda: plan_of(born).recorded)
    plan = plan_of(born)
    seen = (await asyncio.to_thread(recorded, born, ["electrical_energy"]))["electrical_energy"]
    first, end = datetime.fromtimestamp(plan.begin / 1e6 - DAY / 1e6, UTC), datetime.now(UTC)
    async with connect(born) as client:
        index = await site_index(client)

        async def rows(point: str) -> list[ua.DataValue]:
            node = client.get_node(ua.NodeId(point, index))
            found = await node.read_raw_history(first, end + timedelta(days=1))
            return [one for one in found if one.Value.Value is not None]

        async def counted() -> bool:
            # All of the past: until then a part of it is.
            operation = await rows("hp1.operation_completeness_day")
            return len(operation) >= 2 and operation[-1].Value.Value > 99.0

        await eventually(counted)
        days, hours = await rows("hp1.electricity_day"), await rows("hp1.electricity_hour")
        of_site = await rows("site.electricity_day")
        node = client.get_node(ua.NodeId("hp1.electricity_day", index))
        newest = await node.read_data_value()
    gained = float(seen.value[-1] - seen.value[0])
    for table in (days, hours, of_site):
        assert sum(row.Value.Value for row in table) == pytest.approx(gained, abs=0.2)
    local = ZoneInfo("Europe/Madrid")
    for row in days:
        begin = row.SourceTimestamp.replace(tzinfo=UTC).astimezone(local)
        assert (begin.hour, begin.minute, begin.second) == (0, 0, 0)
    # What is read now is the newest row.
    assert newest.SourceTimestamp == days[-1].SourceTimestamp
    assert newest.StatusCode.is_good()


async def test_after_a_restart_the_plant_goes_on_from_where_it_was(
    born: Twin, connect, eventually
) -> None:
    await eventually(lambda: plan_of(born).recorded)

    async def counter() -> float:
        async with connect(born) as client:
            point = ua.NodeId("hp1.electrical_energy", await site_index(client))
            return float((await client.get_node(point).read_data_value()).Value.Value)

    before = await counter()
    assert born.stop() == 0
    assert json.loads((born.data / "plant.json").read_text("utf-8")).keys() == {"hp1"}
    born.start()
    assert "recorded" in past_of_readyz(born)
    # What it would have had by now without a memory is hundreds of kWh more.
    assert before <= await counter() < before + 1.0
