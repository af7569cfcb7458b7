"""What a SCADA engineer finds when browsing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from asyncua import ua

from heatpump_twin.config.catalogue import (
    CATALOGUE,
    OWN_GROUPS,
    UNITS,
    PointKind,
    PointRole,
)
from heatpump_twin.drivers.status import BAD_NO_COMMUNICATION, UNCERTAIN
from heatpump_twin.server.nodeset.type_ids import load_type_ids

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_every_point_is_typed_and_described(rig, connect) -> None:
    async with connect(rig) as client:
        ns = await rig.namespaces(client)
        path = [f"{ns['di']}:DeviceSet", f"{ns['site']}:hp1", f"{ns['di']}:ParameterSet"]
        group = await client.nodes.objects.get_child(path)
        nodes = await group.get_children()
        children = {(await node.read_browse_name()).Name: node for node in nodes}
        assert len(children) == len(CATALOGUE["heat_pump"])
        types = {
            PointKind.ANALOG: ua.ObjectIds.AnalogUnitRangeType,
            PointKind.TWO_STATE: ua.ObjectIds.TwoStateDiscreteType,
            PointKind.MULTI_STATE: ua.ObjectIds.MultiStateValueDiscreteType,
        }
        for point in rig.table:
            node = children[point.browse_name]
            spec = point.spec
            assert node.nodeid == ua.NodeId(point.key, ns["site"])
            usual = ua.ObjectIds.AnalogItemType if spec.currency else types[spec.kind]
            expected = ua.NodeId(usual)
            if spec.role is PointRole.PREDICTED:
                expected = ua.NodeId(load_type_ids()["PredictionType"], ns["types"])
            assert await node.read_type_definition() == expected
            assert (await node.read_display_name()).Text == spec.title
            assert (await node.read_description()).Text == spec.text
            assert await node.read_value_rank() == ua.ValueRank.Scalar
            write = {ua.AccessLevel.CurrentWrite} if point.limits else set()
            levels = ua.AccessLevel
            read = {levels.CurrentRead, levels.HistoryRead, levels.HistoryWrite}
            assert await node.get_access_level() == read | write
            attributes = await node.read_attributes(
                [ua.AttributeIds.Historizing, ua.AttributeIds.MinimumSamplingInterval]
            )
            assert [a.Value.Value for a in attributes] == [True, 1000.0]
            properties = {
                (await p.read_browse_name()).Name: (
                    await p.read_data_value(raise_on_bad_status=False)
                ).Value.Value
                for p in await node.get_properties()
            }
            if spec.currency:
                assert properties["CurrencyUnit"].AlphabeticCode == "EUR"
            elif spec.kind is PointKind.ANALOG:
                unit = properties["EngineeringUnits"]
                assert unit.UnitId == UNITS[spec.unit].unit_id
                assert unit.NamespaceUri == "http://www.opcfoundation.org/UA/units/un/cefact"
                span = properties["EURange"].Low, properties["EURange"].High
                assert span == (point.limits or spec.range)
                assert ("InstrumentRange" in properties) == (spec.instrument_range is not None)
                assert properties.get("ValuePrecision") == spec.decimals
            elif spec.kind is PointKind.TWO_STATE:
                states = properties["FalseState"].Text, properties["TrueState"].Text
                assert states == spec.states
            else:
                found = {e.Value: e.DisplayName.Text for e in properties["EnumValues"]}
                assert found == spec.codes


async def test_values_carry_type_status_and_times(rig, connect) -> None:
    async with connect(rig) as client:
        node = await rig.node(client, "hp1.supply_temperature")
        first = await node.read_data_value(raise_on_bad_status=False)
        assert first.StatusCode.value == ua.StatusCodes.BadWaitingForInitialData
        assert first.Value.Value is None

        rig.feed("hp1.supply_temperature", 41.5, time=rig.t0)
        value = await node.read_data_value()
        assert value.Value == ua.Variant(41.5, ua.VariantType.Double)
        epoch = datetime(1970, 1, 1, tzinfo=UTC)
        assert value.SourceTimestamp == epoch + timedelta(microseconds=rig.t0)
        request = ua.ReadParameters()
        request.TimestampsToReturn = ua.TimestampsToReturn.Both
        request.NodesToRead = [ua.ReadValueId(node.nodeid, ua.AttributeIds.Value)]
        (both,) = await client.uaclient.read(request)
        assert both.ServerTimestamp >= both.SourceTimestamp
        request.TimestampsToReturn = ua.TimestampsToReturn.Neither
        (neither,) = await client.uaclient.read(request)
        assert (neither.SourceTimestamp, neither.ServerTimestamp) == (None, None)

        rig.feed("hp1.supply_temperature", 41.5, UNCERTAIN)
        value = await node.read_data_value(raise_on_bad_status=False)
        assert value.StatusCode.is_uncertain()
        assert value.Value.Value == 41.5

        rig.feed("hp1.supply_temperature", float("nan"), BAD_NO_COMMUNICATION)
        value = await node.read_data_value(raise_on_bad_status=False)
        assert value.StatusCode.name == "BadNoCommunication"
        assert value.Value.Value is None

        rig.feed("hp1.defrost_active", 1.0)
        rig.feed("hp1.operating_mode", 3.0)
        assert await (await rig.node(client, "hp1.defrost_active")).read_value() is True
        mode = await rig.node(client, "hp1.operating_mode")
        assert (await mode.read_data_value()).Value == ua.Variant(3, ua.VariantType.Int32)
        text = await rig.node(client, "hp1.operating_mode.ValueAsText")
        assert (await text.read_value()).Text == "Hot water"


async def test_a_device_with_a_nameplate_and_groups(rig, connect) -> None:
    async with connect(rig) as client:
        ns = await rig.namespaces(client)
        device = await rig.node(client, "hp1")
        assert await device.read_type_definition() == ua.NodeId(1001, ns["types"])
        kind = client.get_node(ua.NodeId(1001, ns["types"]))
        assert (await kind.get_parent()).nodeid == ua.NodeId(1002, ns["di"])
        assert (await device.read_display_name()).Text == "Aquarea"
        properties = {
            (await p.read_browse_name()).Name: await p.read_value()
            for p in await device.get_properties()
        }
        assert properties["Manufacturer"].Text == "Panasonic"
        assert {
            "Model", "HardwareRevision", "SoftwareRevision", "DeviceRevision", "DeviceManual",
            "SerialNumber", "RevisionCounter",
        } <= properties.keys()  # fmt: skip
        assert None not in properties.values()
        group = await device.get_child([f"{ns['types']}:Prediction"])
        members = await group.get_referenced_nodes(ua.ObjectIds.Organizes)
        assert ua.NodeId("hp1.heat_up_time", ns["site"]) in {m.nodeid for m in members}
        grouped = set()
        for name in (
            "Identification",
            "Operational",
            "Configuration",
            "Maintenance",
            "Diagnostics",
            "Statistics",
        ):
            group = await device.get_child([f"{ns['di']}:{name}"])
            grouped |= {
                m.nodeid.Identifier
                for m in await group.get_referenced_nodes(
                    ua.ObjectIds.Organizes, ua.BrowseDirection.Forward
                )
            }
        points = {p.key for p in rig.table if p.spec.group not in OWN_GROUPS}
        assert points <= grouped
        months = await device.get_child([f"{ns['types']}:MonthlyFigures"])
        members = await months.get_referenced_nodes(ua.ObjectIds.Organizes)
        tables = {p.key for p in rig.table if p.spec.group.value == "MonthlyFigures"}
        assert tables <= {member.nodeid.Identifier for member in members}


async def test_a_prediction_says_where_it_comes_from(rig, connect) -> None:
    async with connect(rig) as client:
        rig.feed("hp1.heat_up_time", 25.0, UNCERTAIN, time=rig.t0)
        node = await rig.node(client, "hp1.heat_up_time")
        properties = {
            (await p.read_browse_name()).Name: await p.read_value()
            for p in await node.get_properties()
        }
        assert properties["ModelName"] == "heat_up_time"
        assert properties["ModelVersion"] == "1.2.0"
        assert properties["ModelSha256"] == "ab" * 32
        assert properties["TrainingSource"] == "emulated plant"
        assert properties["TrainingStart"] == datetime(2025, 1, 1, tzinfo=UTC)
        assert properties["Horizon"] == 14_400_000.0
        assert properties["IssueTime"].timestamp() == pytest.approx(rig.t0 / 1e6)


async def test_the_whole_address_space_is_sound(rig, connect) -> None:
    """Crawl what is ours: every reference leads somewhere, every node says what it is."""
    async with connect(rig) as client:
        ns = await rig.namespaces(client)
        queue, seen = [await rig.node(client, "hp1")], set()
        while queue:
            node = queue.pop()
            if node.nodeid in seen:
                continue
            seen.add(node.nodeid)
            answers = await node.read_attributes(
                [ua.AttributeIds.NodeClass, ua.AttributeIds.BrowseName, ua.AttributeIds.DisplayName]
            )
            assert all(a.StatusCode.is_good() and a.Value.Value is not None for a in answers)
            references = await node.get_references(direction=ua.BrowseDirection.Forward)
            if answers[0].Value.Value in (ua.NodeClass.Object, ua.NodeClass.Variable):
                kinds = [r for r in references if r.ReferenceTypeId.Identifier == 40]
                assert len(kinds) == 1, node
            for reference in references:
                assert "<" not in reference.BrowseName.Name
                if reference.NodeId.NamespaceIndex == ns["site"]:
                    queue.append(client.get_node(reference.NodeId))
        assert len(seen) > 300


async def test_the_server_says_what_it_is(rig, connect) -> None:
    async with connect(rig) as client:
        status = await client.get_node(ua.ObjectIds.Server_ServerStatus).read_value()
        assert status.State == ua.ServerState.Running
        assert status.BuildInfo.ProductName == "heatpump-twin"
        uri = (await client.get_node(ua.ObjectIds.Server_ServerArray).read_value())[0]
        assert uri.startswith("urn:heatpump-twin:")
        assert (await client.get_namespace_array())[1] == uri
        for method in (12749, 12886):
            with pytest.raises(ua.uaerrors.BadNodeIdUnknown):
                await client.get_node(ua.NodeId(method)).read_browse_name()


async def test_news_reach_a_subscriber(rig, connect, eventually) -> None:
    class Handler:
        def __init__(self) -> None:
            self.values: list[tuple[str, object]] = []

        def datachange_notification(self, node, value, data) -> None:
            self.values.append((node.nodeid.Identifier, value))

    async with connect(rig) as client:
        handler = Handler()
        subscription = await client.create_subscription(100, handler)
        names = ("hp1.supply_temperature", "hp1.operating_mode", "hp1.operating_mode.ValueAsText")
        await subscription.subscribe_data_change([await rig.node(client, n) for n in names])
        await eventually(lambda: len(handler.values) >= 3)
        rig.feed("hp1.supply_temperature", 39.25)
        rig.feed("hp1.operating_mode", 2.0)
        await eventually(lambda: ("hp1.supply_temperature", 39.25) in handler.values)
        await eventually(lambda: ("hp1.operating_mode", 2) in handler.values)
        texts: set[str | None] = set()

        def named() -> bool:
            texts.update(getattr(value, "Text", None) for _, value in handler.values)
            return "Heating and hot water" in texts

        await eventually(named)
        assert rig.server.statistics.monitored_items == 3
        rig.feed("hp1.supply_temperature", float("nan"), BAD_NO_COMMUNICATION)
        await eventually(lambda: ("hp1.supply_temperature", None) in handler.values)
