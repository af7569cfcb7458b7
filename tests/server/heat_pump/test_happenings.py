"""What happens and is no alarm, as events that clients hear and read later."""

from __future__ import annotations

import asyncio

import pytest
from asyncua import ua
from event_history import ask, event_filter, rows

from heatpump_twin.config.load import load_site
from heatpump_twin.rules.pack import load_pack
from heatpump_twin.server.nodeset.model import load_model
from heatpump_twin.twin_engine.happening import (
    Happening,
    PhaseChange,
    ProgramReport,
    SettingChange,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")
SECOND = 1_000_000
EVER = 2_000_000_000
FIELDS = (
    "EventType", "SourceName", "Time", "Message", "Severity", "Phase", "BeganAt", "Lasted",
    "Setting", "OldValue", "NewValue", "ChangedBy", "ChangedAtDevice", "Program", "RequestedBy",
    "Outcome",
)  # fmt: skip
UNSAID = {"Time", "SourceName", "Severity", "Message"}


async def kind(rig, client, name: str) -> ua.NodeId:
    """A type of ours by its BrowseName, as a client finds it."""
    types = (await rig.namespaces(client))["types"]
    for described in await client.get_node(ua.ObjectIds.BaseEventType).get_children_descriptions(
        ua.ObjectIds.HasSubtype
    ):
        below = client.get_node(described.NodeId)
        found = [described, *await below.get_children_descriptions(ua.ObjectIds.HasSubtype)]
        for one in found:
            if one.BrowseName == ua.QualifiedName(name, types):
                return one.NodeId
    raise LookupError(name)


def happenings(rig) -> list[tuple[Happening, str, dict[str, object]]]:
    """What may happen, the type of its event, and the fields that tell of it."""
    now = rig.clock.now()
    setpoint = rig.table.by_key["hp1.supply_setpoint"]
    begun = PhaseChange("hp1", "defrost", True, now, "Defrost begun")
    return [
        (begun, "DefrostBegunEventType", {"Phase": "defrost"}),
        (
            PhaseChange("hp1", "run", False, now + 2, "Compressor stopped", now - 90 * SECOND),
            "RunStoppedEventType",
            {"Phase": "run", "Lasted": 90_000.002},
        ),
        (
            PhaseChange("hp1", "run", False, now + 3, "Compressor stopped"),
            "RunStoppedEventType",
            {"Phase": "run", "Lasted": None, "BeganAt": None},
        ),
        (
            PhaseChange("hp1", "heat_meter_lost", True, now + 4, "Heat meter lost"),
            "DeviceLostEventType",
            {"Phase": "heat_meter_lost"},
        ),
        (
            PhaseChange("hp1", "sauna", True, now + 5, "Sauna begun"),
            "PhaseBegunEventType",
            {"Phase": "sauna"},
        ),
        (
            SettingChange(setpoint, now + 6, 45.0, 50.0, "45 → 50", user="olga"),
            "SettingChangedEventType",
            {"OldValue": 45.0, "NewValue": 50.0, "ChangedBy": "olga", "ChangedAtDevice": False},
        ),
        (
            SettingChange(setpoint, now + 7, 50.0, 48.0, "50 → 48, at the device"),
            "SettingChangedEventType",
            {"OldValue": 50.0, "NewValue": 48.0, "ChangedBy": "", "ChangedAtDevice": True},
        ),
        (
            ProgramReport("hp1", "StartDhwBoost", now + 8, "olga", 0x80AE0000, "No tank"),
            "ProgramEventType",
            {"Program": "StartDhwBoost", "RequestedBy": "olga", "Severity": 300},
        ),
    ]


class Heard:
    """Collects the fields of the events of a subscription."""

    def __init__(self) -> None:
        self.events: asyncio.Queue[dict[str, object]] = asyncio.Queue()

    def event_notification(self, event: object) -> None:
        self.events.put_nowait({name: getattr(event, name, None) for name in FIELDS})


@pytest.mark.parametrize("notifier", ["Server", "hp1"])
async def test_each_is_heard_with_its_fields(rig, connect, notifier) -> None:
    async with connect(rig) as client:
        source = client.nodes.server if notifier == "Server" else await rig.node(client, notifier)
        heard = Heard()
        subscription = await client.create_subscription(50, heard)
        expected = happenings(rig)
        kinds = {name: await kind(rig, client, name) for _, name, _ in expected}
        await subscription.subscribe_events(source, list(dict.fromkeys(kinds.values())))
        for happening, name, fields in expected:
            rig.server.report(happening)
            event = await heard.events.get()
            assert event["EventType"] == kinds[name]
            assert event["Message"].Text == happening.message
            assert {field: event[field] for field in fields} == pytest.approx(fields)
        setting = (await rig.node(client, "hp1.supply_setpoint")).nodeid
        assert event["Setting"] is None
        rig.server.report(expected[5][0])
        assert (await heard.events.get())["Setting"] == setting


async def test_it_is_read_later_and_a_subtype_is_its_supertype(rig, connect, eventually) -> None:
    async with connect(rig) as client:
        device = (await rig.node(client, "hp1")).nodeid
        begun = await kind(rig, client, "PhaseBegunEventType")
        element = ua.ContentFilterElement()
        element.FilterOperator = ua.FilterOperator.OfType
        element.FilterOperands = [ua.LiteralOperand(ua.Variant(begun))]
        where = ua.ContentFilter()
        where.Elements = [element]
        rig.server.report(happenings(rig)[0][0])

        async def phases() -> list[str]:
            answer = await ask(client, 0, EVER, wanted=event_filter(("Phase",), where), node=device)
            return [row[0] for row in rows(answer)]

        async def kept() -> bool:
            return (await phases())[-1:] == ["defrost"]

        await eventually(kept)
        assert "run" not in await phases()


async def test_what_happens_to_a_heat_pump_that_is_gone_is_no_event(rig, connect) -> None:
    rig.server.report(PhaseChange("gone", "run", True, rig.clock.now(), "Compressor started"))
    async with connect(rig) as client:
        assert await client.nodes.server.read_browse_name()


async def test_every_packaged_event_has_a_type_of_its_own_for_both_ends() -> None:
    types = load_model().events.values()
    told = {
        "begins": {phase for spec in types for phase in spec.begins},
        "ends": {phase for spec in types for phase in spec.ends},
    }
    packaged = {
        event.id
        for pack in load_site(environment={}).rules.packs
        for event in load_pack(pack).events
    }
    # A fault has alarms, with all that is known of it: as an event it is a phase like any other.
    assert told["begins"] == told["ends"] == packaged - {"fault"}
