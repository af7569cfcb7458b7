"""Languages: each session reads names, values and alarms in the language that it asked for."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import numpy as np
import pytest
import pytest_asyncio
from asyncua import Client, ua
from asyncua.ua.ua_binary import struct_from_binary
from shown_texts import Shown, shown_texts, texts_in

from heatpump_twin.config.catalogue import CATALOGUE, UNITS, PointTable
from heatpump_twin.config.languages import Languages
from heatpump_twin.config.load import load_site
from heatpump_twin.drivers.frame import Frame
from heatpump_twin.drivers.status import BAD_NO_COMMUNICATION
from heatpump_twin.rules.engine import RuleEngine
from heatpump_twin.rules.pack import load_pack
from heatpump_twin.server.alarms.alarm_forms import TYPE_NAMES
from heatpump_twin.server.nodeset.type_ids import load_type_ids

pytestmark = pytest.mark.asyncio(loop_scope="module")

PACKAGED = Languages.packaged()
LANGUAGES = PACKAGED.codes[1:]
SUPPLY = {
    "en": "Supply temperature", "de": "Vorlauftemperatur", "es": "Temperatura de impulsión",
    "ca": "Temperatura d'impulsió",
}  # fmt: skip
MINUTE = 60_000_000


def rule_engine() -> RuleEngine:
    """The packaged rules on a heat pump that has every point of the catalogue."""
    table = PointTable.build(
        ("hp1", name, spec, None) for name, spec in CATALOGUE["heat_pump"].items()
    )
    return RuleEngine([load_pack("heat-pump")], load_site("default", [], {}), table)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared_rig(start_rig) -> AsyncIterator[object]:
    """One server with the packaged alarms, whose texts are translated."""
    async with start_rig(alarms=rule_engine().definitions()) as running:
        yield running


async def speak(client: Client, *locales: str) -> None:
    """Activate the session again, with other locales."""
    client.set_locale(locales)
    await client.activate_session()


async def display_name(rig, client: Client, name: str) -> ua.LocalizedText:
    return await (await rig.node(client, name)).read_display_name()


# ── which language ───────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("locales", "code"),
    [
        (["de"], "de"),
        (["de-AT", "en"], "de"),
        (["la", "ca-ES", "de"], "ca"),
        (["en-US", "de"], "en"),
        (["la"], "en"),
    ],
)
async def test_a_name_is_read_in_the_preferred_language(rig, connect, locales, code) -> None:
    async with connect(rig) as client:
        await speak(client, *locales)
        name = await display_name(rig, client, "hp1.supply_temperature")
        assert (name.Text, name.Locale) == (SUPPLY[code], code)
        node = await rig.node(client, "hp1.supply_temperature")
        assert (await node.read_browse_name()).Name == "SupplyTemperature"


async def test_sessions_have_languages_of_their_own(rig, connect) -> None:
    async with connect(rig) as one, connect(rig) as other, connect(rig) as third:
        await speak(one, "de")
        await speak(other, "es")
        for _ in range(2):
            names = [
                await display_name(rig, client, "hp1.supply_temperature")
                for client in (one, other, third)
            ]
            assert [name.Text for name in names] == [SUPPLY["de"], SUPPLY["es"], SUPPLY["en"]]


async def test_a_session_changes_its_language_or_keeps_it(rig, connect) -> None:
    async with connect(rig) as client:
        for locales, code in ((["de"], "de"), (["es"], "es"), ([], "es"), (["en"], "en")):
            await speak(client, *locales)
            name = await display_name(rig, client, "hp1.supply_temperature")
            assert name.Text == SUPPLY[code]


async def test_all_languages_come_in_one_text(rig, connect) -> None:
    async with connect(rig) as client:
        await speak(client, "mul")
        name = await display_name(rig, client, "hp1.supply_temperature")
        assert name.Locale == "mul"
        said = {code: PACKAGED[code].words("Supply temperature") for code in PACKAGED.codes}
        assert dict(json.loads(name.Text)["t"]) == said
        assert said.items() >= SUPPLY.items()
        unit = await (
            await rig.node(client, "hp1.supply_temperature.EngineeringUnits")
        ).read_value()
        assert (unit.DisplayName.Text, unit.Description.Locale) == ("°C", "mul")
        await speak(client, "mul", "es", "la", "de")
        name = await display_name(rig, client, "hp1.supply_temperature")
        expected = '{"t":[["es","Temperatura de impulsión"],["de","Vorlauftemperatur"]]}'
        assert name.Text == expected


async def test_the_server_names_its_languages(rig, connect) -> None:
    async with connect(rig) as client:
        node = client.get_node(ua.ObjectIds.Server_ServerCapabilities_LocaleIdArray)
        assert await node.read_value() == list(PACKAGED.codes)


# ── everything that has a text ───────────────────────────────────────────────────────────────────
async def test_browse_shows_translated_names(rig, connect) -> None:
    async with connect(rig) as client:
        await speak(client, "de")
        parameters = await rig.node(client, "hp1.ParameterSet")
        references = await parameters.get_children_descriptions()
        names = {r.BrowseName.Name: r.DisplayName.Text for r in references}
        assert names["SupplyTemperature"] == "Vorlauftemperatur"
        assert names["DhwTemperature"] == "Warmwassertemperatur"
        groups = await (await rig.node(client, "hp1")).get_children_descriptions()
        named = {r.BrowseName.Name: r.DisplayName.Text for r in groups}
        assert named["Maintenance"] == "Wartung"


async def test_texts_in_values_are_translated(rig, connect) -> None:
    rig.feed("hp1.operating_state", 5)
    async with connect(rig) as client:
        await speak(client, "de")

        async def value(name: str) -> object:
            return await (await rig.node(client, name)).read_value()

        states = {v.Value: v.DisplayName for v in await value("hp1.operating_state.EnumValues")}
        assert (states[5].Text, states[5].Locale) == ("Abtauung", "de")
        assert (await value("hp1.operating_state.ValueAsText")).Text == "Abtauung"
        assert (await value("hp1.compressor_on.TrueState")).Text == "In Betrieb"
        unit = await value("hp1.supply_temperature.EngineeringUnits")
        assert (unit.Description.Text, unit.DisplayName.Text) == ("Grad Celsius", "°C")
        assert unit.UnitId == 4408652
        (argument,) = await value("hp1.SetSupplySetpoint.InputArguments")
        assert argument.Description.Text == "Vorlaufsollwert, 20 bis 55 °C"
        (argument,) = await value("hp1.SetOperatingMode.InputArguments")
        assert argument.Description.Text.startswith(
            "Betriebsart: 1 Heizen, 2 Heizen und Warmwasser, 3"
        )
        description = await (await rig.node(client, "hp1.Stop")).read_description()
        assert description.Text.startswith("Schaltet die Wärmepumpe aus. ")


async def test_types_of_ours_are_described_in_the_language(rig, connect) -> None:
    async with connect(rig) as client:
        node = client.get_node(ua.NodeId(1001, (await rig.namespaces(client))["types"]))
        assert (await node.read_description()).Locale == "en"
        await speak(client, "ca")
        assert (await node.read_description()).Text.startswith("Una bomba de calor amb")


class Values:
    """A subscriber that keeps the texts that it hears."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def datachange_notification(self, node, value, data) -> None:
        self.texts.append(value.Text)


