"""What a SCADA engineer sees of the default site: live, typed, historized, controllable."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
from asyncua import Client, Node, ua
from namespaces import site_index
from patience import PATIENCE
from pymodbus.client import AsyncModbusTcpClient
from whole_twin import OPERATOR, PASSWORD, VIEWER, Twin

HP = ("DeviceSet", "hp1")
SUPPLY_SETPOINT_REGISTER = 12  # Panasonic PA-AW2-MBS-1: zone 1 setpoint, tenths of °C


async def setpoint_register(twin: Twin) -> int:
    """Read the setpoint from the device itself, with a client that is not ours."""
    async with AsyncModbusTcpClient("127.0.0.1", port=twin.ports.plant) as modbus:
        reply = await modbus.read_holding_registers(SUPPLY_SETPOINT_REGISTER, count=1, device_id=1)
        assert not reply.isError()
        return int(reply.registers[0])


def audit(twin: Twin) -> list[dict[str, object]]:
    with closing(sqlite3.connect(twin.data / "historian.sqlite")) as database:
        database.row_factory = sqlite3.Row
        return [
            dict(row)
            for row in database.execute(
                "SELECT * FROM audit WHERE kind IN ('write', 'program') ORDER BY time"
            )
        ]


async def parameters(client: Client, find, asset: str = "hp1") -> dict[str, Node]:
    group = await find(client, "DeviceSet", asset, "ParameterSet")
    return {(await node.read_browse_name()).Name: node for node in await group.get_children()}


async def method(client: Client, find, name: str) -> tuple[Node, Node]:
    methods = await find(client, *HP, "MethodSet")
    for node in await methods.get_children():
        if (await node.read_browse_name()).Name == name:
            return methods, node
    pytest.fail(f"no method {name}")


async def known_value(node: Node) -> Any:
    data = await node.read_data_value(raise_on_bad_status=False)
    return data.Value.Value if data.Value is not None else None


async def test_forty_typed_points_are_live(twin: Twin, connect, find, eventually) -> None:
    async with connect(twin) as client:
        points = await parameters(client, find)
        assert len(points) >= 40

        # A COP has no value while no electricity flows, none was counted today, or no run has
        # ended; what is expected has none while nothing is heated, nor what nobody forecasts or has
        # asked to be ready, nor air over days that nobody has seen, nor walls of a house that
        # nobody has learnt.
        idle = {"Cop", "CopToday", "LastRunCop", "DampedOutdoorTemperature"}
        idle |= {"HouseEnvelopeTemperature", "HouseInteriorTemperature"}
        idle |= {"StartOnTime", "StartLateness", "StartExcess", "StartHoldingEnergy"}
        idle |= {
            name
            for name in points
            if name.startswith(("Expected", "Forecast")) or "Residual" in name
        }
        # Tables have rows of what there was: of no run there is no COP.
        tables = ("Hour", "Day", "Month", "Year")
        expected = [
            node for name, node in points.items() if name not in idle and not name.endswith(tables)
        ]

        async def all_have_values() -> bool:
            values = [await node.read_data_value(raise_on_bad_status=False) for node in expected]
            return not any(value.StatusCode.is_bad() for value in values)

        await eventually(all_have_values)
        for name, node in points.items():
            value = await node.read_data_value(raise_on_bad_status=False)
            assert value.SourceTimestamp is not None, name
            kind = (
                await client.get_node(await node.read_type_definition()).read_browse_name()
            ).Name
            # What nobody forecasts has no model that it could be from.
            properties = {
                (await p.read_browse_name()).Name: await known_value(p)
                for p in await node.get_properties()
            }
            if kind in ("AnalogUnitRangeType", "PredictionType"):
                assert properties["EngineeringUnits"].UnitId > 0, name
                assert properties["EURange"].Low < properties["EURange"].High, name
            elif kind == "TwoStateDiscreteType":
                assert properties["TrueState"].Text, name
            else:
                assert kind == "MultiStateValueDiscreteType", name
                assert properties["EnumValues"], name


async def test_values_move_with_every_poll(twin: Twin, connect, find, eventually) -> None:
    async with connect(twin) as client:
        node = (await parameters(client, find))["ElectricalPower"]
        stamps = set()

        async def moved() -> bool:
            stamps.add((await node.read_data_value()).SourceTimestamp)
            return len(stamps) >= 3

        await eventually(moved)


async def test_a_setpoint_reaches_the_register_and_is_audited(twin: Twin, connect, find) -> None:
    before = await setpoint_register(twin)
    target = 41.0 if before != 410 else 43.0
    async with connect(twin, OPERATOR) as client:
        methods, node = await method(client, find, "SetSupplySetpoint")
        outputs = await methods.call_method(node.nodeid, target)
        assert outputs[0] == pytest.approx(target)
        variable = (await parameters(client, find))["SupplySetpoint"]
        assert await variable.read_value() == pytest.approx(target)
    assert await setpoint_register(twin) == round(target * 10)
    row = audit(twin)[-1]
    assert (row["user"], row["key"]) == (OPERATOR, "hp1.supply_setpoint")
    assert (row["old"], row["requested"], row["read_back"]) == pytest.approx(
        (before / 10, target, target)
    )
    assert row["status"] == 0


async def test_a_setting_says_who_changed_it_also_at_the_device(
    twin: Twin, connect, find, eventually
) -> None:
    heard: list[tuple[float, str, bool]] = []

    class Handler:
        def event_notification(self, event: Any) -> None:
            if event.SourceName and hasattr(event, "ChangedBy"):
                heard.append((event.NewValue, event.ChangedBy, event.ChangedAtDevice))

    before = await setpoint_register(twin) / 10
    async with connect(twin, OPERATOR) as client:
        base = client.get_node(ua.ObjectIds.BaseEventType)
        kinds = {
            one.BrowseName.Name: one.NodeId
            for one in await base.get_children_descriptions(ua.ObjectIds.HasSubtype)
        }
        subscription = await client.create_subscription(100, Handler())
        await subscription.subscribe_events(client.nodes.server, kinds["SettingChangedEventType"])
        methods, node = await method(client, find, "SetSupplySetpoint")
        await methods.call_method(node.nodeid, before + 1)
        # What a test before this one wrote may be told only now.
        await eventually(lambda: (pytest.approx(before + 1), OPERATOR, False) in heard)
        async with AsyncModbusTcpClient("127.0.0.1", port=twin.ports.plant) as modbus:
            words = round((before + 2) * 10)
            await modbus.write_register(SUPPLY_SETPOINT_REGISTER, words, device_id=1)
        await eventually(lambda: heard[-1] == (pytest.approx(before + 2), "", True))
        await subscription.delete()


async def test_the_twin_says_how_long_its_certificate_is_valid(
    twin: Twin, connect, eventually
) -> None:
    async with connect(twin) as client:
        node = client.get_node(ua.NodeId("twin.certificate_validity", await site_index(client)))

        async def years() -> bool:
            value = await node.read_data_value(raise_on_bad_status=False)
            return bool(value.StatusCode.is_good() and value.Value.Value > 24 * 365)

        await eventually(years)


async def test_the_outcome_is_told_in_the_language_of_the_session(
    twin: Twin, connect, find
) -> None:
    async with connect(twin, OPERATOR) as client:
        client.set_locale(["de-DE"])
        await client.activate_session(OPERATOR, PASSWORD)
        methods, node = await method(client, find, "SetSupplySetpoint")
        outputs = await methods.call_method(node.nodeid, 42.0)
    assert outputs[1] == "Vorlaufsollwert: 42 °C."
    # What is recorded has one language.
    assert audit(twin)[-1]["message"] == "Supply setpoint is 42 °C."


@pytest.mark.parametrize("value", [5.0, 95.0, float("nan"), float("inf")])
async def test_out_of_range_stays_off_the_wire(twin: Twin, connect, find, value: float) -> None:
    before = await setpoint_register(twin)
    count = len(audit(twin))
    async with connect(twin, OPERATOR) as client:
        methods, node = await method(client, find, "SetSupplySetpoint")
        with pytest.raises(ua.uaerrors.BadOutOfRange):
            await methods.call_method(node.nodeid, value)
    assert await setpoint_register(twin) == before
    rows = audit(twin)
    assert len(rows) == count + 1
    assert rows[-1]["status"] & 0xFFFFFFFF == ua.StatusCodes.BadOutOfRange


@pytest.mark.parametrize("user", [None, VIEWER])
async def test_who_may_not_write_is_refused(twin: Twin, connect, find, user: str | None) -> None:
    before = await setpoint_register(twin)
    count = len(audit(twin))
    async with connect(twin, user) as client:
        methods, node = await method(client, find, "SetSupplySetpoint")
        with pytest.raises(ua.uaerrors.BadUserAccessDenied):
            await methods.call_method(node.nodeid, 44.0)
    assert await setpoint_register(twin) == before
    rows = audit(twin)
    assert len(rows) == count + 1
    assert rows[-1]["status"] & 0xFFFFFFFF == ua.StatusCodes.BadUserAccessDenied


async def test_the_prediction_says_where_it_comes_from(
    twin: Twin, connect, find, eventually
) -> None:
    async with connect(twin) as client:
        node = (await parameters(client, find))["HeatUpTime"]

        async def is_uncertain() -> bool:
            value = await node.read_data_value(raise_on_bad_status=False)
            return value.StatusCode.is_uncertain()

        await eventually(is_uncertain)
        properties = {
            (await p.read_browse_name()).Name: await p.read_value()
            for p in await node.get_properties()
        }
        assert properties["ModelName"] == "heat_up_time"
        assert properties["TrainingSource"] == "emulated plant"
        assert len(properties["ModelSha256"]) == 64


async def test_history_returns_what_was_recorded(twin: Twin, connect, find, eventually) -> None:
    async with connect(twin) as client:
        node = (await parameters(client, find))["SupplyTemperature"]

        async def recorded() -> bool:
            now = datetime.now(UTC)
            return len(await node.read_raw_history(now - timedelta(minutes=5), now)) >= 3

        await eventually(recorded)
        now = datetime.now(UTC)
        values = await node.read_raw_history(now - timedelta(minutes=5), now)
        stamps = [value.SourceTimestamp for value in values]
        assert stamps == sorted(set(stamps))


async def test_a_dead_plant_turns_values_bad_and_they_come_back(
    twin: Twin, connect, find, eventually
) -> None:
    async with connect(twin) as client:
        node = (await parameters(client, find))["SupplyTemperature"]

        async def status() -> str:
            return (await node.read_data_value(raise_on_bad_status=False)).StatusCode.name

        async def is_bad() -> bool:
            return await status() == "BadNoCommunication"

        async def is_good() -> bool:
            return await status() == "Good"

        await eventually(is_good)
        twin.children()["plant"].kill()
        await eventually(is_bad)
        assert twin.ready()[0] == 503
        await eventually(is_good)
        await eventually(lambda: twin.ready()[0] == 200)
        assert "ended by itself" in twin.output


async def test_a_silent_plant_turns_values_bad(twin: Twin, connect, find, eventually) -> None:
    async with connect(twin) as client:
        node = (await parameters(client, find))["SupplyTemperature"]

        async def is_bad() -> bool:
            value = await node.read_data_value(raise_on_bad_status=False)
            return value.StatusCode.name == "BadNoCommunication"

        async def is_good() -> bool:
            value = await node.read_data_value(raise_on_bad_status=False)
            return value.StatusCode.is_good()

        await eventually(is_good)
        plant = twin.children()["plant"]
        plant.suspend()
        try:
            await eventually(is_bad)
        finally:
            plant.resume()
        await eventually(is_good)


async def test_metrics_are_for_prometheus(twin: Twin) -> None:
    status, body = twin.get("/metrics")
    assert status == 200
    assert "hptwin_polls_total" in body
    assert 'hptwin_polls_missed_total{device="hp1.controller"}' in body
    assert 'hptwin_poll_lateness_worst_seconds{device="hp1.controller"}' in body
    assert 'hptwin_link_load{link="tcp://127.0.0.1:' in body
    assert 'hptwin_link_scan_seconds{link="tcp://127.0.0.1:' in body
    assert "hptwin_historian_rows_total" in body
    assert twin.get("/healthz")[0] == 200


class Events:
    """What a SCADA alarm list collects."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, bool, int]] = []

    def event_notification(self, event: Any) -> None:
        condition = str(event.NodeId.Identifier)
        self.seen.append((condition, getattr(event, "ActiveState/Id"), event.Severity))

    def of(self, condition: str) -> list[bool]:
        return [active for name, active, _ in self.seen if name == condition]


