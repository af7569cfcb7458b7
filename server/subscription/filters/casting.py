"""The operator Cast of where clauses: explicit conversions (OPC 10000-4, 7.7.3, table 122)."""

from __future__ import annotations

import datetime as dt
import math
import uuid
from collections.abc import Callable
from typing import Any

from asyncua import ua

from heatpump_twin.server.space.ua_values import standard
from heatpump_twin.server.subscription.filters.operators import plain

INTEGERS = {
    ua.ObjectIds.SByte: (-(2**7), 2**7 - 1),
    ua.ObjectIds.Byte: (0, 2**8 - 1),
    ua.ObjectIds.Int16: (-(2**15), 2**15 - 1),
    ua.ObjectIds.UInt16: (0, 2**16 - 1),
    ua.ObjectIds.Int32: (-(2**31), 2**31 - 1),
    ua.ObjectIds.UInt32: (0, 2**32 - 1),
    ua.ObjectIds.Int64: (-(2**63), 2**63 - 1),
    ua.ObjectIds.UInt64: (0, 2**64 - 1),
}
"""Integer types, with their least and largest value."""


def _integer(low: int, high: int) -> Callable[[Any], int]:
    def convert(value: Any) -> int:
        number = float(value) if isinstance(value, str) else value
        # Half goes up, away from zero.
        whole = number if isinstance(number, int) else math.floor(abs(number) + 0.5)
        whole = int(math.copysign(whole, number)) if isinstance(number, float) else int(whole)
        if not low <= whole <= high:
            raise ValueError
        return whole

    return convert


def _boolean(value: Any) -> bool:
    if isinstance(value, str):
        return {"true": True, "1": True, "false": False, "0": False}[value.lower()]
    return bool(_number(value))


def _number(value: Any) -> float:
    if not isinstance(value, int | float | str):
        raise TypeError
    return float(value)


def _string(value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case dt.datetime():
            return f"{value.isoformat()}Z"
        case ua.NodeId():
            return value.to_string()
        case ua.QualifiedName():
            return f"{value.NamespaceIndex}:{value.Name}"
        case str() | int() | float() | uuid.UUID():
            return str(value)
    raise TypeError


def _time(value: Any) -> dt.datetime:
    if isinstance(value, dt.datetime):
        return value
    time = dt.datetime.fromisoformat(value)
    return time.astimezone(dt.UTC).replace(tzinfo=None) if time.tzinfo else time


def _node_id(value: Any) -> ua.NodeId:
    return value if isinstance(value, ua.NodeId) else ua.NodeId.from_string(value)


def _guid(value: Any) -> uuid.UUID:
    return value if isinstance(value, uuid.UUID) else uuid.UUID(value)


def _cast(convert: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def cast(value: Any) -> Any:
        given = plain(value)
        if given is None:
            return None
        try:
            return convert(given)
        # What cannot be converted is NULL, and no mistake of the filter.
        except (ValueError, TypeError, KeyError, AttributeError, OverflowError, ua.UaError):
            return None

    return cast


CASTS = {
    standard(ua.ObjectIds.Boolean): _cast(_boolean),
    standard(ua.ObjectIds.Float): _cast(_number),
    standard(ua.ObjectIds.Double): _cast(_number),
    standard(ua.ObjectIds.String): _cast(_string),
    standard(ua.ObjectIds.LocalizedText): _cast(_string),
    standard(ua.ObjectIds.DateTime): _cast(_time),
    standard(ua.ObjectIds.UtcTime): _cast(_time),
    standard(ua.ObjectIds.NodeId): _cast(_node_id),
    standard(ua.ObjectIds.Guid): _cast(_guid),
} | {standard(kind): _cast(_integer(*limits)) for kind, limits in INTEGERS.items()}
"""Conversions to data types, by the NodeId of the type."""
