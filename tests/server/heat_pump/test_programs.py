"""Methods of what the twin does by itself, called by a real client over real programs."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
import pytest_asyncio
from asyncua import Client, Node, ua
from namespaces import site_index
from programs_rig import AT_FIRST, Device, ProgramsRig
from sqlalchemy import URL

from heatpump_twin.config.data_directory import DataDirectory
from heatpump_twin.config.durable_file import write_private
from heatpump_twin.config.load import load_site
from heatpump_twin.config.settings import Site
from heatpump_twin.drivers.clock import ManualClock, SystemClock
from heatpump_twin.drivers.status import BAD_OUT_OF_RANGE, GOOD, UNCERTAIN
from heatpump_twin.server.security.users import UserStore
from heatpump_twin.server.twin_server import TwinServer
from heatpump_twin.twin_engine.conditions.condition_store import ConditionStore
from heatpump_twin.twin_engine.historian.events.event_log import EventLog
from heatpump_twin.twin_engine.programs.forecast_models import (
    ForecastModelStanding,
    ForecastModelState,
)
from heatpump_twin.twin_engine.programs.scenario_request import (
    ScenarioProgress,
    ScenarioQuestion,
    ScenarioState,
)
from heatpump_twin.twin_engine.programs.training_request import TrainingProgress, TrainingState
from heatpump_twin.twin_engine.verdict import Verdict

from ..conftest import PASSWORD, Records

pytestmark = pytest.mark.asyncio(loop_scope="module")
BAD = ua.StatusCodes
DOUBLE, DATE_TIME = ua.VariantType.Double, ua.VariantType.DateTime


class Trainer:
    """Somebody who trains at once."""

    def __init__(self) -> None:
        self.state = TrainingProgress()

    def offered(self, asset: str) -> bool:
        return True

    def of(self, asset: str) -> TrainingProgress:
        return self.state

    async def start(self, asset: str, *, user: str, origin: str) -> Verdict:
        self.state = TrainingProgress(TrainingState.IN_USE, f"Trained for {user}.", 0)
        return Verdict(GOOD, "Training has started.")


class Simulator:
    """Somebody who simulates at once."""

    def __init__(self) -> None:
        self.state = ScenarioProgress()
        self.asked: list[ScenarioQuestion] = []

    def offered(self, asset: str) -> bool:
        return True

    def of(self, asset: str) -> ScenarioProgress:
        return self.state

    async def start(
        self, asset: str, question: ScenarioQuestion, *, user: str, origin: str
    ) -> Verdict:
        self.asked.append(question)
        self.state = ScenarioProgress(ScenarioState.DONE, 1.0, f"For {user}.", "{}", "time\n")
        return Verdict(GOOD, "The simulation has started.")

    async def cancel(self, asset: str, *, user: str, origin: str) -> Verdict:
        self.state = ScenarioProgress(ScenarioState.CANCELLED)
        return Verdict(GOOD, "It is being stopped.")


class ForecastModelKeeper:
    """Somebody who keeps versions of what was learnt."""

    def __init__(self) -> None:
        self.state = ForecastModelStanding()

    def offered(self, asset: str) -> bool:
        return True

    def of(self, asset: str) -> ForecastModelStanding:
        return self.state

    async def train(self, asset: str, *, user: str, origin: str) -> Verdict:
        self.state = ForecastModelStanding(ForecastModelState.REFUSED, f"For {user}.", "{}")
        return Verdict(GOOD, "Training has started.")

    async def promote(self, asset: str, version: int, *, user: str, origin: str) -> Verdict:
        if version != 3:
            return Verdict(BAD_OUT_OF_RANGE, "There is no such version.", argument="Version")
        self.state = ForecastModelStanding(ForecastModelState.PROMOTED, "Version 3.", "{}")
        return Verdict(GOOD, "Version 3 is in use.")

    async def roll_back(self, asset: str, *, user: str, origin: str) -> Verdict:
        self.state = ForecastModelStanding(ForecastModelState.ROLLED_BACK)
        return Verdict(GOOD, "Version 2 is in use.")


@dataclass
class Served:
    """Programs behind an OPC UA server, with what the fixtures of this folder want of a rig."""

    programs: ProgramsRig
    site: Site

    @property
    def url(self) -> str:
        return self.site.opcua.url

    async def node(self, client: Client, name: str) -> Node:
        return client.get_node(ua.NodeId(name, await site_index(client)))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(tmp_path_factory, users_file: bytes) -> AsyncIterator[Served]:
    folder = tmp_path_factory.mktemp("programs")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    site = load_site("default", [f"opcua.port={port}"], {})
    data = DataDirectory.open(folder)
    write_private(data.users, users_file)
    clock = ManualClock(SystemClock().now())
    database = URL.create("sqlite", database=str(data.database))
    rig = ProgramsRig(database, clock, Device(dict(AT_FIRST)))
    await rig.start()
    rig.programs.trainer = Trainer()
    rig.programs.simulator = Simulator()
    rig.programs.forecast_models = ForecastModelKeeper()
    conditions, events = ConditionStore(database), EventLog(database)
    server = TwinServer(
        site=site, data=data, table=rig.table, image=rig.image, alarms=[],
        commands=rig.programs.commands, programs=rig.programs, history=Records(),
        users=UserStore(data.users), provenance={}, clock=clock,
        audit=rig.audit, conditions=conditions, events=events,
    )  # fmt: skip
    rig.image.subscribe(server.publish)
    await server.start()
    yield Served(rig, site)
    await server.stop()
    await conditions.stop()
    await events.stop()
    await rig.stop()


@pytest_asyncio.fixture(loop_scope="module")
async def served(shared: Served) -> AsyncIterator[Served]:
    """The module's server with the device as at first, and nothing under way afterwards."""
    rig = shared.programs
    rig.device.held = dict(AT_FIRST)
    rig.device.refuses.clear()
    rig.poll()
    rig.device.written.clear()
    yield shared
    rig.device.refuses.clear()
    await rig.programs.schedules.cancel("hp1", user="test", origin="test")
    await rig.programs.release("hp1", user="test", origin="test")