async def test_a_fault_of_the_plant_reaches_a_subscribed_client_as_an_alarm(
    twin: Twin, connect, eventually
) -> None:
    control = f"http://127.0.0.1:{twin.ports.control}/faults"
    fault = {"heat_pump": "hp1", "name": "controller_error", "magnitude": 62}
    events = Events()
    async with connect(twin) as client:
        subscription = await client.create_subscription(200, events)
        await subscription.subscribe_alarms_and_conditions(
            client.nodes.server, ua.ObjectIds.AlarmConditionType
        )
        started = await asyncio.to_thread(requests.post, control, json=fault, timeout=PATIENCE)
        assert started.status_code == 201
        await eventually(lambda: events.of("hp1.alarms.controller_fault")[-1:] == [True])
        severity = events.seen[-1][2]
        assert 1 <= severity <= 1000
        # The site counts it with the others.
        counts = [
            client.get_node(ua.NodeId(f"site.{point}", await site_index(client)))
            for point in ("alarms_standing", "alarms_in_ten_minutes", "alarms_in_a_day")
        ]

        async def counted() -> bool:
            return all([await count.read_value() >= 1 for count in counts])

        await eventually(counted)
        assert (await asyncio.to_thread(requests.delete, control, timeout=PATIENCE)).ok
        await eventually(lambda: events.of("hp1.alarms.controller_fault")[-1:] == [False])
        await subscription.delete()


async def test_the_plant_reacts_to_a_new_setpoint(
    fresh_twin: Twin, connect, find, eventually
) -> None:
    # Twenty plant seconds a second, from a winter's noon: two minutes of plant time are six here.
    fresh_twin.extra = [
        "--set", "plant.speed=20", "--set", "plant.start=2026-01-15T12:00:00+01:00",
    ]  # fmt: skip
    fresh_twin.add_user(OPERATOR, "operator")
    fresh_twin.start()
    async with connect(fresh_twin, OPERATOR) as client:
        points = await parameters(client, find)
        methods = await find(client, *HP, "MethodSet")

        async def set_supply(target: float) -> None:
            node = await find(client, *HP, "MethodSet", "SetSupplySetpoint")
            await methods.call_method(node.nodeid, target)

        async def supply() -> float:
            return float(await points["SupplyTemperature"].read_value())

        await set_supply(40.0)

        async def below_setpoint() -> bool:
            return await supply() < 46

        await eventually(below_setpoint)
        await set_supply(52.0)

        async def hot() -> bool:
            return await supply() > 50

        await eventually(hot)
