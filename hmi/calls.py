"""Call an OPC UA method of a heat pump and return its outcome for a person."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from asyncua import Client, ua
from asyncua.ua.ua_binary import struct_from_binary

from heatpump_twin.hmi import texts
from heatpump_twin.hmi.endpoint import status_name
from heatpump_twin.hmi.heat_pump_model import MethodModel

_OPERATION_ADDITIONAL_INFO = 0x80
"""Bit of ReturnDiagnostics that asks for the server's words (OPC 10000-4, 7.32)."""
_INTEGERS = {
    ua.VariantType.SByte, ua.VariantType.Byte, ua.VariantType.Int16, ua.VariantType.UInt16,
    ua.VariantType.Int32, ua.VariantType.UInt32, ua.VariantType.Int64, ua.VariantType.UInt64,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Outcome:
    """Outcome of an action for a person: done or not, and why."""

    done: bool
    message: str
    read_back: float | None = None


async def call(client: Client, method: MethodModel, *values: float | str | datetime) -> Outcome:
    """Call a method; its outputs are ``ReadBack``, where it writes, and ``Message``."""
    arguments = [
        ua.Variant(_typed(value, spec.kind), spec.kind)
        for value, spec in zip(values, method.inputs.values(), strict=True)
    ]
    return await request(
        client,
        ua.CallMethodRequest(
            ObjectId=method.object, MethodId=method.node, InputArguments=arguments
        ),
    )


async def request(client: Client, call_request: ua.CallMethodRequest) -> Outcome:
    """Send one method call. Never raises for what the server or the network does."""
    try:
        result, words = await _sent(client, call_request)
    except ua.UaStatusCodeError as error:
        return Outcome(False, texts.reason(status_name(error.code)))
    except (OSError, TimeoutError, ua.UaError):
        return Outcome(False, texts.NO_ANSWER)
    outputs = [output.Value for output in result.OutputArguments or ()]
    message = next((text for text in map(_message, outputs) if text), words)
    numbers = [float(v) for v in outputs if isinstance(v, int | float) and math.isfinite(v)]
    read_back = numbers[0] if numbers else None
    if not result.StatusCode.is_good():
        return Outcome(False, message or texts.reason(_cause(result)), read_back)
    return Outcome(True, message or texts.DONE, read_back)


async def _sent(
    client: Client, call_request: ua.CallMethodRequest
) -> tuple[ua.CallMethodResult, str]:
    """Return the call result and the server's diagnostic text (OPC 10000-4, 7.12)."""
    # By hand and not by the library's own call: that one drops the diagnostics, in which the
    # server says why.
    message = ua.CallRequest()
    message.RequestHeader.ReturnDiagnostics = _OPERATION_ADDITIONAL_INFO
    message.Parameters.MethodsToCall = [call_request]
    connection = client.uaclient.protocol
    # The session may be lost between a click and this line.
    if connection is None:
        raise ConnectionError("the connection was closed")
    data = await connection.send_request(message)
    response = struct_from_binary(ua.CallResponse, data)
    response.ResponseHeader.ServiceResult.check()
    words = [info.AdditionalInfo or "" for info in response.DiagnosticInfos or ()]
    return response.Results[0], words[0] if words else ""


def _cause(result: ua.CallMethodResult) -> str:
    """Return the status name of the wrong argument, else that of the call."""
    # BadInvalidArgument of the call alone says too little: the argument's status says which
    # limit.
    for status in result.InputArgumentResults or ():
        if not status.is_good():
            return status_name(status.value)
    return status_name(result.StatusCode.value)


def _typed(
    value: float | str | datetime, kind: ua.VariantType
) -> bool | int | float | str | datetime:
    if isinstance(value, datetime | str):
        return value
    if kind == ua.VariantType.Boolean:
        return bool(value)
    # Rounded: a code that came through JSON may be 2.0, which no integer type takes.
    return round(value) if kind in _INTEGERS else float(value)


def _message(value: Any) -> str:
    if isinstance(value, ua.LocalizedText):
        return value.Text or ""
    return value if isinstance(value, str) else ""
