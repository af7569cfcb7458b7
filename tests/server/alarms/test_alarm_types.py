"""Each kind of alarm has the type of the standard, with all that this type demands."""

from __future__ import annotations

from dataclasses import replace

import pytest
import pytest_asyncio
from alarm_client import AlarmClient
from asyncua import Client, ua

from heatpump_twin.twin_engine.alarm import (
    AlarmClass,
    AlarmDefinition,
    AlarmForm,
    AlarmTransition,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

IDS = ua.ObjectIds
BASE = AlarmDefinition("hp1", "plain", "Plain", 500, "?", "!", ("water_flow",))
ALARMS = {
    "plain": BASE,
    "high": replace(BASE, rule="high", form=AlarmForm.EXCLUSIVE_LIMIT, high_limit=9.5),
    "both": replace(
        BASE, rule="both", form=AlarmForm.EXCLUSIVE_LIMIT, low_limit=2.0, high_limit=9.5
    ),
    "many": replace(
        BASE, rule="many", form=AlarmForm.NON_EXCLUSIVE_LIMIT, low_limit=2.0, high_limit=9.5
    ),
    "rate": replace(BASE, rule="rate", form=AlarmForm.RATE_OF_CHANGE, low_limit=-0.1),
    "differs": replace(
        BASE, rule="differs", form=AlarmForm.DISCREPANCY, target="supply_setpoint", on_delay=60.0,
        category=AlarmClass.SAFETY,
    ),
    "state": replace(
        BASE, rule="state", form=AlarmForm.OFF_NORMAL, category=AlarmClass.DIAGNOSTIC
    ),
    "system": replace(BASE, rule="system", form=AlarmForm.SYSTEM_OFF_NORMAL),
}  # fmt: skip
STANDARD = {
    "plain": IDS.AlarmConditionType,
    "high": IDS.ExclusiveLimitAlarmType,
    "both": IDS.ExclusiveLimitAlarmType,
    "many": IDS.NonExclusiveLimitAlarmType,
    "rate": IDS.ExclusiveRateOfChangeAlarmType,
    "differs": IDS.DiscrepancyAlarmType,
    "state": IDS.OffNormalAlarmType,
    "system": IDS.SystemOffNormalAlarmType,
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def rig(start_rig):
    async with start_rig(alarms=tuple(ALARMS.values())) as rig:
        yield rig


async def supertypes(client: Client, kind: ua.NodeId) -> list[ua.NodeId]:
    found = [kind]
    while True:
        above = await client.get_node(found[-1]).get_referenced_nodes(
            IDS.HasSubtype, ua.BrowseDirection.Inverse
        )
        if not above:
            return found
        found.append(above[0].nodeid)


async def declared(client: Client, kind: ua.NodeId) -> set[tuple[str, ...]]:
    """Browse paths of all mandatory children of a type, without those of its supertypes."""
    found: set[tuple[str, ...]] = set()

    async def look(node, path: tuple[str, ...]) -> None:
        for child in await node.get_children():
            if await child.read_node_class() not in (ua.NodeClass.Object, ua.NodeClass.Variable):
                continue
            rules = await child.get_referenced_nodes(IDS.HasModellingRule)
            if [rule.nodeid.Identifier for rule in rules] == [IDS.ModellingRule_Mandatory]:
                below = (*path, (await child.read_browse_name()).Name)
                found.add(below)
                await look(child, below)

    await look(client.get_node(kind), ())
    return found


async def test_an_alarm_has_its_type_with_all_that_is_mandatory(rig, connect) -> None:
    async with connect(rig) as client:
        site = (await rig.namespaces(client))["site"]
        known: dict[ua.NodeId, set[tuple[str, ...]]] = {}
        for name, standard in STANDARD.items():
            node = await rig.node(client, f"hp1.alarms.{name}")
            kinds = await supertypes(client, await node.read_type_definition())
            assert ua.NodeId(standard) in kinds
            for kind in kinds:
                if kind not in known:
                    known[kind] = await declared(client, kind)
            paths = sorted(set().union(*map(known.get, kinds)))
            assert ("EnabledState", "Id") in paths
            places = [ua.NodeId(".".join((f"hp1.alarms.{name}", *path)), site) for path in paths]
            names = await client.uaclient.read_attributes(places, ua.AttributeIds.BrowseName)
            assert [value.Value and value.Value.Value.Name for value in names] == [
                path[-1] for path in paths
            ]


async def test_events_say_which_limit_and_what_it_should_be(rig, connect, eventually) -> None:
    async with connect(rig) as client:
        site = (await rig.namespaces(client))["site"]
        alarms = await AlarmClient.start(client, site)

        async def told(name: str, value: float, limit: float | None) -> dict[str, object]:
            alarms.events.clear()
            change = AlarmTransition(ALARMS[name], True, rig.clock.now(), name, value, limit)
            rig.server.announce(change)
            rig.server.announce(replace(change, active=False))

            def present() -> list[dict[str, object]]:
                return [event for event in alarms.events if event["BranchId"].is_null()]

            await eventually(lambda: len(present()) == 2)
            active, over = present()
            assert over["LimitState/CurrentState"] is None
            return active

        for name, value, limit, state in (
            ("high", 10.0, 9.5, "High"), ("both", 10.0, 9.5, "High"), ("both", 1.0, 2.0, "Low"),
            ("rate", -0.2, -0.1, "Low"), ("state", 1.0, None, None),
        ):  # fmt: skip
            event = await told(name, value, limit)
            shown = event["LimitState/CurrentState"]
            assert (shown.Text if shown else None) == state, name
            assert event["ActiveState/EffectiveDisplayName"].Text == (state or "Active")
            assert (event["RaisedValue"], event["RaisedLimit"]) == (value, limit)
        event = await told("many", 12.0, 9.5)
        assert (event["HighState/Id"], event["LowState/Id"]) == (True, False)
        assert (event["HighLimit"], event["LowLimit"]) == (9.5, 2.0)
        event = await told("differs", 30.0, 35.0)
        assert event["TargetValueNode"] == ua.NodeId("hp1.supply_setpoint", site)
        assert event["ExpectedTime"] == 60_000.0
        assert event["ConditionClassId"] == ua.NodeId(IDS.SafetyConditionClassType)
        event = await told("system", 1.0, None)
        assert event["NormalState"].is_null()
        assert event["ConditionClassId"] == ua.NodeId(IDS.ProcessConditionClassType)
        event = await told("state", 1.0, None)
        assert event["ConditionClassId"] == ua.NodeId(IDS.MaintenanceConditionClassType)