async def call(served, client: Client, name: str, *inputs: ua.Variant):
    request = ua.CallMethodRequest()
    request.ObjectId = (await served.node(client, "hp1.MethodSet")).nodeid
    request.MethodId = (await served.node(client, f"hp1.{name}")).nodeid
    request.InputArguments = list(inputs)
    (answer,) = await client.uaclient.call([request])
    return answer


async def read(served, client: Client, name: str) -> ua.DataValue:
    return await (await served.node(client, f"hp1.Programs.{name}")).read_data_value(False)


def scheduled(ready_at: ua.Variant, target: float, *more: float) -> tuple[ua.Variant, ...]:
    """Return the inputs of ScheduleReady; what is left out is as usual."""
    probability, quantity, weekdays, hold = (*more, *(0,) * (4 - len(more)))
    whole = ua.VariantType.Int32
    return (
        ready_at, ua.Variant(target, DOUBLE), ua.Variant(float(probability), DOUBLE),
        ua.Variant(quantity, whole), ua.Variant(weekdays, whole), ua.Variant(float(hold), DOUBLE),
    )  # fmt: skip


def message(answer: ua.CallMethodResult) -> str:
    return str(answer.OutputArguments[-1].Value)


def in_hours(served: Served, hours: float) -> ua.Variant:
    now = dt.datetime.fromtimestamp(served.programs.clock.now() / 1e6, dt.UTC)
    return ua.Variant(now + dt.timedelta(hours=hours), DATE_TIME)


async def test_methods_describe_their_arguments_and_who_may(served, connect) -> None:
    async with connect(served) as client:
        texts = {}
        for name in ("ScheduleReady", "StartDhwBoost", "StartDisinfection"):
            node = await served.node(client, f"hp1.{name}.InputArguments")
            texts[name] = {a.Name: a for a in await node.read_value()}
            method = await served.node(client, f"hp1.{name}")
            text = (await method.read_description()).Text
            role = "engineer" if name == "StartDisinfection" else "operator"
            assert f"For the role {role} and above" in text
        assert "20 to 55 °C" in texts["ScheduleReady"]["Target"].Description.Text
        ready_at = texts["ScheduleReady"]["ReadyAt"]
        assert ready_at.DataType.Identifier == ua.ObjectIds.UtcTime
        assert "7 days" in ready_at.Description.Text
        duration = texts["StartDhwBoost"]["MaxDuration"]
        assert duration.DataType.Identifier == ua.ObjectIds.Duration
        assert "1 min to 12 h, in ms; default 2 h" in duration.Description.Text
        assert "default 30 min" in texts["StartDisinfection"]["HoldTime"].Description.Text
        assert "60 to 65 °C" in texts["StartDisinfection"]["Target"].Description.Text


