"""A heat pump as a modeller finds it: components, state machines, health, history, relations."""

from __future__ import annotations

import asyncio

import pytest
from asyncua import Client, Node, ua

from heatpump_twin.config.catalogue import CATALOGUE, pascal_case
from heatpump_twin.drivers.status import BAD_NO_COMMUNICATION
from heatpump_twin.server.nodeset.model import load_model
from heatpump_twin.server.nodeset.type_ids import load_type_ids
from heatpump_twin.twin_engine.alarm import AlarmTransition

pytestmark = pytest.mark.asyncio(loop_scope="module")
MODEL = load_model()
IDS = load_type_ids()
STATES = CATALOGUE["heat_pump"]["operating_state"].enum


async def names(nodes: list[Node]) -> set[str]:
    return {(await node.read_browse_name()).Name for node in nodes}


async def value(rig, client: Client, name: str) -> ua.DataValue:
    node = await rig.node(client, name)
    return await node.read_data_value(raise_on_bad_status=False)


async def test_it_is_a_device_and_a_machine(rig, connect) -> None:
    async with connect(rig) as client:
        ns = await rig.namespaces(client)
        pump = await rig.node(client, "hp1")
        assert await pump.read_type_definition() == ua.NodeId(IDS["HeatPumpType"], ns["types"])
        organizers = await pump.get_referenced_nodes(
            ua.ObjectIds.Organizes, ua.BrowseDirection.Inverse
        )
        assert await names(organizers) == {"DeviceSet", "Machines", "HeatPumps"}
        uri = await value(rig, client, "hp1.ProductInstanceUri")
        assert uri.Value.Value == f"{(await client.get_namespace_array())[ns['site']]}:hp1"
        plate = await (await rig.node(client, "hp1.Identification")).get_properties()
        assert {"Manufacturer", "Model", "SerialNumber", "ProductInstanceUri"} <= await names(plate)
        assert (await rig.node(client, "hp1.Manufacturer")) in plate
        blocks = await rig.node(client, "hp1.MachineryBuildingBlocks")
        assert await names(await blocks.get_children(ua.ObjectIds.HasAddIn)) == {
            "Identification", "MachineryItemState", "MachineryOperationMode",
        }  # fmt: skip


@pytest.mark.parametrize("name", [n for n, part in MODEL.components.items() if part.points])
async def test_a_component_shows_the_device_s_own_points(rig, connect, name: str) -> None:
    part = MODEL.components[name]
    async with connect(rig) as client:
        ns = await rig.namespaces(client)
        component = await rig.node(client, f"hp1.{name}")
        assert await component.read_type_definition() == ua.NodeId(IDS[part.type], ns["types"])
        assert await component.get_parent() == await rig.node(client, "hp1")
        parameters = await rig.node(client, f"hp1.{name}.ParameterSet")
        assert await names(await parameters.get_children()) == set(map(pascal_case, part.points))
        for node in await parameters.get_children():
            parents = await node.get_referenced_nodes(
                ua.ObjectIds.HasComponent, ua.BrowseDirection.Inverse
            )
            assert await rig.node(client, "hp1.ParameterSet") in parents


async def test_a_component_of_which_nothing_is_known_is_not_there(rig, connect) -> None:
    async with connect(rig) as client:
        children = await names(await (await rig.node(client, "hp1")).get_children())
        assert "Compressor" in children
        assert "Fan" not in children


class Heard:
    """Collects the transition events of a subscription."""

    FIELDS = ("SourceName", "Message", "Transition", "FromState", "ToState")

    def __init__(self) -> None:
        self.events: asyncio.Queue[dict[str, object]] = asyncio.Queue()

    def event_notification(self, event: object) -> None:
        self.events.put_nowait({name: getattr(event, name) for name in self.FIELDS})


@pytest.mark.parametrize("notifier", ["Server", "hp1", "hp1.OperatingStateMachine"])
async def test_a_state_machine_follows_and_tells_of_transitions(rig, connect, notifier) -> None:
    async with connect(rig) as client:
        ns = await rig.namespaces(client)
        rig.feed("hp1.operating_state", 1.0)
        heard = Heard()
        subscription = await client.create_subscription(100, heard)
        source = client.nodes.server if notifier == "Server" else await rig.node(client, notifier)
        await subscription.subscribe_events(source, ua.ObjectIds.TransitionEventType)
        time = rig.clock.now()
        rig.feed("hp1.operating_state", 2.0, time=time)
        event = await heard.events.get()
        assert event["SourceName"] == "OperatingStateMachine"
        assert event["Message"].Text == "Standby → Heating"
        assert event["FromState"].Text == "Standby"
        assert event["ToState"].Text == "Heating"
        assert event["Transition"].Text == "Standby to Heating"

        machine = "hp1.OperatingStateMachine"
        state = await value(rig, client, f"{machine}.CurrentState")
        assert state.Value.Value.Text == "Heating"
        number = await value(rig, client, f"{machine}.CurrentState.Number")
        assert number.Value.Value == 2
        identifier = (await value(rig, client, f"{machine}.CurrentState.Id")).Value.Value
        symbol = "HeatPumpStateMachineType_Heating"
        assert identifier == ua.NodeId(IDS[symbol], ns["types"])
        last = await value(rig, client, f"{machine}.LastTransition")
        assert last.Value.Value.Text == "Standby to Heating"
        when = await value(rig, client, f"{machine}.LastTransition.TransitionTime")
        assert abs(when.Value.Value.timestamp() - time / 1e6) < 1e-3
        item = await value(rig, client, "hp1.MachineryItemState.CurrentState")
        assert item.Value.Value.Text == "Executing"
        mode = await value(rig, client, "hp1.MachineryOperationMode.CurrentState")
        assert mode.Value.Value.Text == "Processing"


