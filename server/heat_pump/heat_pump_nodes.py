"""One heat pump as a DI device (OPC 10000-100) and a machine (OPC 40001-1)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from asyncua import ua

from heatpump_twin.config.catalogue import OWN_GROUPS, Group, Point
from heatpump_twin.config.phrase import Context, Text
from heatpump_twin.config.settings import DEFAULT_POLL, HeatPump
from heatpump_twin.server.heat_pump.machine_nodes import MachineNodes
from heatpump_twin.server.heat_pump.notifiers import Notifiers
from heatpump_twin.server.heat_pump.point_nodes import LiveNode, PointNodes
from heatpump_twin.server.nodeset.model import TypeModel
from heatpump_twin.server.space.declared_properties import fill_properties
from heatpump_twin.server.space.node_builder import NodeBuilder, NodePlace, standard
from heatpump_twin.server.space.ua_values import node_id_of
from heatpump_twin.twin_engine.provenance import Provenance

IDS = ua.ObjectIds
PARAMETER_SET = Text("ParameterSet", Context.MODEL)
METHOD_SET = Text("MethodSet", Context.MODEL)
UNKNOWN_REVISION = -1
"""RevisionCounter of a device that does not count (OPC 10000-100, 4.5.2)."""


@dataclass(slots=True)
class HeatPumpNodes:
    """The nodes of one heat pump to which methods, alarms and programs are added."""

    device: ua.NodeId
    method_set: ua.NodeId
    live: dict[int, list[LiveNode]] = field(default_factory=dict)
    """By point index: the variables that follow the point."""

    def follow(self, index: int, nodes: Iterable[LiveNode]) -> None:
        """Register more variables that follow a point."""
        self.live.setdefault(index, []).extend(nodes)


class HeatPumpBuilder:
    """The builder that adds heat pumps under DeviceSet and Machines."""

    def __init__(
        self,
        builder: NodeBuilder,
        model: TypeModel,
        points: PointNodes,
        machines: MachineNodes,
        notifiers: Notifiers,
    ) -> None:
        self._builder = builder
        self._notifiers = notifiers
        self._model = model
        self._points = points
        self._machines = machines

    def add(
        self,
        heat_pump: HeatPump,
        points: Mapping[str, Point],
        provenance: Mapping[str, Provenance],
        simulated_until: dt.datetime | None = None,
    ) -> HeatPumpNodes:
        """Add a heat pump with the variables, groups and components that its points allow."""
        nodes = self._device(heat_pump)
        names = self._builder.namespaces
        values = {
            "Emulated": heat_pump.emulated,
            "SimulatedUntil": simulated_until,
            "Group": heat_pump.group,
            "HeatSource": heat_pump.plate.source,
        }
        fill_properties(self._builder, nodes.device, self._model.heat_pump.properties, values)
        nameplate = self._nameplate(nodes.device, heat_pump)
        parameter_set = self._builder.object(
            f"{heat_pump.id}.ParameterSet",
            ua.QualifiedName(PARAMETER_SET, names.di),
            standard(IDS.BaseObjectType),
            NodePlace(nodes.device),
            description="All values of the heat pump",
        )
        # The fastest poll of its devices: no value of the heat pump can be newer than that.
        sampling = min(unit.poll or DEFAULT_POLL for unit in heat_pump.devices)
        for point in points.values():
            live = self._points.add(point, parameter_set, sampling, provenance.get(point.key))
            nodes.follow(point.index, live)
        # After all points: a relation may point forward.
        self._points.relate(points)
        self._groups(heat_pump.id, nodes.device, points)
        self._components(heat_pump.id, nodes.device, points)
        self._machines.add(heat_pump.id, nodes, nameplate, points)
        return nodes

    def _device(self, heat_pump: HeatPump) -> HeatPumpNodes:
        names = self._builder.namespaces
        device = self._builder.object(
            heat_pump.id,
            ua.QualifiedName(heat_pump.id, names.site),
            self._builder.type_id("HeatPumpType"),
            NodePlace(node_id_of(DEVICE_SET, names.di), IDS.Organizes),
            title=heat_pump.name,
            description=f"{heat_pump.plate.manufacturer} {heat_pump.plate.model}",
            notifier=True,
        )
        # So that a client that subscribes to events at the Server object finds where they come
        # from.
        self._notifiers.add(device)
        method_set = self._builder.object(
            f"{heat_pump.id}.MethodSet",
            ua.QualifiedName(METHOD_SET, names.di),
            standard(IDS.BaseObjectType),
            NodePlace(device),
            description="All commands of the heat pump",
        )
        return HeatPumpNodes(device, method_set)

    def _nameplate(self, device: ua.NodeId, heat_pump: HeatPump) -> list[ua.NodeId]:
        """Add the nameplate of DI; what the site file leaves out is empty, never null."""
        plate, uri = heat_pump.plate, self._builder.namespaces.site_uri
        properties: tuple[tuple[str, int, object], ...] = (
            (
                Text("Manufacturer", Context.MODEL),
                IDS.LocalizedText,
                ua.LocalizedText(plate.manufacturer),
            ),
            (Text("Model", Context.MODEL), IDS.LocalizedText, ua.LocalizedText(plate.model)),
            (Text("SerialNumber", Context.MODEL), IDS.String, plate.serial_number),
            ("ProductInstanceUri", IDS.String, _instance_uri(heat_pump, uri)),
            (Text("HardwareRevision", Context.MODEL), IDS.String, ""),
            (Text("SoftwareRevision", Context.MODEL), IDS.String, ""),
            (Text("DeviceRevision", Context.MODEL), IDS.String, ""),
            (Text("DeviceManual", Context.MODEL), IDS.String, ""),
            (Text("DeviceClass", Context.MODEL), IDS.String, "HeatPump"),
            (Text("RevisionCounter", Context.MODEL), IDS.Int32, UNKNOWN_REVISION),
        )
        namespace = self._builder.namespaces.di
        return [
            self._builder.property(device, ua.QualifiedName(name, namespace), data_type, value)
            for name, data_type, value in properties
        ]

    def _groups(self, asset: str, device: ua.NodeId, points: Mapping[str, Point]) -> None:
        """Add the functional groups that have points."""
        names = self._builder.namespaces
        for group in Group:
            members = [p for p in points.values() if p.spec.group is group]
            if group is Group.IDENTIFICATION or not members:
                continue  # Identification is the machine's, with the nameplate
            folder = self._builder.object(
                f"{asset}.{group.value}",
                ua.QualifiedName(group.value, names.types if group in OWN_GROUPS else names.di),
                node_id_of(FUNCTIONAL_GROUP_TYPE, names.di),
                NodePlace(device),
                description=self._model.heat_pump.groups[group],
            )
            for point in members:
                # Organized, not owned: the variables are components of the ParameterSet (OPC
                # 10000-100).
                self._builder.reference(folder, IDS.Organizes, self._builder.node_id(point.key))

    def _components(self, asset: str, device: ua.NodeId, points: Mapping[str, Point]) -> None:
        """Add the components with known points; their parameters are the device's variables."""
        names = self._builder.namespaces
        for name, component in self._model.components.items():
            # A component without any point would promise what no controller tells.
            known = [points[point] for point in component.points if point in points]
            if not known:
                continue
            node = self._builder.object(
                f"{asset}.{name}",
                ua.QualifiedName(name, names.types),
                self._builder.type_id(component.type),
                NodePlace(device),
                description=component.text,
            )
            parameters = self._builder.object(
                f"{asset}.{name}.ParameterSet",
                ua.QualifiedName(PARAMETER_SET, names.di),
                standard(IDS.BaseObjectType),
                NodePlace(node),
            )
            for point in known:
                variable = self._builder.node_id(point.key)
                # The same variable in a second place: one NodeId, one value, two ways to it.
                self._builder.reference(parameters, IDS.HasComponent, variable)


DEVICE_SET, FUNCTIONAL_GROUP_TYPE = 5001, 1005
"""Nodes of the DI namespace."""


def _instance_uri(heat_pump: HeatPump, site_uri: str) -> str:
    """Return the ProductInstanceUri, which is unique worldwide (8.2)."""
    plate = heat_pump.plate
    if not plate.serial_number:
        return f"{site_uri}:{heat_pump.id}"
    return f"urn:{_word(plate.manufacturer)}:{_word(plate.model)}:{_word(plate.serial_number)}"


def _word(text: str) -> str:
    return "".join(c if c.isalnum() or c in "-._" else "-" for c in text.strip())