@pytest.mark.parametrize(
    ("argument", "data_type", "low", "high", "unit"),
    [
        ("ScheduleReady.Target", ua.ObjectIds.Double, 20.0, 55.0, "°C"),
        ("StartDisinfection.Target", ua.ObjectIds.Double, 60.0, 65.0, "°C"),
        ("StartDhwBoost.MaxDuration", ua.ObjectIds.Duration, 60_000.0, 43_200_000.0, None),
    ],
)
async def test_what_an_argument_takes_is_typed(
    served, connect, argument: str, data_type: int, low: float, high: float, unit: str | None
) -> None:
    async with connect(served) as client:
        name = argument.partition(".")[2]
        method = await served.node(client, f"hp1.{argument.partition('.')[0]}")
        described = await method.get_references(ua.ObjectIds.HasArgumentDescription)
        (found,) = [ref for ref in described if ref.BrowseName.Name == name]
        node = client.get_node(found.NodeId)
        assert (await node.read_data_type()).Identifier == data_type
        properties = {
            (await child.read_browse_name()).Name: await child.read_value()
            for child in await node.get_properties()
        }
        assert properties["EURange"] == ua.Range(low, high)
        assert (u := properties.get("EngineeringUnits")) is None or u.DisplayName.Text == unit
        # It describes an input, and holds none.
        with pytest.raises(ua.uaerrors.BadNotReadable):
            await node.read_value()


async def test_no_method_is_there_that_does_nothing(served, connect) -> None:
    async with connect(served) as client:
        methods = await (await served.node(client, "hp1.MethodSet")).get_methods()
        names = {(await method.read_browse_name()).Name for method in methods}
        assert names >= {
            "ReleaseOverride", "ScheduleReady", "CancelSchedule", "StartDhwBoost",
            "StartDisinfection", "ResetFault", "Retrain", "SimulateScenario", "CancelScenario",
            "Train", "Promote", "Rollback",
        }  # fmt: skip


async def test_an_override_is_shown_and_released(served, connect, eventually) -> None:
    seen: list[list[str]] = []

    class Changes:
        def datachange_notification(self, node: Node, value: list[str], data: object) -> None:
            seen.append(value)

    async with connect(served, "olga") as client:
        subscription = await client.create_subscription(100, Changes())
        await subscription.subscribe_data_change(
            await served.node(client, "hp1.Programs.Overrides")
        )
        await eventually(lambda: seen == [[]])
        await call(served, client, "SetSupplySetpoint", ua.Variant(50.0, DOUBLE))
        await eventually(lambda: seen[-1] == ["SupplySetpoint"])
        values = await read(served, client, "OverriddenValues")
        assert values.Value.Value == [45.0]
        answer = await call(served, client, "ReleaseOverride")
        assert answer.StatusCode.is_good()
        assert message(answer) == "Supply setpoint is 45 °C."
        await eventually(lambda: seen[-1] == [])
        assert served.programs.device.held["supply_setpoint"] == 45.0
        latest = await read(served, client, "LatestMessage")
        assert latest.Value.Value == "Supply setpoint is 45 °C."


async def test_programs_speak_the_language_of_who_asks(served, connect) -> None:
    async with connect(served, "olga") as client:
        client.set_locale(["de"])
        await client.activate_session("olga", PASSWORD)
        served.programs.device.held["dhw_temperature"] = 46.0
        served.programs.poll()
        none = ua.Variant(0.0, DOUBLE)
        answer = await call(served, client, "StartDhwBoost", ua.Variant(55.0, DOUBLE), none)
        begun = "Der Speicher wird auf 55 °C geheizt, höchstens 2 h lang."
        assert message(answer) == f"{begun} Danach: Warmwassersollwert 48 °C."
        again = await call(served, client, "StartDhwBoost", ua.Variant(55.0, DOUBLE), none)
        assert not again.StatusCode.is_good()
        # A hand at the setting ends it: nobody called a method, and the news is German as well.
        await call(served, client, "SetDhwSetpoint", ua.Variant(50.0, DOUBLE))
        latest = await read(served, client, "LatestMessage")
        assert latest.Value.Value.startswith(
            "Boost beendet: olga hat „Warmwassersollwert“ gestellt."
        )
        client.set_locale(["es"])
        await client.activate_session("olga", PASSWORD)
        assert "olga ha ajustado «" in (await read(served, client, "LatestMessage")).Value.Value


