"""The bytes of many MonitoredItemNotifications at once, from columns (OPC 10000-6, 5.2)."""

from __future__ import annotations

import numpy as np
from asyncua import ua
from numpy.typing import NDArray

from heatpump_twin.server.space.point_values import MAX_TIME, MIN_TIME
from heatpump_twin.server.subscription.point_rows import PointRows
from heatpump_twin.server.subscription.sample_log import Samples

NULL = 0
TICKS = 10
"""An OPC UA DateTime counts 0.1 µs, since 1601."""
VALUE_MASK, STATUS_MASK, SOURCE_MASK, SERVER_MASK = 0x01, 0x02, 0x04, 0x08
SOURCE, SERVER = 1, 2
"""Bits of the timestamps that an item returns."""
STAMPS = {
    ua.TimestampsToReturn.Source: SOURCE,
    ua.TimestampsToReturn.Server: SERVER,
    ua.TimestampsToReturn.Both: SOURCE | SERVER,
    ua.TimestampsToReturn.Neither: 0,
}
_FORMATS = {
    NULL: None,
    ua.VariantType.Boolean.value: "u1",
    ua.VariantType.Int32.value: "<i4",
    ua.VariantType.Double.value: "<f8",
}
_INT32 = np.iinfo(np.int32)


def _layout(kind: int, stamps: int) -> np.dtype[np.void]:
    """Return the layout of one notification on the wire: no gaps, little end first."""
    fields = [("handle", "<u4"), ("mask", "u1"), ("type", "u1")]
    if _FORMATS[kind] is not None:
        fields.append(("value", str(_FORMATS[kind])))
    fields.append(("status", "<u4"))
    if stamps & SOURCE:
        fields.append(("source", "<i8"))
    if stamps & SERVER:
        fields.append(("server", "<i8"))
    return np.dtype(fields)


_LAYOUTS = {(kind, stamps): _layout(kind, stamps) for kind in _FORMATS for stamps in range(4)}


def notification_bytes(samples: Samples, rows: PointRows) -> bytes:
    """Return samples as MonitoredItemNotifications one after the other, in their order."""
    row = samples["row"]
    kinds, handles = rows.table["kind"][row], rows.table["handle"][row]
    # What is null has no type: NaN of an analog value whose status is not Bad is a number.
    bad = (samples["status"] & 0x8000_0000) != 0
    analog = kinds == ua.VariantType.Double.value
    null = np.isnan(samples["value"]) & (bad | ~analog)
    kind = np.where(null, NULL, kinds).astype(np.intp)
    layout = kind * 4 + rows.table["stamps"][row]
    parts = [
        _part(samples, handles, layout == which, *divmod(int(which), 4)) for which in _of(layout)
    ]
    if len(parts) == 1:
        whole: bytes = parts[0][1].tobytes()
        return whole
    size = np.empty(len(samples), np.intp)
    for mask, part in parts:
        size[mask] = part.itemsize
    end = size.cumsum()
    wire = np.empty(int(end[-1]), np.uint8)
    for mask, part in parts:
        begin = end[mask] - part.itemsize
        wire[begin[:, None] + np.arange(part.itemsize)] = part.view(np.uint8).reshape(len(part), -1)
    return wire.tobytes()


def _of(layout: NDArray[np.intp]) -> NDArray[np.intp]:
    return np.flatnonzero(np.bincount(layout))


def _part(
    samples: Samples, handles: NDArray[np.uint32], mask: NDArray[np.bool_], kind: int, stamps: int
) -> tuple[NDArray[np.bool_], NDArray[np.void]]:
    """Return the notifications of one layout, and which samples they are."""
    samples = samples[mask]
    part = np.empty(len(samples), _LAYOUTS[kind, stamps])
    part["handle"], part["status"] = handles[mask], samples["status"]
    part["type"] = kind
    part["mask"] = (
        VALUE_MASK | STATUS_MASK
        | (SOURCE_MASK if stamps & SOURCE else 0) | (SERVER_MASK if stamps & SERVER else 0)
    )  # fmt: skip
    if kind != NULL:
        value = samples["value"]
        whole = kind == ua.VariantType.Int32.value
        part["value"] = np.clip(value, _INT32.min, _INT32.max) if whole else value
    if stamps & SOURCE:
        part["source"] = _ticks(samples["time"])
    if stamps & SERVER:
        part["server"] = _ticks(samples["now"])
    return mask, part


def _ticks(time: NDArray[np.int64]) -> NDArray[np.int64]:
    ticks: NDArray[np.int64] = (np.clip(time, MIN_TIME, MAX_TIME) - MIN_TIME) * TICKS
    return ticks
