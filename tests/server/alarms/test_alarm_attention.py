"""What draws attention to alarms, and what spares it: silence, repetition, first-out, figures."""

from __future__ import annotations

from dataclasses import replace

import pytest
import pytest_asyncio
from alarm_client import AlarmClient, duration
from asyncua import Client, ua
from cryptography import x509

from heatpump_twin.server.alarms.condition import first_state
from heatpump_twin.twin_engine.alarm import AlarmDefinition, AlarmForm, AlarmTransition

pytestmark = pytest.mark.asyncio(loop_scope="module")

IDS = ua.ObjectIds
PLAIN, AGAIN, ENDS = (f"hp1.alarms.{name}" for name in ("plain", "again", "ends"))
ACKNOWLEDGE = IDS.AcknowledgeableConditionType_Acknowledge
SILENCE = IDS.AlarmConditionType_Silence
BASE = AlarmDefinition("hp1", "plain", "Plain", 500, "?", "!", ("water_flow",))
REPEAT = 0.3
ALARMS = {
    PLAIN: BASE,
    AGAIN: replace(BASE, rule="again", repeat_after=REPEAT, confirms=True),
    ENDS: replace(BASE, rule="ends", form=AlarmForm.CERTIFICATE_EXPIRATION, low_limit=720.0),
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(start_rig):
    async with start_rig(alarms=tuple(ALARMS.values())) as rig:
        yield rig


@pytest.fixture
def rig(shared):
    """The server with its alarms as at first."""
    for condition in shared.server._running.space.conditions._by_key.values():
        condition.state = first_state(condition.alarm, shared.clock.now())
    return shared


def turn(rig, alarm: str, active: bool) -> None:
    rig.server.announce(AlarmTransition(ALARMS[alarm], active, rig.clock.now(), f"{active}", 1.5))


async def started(rig, client: Client) -> AlarmClient:
    return await AlarmClient.start(client, (await rig.namespaces(client))["site"])


async def targets(client: Client, node, reference: int, forward: bool = True) -> set[str]:
    way = ua.BrowseDirection.Forward if forward else ua.BrowseDirection.Inverse
    found = await node.get_referenced_nodes(reference, way, includesubtypes=False)
    return {str(other.nodeid.Identifier).split(".alarms.")[-1] for other in found}


async def test_what_sounds_is_silenced_until_it_is_raised_anew(rig, connect, eventually) -> None:
    async with connect(rig, "olga") as client:
        alarms = await started(rig, client)
        assert await alarms.call(PLAIN, SILENCE) == "BadInvalidState"  # nothing sounds
        turn(rig, PLAIN, True)
        await eventually(lambda: len(alarms.events) == 1)
        assert alarms.events[0]["SilenceState/Id"] is False
        assert await alarms.call(PLAIN, SILENCE) == "Good"
        await eventually(lambda: len(alarms.events) == 2)
        assert alarms.events[1]["SilenceState/Id"] is True
        assert alarms.events[1]["SilenceState"].Text == "Silenced"
        # To silence is not to acknowledge.
        assert alarms.events[1]["AckedState/Id"] is False
        assert await alarms.call(PLAIN, SILENCE) == "BadInvalidState"
        state = await rig.node(client, f"{PLAIN}.SilenceState.Id")
        assert await state.read_value() is True
        turn(rig, PLAIN, False)
        turn(rig, PLAIN, True)
        await eventually(lambda: alarms.events[-1]["SilenceState/Id"] is False)
    async with connect(rig, "victor") as client:
        assert await (await started(rig, client)).call(PLAIN, SILENCE) == "BadUserAccessDenied"


async def test_one_that_goes_on_is_raised_again(rig, connect, eventually) -> None:
    async with connect(rig, "olga") as client:
        alarms = await started(rig, client)
        turn(rig, AGAIN, True)
        await eventually(lambda: len(alarms.events) == 1)
        first = alarms.events[0]
        assert (first["ReAlarmRepeatCount"], first["ReAlarmTime"]) == (0, REPEAT * 1000)
        assert await alarms.respond(AGAIN, ACKNOWLEDGE, first["EventId"]) == "Good"
        assert await alarms.call(AGAIN, SILENCE) == "Good"
        await eventually(lambda: alarms.events[-1]["ReAlarmRepeatCount"] == 1)
        again = alarms.events[-1]
        assert (again["AckedState/Id"], again["SilenceState/Id"], again["Retain"]) == (
            False, False, True,
        )  # fmt: skip
        assert again["ActiveState/TransitionTime"] > first["ActiveState/TransitionTime"]
        # What it was raised with stays, and it is the same occurrence.
        assert (again["RaisedTime"], again["RaisedValue"]) == (first["RaisedTime"], 1.5)
        assert again["BranchId"] == ua.NodeId()
        assert await alarms.respond(AGAIN, ACKNOWLEDGE, again["EventId"]) == "Good"
        await eventually(lambda: alarms.events[-1]["ReAlarmRepeatCount"] == 2)
        # Nobody is bothered with one that is shelved.
        shelve = IDS.ShelvedStateMachineType_TimedShelve
        assert await alarms.call(AGAIN, shelve, duration(3600)) == "Good"
        condition = rig.server._running.space.conditions._by_key["hp1.again"]
        repeats = condition.state.trunk.repeats
        turn(rig, PLAIN, True)
        turn(rig, AGAIN, False)
        await eventually(lambda: alarms.events[-1]["ReAlarmRepeatCount"] == 0)
        assert max(e["ReAlarmRepeatCount"] or 0 for e in alarms.events) == repeats
        # One of a rule that is not repeated has neither.
        plain = next(e for e in alarms.events if e["ConditionName"] == "Plain" and e["RaisedTime"])
        names = await (await rig.node(client, PLAIN)).get_children_descriptions()
        assert "ReAlarmTime" not in {d.BrowseName.Name for d in names}
        assert plain is not None


async def test_the_first_of_a_group_says_so(rig, connect, eventually) -> None:
    async with connect(rig, "olga") as client:
        alarms = await started(rig, client)
        turn(rig, PLAIN, True)
        turn(rig, ENDS, True)
        await eventually(lambda: len(alarms.events) == 2)
        assert [e["FirstInGroupFlag"] for e in alarms.events] == [True, False]
        turn(rig, PLAIN, False)
        turn(rig, PLAIN, True)
        await eventually(lambda: len(alarms.events) >= 4)
        # It is not the first any more: another one has stayed.
        assert [e["FirstInGroupFlag"] for e in alarms.events][-2:] == [False, False]
        node = await rig.node(client, PLAIN)
        (group,) = [
            child for child in await node.get_children(IDS.HasComponent)
            if (await child.read_browse_name()).Name == "FirstInGroup"
        ]  # fmt: skip
        assert (await group.read_type_definition()).Identifier == IDS.AlarmGroupType
        assert await targets(client, group, IDS.AlarmGroupMember) == {"plain", "again", "ends"}


async def test_states_within_states_are_referred_to(rig, connect) -> None:
    async with connect(rig) as client:
        enabled = await rig.node(client, f"{AGAIN}.EnabledState")
        below = {"AckedState", "ConfirmedState", "ActiveState", "SuppressedState", "ShelvingState"}
        true_sub_state = IDS.HasTrueSubState
        assert await targets(client, enabled, true_sub_state) == {f"again.{name}" for name in below}
        for name in below:
            state = await rig.node(client, f"{AGAIN}.{name}")
            assert await targets(client, state, true_sub_state, forward=False) == {
                "again.EnabledState"
            }
        plain = await rig.node(client, f"{PLAIN}.EnabledState")
        assert await targets(client, plain, true_sub_state) == {
            f"plain.{name}" for name in below - {"ConfirmedState"}
        }


async def test_one_of_a_certificate_shows_it(rig, connect, eventually) -> None:
    async with connect(rig, "olga") as client:
        alarms = await started(rig, client)
        turn(rig, ENDS, True)
        await eventually(lambda: len(alarms.events) == 1)
        event = alarms.events[0]
        own = x509.load_der_x509_certificate(event["Certificate"])
        endpoints = await client.get_endpoints()
        assert event["Certificate"] == endpoints[0].ServerCertificate
        assert event["ExpirationDate"] == own.not_valid_after_utc
        assert event["ExpirationLimit"] == 720 * 3600 * 1000
        kind = event["CertificateType"]
        assert kind.Identifier == IDS.RsaSha256ApplicationCertificateType
        for name in ("ExpirationDate", "ExpirationLimit", "CertificateType", "Certificate"):
            node = await rig.node(client, f"{ENDS}.{name}")
            assert await node.read_value() == event[name]
        kinds = await (await rig.node(client, ENDS)).read_type_definition()
        above = await client.get_node(kinds).get_referenced_nodes(
            IDS.HasSubtype, ua.BrowseDirection.Inverse
        )
        assert above[0].nodeid.Identifier == IDS.CertificateExpirationAlarmType


async def test_figures_of_a_device_count_and_begin_anew(rig, connect, eventually) -> None:
    async with connect(rig, "erik") as client:
        alarms = await started(rig, client)

        async def figure(name: str) -> object:
            return await (await rig.node(client, f"hp1.AlarmMetrics.{name}")).read_value()

        metrics = "hp1.AlarmMetrics"
        reset = IDS.AlarmMetricsType_Reset
        assert await alarms.call(metrics, reset) == "Good"
        assert (await figure("AlarmCount"), await figure("CurrentAlarmRate")) == (0, 0.0)
        begun = await figure("StartTime")
        turn(rig, PLAIN, True)
        turn(rig, PLAIN, False)
        turn(rig, PLAIN, True)
        await eventually(lambda: len(alarms.events) >= 4)
        assert await figure("AlarmCount") == 2
        assert (await figure("CurrentAlarmRate"), await figure("MaximumAlarmRate")) == (2.0, 2.0)
        assert await figure("AverageAlarmRate") == 2.0
        first, later = await figure("MaximumUnAck"), await figure("MaximumUnAck")
        assert 0 < first < later
        assert await figure("MaximumActiveState") > 0
        rate = await rig.node(client, f"{metrics}.CurrentAlarmRate.Rate")
        assert await rate.read_value() == 10
        assert await alarms.call(metrics, reset) == "Good"
        assert await figure("AlarmCount") == 0
        assert await figure("StartTime") > begun
        # What is active still is: that is no figure of the past.
        assert await figure("MaximumActiveState") > 0
    async with connect(rig, "olga") as client:
        alarms = await started(rig, client)
        assert await alarms.call("hp1.AlarmMetrics", reset) == "BadUserAccessDenied"
        assert await alarms.call("hp1", reset) == "BadMethodInvalid"
