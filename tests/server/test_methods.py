"""Commands: who may, what may be asked for, and what is said about it."""

from __future__ import annotations

import math

import pytest
from asyncua import Client, ua

pytestmark = pytest.mark.asyncio(loop_scope="module")

BAD = ua.StatusCodes


async def call(rig, client: Client, name: str, *inputs: ua.Variant, on: str = "hp1.MethodSet"):
    request = ua.CallMethodRequest()
    request.ObjectId = (await rig.node(client, on)).nodeid
    request.MethodId = (await rig.node(client, name)).nodeid
    request.InputArguments = list(inputs)
    (answer,) = await client.uaclient.call([request])
    return answer


def double(value: float) -> ua.Variant:
    return ua.Variant(value, ua.VariantType.Double)


@pytest.mark.parametrize("on", ["hp1", "hp1.MethodSet"])
async def test_a_setpoint_is_written_and_read_back(rig, connect, on: str) -> None:
    async with connect(rig, "olga") as client:
        answer = await call(rig, client, "hp1.SetSupplySetpoint", double(44.5), on=on)
        assert answer.StatusCode.is_good()
        assert [v.Value for v in answer.OutputArguments] == [44.5, "It is done."]
        assert [s.value for s in answer.InputArgumentResults] == [0]
        peer = rig.device.audit[0][-1]
        assert rig.device.audit == [("write", "hp1.supply_setpoint", 44.5, 0, peer)]
        assert peer.startswith("olga OPC UA 127.0.0.1:")


async def test_only_mapped_points_have_methods(rig, connect) -> None:
    async with connect(rig) as client:
        methods = await (await rig.node(client, "hp1.MethodSet")).get_methods()
        names = {(await m.read_browse_name()).Name for m in methods}
        assert names == {"SetSupplySetpoint", "SetDhwSetpoint", "SetOperatingMode", "Start", "Stop"}
        node = await rig.node(client, "hp1.SetSupplySetpoint.InputArguments")
        (argument,) = await node.read_value()
        assert argument.Name == "Value"
        assert "20 to 55 °C" in argument.Description.Text
        outputs = await (await rig.node(client, "hp1.Start.OutputArguments")).read_value()
        assert [o.Name for o in outputs] == ["ReadBack", "Message"]


async def test_switches_and_modes(rig, connect) -> None:
    async with connect(rig, "olga") as client:
        assert (await call(rig, client, "hp1.Start")).StatusCode.is_good()
        assert rig.device.held["hp1.unit_enabled"] == 1.0
        assert (await call(rig, client, "hp1.Stop")).StatusCode.is_good()
        assert rig.device.held["hp1.unit_enabled"] == 0.0
        mode = ua.Variant(3, ua.VariantType.Int32)
        answer = await call(rig, client, "hp1.SetOperatingMode", mode)
        assert answer.StatusCode.is_good()
        assert rig.device.held["hp1.operating_mode"] == 3.0
        answer = await call(
            rig, client, "hp1.SetOperatingMode", ua.Variant(9, ua.VariantType.Int32)
        )
        assert answer.StatusCode.value == BAD.BadOutOfRange


@pytest.mark.parametrize("value", [19.9, 55.1, math.nan, math.inf, -math.inf])
async def test_out_of_range_stays_off_the_wire_and_is_recorded(rig, connect, value: float) -> None:
    async with connect(rig, "olga") as client:
        answer = await call(rig, client, "hp1.SetSupplySetpoint", double(value))
        assert answer.StatusCode.value == BAD.BadOutOfRange
        assert [s.value for s in answer.InputArgumentResults] == [BAD.BadOutOfRange]
        assert answer.OutputArguments == []
        ((kind, key, _, status, _),) = rig.device.audit
        assert (kind, key, status) == ("refuse", "hp1.supply_setpoint", BAD.BadOutOfRange)


async def test_arguments_are_checked(rig, connect) -> None:
    async with connect(rig, "olga") as client:
        name = "hp1.SetSupplySetpoint"
        answer = await call(rig, client, name)
        assert answer.StatusCode.value == BAD.BadArgumentsMissing
        answer = await call(rig, client, name, double(40), double(41))
        assert answer.StatusCode.value == BAD.BadTooManyArguments
        for wrong in (
            ua.Variant("40", ua.VariantType.String),
            ua.Variant(40, ua.VariantType.Int32),
            ua.Variant([40.0], ua.VariantType.Double),
        ):
            answer = await call(rig, client, name, wrong)
            assert answer.StatusCode.value == BAD.BadInvalidArgument
            assert [s.value for s in answer.InputArgumentResults] == [BAD.BadTypeMismatch]
        answer = await call(rig, client, name, double(40), on="hp1.ParameterSet")
        assert answer.StatusCode.value == BAD.BadMethodInvalid
        assert rig.device.audit == []


@pytest.mark.parametrize("user", [None, "victor"])
async def test_who_may_not_is_refused_and_recorded(rig, connect, user: str | None) -> None:
    async with connect(rig, user) as client:
        answer = await call(rig, client, "hp1.SetSupplySetpoint", double(44.0))
        assert answer.StatusCode.value == BAD.BadUserAccessDenied
        ((kind, key, value, status, who),) = rig.device.audit
        assert (kind, key, value) == ("refuse", "hp1.supply_setpoint", 44.0)
        assert status == BAD.BadUserAccessDenied
        assert who.startswith(user or "anonymous")


@pytest.mark.parametrize(
    ("user", "may"), [(None, False), ("victor", False), ("olga", True), ("erik", True)]
)
async def test_a_client_can_see_what_it_may_call(rig, connect, user, may: bool) -> None:
    async with connect(rig, user) as client:
        node = await rig.node(client, "hp1.SetSupplySetpoint")
        answers = await node.read_attributes(
            [ua.AttributeIds.Executable, ua.AttributeIds.UserExecutable]
        )
        assert [a.Value.Value for a in answers] == [True, may]


async def test_a_removed_user_may_no_longer(rig, connect) -> None:
    async with connect(rig, "olga") as client:
        rig.users.remove("olga")
        answer = await call(rig, client, "hp1.SetSupplySetpoint", double(44.0))
        assert answer.StatusCode.value == BAD.BadUserAccessDenied


async def test_the_status_of_the_command_is_the_status_of_the_call(rig, connect) -> None:
    async with connect(rig, "olga") as client:
        rig.device.status = BAD.BadDeviceFailure
        answer = await call(rig, client, "hp1.SetSupplySetpoint", double(44.0))
        assert answer.StatusCode.value == BAD.BadDeviceFailure
        rig.device.status = BAD.Uncertain
        answer = await call(rig, client, "hp1.SetSupplySetpoint", double(44.0))
        assert answer.StatusCode.value == BAD.Uncertain
        assert answer.OutputArguments[1].Value == "It is done."


async def test_values_are_not_written_past_the_methods(rig, connect) -> None:
    async with connect(rig, "olga") as client:
        node = await rig.node(client, "hp1.supply_setpoint")
        with pytest.raises(ua.uaerrors.BadNotWritable):
            await node.write_value(44.0)
        assert [row[0] for row in rig.device.audit] == ["refuse"]
        flag = client.get_node(ua.ObjectIds.Server_ServerDiagnostics_EnabledFlag)
        with pytest.raises(ua.uaerrors.BadNotWritable):
            await flag.write_value(True)
