"""Encode HistoryData column by column: the bytes that asyncua would make value by value."""

from __future__ import annotations

import struct

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
_VALUE_TYPES = {PointKind.ANALOG: "<f8", PointKind.TWO_STATE: "u1", PointKind.MULTI_STATE: "<i4"}
_BUILT_IN = {
    PointKind.ANALOG: ua.VariantType.Double.value,
    PointKind.TWO_STATE: ua.VariantType.Boolean.value,
    PointKind.MULTI_STATE: ua.VariantType.Int32.value,
}


def encoded(samples: Samples, kind: PointKind, wanted: ua.TimestampsToReturn) -> ua.ExtensionObject:
    """Return samples encoded as HistoryData; a Bad sample has a status and no value.

    Source and server time of a sample are the same: the moment when the device answered.
    """
    times = 0
    if wanted in (ua.TimestampsToReturn.Source, ua.TimestampsToReturn.Both):
        times |= _SOURCE
    if wanted in (ua.TimestampsToReturn.Server, ua.TimestampsToReturn.Both):
        times |= _SERVER
    usable = (samples.status & _BAD == 0) & (
        # NaN is a Double like any other; no Boolean and no Int32 can say it.
        np.isfinite(samples.value) | (kind is PointKind.ANALOG)
    )
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
    samples: Samples, rows: NDArray[np.intp], kind: PointKind, times: int, *, valued: bool
) -> bytes:
    columns: list[tuple[str, str]] = [("mask", "u1")]
    if valued:
        columns += [("type", "u1"), ("value", _VALUE_TYPES[kind])]
    columns.append(("status", "<u4"))
    columns += [(name, "<i8") for name, bit in (("s", _SOURCE), ("r", _SERVER)) if times & bit]
    table = np.zeros(len(rows), dtype=columns)
    table["mask"] = times | _STATUS | (_VALUE if valued else 0)
    table["status"] = samples.status[rows]
    if valued:
        value = samples.value[rows]
        table["type"] = _BUILT_IN[kind]
        table["value"] = value if kind is PointKind.ANALOG else np.rint(value)
    # A DateTime counts 100 ns (OPC 10000-6, 5.2.2.5).
    file_time = (samples.time[rows] + _EPOCH_DIFFERENCE) * 10
    for name in table.dtype.names or ():
        if name in ("s", "r"):
            table[name] = file_time
    return table.tobytes()
