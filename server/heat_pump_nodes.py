"""One heat pump as a DI device (OPC 10000-100): nameplate, ParameterSet, functional groups."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from asyncua import ua

from heatpump_twin.config.catalogue import Group, Point
from heatpump_twin.config.settings import HeatPump
from heatpump_twin.server.node_builder import NodeBuilder, Place, standard
from heatpump_twin.server.point_nodes import LiveNode, PointNodes
from heatpump_twin.twin_engine.provenance import Provenance

DEVICE_SET = 5001
FUNCTIONAL_GROUP_TYPE = 1005
HEAT_PUMP_TYPE = 1001
UNKNOWN_REVISION = -1
"""RevisionCounter of a device that does not count (OPC 10000-100, 4.5.2)."""

GROUPS = {
    Group.IDENTIFICATION: "What the device is",
    Group.OPERATIONAL: "What it is doing now",
    Group.CONFIGURATION: "Setpoints and how the controller is set up",
    Group.MAINTENANCE: "What service needs to know",
    Group.DIAGNOSTICS: "What the controller says about itself",
    Group.STATISTICS: "Counters and totals",
    Group.PREDICTION: "What models expect; each value names its model",
}


@dataclass(frozen=True, slots=True)
class HeatPumpNodes:
    """The nodes of one heat pump that others build upon."""

    device: ua.NodeId
    method_set: ua.NodeId
    live: Mapping[int, list[LiveNode]]
    """By point index: the variables that follow the point."""


def build_heat_pump(
    builder: NodeBuilder,
    point_nodes: PointNodes,
    heat_pump: HeatPump,
    points: Mapping[str, Point],
    provenance: Mapping[str, Provenance],
) -> HeatPumpNodes:
    """Add a heat pump under Objects/DeviceSet."""
    names = builder.namespaces
    device = builder.object(
        heat_pump.id,
        ua.QualifiedName(heat_pump.id, names.site),
        ua.NodeId(HEAT_PUMP_TYPE, names.types),
        Place(ua.NodeId(DEVICE_SET, names.di), ua.ObjectIds.Organizes),
        title=heat_pump.name,
        description=f"{heat_pump.plate.manufacturer} {heat_pump.plate.model}",
        notifier=True,
    )
    builder.reference(standard(ua.ObjectIds.Server), ua.ObjectIds.HasNotifier, device)
    nameplate = _nameplate(builder, device, heat_pump)
    parameter_set, method_set = (
        builder.object(
            f"{heat_pump.id}.{name}",
            ua.QualifiedName(name, names.di),
            standard(ua.ObjectIds.BaseObjectType),
            Place(device),
            description=description,
        )
        for name, description in (
            ("ParameterSet", "All values of the heat pump"),
            ("MethodSet", "All commands of the heat pump"),
        )
    )
    sampling = min(unit.poll for unit in heat_pump.devices)
    live = {
        point.index: point_nodes.add(point, parameter_set, sampling, provenance.get(point.key))
        for point in points.values()
    }
    _organize(builder, heat_pump.id, device, points, nameplate)
    return HeatPumpNodes(device, method_set, live)


def _nameplate(builder: NodeBuilder, device: ua.NodeId, heat_pump: HeatPump) -> list[ua.NodeId]:
    """Add DI's nameplate. What the site file does not say is empty, never null."""
    plate = heat_pump.plate
    localized, string = ua.ObjectIds.LocalizedText, ua.ObjectIds.String
    properties: tuple[tuple[str, int, object], ...] = (
        ("Manufacturer", localized, ua.LocalizedText(plate.manufacturer)),
        ("Model", localized, ua.LocalizedText(plate.model)),
        ("SerialNumber", string, plate.serial_number),
        ("HardwareRevision", string, ""),
        ("SoftwareRevision", string, ""),
        ("DeviceRevision", string, ""),
        ("DeviceManual", string, ""),
        ("DeviceClass", string, "HeatPump"),
        ("RevisionCounter", ua.ObjectIds.Int32, UNKNOWN_REVISION),
    )
    return [
        builder.property(device, ua.QualifiedName(name, builder.namespaces.di), data_type, value)
        for name, data_type, value in properties
    ]


def _organize(
    builder: NodeBuilder,
    asset: str,
    device: ua.NodeId,
    points: Mapping[str, Point],
    nameplate: list[ua.NodeId],
) -> None:
    """Add those functional groups that have something to show."""
    names = builder.namespaces
    for group, description in GROUPS.items():
        members = [builder.node_id(p.key) for p in points.values() if p.spec.group is group]
        if group is Group.IDENTIFICATION:
            members = nameplate + members
        if not members:
            continue
        namespace = names.types if group is Group.PREDICTION else names.di
        folder = builder.object(
            f"{asset}.{group.value}",
            ua.QualifiedName(group.value, namespace),
            ua.NodeId(FUNCTIONAL_GROUP_TYPE, names.di),
            Place(device),
            description=description,
        )
        for member in members:
            builder.reference(folder, ua.ObjectIds.Organizes, member)