async def test_changes_come_in_the_language_that_the_session_has_then(
    rig, connect, eventually
) -> None:
    rig.feed("hp1.operating_state", 2)
    async with connect(rig) as client:
        await speak(client, "de")
        values = Values()
        subscription = await client.create_subscription(100, values)
        node = await rig.node(client, "hp1.operating_state.ValueAsText")
        await subscription.subscribe_data_change(node)
        await eventually(lambda: values.texts == ["Heizen"])
        rig.feed("hp1.operating_state", 5)
        await eventually(lambda: values.texts == ["Heizen", "Abtauung"])
        await speak(client, "es")
        rig.feed("hp1.operating_state", 4)
        await eventually(lambda: values.texts == ["Heizen", "Abtauung", "Refrigeración"])


async def test_a_message_sent_again_is_translated_again(rig, connect) -> None:
    rig.feed("hp1.operating_state", 2)
    async with connect(rig) as client:
        await speak(client, "de")
        session = client.uaclient.session
        # Without the library's publish loop, which would acknowledge what shall be sent again.
        create = ua.CreateSubscriptionRequest()
        create.Parameters.RequestedPublishingInterval = 100
        create.Parameters.PublishingEnabled = True
        answer = struct_from_binary(
            ua.CreateSubscriptionResponse, await session._send_request(create)
        )
        node = await rig.node(client, "hp1.operating_state.ValueAsText")
        item = ua.MonitoredItemCreateRequest()
        item.ItemToMonitor = ua.ReadValueId(node.nodeid, ua.AttributeIds.Value)
        item.MonitoringMode = ua.MonitoringMode.Reporting
        request = ua.CreateMonitoredItemsParameters(answer.Parameters.SubscriptionId)
        request.ItemsToCreate = [item]
        await session.create_monitored_items(request)
        message = ua.NotificationMessage()
        while not message.NotificationData:  # the first message only says that it lives
            message = (await session.publish([])).Parameters.NotificationMessage
        assert _text_of(message) == "Heizen"
        await speak(client, "es")
        again = await session.republish(answer.Parameters.SubscriptionId, message.SequenceNumber)
        assert _text_of(again) == "Calefacción"


