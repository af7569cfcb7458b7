"""Commands: who may, what may be asked for, and what is said about it."""

from __future__ import annotations

import datetime as dt
import math

import pytest
from asyncua import Client, ua
from asyncua.ua.ua_binary import struct_from_binary

from heatpump_twin.twin_engine.commands.audit_entry import AuditKind

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
        assert names == {
            "SetSupplySetpoint", "SetDhwSetpoint", "SetOperatingMode", "SetHeatingCurve",
            "SetWithReason", "Start", "Stop",
        }  # fmt: skip
        node = await rig.node(client, "hp1.SetSupplySetpoint.InputArguments")
        (argument,) = await node.read_value()
        assert argument.Name == "Value"
        assert "20 to 55 °C" in argument.Description.Text
        outputs = await (await rig.node(client, "hp1.Start.OutputArguments")).read_value()
        assert [o.Name for o in outputs] == ["ReadBack", "Message"]


async def test_the_codes_that_a_method_takes_are_typed(rig, connect) -> None:
    async with connect(rig) as client:
        values = await rig.node(client, "hp1.SetOperatingMode.Mode.EnumValues")
        codes = {v.Value: v.DisplayName.Text for v in await values.read_value()}
        assert list(codes) == [1, 2, 3, 4, 5]  # this device takes neither 0 nor 6
        assert codes[3] == "Hot water"


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


def reasoned(setting: str, value: float, reason: str) -> list[ua.Variant]:
    said = [ua.Variant(words, ua.VariantType.String) for words in (setting, reason)]
    return [said[0], double(value), said[1]]


async def test_a_reason_goes_with_a_write(rig, connect) -> None:
    async with connect(rig, "olga") as client:
        name = "hp1.SetWithReason"
        answer = await call(rig, client, name, *reasoned("SupplySetpoint", 43.5, " Cold corner "))
        assert answer.StatusCode.is_good()
        assert [v.Value for v in answer.OutputArguments] == [43.5, "It is done."]
        assert rig.device.reasons["hp1.supply_setpoint"] == "Cold corner"
        # Of states it is the number.
        answer = await call(rig, client, name, *reasoned("OperatingMode", 3.0, "Summer"))
        assert rig.device.held["hp1.operating_mode"] == 3.0
        # Its own method says no reason.
        await call(rig, client, "hp1.SetSupplySetpoint", double(44.0))
        assert rig.device.reasons["hp1.supply_setpoint"] == ""


@pytest.mark.parametrize(
    ("inputs", "status", "blamed"),
    [
        (("ReturnTemperature", 43.0, "Why not"), BAD.BadInvalidArgument, 0),
        (("HeatingCurve", 1.0, "Two settings have one method"), BAD.BadInvalidArgument, 0),
        (("SupplySetpoint", 56.0, "Too warm"), BAD.BadOutOfRange, 1),
        (("SupplySetpoint", math.nan, "No number"), BAD.BadOutOfRange, 1),
        (("SupplySetpoint", 43.0, "x" * 501), BAD.BadOutOfRange, 2),
    ],
)
async def test_what_is_set_with_a_reason_is_checked(
    rig, connect, inputs: tuple[str, float, str], status: int, blamed: int
) -> None:
    async with connect(rig, "olga") as client:
        answer = await call(rig, client, "hp1.SetWithReason", *reasoned(*inputs))
        assert answer.StatusCode.value == status
        expected = [status if place == blamed else BAD.Good for place in range(3)]
        assert [s.value for s in answer.InputArgumentResults] == expected
        # Nothing is written, and the attempt is on record with its reason.
        ((kind, key, _, recorded, _),) = rig.device.audit
        known = inputs[0] == "SupplySetpoint"
        assert (kind, recorded) == ("refuse", status)
        assert key == ("hp1.supply_setpoint" if known else "hp1.SetWithReason")
        assert rig.device.reasons[key] == inputs[2][:500]


