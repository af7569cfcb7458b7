"""What people do about alarms: each method, who may call it, and why it is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest
import pytest_asyncio
from alarm_client import AlarmClient, duration, words
from asyncua import ua

from heatpump_twin.server.alarms.condition import first_state
from heatpump_twin.twin_engine.alarm import AlarmDefinition, AlarmTransition

pytestmark = pytest.mark.asyncio(loop_scope="module")

IDS = ua.ObjectIds
PLAIN, FULL = "hp1.alarms.low_water_flow", "hp1.alarms.high_pressure"
ACKNOWLEDGE = IDS.AcknowledgeableConditionType_Acknowledge
CONFIRM = IDS.AcknowledgeableConditionType_Confirm
COMMENT = IDS.ConditionType_AddComment
ENABLE, DISABLE = IDS.ConditionType_Enable, IDS.ConditionType_Disable
TIMED, ONE_SHOT, UNSHELVE = (
    IDS.ShelvedStateMachineType_TimedShelve, IDS.ShelvedStateMachineType_OneShotShelve,
    IDS.ShelvedStateMachineType_Unshelve,
)  # fmt: skip
SUPPRESS, UNSUPPRESS = IDS.AlarmConditionType_Suppress, IDS.AlarmConditionType_Unsuppress
REMOVE, PLACE = IDS.AlarmConditionType_RemoveFromService, IDS.AlarmConditionType_PlaceInService
RESET = IDS.AlarmConditionType_Reset


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(start_rig):
    """A server with an alarm that is only acknowledged, and one that wants more."""
    plain = AlarmDefinition("hp1", "low_water_flow", "Low flow", 700, "?", "!", ("water_flow",))
    full = replace(
        plain, rule="high_pressure", title="High pressure", confirms=True, latches=True,
        on_delay=2.0, off_delay=3.0,
    )  # fmt: skip
    async with start_rig(alarms=(plain, full)) as rig:
        yield rig


@pytest.fixture
def rig(shared):
    """The server with its alarms as at first."""
    for condition in shared.server._running.space.conditions._by_key.values():
        condition.state = first_state(condition.alarm, shared.clock.now())
    return shared


def turn(rig, alarm: str, active: bool) -> None:
    definition = next(a for a in rig.alarms if alarm.endswith(a.rule))
    rig.server.announce(AlarmTransition(definition, active, rig.clock.now(), f"{active}", 1.5))


async def started(rig, client) -> AlarmClient:
    return await AlarmClient.start(client, (await rig.namespaces(client))["site"])


async def test_an_alarm_is_acknowledged_confirmed_and_reset(rig, connect, eventually) -> None:
    async with connect(rig, "olga") as client:
        alarms = await started(rig, client)

        async def told(number: int) -> dict[str, object]:
            await eventually(lambda: len(alarms.events) == number)
            return alarms.events[-1]

        turn(rig, FULL, True)
        event = await told(1)
        states = ("AckedState/Id", "ConfirmedState/Id", "LatchedState/Id", "Retain")
        assert [event[name] for name in states] == [False, True, True, True]
        raised = event["EventId"]
        assert await alarms.respond(FULL, CONFIRM, raised) == "BadConditionBranchAlreadyConfirmed"
        assert await alarms.call(FULL, RESET) == "BadInvalidState"
        assert await alarms.respond(FULL, ACKNOWLEDGE, raised, "seen") == "Good"
        event = await told(2)
        assert [event[name] for name in states] == [True, False, True, True]
        turn(rig, FULL, False)
        event = await told(3)
        assert (event["ActiveState/Id"], event["Retain"]) == (False, True)
        assert await alarms.call(FULL, RESET) == "BadInvalidState"
        assert await alarms.respond(FULL, CONFIRM, raised, "vented") == "Good"
        event = await told(4)
        assert [event[name] for name in states] == [True, True, True, True]
        assert event["Comment"].Text == "vented"
        assert await alarms.call(FULL, RESET) == "Good"
        event = await told(5)
        assert [event[name] for name in states] == [True, True, False, False]
        assert await alarms.call(FULL, RESET) == "BadInvalidState"
        assert await alarms.respond(FULL, CONFIRM, b"?" * 16) == "BadEventIdUnknown"
        # One that wants neither has neither the states nor the methods.
        turn(rig, PLAIN, True)
        event = await told(6)
        assert (event["ConfirmedState/Id"], event["LatchedState/Id"]) == (None, None)
        assert await alarms.respond(PLAIN, CONFIRM, event["EventId"]) == "BadMethodInvalid"
        assert await alarms.call(PLAIN, RESET) == "BadMethodInvalid"


async def test_an_operator_shelves(rig, connect, eventually) -> None:
    async with connect(rig, "olga") as client:
        alarms = await started(rig, client)
        machine = f"{PLAIN}.ShelvingState"
        assert await alarms.call(PLAIN, UNSHELVE) == "BadConditionNotShelved"
        for wrong in (0.0, -1.0, 86_401.0, float("nan")):
            assert await alarms.call(PLAIN, TIMED, duration(wrong)) == "BadShelvingTimeOutOfRange"
        # On the condition or on its state machine, by the method of either type.
        assert await alarms.call(machine, TIMED, duration(600)) == "Good"
        again = await alarms.call(PLAIN, TIMED, duration(60))
        assert again == "BadConditionAlreadyShelved"
        await eventually(lambda: len(alarms.events) == 1)
        event = alarms.events[0]
        assert event["ShelvingState/CurrentState"].Text == "Timed shelved"
        assert event["SuppressedOrShelved"] is True
        left = await rig.node(client, f"{machine}.UnshelveTime")
        first = await left.read_value()
        assert 0 < await left.read_value() <= first <= 600_000
        assert (await left.read_data_type()).Identifier == IDS.Duration
        assert await alarms.call(machine, ONE_SHOT) == "Good"
        assert await alarms.call(machine, ONE_SHOT) == "BadConditionAlreadyShelved"
        method = IDS.AlarmConditionType_ShelvingState_Unshelve
        assert await alarms.call(machine, method) == "Good"
        assert await alarms.call(machine, UNSHELVE) == "BadConditionNotShelved"
        # One shot: until it returns to normal.
        turn(rig, PLAIN, True)
        assert await alarms.call(PLAIN, IDS.ShelvedStateMachineType_OneShotShelve2, words("x")) == (
            "Good"
        )
        turn(rig, PLAIN, False)
        await eventually(lambda: len(alarms.events) == 7)
        assert [e["ShelvingState/CurrentState"].Text for e in alarms.events[-3:]] == [
            "One-shot shelved", "Unshelved", "Unshelved",
        ]  # fmt: skip
        # A short time is over by itself.
        assert await alarms.call(PLAIN, TIMED, duration(0.001)) == "Good"
        await eventually(lambda: len(alarms.events) == 9)
        assert alarms.events[-1]["SuppressedOrShelved"] is False


async def test_a_shelved_alarm_may_go_with_its_heat_pump(start_rig, connect, eventually) -> None:
    async with start_rig() as rig, connect(rig, "olga") as client:
        alarms = await started(rig, client)
        turn(rig, PLAIN, True)
        for name in (PLAIN, FULL):
            assert await alarms.call(name, TIMED, duration(3600)) == "Good"
        await rig.server.remove("hp1")
        # Nobody looks for when the time of one is over that is not there.
        assert not rig.server._running.space.conditions._timed
        await rig.add_hp1()
        assert await alarms.call(FULL, TIMED, duration(0.05)) == "Good"

        def unshelved() -> bool:
            of_it = [e for e in alarms.events if e["ConditionName"] == "High pressure"]
            return bool(of_it) and of_it[-1]["SuppressedOrShelved"] is False

        await eventually(unshelved)


async def test_an_engineer_suppresses_and_takes_out_of_service(rig, connect, eventually) -> None:
    async with connect(rig, "erik") as client:
        alarms = await started(rig, client)
        for on, off, field in (
            (SUPPRESS, UNSUPPRESS, "SuppressedState/Id"),
            (REMOVE, PLACE, "OutOfServiceState/Id"),
        ):
            alarms.events.clear()
            assert await alarms.call(PLAIN, off) == "BadInvalidState"
            assert await alarms.call(PLAIN, on) == "Good"
            assert await alarms.call(PLAIN, on) == "BadInvalidState"
            # It goes on being told, for those who look at what is suppressed.
            turn(rig, PLAIN, True)
            assert await alarms.call(PLAIN, off) == "Good"
            turn(rig, PLAIN, False)
            await eventually(lambda: len(alarms.events) >= 4)
            assert [e[field] for e in alarms.events] == [True, True, False, False]
            assert [e["SuppressedOrShelved"] for e in alarms.events] == [True, True, False, False]
            event = alarms.events[-1]["EventId"]
            assert await alarms.respond(PLAIN, ACKNOWLEDGE, event) == "Good"
            await eventually(lambda: len(alarms.events) == 5)


async def test_a_disabled_alarm_takes_nothing(rig, connect) -> None:
    async with connect(rig, "erik") as client:
        alarms = await started(rig, client)
        assert await alarms.call(PLAIN, ENABLE) == "BadConditionAlreadyEnabled"
        assert await alarms.call(PLAIN, DISABLE) == "Good"
        assert await alarms.call(PLAIN, DISABLE) == "BadConditionAlreadyDisabled"
        for method, inputs in ((TIMED, [duration(60)]), (ONE_SHOT, []), (UNSHELVE, [])):
            assert await alarms.call(PLAIN, method, *inputs) == "BadConditionDisabled"
        for method in (ACKNOWLEDGE, COMMENT):
            assert await alarms.respond(PLAIN, method, b"x" * 16) == "BadConditionDisabled"


@pytest.mark.parametrize(
    ("user", "allowed"), [(None, set()), ("victor", set()), ("olga", {"operator"})]
)
async def test_no_role_does_more_than_it_may(rig, connect, user, allowed) -> None:
    async with connect(rig, user) as client:
        alarms = await started(rig, client)
        event = ua.Variant(b"x" * 16, ua.VariantType.ByteString)
        for role, method, inputs in (
            ("operator", ACKNOWLEDGE, [event, words("")]),
            ("operator", CONFIRM, [event, words("")]),
            ("operator", COMMENT, [event, words("")]),
            ("operator", TIMED, [duration(60)]),
            ("operator", ONE_SHOT, []),
            ("operator", UNSHELVE, []),
            ("operator", RESET, []),
            ("engineer", SUPPRESS, []),
            ("engineer", UNSUPPRESS, []),
            ("engineer", REMOVE, []),
            ("engineer", PLACE, []),
            ("engineer", ENABLE, []),
            ("engineer", DISABLE, []),
        ):
            status = await alarms.call(FULL, method, *inputs)
            assert (status != "BadUserAccessDenied") is (role in allowed), method


async def test_each_earlier_occurrence_waits_for_its_own_acknowledgement(
    rig, connect, eventually
) -> None:
    """The sequence of OPC 10000-9, B.1.3."""
    async with connect(rig, "olga") as client:
        alarms = await started(rig, client)

        async def told(number: int) -> None:
            await eventually(lambda: len(alarms.events) == number)

        def shown(event: dict[str, object]) -> tuple[object, ...]:
            names = ("ActiveState/Id", "AckedState/Id", "ConfirmedState/Id", "Retain")
            branch = "" if event["BranchId"].is_null() else event["BranchId"].Identifier[-1]
            return branch, *(event[name] for name in names)

        t, f = True, False
        # Not latched in the table of the standard; the flow is the same.
        condition = rig.server._running.space.conditions._by_key["hp1.high_pressure"]
        alarm = condition.alarm
        condition.alarm = replace(alarm, latches=False)
        definition = condition.alarm
        try:

            def change(active: bool) -> None:
                now = rig.clock.now()
                rig.server.announce(AlarmTransition(definition, active, now, "x", 1.0))

            change(True)
            await told(1)
            first = alarms.events[0]["EventId"]
            assert await alarms.respond(FULL, ACKNOWLEDGE, first) == "Good"
            change(False)
            await told(3)
            assert await alarms.respond(FULL, CONFIRM, first) == "Good"
            change(True)
            change(False)
            change(True)
            await told(8)
            second = alarms.events[4]["EventId"]
            assert await alarms.respond(FULL, ACKNOWLEDGE, second) == "Good"
            change(False)
            change(True)
            await told(12)
            assert await alarms.respond(FULL, CONFIRM, second) == "Good"
            third = alarms.events[7]["EventId"]
            assert await alarms.respond(FULL, ACKNOWLEDGE, third) == "Good"
            await told(14)
        finally:
            condition.alarm = alarm
        assert [shown(event) for event in alarms.events] == [
            ("", t, f, t, t), ("", t, t, f, t), ("", f, t, f, t), ("", f, t, t, f),
            ("", t, f, t, t), ("", f, f, t, t), ("2", f, f, t, t), ("", t, f, t, t),
            ("2", f, t, f, t), ("", f, f, t, t), ("3", f, f, t, t), ("", t, f, t, t),
            ("2", f, t, t, f), ("3", f, t, f, t),
        ]  # fmt: skip
        # What was acknowledged and confirmed is gone; the others come with a refresh.
        alarms.events.clear()
        assert await alarms.refresh() == "Good"
        await told(4)
        assert [shown(event)[0] for event in alarms.events[1:3]] == ["3", ""]
        assert await alarms.respond(FULL, ACKNOWLEDGE, second) == "BadEventIdUnknown"
        assert await alarms.respond(FULL, COMMENT, third, "who was here?") == "Good"
        await told(5)
        assert shown(alarms.events[-1])[0] == "3"


async def test_earlier_occurrences_do_not_grow_without_end(rig, connect, eventually) -> None:
    async with connect(rig, "olga") as client:
        alarms = await started(rig, client)
        for _ in range(13):
            turn(rig, PLAIN, True)
            turn(rig, PLAIN, False)
        turn(rig, PLAIN, True)
        await eventually(lambda: len(alarms.events) == 27 + 13 + 3)
        dropped = [e for e in alarms.events if not e["Retain"]]
        assert [e["BranchId"].Identifier[-2:] for e in dropped] == [".1", ".2", ".3"]
        alarms.events.clear()
        assert await alarms.refresh() == "Good"
        await eventually(lambda: len(alarms.events) == 2 + 10 + 1)


async def test_a_refresh_is_for_one_subscription_or_one_item(rig, connect, eventually) -> None:
    async with connect(rig, "olga") as client, connect(rig, "olga") as other:
        alarms, bystander = await started(rig, client), await started(rig, other)
        turn(rig, PLAIN, True)
        await eventually(lambda: len(alarms.events) == len(bystander.events) == 1)
        alarms.events.clear()
        second = await alarms.listen(handle=2)
        assert await alarms.refresh() == "Good"
        await eventually(lambda: len(alarms.events) == 6)
        assert {e["handle"] for e in alarms.events} == {1, 2}
        alarms.events.clear()
        assert await alarms.refresh(second) == "Good"
        await eventually(lambda: len(alarms.events) == 3)
        kinds = [e["EventType"].Identifier for e in alarms.events]
        assert kinds[0::2] == [IDS.RefreshStartEventType, IDS.RefreshEndEventType]
        assert {e["handle"] for e in alarms.events} == {2}
        assert await alarms.refresh(999) == "BadMonitoredItemIdInvalid"
        bystander.subscription = alarms.subscription
        assert await bystander.refresh() == "BadSubscriptionIdInvalid"
        assert len(bystander.events) == 1


async def test_the_address_space_has_all_of_it(rig, connect) -> None:
    async with connect(rig, "olga") as client:
        found = {}
        for name in (PLAIN, FULL):
            node = await rig.node(client, name)
            found[name] = {(await c.read_browse_name()).Name for c in await node.get_children()}
        more = {"ConfirmedState", "Confirm", "LatchedState", "Reset", "Reset2"}
        assert found[FULL] - found[PLAIN] == more
        assert {
            "ShelvingState", "SuppressedState", "OutOfServiceState", "MaxTimeShelved", "OnDelay",
            "OffDelay", "Suppress", "Unsuppress2", "RemoveFromService", "PlaceInService",
            "RaisedTime", "Consequence",
        } <= found[PLAIN]  # fmt: skip
        machine = await rig.node(client, f"{FULL}.ShelvingState")
        names = {(await c.read_browse_name()).Name for c in await machine.get_children()}
        assert {"CurrentState", "UnshelveTime", "TimedShelve", "OneShotShelve2", "Unshelve"} <= (
            names
        )
        for name, delay in (("OnDelay", 2000.0), ("OffDelay", 3000.0)):
            assert await (await rig.node(client, f"{FULL}.{name}")).read_value() == delay
