"""Call a method of a heat pump and say what became of it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from asyncua import Client, ua

from heatpump_twin.hmi import texts
from heatpump_twin.hmi.endpoint import status_name
from heatpump_twin.hmi.model import Method

_INTEGERS = {
    ua.VariantType.SByte, ua.VariantType.Byte, ua.VariantType.Int16, ua.VariantType.UInt16,
    ua.VariantType.Int32, ua.VariantType.UInt32, ua.VariantType.Int64, ua.VariantType.UInt64,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of an action, for a person: done or not, and why."""

    done: bool
    message: str
    read_back: float | None = None


async def call(client: Client, method: Method, value: float | None = None) -> Outcome:
    """Call a method with no or one input; its outputs are ``ReadBack`` and ``Message``."""
    arguments = []
    if method.argument is not None and value is not None:
        arguments = [ua.Variant(_typed(value, method.argument), method.argument)]
    return await request(
        client,
        ua.CallMethodRequest(
            ObjectId=method.object, MethodId=method.node, InputArguments=arguments
        ),
    )


async def request(client: Client, call_request: ua.CallMethodRequest) -> Outcome:
    """Send one method call. Never raises for what the server or the network does."""
    try:
        (result,) = await client.uaclient.call([call_request])
    except ua.UaStatusCodeError as error:
        return Outcome(False, texts.reason(status_name(error.code)))
    except (OSError, TimeoutError, ua.UaError):
        return Outcome(False, texts.NO_ANSWER)
    outputs = [output.Value for output in result.OutputArguments or ()]
    message = next((text for text in map(_message, outputs) if text), "")
    numbers = [float(v) for v in outputs if isinstance(v, int | float) and math.isfinite(v)]
    read_back = numbers[0] if numbers else None
    if not result.StatusCode.is_good():
        return Outcome(False, message or texts.reason(_cause(result)), read_back)
    return Outcome(True, message or texts.DONE, read_back)


def _cause(result: ua.CallMethodResult) -> str:
    """Prefer the argument's own status: BadInvalidArgument alone says too little."""
    for status in result.InputArgumentResults or ():
        if not status.is_good():
            return status_name(status.value)
    return status_name(result.StatusCode.value)


def _typed(value: float, kind: ua.VariantType) -> bool | int | float:
    if kind == ua.VariantType.Boolean:
        return bool(value)
    return round(value) if kind in _INTEGERS else float(value)


def _message(value: Any) -> str:
    if isinstance(value, ua.LocalizedText):
        return value.Text or ""
    return value if isinstance(value, str) else ""