async def test_a_curve_without_an_offset_is_one_setting(start_rig, connect) -> None:
    async with start_rig(without=["heating_curve_offset"]) as rig, connect(rig, "erik") as client:
        inputs = reasoned("HeatingCurve", 1.2, "Cold corners")
        answer = await call(rig, client, "hp1.SetWithReason", *inputs)
        assert answer.StatusCode.is_good()
        assert rig.device.held["hp1.heating_curve"] == 1.2
        assert rig.device.reasons["hp1.heating_curve"] == "Cold corners"


async def test_a_viewer_sets_nothing_with_whatever_reason(rig, connect) -> None:
    async with connect(rig, "victor") as client:
        inputs = reasoned("SupplySetpoint", 43.0, "Please")
        answer = await call(rig, client, "hp1.SetWithReason", *inputs)
        assert answer.StatusCode.value == BAD.BadUserAccessDenied
        ((kind, key, value, *_),) = rig.device.audit
        assert (kind, key, value) == ("refuse", "hp1.supply_setpoint", 43.0)
        assert rig.device.reasons[key] == "Please"


@pytest.mark.parametrize("count", [0, 1, 2])
async def test_nor_with_too_few_arguments(rig, connect, count: int) -> None:
    async with connect(rig, "victor") as client:
        inputs = reasoned("SupplySetpoint", 43.0, "Please")[:count]
        answer = await call(rig, client, "hp1.SetWithReason", *inputs)
        assert answer.StatusCode.value == BAD.BadUserAccessDenied
        ((kind, *_),) = rig.device.audit
        assert kind == "refuse"


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
        assert (await call(rig, client, name, on="hp1")).StatusCode.is_bad()
        assert rig.device.audit == []
    records = [r for r in await rig.audit.tail(20) if r.kind == AuditKind.METHOD]
    assert [r.key for r in reversed(records)] == [*[name] * 5, f"hp1.ParameterSet.{name}", name]


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
        methods = await rig.node(client, "hp1.MethodSet")
        name = await rig.node(client, "hp1.SetSupplySetpoint")
        rig.users.remove("olga")
        with pytest.raises(ua.uaerrors.BadSessionClosed):
            await methods.call_method(name.nodeid, double(44.0))
    record = next(r for r in await rig.audit.tail(5) if r.kind == AuditKind.METHOD)
    assert (record.user, record.key, record.status) == ("olga", "call", BAD.BadSessionClosed)
    assert not rig.device.audit


async def test_the_status_of_the_command_is_the_status_of_the_call(rig, connect) -> None:
    async with connect(rig, "olga") as client:
        rig.device.status = BAD.BadDeviceFailure
        answer = await call(rig, client, "hp1.SetSupplySetpoint", double(44.0))
        assert answer.StatusCode.value == BAD.BadDeviceFailure
        rig.device.status = BAD.Uncertain
        answer = await call(rig, client, "hp1.SetSupplySetpoint", double(44.0))
        assert answer.StatusCode.value == BAD.Uncertain
        assert answer.OutputArguments[1].Value == "It is done."


async def test_each_refusal_has_words_for_who_asks(rig, connect) -> None:
    async with connect(rig, "olga") as client:
        for value, words in ((99.0, "Supply setpoint takes 20 to 55 °C, not 99."), (44.0, None)):
            request = ua.CallRequest()
            request.RequestHeader.ReturnDiagnostics = 0x80
            call = ua.CallMethodRequest()
            call.ObjectId = (await rig.node(client, "hp1")).nodeid
            call.MethodId = (await rig.node(client, "hp1.SetSupplySetpoint")).nodeid
            call.InputArguments = [double(value)]
            request.Parameters.MethodsToCall = [call]
            data = await client.uaclient.protocol.send_request(request)
            response = struct_from_binary(ua.CallResponse, data)
            told = [info.AdditionalInfo for info in response.DiagnosticInfos]
            assert told == [words or "It is done."]