async def test_a_schedule_is_taken_shown_and_cancelled(served, connect) -> None:
    async with connect(served, "olga") as client:
        none = await read(served, client, "ScheduleReadyAt")
        assert none.Value.Value is None
        assert none.StatusCode.is_good()
        ready_at = in_hours(served, 6)
        answer = await call(served, client, "ScheduleReady", *scheduled(ready_at, 46.0))
        assert answer.StatusCode.is_good()
        assert message(answer).startswith("Scheduled: water at 46 °C at ")
        shown = await read(served, client, "ScheduleReadyAt")
        assert shown.Value.Value == ready_at.Value
        assert (await read(served, client, "ScheduleTarget")).Value.Value == 46.0
        start = await read(served, client, "ScheduleStartAt")
        assert start.StatusCode.is_uncertain()
        assert start.Value.Value < ready_at.Value
        unit = await (
            await served.node(client, "hp1.Programs.ScheduleTarget.EngineeringUnits")
        ).read_value()
        assert unit.UnitId == 4408652  # °C
        assert (await read(served, client, "ScheduleQuantity")).Value.Value == 1
        assert (await read(served, client, "SchedulePhase")).Value.Value == 1
        assert (
            "min are expected by the model"
            in (await read(served, client, "ScheduleReason")).Value.Value
        )
        room = scheduled(in_hours(served, 5), 22.0, 95.0, 1, 0b1111111, 3600e3)
        assert (await call(served, client, "ScheduleReady", *room)).StatusCode.is_good()
        first, second = (await read(served, client, "Schedules")).Value.Value
        assert first.startswith("room at 22 °C at ")
        assert first.endswith("(Mon, Tue, Wed, Thu, Fri, Sat, Sun)")
        assert second.startswith("water at 46 °C at ")
        assert (await read(served, client, "ScheduleQuantity")).Value.Value == 2
        answer = await call(served, client, "CancelSchedule")
        assert "Cancelled: water at 46 °C at " in message(answer)
        assert (await read(served, client, "ScheduleReadyAt")).Value.Value is None


@pytest.mark.parametrize(
    ("quantity", "code", "setpoint", "target"),
    [("room", 1, "room_setpoint", 22.0), ("tank", 2, "dhw_setpoint", 52.0)],
)
async def test_a_room_and_a_tank_are_heated_judged_and_given_back(
    served, connect, eventually, quantity, code, setpoint, target
) -> None:
    rig = served.programs
    before = rig.device.held[setpoint]
    async with connect(served, "olga") as client:
        assert client.security_policy.Mode is ua.MessageSecurityMode.SignAndEncrypt
        asked = scheduled(in_hours(served, 1), target, 90.0, code, 0, 600e3)
        answer = await call(served, client, "ScheduleReady", *asked)
        assert answer.StatusCode.is_good()
        await rig.pass_time(60)
        assert rig.device.held[setpoint] >= target
        rig.device.show("room_temperature", 22.0)
        rig.device.show("dhw_temperature", 52.0)
        await rig.pass_time(3600 + 660, every=30)

        async def own() -> list[dict[str, object]]:
            told = (await read(served, client, "HeatUps")).Value.Value or []
            return [one for one in map(json.loads, told) if one["quantity"] == quantity]

        async def judged() -> bool:
            return bool(await own())

        await eventually(judged)
        (record,) = await own()
        assert (record["outcome"], record["target"]) == ("on time", target)
    assert rig.device.held[setpoint] == before
    assert setpoint not in rig.programs.overrides.of("hp1")


