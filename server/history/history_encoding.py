"""Encode HistoryData column by column: the bytes that asyncua would make value by value."""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np
from asyncua import ua
from numpy.typing import NDArray

from heatpump_twin.config.catalogue import PointKind
from heatpump_twin.server.space.ua_values import encoded_body, standard
from heatpump_twin.twin_engine.history import Samples

_EPOCH_DIFFERENCE = 11_644_473_600_000_000
"""From 1601, where OPC UA counts from, to 1970. [µs]"""

_VALUE, _STATUS, _SOURCE, _SERVER = 0x01, 0x02, 0x04, 0x08
"""Bits of a DataValue's encoding mask (OPC 10000-6, table 26)."""

_BAD = np.uint32(0x8000_0000)
_TYPE_ID = standard(ua.ObjectIds.HistoryData_Encoding_DefaultBinary)


@dataclass(frozen=True, slots=True)
class WireType:
    """How a value is encoded: the number of its built-in type, and its bytes."""

    number: int
    layout: str

    @property
    def has_nan(self) -> bool:
        """Whether it can say that a number is not known."""
        return self.layout == "<f8"


DOUBLE = WireType(ua.VariantType.Double.value, "<f8")
INT32 = WireType(ua.VariantType.Int32.value, "<i4")
STATUS_CODE = WireType(ua.VariantType.StatusCode.value, "<u4")
OF_KIND = {
    PointKind.ANALOG: DOUBLE,
    PointKind.TWO_STATE: WireType(ua.VariantType.Boolean.value, "u1"),
    PointKind.MULTI_STATE: INT32,
}


def encoded(samples: Samples, kind: WireType, wanted: ua.TimestampsToReturn) -> ua.ExtensionObject:
    """Return samples encoded as HistoryData; a Bad sample has a status and no value.

    Source and server time of a sample are the same: the moment when the device answered.
    """
    times = 0
    if wanted in (ua.TimestampsToReturn.Source, ua.TimestampsToReturn.Both):
        times |= _SOURCE
    if wanted in (ua.TimestampsToReturn.Server, ua.TimestampsToReturn.Both):
        times |= _SERVER
    # NaN is a Double like any other; no Boolean and no Int32 can say it.
    usable = (samples.status & _BAD == 0) & (np.isfinite(samples.value) | kind.has_nan)
    # A row with a value is longer than one without: each run of equal rows is one array.
    edges = np.flatnonzero(np.diff(usable)) + 1
    parts = [struct.pack("<i", len(samples))]
    parts.extend(
        _rows(samples, rows, kind, times, valued=bool(usable[rows[0]]))
        for rows in np.split(np.arange(len(samples)), edges)
        if len(rows)
    )
    return encoded_body(_TYPE_ID, b"".join(parts))


def _rows(
    samples: Samples, rows: NDArray[np.intp], kind: WireType, times: int, *, valued: bool
) -> bytes:
    columns: list[tuple[str, str]] = [("mask", "u1")]
    if valued:
        columns += [("type", "u1"), ("value", kind.layout)]
    columns.append(("status", "<u4"))
    columns += [(name, "<i8") for name, bit in (("s", _SOURCE), ("r", _SERVER)) if times & bit]
    table = np.zeros(len(rows), dtype=columns)
    table["mask"] = times | _STATUS | (_VALUE if valued else 0)
    table["status"] = samples.status[rows]
    if valued:
        value = samples.value[rows]
        table["type"] = kind.number
        table["value"] = value if kind.has_nan else np.rint(value)
    # A DateTime counts 100 ns (OPC 10000-6, 5.2.2.5).
    file_time = (samples.time[rows] + _EPOCH_DIFFERENCE) * 10
    for name in table.dtype.names or ():
        if name in ("s", "r"):
            table[name] = file_time
    return table.tobytes()