async def test_a_curve_has_an_argument_for_each_part_that_the_device_has(rig, connect) -> None:
    async with connect(rig, "olga") as client:
        names = []
        for way in ("InputArguments", "OutputArguments"):
            node = await rig.node(client, f"hp1.SetHeatingCurve.{way}")
            names.append([argument.Name for argument in await node.read_value()])
        assert names == [["Slope", "Offset"], ["SlopeReadBack", "OffsetReadBack", "Message"]]
        answer = await call(rig, client, "hp1.SetHeatingCurve", double(7.0), double(-2.0))
        assert answer.StatusCode.is_good()
        assert [v.Value for v in answer.OutputArguments] == [7.0, -2.0, "It is done. It is done."]
        assert rig.device.held == {"hp1.heating_curve": 7.0, "hp1.heating_curve_offset": -2.0}


@pytest.mark.parametrize(("values", "bad"), [((99.0, 0.0), 0), ((7.0, 99.0), 1)])
async def test_a_curve_of_which_one_part_is_wrong_is_not_written(rig, connect, values, bad) -> None:
    async with connect(rig, "olga") as client:
        answer = await call(rig, client, "hp1.SetHeatingCurve", *map(double, values))
        assert answer.StatusCode.value == BAD.BadOutOfRange
        results = [BAD.Good, BAD.Good]
        results[bad] = BAD.BadOutOfRange
        assert [s.value for s in answer.InputArgumentResults] == results
        assert rig.device.held == {}


async def test_a_curve_half_written_says_what_holds_now(rig, connect) -> None:
    async with connect(rig, "olga") as client:
        rig.device.held["hp1.heating_curve_offset"] = -1.0
        rig.device.refuses.add("hp1.heating_curve_offset")
        answer = await call(rig, client, "hp1.SetHeatingCurve", double(7.0), double(-2.0))
        assert answer.StatusCode.value == BAD.Uncertain
        slope, offset, message = (v.Value for v in answer.OutputArguments)
        assert (slope, offset) == (7.0, -1.0)
        assert message == "It is done. It is refused. Heating curve offset is still -1."
        rig.device.refuses.add("hp1.heating_curve")
        answer = await call(rig, client, "hp1.SetHeatingCurve", double(8.0), double(-2.0))
        assert answer.StatusCode.value == BAD.BadNoCommunication


def alone(value: object, kind: ua.VariantType, **more: object) -> ua.DataValue:
    return ua.DataValue(ua.Variant(value, kind), **more)


async def write(rig, client: Client, name: str, value: ua.DataValue, **more: object) -> int:
    item = ua.WriteValue()
    item.NodeId = (await rig.node(client, name)).nodeid
    item.AttributeId = more.pop("attribute", ua.AttributeIds.Value)
    item.IndexRange = more.pop("index_range", None)
    item.Value = value
    (status,) = await client.uaclient.write(ua.WriteParameters([item]))
    return int(status.value)


GOOD_VALUE = alone(44.0, ua.VariantType.Double)


async def test_a_write_is_a_command_like_the_method_s(rig, connect) -> None:
    async with connect(rig, "olga") as client:
        assert await write(rig, client, "hp1.supply_setpoint", GOOD_VALUE) == 0
        switch = alone(True, ua.VariantType.Boolean)
        assert await write(rig, client, "hp1.unit_enabled", switch) == 0
        mode = alone(2, ua.VariantType.Int32)
        assert await write(rig, client, "hp1.operating_mode", mode) == 0
        assert rig.device.held == {
            "hp1.supply_setpoint": 44.0, "hp1.unit_enabled": 1.0, "hp1.operating_mode": 2.0,
        }  # fmt: skip
        rig.device.status = BAD.BadDeviceFailure
        code = await write(rig, client, "hp1.supply_setpoint", GOOD_VALUE)
        assert code == BAD.BadDeviceFailure


