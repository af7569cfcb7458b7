"""Find the alarms of which nobody is told: shelved, suppressed, out of service."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from asyncua import Client, ua

from heatpump_twin.hmi.alarms.alarm_fields import FIELDS, browse_path
from heatpump_twin.hmi.alarms.condition_report import Alarm, alarm_of
from heatpump_twin.hmi.endpoint import standard_node
from heatpump_twin.hmi.journal.event_history import TYPES, Field

_DEVICES = 10
"""Whose conditions are looked for in one request."""
_BATCH = 250
"""Paths in one request: the answer of a busy twin, too, comes well before it is late."""
_QUIET = "SuppressedOrShelved"


async def put_away(client: Client, devices: Iterable[ua.NodeId]) -> list[Alarm]:
    """Return the alarms of some devices that bother nobody.

    A condition that is inactive and put away is none that a ConditionRefresh reports (OPC 10000-9,
    5.5.7), and whoever logs in later would never hear of it.

    Raises
    ------
    OSError, TimeoutError, ua.UaError
        They cannot be asked for now.
    """
    conditions = await _conditions(client, list(devices))
    own = await client.get_namespace_index(TYPES)
    quiet: list[ua.NodeId] = []
    for start in range(0, len(conditions), _BATCH):
        some = conditions[start : start + _BATCH]
        values = await _read(client, [browse_path(node, _QUIET) for node in some])
        quiet += [condition for condition, value in zip(some, values, strict=True) if value]
    found: list[Alarm] = []
    together = _BATCH // len(FIELDS)
    for start in range(0, len(quiet), together):
        some = quiet[start : start + together]
        values = await _read(client, [_path(c, field, own) for c in some for field in FIELDS])
        for place, condition in enumerate(some):
            told = values[place * len(FIELDS) : (place + 1) * len(FIELDS)]
            fields = dict(zip((field.path for field in FIELDS), told, strict=True))
            alarm = alarm_of({**fields, "ConditionId": condition})
            found += [alarm] if alarm is not None else []
    return found


def _path(condition: ua.NodeId, field: Field, own: int) -> ua.BrowsePath:
    return browse_path(condition, field.path, own if field.own else 0)


async def _conditions(client: Client, devices: Sequence[ua.NodeId]) -> list[ua.NodeId]:
    found: list[ua.NodeId] = []
    for start in range(0, len(devices), _DEVICES):
        parameters = ua.BrowseParameters()
        parameters.NodesToBrowse = [
            ua.BrowseDescription(
                NodeId=device,
                BrowseDirection=ua.BrowseDirection.Forward,
                ReferenceTypeId=standard_node(ua.ObjectIds.HasCondition),
                IncludeSubtypes=True,
                ResultMask=ua.BrowseResultMask.All,
            )
            for device in devices[start : start + _DEVICES]
        ]
        for result in await client.uaclient.browse(parameters):
            found += [reference.NodeId for reference in result.References or ()]
    return found


async def _read(client: Client, paths: list[ua.BrowsePath]) -> list[Any]:
    """Return the value at the end of each path; None where there is none."""
    found = await client.uaclient.translate_browsepaths_to_nodeids(paths)
    nodes = {
        index: path.Targets[0].TargetId
        for index, path in enumerate(found)
        if path.StatusCode.is_good() and path.Targets
    }
    if not nodes:
        return [None] * len(paths)
    data = await client.uaclient.read_attributes(list(nodes.values()), ua.AttributeIds.Value)
    values = {i: d.Value.Value for i, d in zip(nodes, data, strict=True) if d.Value is not None}
    return [values.get(index) for index in range(len(paths))]
