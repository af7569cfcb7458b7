"""Records of corrections in the audit: what was asked for and what was there, as JSON.

A value is ``[time, value, status]``, with the time in µs since the Unix epoch; null: it was Bad.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from asyncua import ua

from heatpump_twin.config.catalogue import PointTable
from heatpump_twin.server.space.event import Path
from heatpump_twin.server.space.point_values import VARIANT_TYPES, to_datetime, typed_value
from heatpump_twin.server.space.ua_values import standard, status_code, timed_value
from heatpump_twin.twin_engine.commands.audit_entry import AuditEntry
from heatpump_twin.twin_engine.history import Samples

IDS, TYPES = ua.ObjectIds, ua.VariantType
UPDATE, DELETE, DELETE_MODIFIED, DELETE_AT_TIME = (
    "update", "delete raw", "delete modified", "delete at time",
)  # fmt: skip
EVENT_TYPES = {
    UPDATE: IDS.AuditHistoryValueUpdateEventType,
    DELETE: IDS.AuditHistoryRawModifyDeleteEventType,
    DELETE_MODIFIED: IDS.AuditHistoryRawModifyDeleteEventType,
    DELETE_AT_TIME: IDS.AuditHistoryAtTimeDeleteEventType,
}
"""Types of events by what was asked for (OPC 10000-5, 6.4.18 to 6.4.24)."""
DETAILS = {
    UPDATE: IDS.UpdateDataDetails,
    DELETE: IDS.DeleteRawModifiedDetails,
    DELETE_MODIFIED: IDS.DeleteRawModifiedDetails,
    DELETE_AT_TIME: IDS.DeleteAtTimeDetails,
}


def rows(samples: Samples) -> list[list[float | int | None]]:
    """Return samples as they are recorded."""
    columns = (samples.time.tolist(), samples.value.tolist(), samples.status.tolist())
    return [
        [time, value if math.isfinite(value) else None, status]
        for time, value, status in zip(*columns, strict=True)
    ]


def written(what: str, **particulars: object) -> str:
    """Return what was asked for as JSON."""
    return json.dumps({"what": what, **particulars}, separators=(",", ":"))


def old_values(samples: Samples) -> str:
    """Return what was there as JSON."""
    return json.dumps(rows(samples), separators=(",", ":")) if len(samples) else ""


def asked_for(entry: AuditEntry) -> Mapping[str, Any]:
    """Return what was asked for, as `written` wrote it."""
    found: Mapping[str, Any] = json.loads(entry.after)
    return found


def fields_of_correction(
    entry: AuditEntry, node: ua.NodeId, table: PointTable
) -> dict[Path, ua.Variant]:
    """Return the fields that only events of corrections have."""
    asked = asked_for(entry)
    what = asked["what"]
    old = json.loads(entry.before) if entry.before else []
    found: dict[Path, ua.Variant] = {
        ("ParameterDataTypeId",): ua.Variant(standard(DETAILS[what]), TYPES.NodeId),
        ("UpdatedNode",): ua.Variant(node, TYPES.NodeId),
        ("OldValues",): _values(entry.key, old, table),
    }
    if what == UPDATE:
        found[("PerformInsertReplace",)] = ua.Variant(asked["mode"], TYPES.Int32)
        found[("NewValues",)] = _values(entry.key, asked["values"], table)
    elif what == DELETE_AT_TIME:
        times = [to_datetime(time) for time in asked["times"]]
        found[("ReqTimes",)] = ua.Variant(times, TYPES.DateTime, is_array=True)
    else:
        found[("IsDeleteModified",)] = ua.Variant(what == DELETE_MODIFIED, TYPES.Boolean)
        for name in ("StartTime", "EndTime"):
            found[(name,)] = ua.Variant(to_datetime(asked[name]), TYPES.DateTime)
    return found


def _values(key: str, found: Sequence[Sequence[Any]], table: PointTable) -> ua.Variant:
    point = table.by_key.get(key)
    values = []
    for time, value, status in found:
        moment = to_datetime(time)
        variant = ua.Variant()
        if value is not None:
            # Of a heat pump that is gone, the numbers are what is known.
            typed = value if point is None else typed_value(point, value)
            kind = TYPES.Double if point is None else VARIANT_TYPES[point.spec.kind]
            variant = ua.Variant(typed, kind)
        values.append(timed_value(variant, status_code(status), moment, moment))
    return ua.Variant(values, TYPES.DataValue, is_array=True)