@pytest.mark.parametrize(
    ("hours", "target", "more", "blamed"),
    [
        (-1.0, 45.0, (), 0), (169.0, 45.0, (), 0), (6.0, 56.0, (), 1), (6.0, 45.0, (30.0,), 2),
        (6.0, 20.0, (0, 7), 3), (6.0, 45.0, (0, 0, 128), 4), (6.0, 45.0, (0, 0, 1), 5),
    ],
)  # fmt: skip
async def test_the_argument_to_blame_is_named(served, connect, hours, target, more, blamed) -> None:
    async with connect(served, "olga") as client:
        answer = await call(
            served, client, "ScheduleReady", *scheduled(in_hours(served, hours), target, *more)
        )
        assert answer.StatusCode.value == BAD.BadOutOfRange
        codes = [status.value for status in answer.InputArgumentResults]
        assert codes == [BAD.BadOutOfRange if i == blamed else BAD.Good for i in range(6)]


async def test_types_are_checked_for_each_argument(served, connect) -> None:
    async with connect(served, "olga") as client:
        answer = await call(
            served, client, "ScheduleReady", *scheduled(ua.Variant(1.0, DOUBLE), 45.0)
        )
        assert answer.StatusCode.value == BAD.BadInvalidArgument
        assert [s.value for s in answer.InputArgumentResults] == [
            BAD.BadTypeMismatch, *[BAD.Good] * 5,
        ]  # fmt: skip


async def test_a_boost_runs_is_shown_and_a_second_one_is_refused(served, connect) -> None:
    boost = (ua.Variant(55.0, DOUBLE), ua.Variant(0.0, DOUBLE))
    async with connect(served, "olga") as client:
        answer = await call(served, client, "StartDhwBoost", *boost)
        assert answer.StatusCode.is_good()
        assert answer.OutputArguments[0].Value == 55.0
        assert (await read(served, client, "TankProgram")).Value.Value == 1
        assert (await read(served, client, "TankPhase")).Value.Value == 1
        assert (await read(served, client, "TankTarget")).Value.Value == 55.0
        until = await read(served, client, "TankUntil")
        assert until.Value.Value == in_hours(served, 2).Value
        again = await call(served, client, "StartDhwBoost", *boost)
        assert again.StatusCode.value == BAD.BadInvalidState
        await call(served, client, "SetDhwSetpoint", ua.Variant(51.0, DOUBLE))
        assert (await read(served, client, "TankProgram")).Value.Value == 0
        assert served.programs.device.held["dhw_setpoint"] == 51.0


async def test_a_direct_write_ends_a_boost_too(served, connect) -> None:
    async with connect(served, "olga") as client:
        await call(
            served, client, "StartDhwBoost", ua.Variant(55.0, DOUBLE), ua.Variant(60e3, DOUBLE)
        )
        node = await served.node(client, "hp1.dhw_setpoint")
        await node.write_value(ua.DataValue(ua.Variant(52.0, DOUBLE)))
        assert (await read(served, client, "TankProgram")).Value.Value == 0
        assert served.programs.device.held["dhw_setpoint"] == 52.0


async def test_a_disinfection_takes_an_engineer(served, connect) -> None:
    arguments = (ua.Variant(60.0, DOUBLE), ua.Variant(600e3, DOUBLE))
    async with connect(served, "olga") as client:
        answer = await call(served, client, "StartDisinfection", *arguments)
        assert answer.StatusCode.value == BAD.BadUserAccessDenied
    async with connect(served, "erik") as client:
        answer = await call(served, client, "StartDisinfection", *arguments)
        assert answer.StatusCode.is_good()
        assert "held for 10 min" in message(answer)
        await call(served, client, "ReleaseOverride")
    denied, begun, *_ = await served.programs.rows("StartDisinfection")
    assert (denied.user, denied.status, denied.requested) == (
        "olga", BAD.BadUserAccessDenied, 60.0,
    )  # fmt: skip
    assert (begun.user, begun.status) == ("erik", GOOD)


async def test_a_fault_is_reset(served, connect, eventually) -> None:
    device = served.programs.device
    device.show("fault_reset", 0.0)
    device.show("fault_active", 1.0)
    async with connect(served, "olga") as client:
        calling = asyncio.create_task(call(served, client, "ResetFault"))
        await eventually(lambda: ("fault_reset", 1.0) in device.written)
        device.show("fault_active", 0.0)
        answer = await calling
        assert answer.StatusCode.is_good()
        assert message(answer) == "The fault is cleared."