async def test_every_operating_state_is_a_state_of_the_machine(rig, connect) -> None:
    async with connect(rig) as client:
        for code, name in STATES.items():
            rig.feed("hp1.operating_state", float(code))
            state = await value(rig, client, "hp1.OperatingStateMachine.CurrentState")
            assert state.Value.Value.Text == name


async def test_an_unknown_state_is_no_state(rig, connect) -> None:
    async with connect(rig) as client:
        rig.feed("hp1.operating_state", 2.0)
        rig.feed("hp1.operating_state", float("nan"), BAD_NO_COMMUNICATION)
        state = await value(rig, client, "hp1.OperatingStateMachine.CurrentState")
        assert state.StatusCode.value == BAD_NO_COMMUNICATION
        assert state.Value.Value is None


async def test_health_is_what_the_worst_alarm_says(rig, connect) -> None:
    async with connect(rig) as client:
        node = await rig.node(client, "hp1.DeviceHealth")
        assert await node.read_value() == 0
        changes: asyncio.Queue[int] = asyncio.Queue()

        class Changed:
            def datachange_notification(self, _node: Node, new: int, _data: object) -> None:
                changes.put_nowait(new)

        subscription = await client.create_subscription(100, Changed())
        await subscription.subscribe_data_change(node)
        assert await changes.get() == 0
        for active, health in ((True, 3), (False, 0)):
            rig.server.announce(AlarmTransition(rig.alarm, active, rig.clock.now(), "Flow"))
            assert await changes.get() == health


@pytest.mark.parametrize(
    ("point", "stepped"), [("supply_temperature", False), ("operating_mode", True)]
)
async def test_history_is_described(rig, connect, point: str, stepped: bool) -> None:
    async with connect(rig) as client:
        node = await rig.node(client, f"hp1.{point}")
        (configuration,) = await node.get_referenced_nodes(ua.ObjectIds.HasHistoricalConfiguration)
        assert (await configuration.read_browse_name()).to_string() == "0:HA Configuration"
        assert await configuration.read_type_definition() == ua.NodeId(
            ua.ObjectIds.HistoricalDataConfigurationType
        )
        members = {
            (await child.read_browse_name()).Name: child
            for child in await configuration.get_children()
        }
        assert await members["Stepped"].read_value() is stepped
        assert await members["MaxTimeInterval"].read_value() == 60_000.0
        aggregates = await members["AggregateConfiguration"].get_children()
        assert await names(aggregates) == {
            "TreatUncertainAsBad", "PercentDataBad", "PercentDataGood", "UseSlopedExtrapolation",
        }  # fmt: skip


async def test_every_historized_variable_has_a_configuration(rig, connect) -> None:
    async with connect(rig) as client:
        for point in rig.table:
            node = await rig.node(client, point.key)
            found = await node.get_referenced_nodes(ua.ObjectIds.HasHistoricalConfiguration)
            assert len(found) == 1, point.key


@pytest.mark.parametrize(
    ("source", "reference", "target"),
    [
        ("electrical_power", "HasExpectedValue", "expected_electrical_power"),
        ("electrical_power", "HasResidual", "electrical_power_residual"),
        ("heat_up_time", "HasLowerBound", "heat_up_time_lower"),
        ("heat_up_time", "HasUpperBound", "heat_up_time_upper"),
        ("supply_temperature", "HasForecast", "heat_up_time"),
        ("supply_temperature", "HasForecast", "forecast_supply_temperature"),
    ],
)
async def test_live_expected_and_predicted_belong_together(
    rig, connect, source: str, reference: str, target: str
) -> None:
    assert {source, target} <= set(CATALOGUE["heat_pump"])
    async with connect(rig) as client:
        ns = await rig.namespaces(client)
        kind = ua.NodeId(IDS[reference], ns["types"])
        node = await rig.node(client, f"hp1.{source}")
        assert await rig.node(client, f"hp1.{target}") in await node.get_referenced_nodes(kind)