NOW = dt.datetime(2026, 1, 15, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("name", "value", "more", "code"),
    [
        ("supply_setpoint", alone(44, ua.VariantType.Int32), {}, BAD.BadTypeMismatch),
        ("supply_setpoint", alone([44.0], ua.VariantType.Double), {}, BAD.BadTypeMismatch),
        ("supply_setpoint", ua.DataValue(), {}, BAD.BadTypeMismatch),
        ("unit_enabled", alone(1, ua.VariantType.Int32), {}, BAD.BadTypeMismatch),
        ("supply_setpoint", alone(44.0, ua.VariantType.Double, SourceTimestamp=NOW), {},
         BAD.BadWriteNotSupported),
        ("supply_setpoint", alone(44.0, ua.VariantType.Double, ServerTimestamp=NOW), {},
         BAD.BadWriteNotSupported),
        ("supply_setpoint", ua.DataValue(
            ua.Variant(44.0, ua.VariantType.Double), ua.StatusCode(BAD.Uncertain)), {},
         BAD.BadWriteNotSupported),
        ("supply_setpoint", GOOD_VALUE, {"index_range": "0"}, BAD.BadWriteNotSupported),
        ("supply_temperature", GOOD_VALUE, {}, BAD.BadNotWritable),
    ],
)  # fmt: skip
async def test_what_cannot_be_written_is_refused_and_recorded(
    rig, connect, name, value, more, code
) -> None:
    async with connect(rig, "olga") as client:
        assert await write(rig, client, f"hp1.{name}", value, **more) == code
        ((kind, key, _, status, who),) = rig.device.audit
        assert (kind, key, status) == ("refuse", f"hp1.{name}", code)
        assert who.startswith("olga")


@pytest.mark.parametrize(
    ("user", "may"), [(None, False), ("victor", False), ("olga", True), ("erik", True)]
)
async def test_who_may_write_sees_it_and_who_may_not_is_refused(rig, connect, user, may) -> None:
    levels = (ua.AttributeIds.AccessLevel, ua.AttributeIds.UserAccessLevel)
    async with connect(rig, user) as client:
        node = await rig.node(client, "hp1.supply_setpoint")
        general, own = (a.Value.Value for a in await node.read_attributes(levels))
        assert general & ua.AccessLevel.CurrentWrite.mask
        assert bool(own & ua.AccessLevel.CurrentWrite.mask) is may
        assert own & ua.AccessLevel.HistoryRead.mask
        code = await write(rig, client, "hp1.supply_setpoint", GOOD_VALUE)
        assert code == (0 if may else BAD.BadUserAccessDenied)
        assert [row[0] for row in rig.device.audit] == ["write" if may else "refuse"]
        measured = await rig.node(client, "hp1.supply_temperature")
        for answer in await measured.read_attributes(levels):
            assert not answer.Value.Value & ua.AccessLevel.CurrentWrite.mask


async def test_nothing_else_is_written(rig, connect) -> None:
    async with connect(rig, "olga") as client:
        flag = client.get_node(ua.ObjectIds.Server_ServerDiagnostics_EnabledFlag)
        with pytest.raises(ua.uaerrors.BadNotWritable):
            await flag.write_value(True)
        unit = await rig.node(client, "hp1.supply_setpoint.EURange")
        with pytest.raises(ua.uaerrors.BadNotWritable):
            await unit.write_value(ua.DataValue(ua.Variant(ua.Range(0.0, 99.0))))
        name = ua.DataValue(ua.Variant(ua.LocalizedText("x", "en")))
        attribute = ua.AttributeIds.DisplayName
        code = await write(rig, client, "hp1.supply_setpoint", name, attribute=attribute)
        assert code == BAD.BadNotWritable
        unknown = await write(rig, client, "hp1.nonsense", GOOD_VALUE)
        assert unknown == BAD.BadNodeIdUnknown
        assert rig.device.audit == []