def _text_of(message: ua.NotificationMessage) -> str:
    return message.NotificationData[0].MonitoredItems[0].Value.Value.Value.Text


# ── alarms ───────────────────────────────────────────────────────────────────────────────────────
class Events:
    """A listener of one session."""

    def __init__(self) -> None:
        self.events: list[object] = []
        self.subscription = 0

    def event_notification(self, event) -> None:
        self.events.append(event)

    @classmethod
    async def start(cls, rig, client: Client) -> Events:
        listener = cls()
        subscription = await client.create_subscription(100, listener)
        types, numbers = (await rig.namespaces(client))["types"], load_type_ids()
        kinds = [ua.NodeId(numbers[name], types) for name in TYPE_NAMES.values()]
        await subscription.subscribe_events(evtypes=[client.get_node(kind) for kind in kinds])
        listener.subscription = subscription.subscription_id
        return listener

    def last(self, name: str) -> object | None:
        found = [e for e in self.events if getattr(e, "ConditionName", None) == name]
        return found[-1] if found else None


def low_flow(rig, engine: RuleEngine, flow: float, now: int) -> None:
    """Let the packaged rule see a flow, and have the server announce what it finds."""
    points = rig.table.by_asset["hp1"]
    index = [points["compressor_on"].index, points["water_flow"].index]
    frame = Frame.of(index, np.array([1.0, flow]), 0, now)
    rig.image.ingest(frame)
    engine.take(frame)
    # A moment is judged when it is over.
    for transition in engine.advance(now + MINUTE // 60):
        rig.server.announce(transition)


async def test_alarms_come_in_the_language_of_each_session(rig, connect, eventually) -> None:
    engine, now = rule_engine(), rig.clock.now()
    async with connect(rig) as spanish, connect(rig) as english, connect(rig, "olga") as german:
        await speak(spanish, "es")
        german.set_locale(["de"])
        await german.activate_session("olga", rig.password)
        heard = [await Events.start(rig, client) for client in (spanish, english, german)]
        low_flow(rig, engine, 5.12, now)
        low_flow(rig, engine, 5.12, now + 2 * MINUTE)
        await eventually(lambda: all(h.last("Low water flow") for h in heard))
        es, en, de = (h.last("Low water flow") for h in heard)
        assert es.Message.Text == (
            "Caudal de agua bajo "
            "(Compresor en marcha (deducido) En marcha, Caudal de agua 5,12 l/min)"
        )
        assert en.Message.Text == (
            "Low water flow (Compressor on (inferred) Running, Water flow 5.12 l/min)"
        )
        assert de.Message.Text == (
            "Wasserdurchfluss zu niedrig "
            "(Verdichter ein (abgeleitet) In Betrieb, Wasserdurchfluss 5,12 l/min)"
        )
        assert es.LikelyCause.Text.startswith("filtro obstruido, aire en el circuito")
        assert (
            es.CorrectiveAction.Text == "Limpie el filtro, purgue el circuito, compruebe la bomba."
        )
        assert (es.ActiveState.Text, es.ActiveState.Locale) == ("Activa", "es")
        assert es.AckedState.Text == "Sin reconocer"
        # Strings are names: the same for everybody.
        assert es.ConditionName == en.ConditionName == "Low water flow"
        # What a person says is passed on as it was said, even if we had a word for it.
        node = await rig.node(german, "hp1.alarms.low_water_flow")
        await node.call_method(
            ua.NodeId(ua.ObjectIds.AcknowledgeableConditionType_Acknowledge),
            ua.Variant(de.EventId, ua.VariantType.ByteString),
            ua.Variant(ua.LocalizedText("Heating"), ua.VariantType.LocalizedText),
        )
        await eventually(lambda: heard[0].last("Low water flow").AckedState.Text == "Reconocida")
        assert heard[0].last("Low water flow").Comment.Text == "Heating"
        comment = await rig.node(spanish, "hp1.alarms.low_water_flow.Comment")
        assert (await comment.read_value()).Text == "Heating"
        message = await rig.node(spanish, "hp1.alarms.low_water_flow.Message")
        assert (await message.read_value()).Text == es.Message.Text
        low_flow(rig, engine, 14.0, now + 3 * MINUTE)
        await eventually(lambda: heard[0].last("Low water flow").ActiveState.Text == "Inactiva")
        assert ": de nuevo normal (" in heard[0].last("Low water flow").Message.Text


# ── nothing is missing ───────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("code", LANGUAGES)
async def test_every_text_is_translated(rig, connect, code: str) -> None:
    (heat_pump,) = rig.site.heat_pumps
    passed_on = {rig.site.site.name, heat_pump.name}
    passed_on |= {f"{heat_pump.plate.manufacturer} {heat_pump.plate.model}"}
    passed_on |= {unit.symbol for unit in UNITS.values()}
    async with connect(rig) as client:
        await speak(client, code)
        shown = await shown_texts(client)
        own = {index for name, index in (await rig.namespaces(client)).items() if name != "di"}
    texts = {(s.text.Locale, s.text.Text) for s in shown}
    assert (code, PACKAGED[code].say("Supply temperature")) in texts
    assert len([s for s in shown if s.text.Locale == code]) > 500
    missing = {
        s.text.Text: _place(s)
        for s in shown
        if s.node.NamespaceIndex in own and s.text.Locale == "en"
        if s.text.Text not in passed_on and not s.is_identifier(own)
    }
    assert not missing, f"not in config/locales/{code}: {missing}"


def _place(shown: Shown) -> str:
    return f"{shown.attribute.name} of {shown.node.to_string()}"


@pytest.mark.parametrize("code", LANGUAGES)
async def test_every_text_of_an_event_is_translated(rig, connect, eventually, code: str) -> None:
    engine, now = rule_engine(), rig.clock.now()
    async with connect(rig) as client:
        await speak(client, code)
        heard = await Events.start(rig, client)
        supply = rig.table.by_key["hp1.supply_temperature"].index
        for time in (now, now + 60 * MINUTE):
            away = Frame.bad([supply], BAD_NO_COMMUNICATION, time)
            rig.image.ingest(away)
            engine.take(away)
            low_flow(rig, engine, 1.0, time)
        names = ("Low water flow", "Heat pump controller unreachable")
        await eventually(lambda: all(heard.last(name) for name in names))
        low_flow(rig, engine, 14.0, now + 61 * MINUTE)
        await eventually(lambda: getattr(heard.last("Low water flow"), "ActiveState/Id") is False)
        before = len(heard.events)
        await client.get_node(ua.ObjectIds.ConditionType).call_method(
            ua.NodeId(ua.ObjectIds.ConditionType_ConditionRefresh),
            ua.Variant(heard.subscription, ua.VariantType.UInt32),
        )
        await eventually(lambda: len(heard.events) > before + 2)
        for event in heard.events:
            for name, field in event.get_event_props_as_fields_dict().items():
                for text in texts_in(field.Value):
                    assert text.Locale == code or name.startswith("Comment"), (name, text)