async def test_training_takes_an_engineer_and_is_shown(served, connect, eventually) -> None:
    async with connect(served, "olga") as client:
        answer = await call(served, client, "Retrain")
        assert answer.StatusCode.value == BAD.BadUserAccessDenied
    async with connect(served, "erik") as client:
        answer = await call(served, client, "Retrain")
        assert message(answer) == "Training has started."
        assert (await read(served, client, "TrainingState")).Value.Value == 2
        assert (await read(served, client, "TrainingMessage")).Value.Value == "Trained for erik."
        node = await served.node(client, "hp1.Programs.TrainingState.EnumStrings")
        states = [state.Text for state in await node.read_value()]
        assert states[TrainingState.IN_USE] == "In use"
        assert len(states) == len(TrainingState)


async def test_what_is_learnt_of_forecasts_takes_an_engineer(served, connect) -> None:
    def version(number: int) -> ua.Variant:
        return ua.Variant(number, ua.VariantType.Int32)

    async with connect(served, "olga") as client:
        for name, arguments in (("Train", ()), ("Promote", (version(3),)), ("Rollback", ())):
            answer = await call(served, client, name, *arguments)
            assert answer.StatusCode.value == BAD.BadUserAccessDenied
    async with connect(served, "erik") as client:
        assert (await read(served, client, "ForecastModelCard")).Value.Value is None
        assert message(await call(served, client, "Train")) == "Training has started."
        assert (await read(served, client, "ForecastModelState")).Value.Value == 3
        assert (await read(served, client, "ForecastModelMessage")).Value.Value == "For erik."
        assert (await read(served, client, "ForecastModelCard")).Value.Value == "{}"
        answer = await call(served, client, "Promote", version(7))
        assert answer.InputArgumentResults[0].value == BAD.BadOutOfRange
        assert message(await call(served, client, "Promote", version(3))) == "Version 3 is in use."
        assert (await read(served, client, "ForecastModelState")).Value.Value == 2
        assert message(await call(served, client, "Rollback")) == "Version 2 is in use."
        node = await served.node(client, "hp1.Programs.ForecastModelState.EnumStrings")
        states = [state.Text for state in await node.read_value()]
        assert states[ForecastModelState.ROLLED_BACK] == "Rolled back"
        assert len(states) == len(ForecastModelState)


async def test_a_simulation_is_asked_for_and_its_result_read(served, connect) -> None:
    async with connect(served, "olga") as client:
        assert (await read(served, client, "ScenarioState")).Value.Value == 0
        answer = await call(
            served, client, "SimulateScenario",
            ua.Variant(" curve.shift=-3  room.setpoint=20 ", ua.VariantType.String),
            ua.Variant(7.0, DOUBLE), ua.Variant(3, ua.VariantType.Int32),
        )  # fmt: skip
        assert message(answer) == "The simulation has started."
        simulator = served.programs.programs.simulator
        assert simulator.asked == [ScenarioQuestion(("curve.shift=-3", "room.setpoint=20"), 7.0, 3)]
        assert (await read(served, client, "ScenarioProgress")).Value.Value == 1.0
        assert (await read(served, client, "ScenarioMessage")).Value.Value == "For olga."
        figures = await read(served, client, "ScenarioFigures")
        assert figures.Value.Value == "{}"
        # It is simulated: nobody takes it for a measurement.
        assert figures.StatusCode.value == UNCERTAIN
        node = await served.node(client, "hp1.Programs.ScenarioState.EnumStrings")
        states = [state.Text for state in await node.read_value()]
        assert states[ScenarioState.DONE] == "Done"
        assert len(states) == len(ScenarioState)
        answer = await call(served, client, "CancelScenario")
        assert message(answer) == "It is being stopped."
        assert (await read(served, client, "ScenarioState")).Value.Value == 4
        assert (await read(served, client, "ScenarioTable")).Value.Value is None


async def test_every_refused_call_is_on_record(served, connect) -> None:
    async with connect(served, "victor") as client:
        for name in ("ReleaseOverride", "CancelSchedule", "ResetFault", "Retrain"):
            answer = await call(served, client, name)
            assert answer.StatusCode.value == BAD.BadUserAccessDenied
            row = (await served.programs.rows(name))[-1]
            assert (row.user, row.status) == ("victor", BAD.BadUserAccessDenied)
