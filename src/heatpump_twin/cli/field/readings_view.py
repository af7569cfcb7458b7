"""Show readings of a device as a table for people and as JSON data for programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from math import isnan
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from heatpump_twin.cli.field.device import plain_table, symbol_of, worded
from heatpump_twin.config.catalogue import PointKind
from heatpump_twin.drivers.modbus.commissioning.device_access import PointReading
from heatpump_twin.drivers.modbus.profile.profile import UnverifiedPoint, ValueType
from heatpump_twin.drivers.protocol import LinkError
from heatpump_twin.drivers.status import is_good, name_of

Round = Sequence[PointReading] | LinkError
"""Readings of one round, or the error that ended it."""


def table_of(readings: Sequence[PointReading]) -> Table:
    """Return a table of readings with raw words, for a person at commissioning."""
    table = plain_table("point", "value", "unit", "status", "raw", "register", "note")
    for reading in readings:
        point = reading.point
        is_text = point.type is ValueType.STRING
        table.add_row(
            point.point,
            Text(reading.text if is_text else worded(point.spec, reading.value)),
            "" if is_text else symbol_of(point.spec),
            Text(name_of(reading.status), style="" if is_good(reading.status) else "yellow"),
            _raw(reading),
            f"{point.space} {point.address}",
            Text(reading.refusal or _note(reading), style="yellow"),
        )
    return table


def stamped(found: Round) -> RenderableType:
    """Return the table of a round, or its error, below the time."""
    shown = Text(str(found), style="red") if isinstance(found, LinkError) else table_of(found)
    return Group(Text(_now()), shown)


def data_of(found: Round, about: Mapping[str, Any]) -> dict[str, Any]:
    """Return the same for a program; a value that is not known is null."""
    head = {**about, "time": _now()}
    if isinstance(found, LinkError):
        return {**head, "error": str(found)}
    return {**head, "points": [_as_data(reading) for reading in found]}


def _as_data(reading: PointReading) -> dict[str, Any]:
    point = reading.point
    data: dict[str, Any] = {
        "point": point.point,
        "value": None,
        "status": name_of(reading.status),
        "raw": list(reading.words),
        "space": point.space.value,
        "address": point.address,
    }
    if isinstance(point, UnverifiedPoint):
        data["unverified"] = point.why
    if reading.refusal:
        data["refusal"] = reading.refusal
    if point.type is ValueType.STRING:
        return data | {"value": None if reading.refusal else reading.text}
    if not isnan(reading.value):
        data["value"] = reading.value
        if state := point.spec.codes.get(int(reading.value)):
            data["state"] = state
    return data | {"unit": symbol_of(point.spec)}


def _raw(reading: PointReading) -> str:
    # Raw words in hexadecimal beside the value: with them a wrong word order or sign is seen at
    # once, and the maker's table can be compared.
    width = 1 if reading.point.space.of_bits else 4
    return " ".join(f"{word:0{width}X}" for word in reading.words)


def _note(reading: PointReading) -> str:
    """Return a remark on a reading: not verified, or outside the usual range."""
    doubt, point = _doubt(reading), reading.point
    if isinstance(point, UnverifiedPoint):
        return "; ".join(filter(None, (doubt, f"not verified: {point.why}")))
    return doubt


def _doubt(reading: PointReading) -> str:
    """Return the usual range if an analog value is outside it: a wrong scale shows here first."""
    point = reading.point
    if point.type is ValueType.STRING or point.spec.kind is not PointKind.ANALOG:
        return ""
    span = point.spec.range
    if span is None or isnan(reading.value) or span[0] <= reading.value <= span[1]:
        return ""
    return f"usually {span[0]:g} to {span[1]:g}"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
