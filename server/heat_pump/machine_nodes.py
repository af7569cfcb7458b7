"""Machinery building blocks (OPC 40001-1): identification, item state, operation mode."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

from asyncua import ua

from heatpump_twin.config.catalogue import Group, Point
from heatpump_twin.config.phrase import Context, Text
from heatpump_twin.server.heat_pump.point_nodes import LiveNode
from heatpump_twin.server.heat_pump.state_machine_nodes import (
    ITEM_STATES,
    OPERATION_MODES,
    StateMachineNodes,
)
from heatpump_twin.server.nodeset.model import StateMachineDeclaration
from heatpump_twin.server.space.node_builder import NodeBuilder, NodePlace, standard
from heatpump_twin.server.space.ua_values import node_id_of
from heatpump_twin.twin_engine.derive.operating_state import possible_states

IDS = ua.ObjectIds
MACHINES, MACHINE_IDENTIFICATION_TYPE = 1001, 1012
ITEM_STATE_TYPE, OPERATION_MODE_TYPE = 1002, 1008
"""Nodes of the Machinery namespace."""

WHETHER_IT_WORKS = Text("Whether the machine works", Context.MODEL)
WHAT_FOR = Text("What it works for", Context.MODEL)

IDENTIFYING = frozenset(
    ("Manufacturer", "Model", "SerialNumber", "ProductInstanceUri", "HardwareRevision",
     "SoftwareRevision", "DeviceClass")
)  # fmt: skip
"""Members of MachineIdentificationType that DI's nameplate has too."""


class Followed(Protocol):
    """A device with variables that follow points."""

    device: ua.NodeId

    def follow(self, index: int, nodes: Iterable[LiveNode]) -> None:
        """Register more variables that follow a point."""
        ...


class MachineNodes:
    """The builder that adds Machinery's building blocks and the state machines to a device."""

    def __init__(
        self, builder: NodeBuilder, declared: StateMachineDeclaration, machines: StateMachineNodes
    ) -> None:
        self._builder = builder
        self._declared = declared
        self._machines = machines
        self._operating_states = tuple(sorted(declared.states, key=declared.states.__getitem__))

    def add(
        self,
        asset: str,
        nodes: Followed,
        nameplate: Iterable[ua.NodeId],
        points: Mapping[str, Point],
    ) -> None:
        """Add the building blocks to a device, and a reference to it from Machines."""
        builder, names = self._builder, self._builder.namespaces
        # Organizes: the device belongs to DI's DeviceSet; Machines only lists it.
        builder.reference(node_id_of(MACHINES, names.machinery), IDS.Organizes, nodes.device)
        identification = self._identification(asset, nodes.device, nameplate, points)
        blocks = builder.object(
            f"{asset}.MachineryBuildingBlocks",
            ua.QualifiedName("MachineryBuildingBlocks", names.machinery),
            standard(IDS.FolderType),
            NodePlace(nodes.device),
        )
        builder.reference(blocks, IDS.HasAddIn, identification)
        state = points.get(self._declared.point)
        # No state machine without the point it follows: one that is never anywhere says nothing.
        if state is None:
            return
        for name, number, states, description in (
            ("MachineryItemState", ITEM_STATE_TYPE, ITEM_STATES, WHETHER_IT_WORKS),
            ("MachineryOperationMode", OPERATION_MODE_TYPE, OPERATION_MODES, WHAT_FOR),
        ):
            live = self._machines.add(
                f"{asset}.{name}",
                ua.QualifiedName(name, names.machinery),
                node_id_of(number, names.machinery),
                NodePlace(blocks, IDS.HasAddIn),
                state,
                states,
                description=description,
            )
            nodes.follow(state.index, live)
        name = f"{asset}.{self._declared.instance}"
        machine = builder.node_id(name)
        type_id = builder.type_id(self._declared.name)
        live = self._machines.add(
            name,
            ua.QualifiedName(self._declared.instance, names.types),
            type_id,
            NodePlace(nodes.device),
            state,
            self._operating_states,
            description=Text("What the heat pump is doing, and its last transition", Context.MODEL),
            with_transitions=True,
        )
        nodes.follow(state.index, live)
        # A machine without cooling shall not show Cooling as available: dashboards draw what is
        # listed.
        possible = [self._operating_states[code] for code in sorted(possible_states(points))]
        self._machines.restrict(machine, type_id, possible)
        # Its transitions are events: this is the way from the notifier to their source.
        builder.reference(nodes.device, IDS.HasEventSource, machine)

    def _identification(
        self,
        asset: str,
        device: ua.NodeId,
        nameplate: Iterable[ua.NodeId],
        points: Mapping[str, Point],
    ) -> ua.NodeId:
        """Add Identification as an AddIn; its properties are those of the device's nameplate."""
        builder, names = self._builder, self._builder.namespaces
        node = builder.object(
            f"{asset}.Identification",
            ua.QualifiedName(Group.IDENTIFICATION.value, names.di),
            node_id_of(MACHINE_IDENTIFICATION_TYPE, names.machinery),
            NodePlace(device, IDS.HasAddIn),
            description="What the device is",
        )
        for plate in nameplate:
            if str(plate.Identifier).rpartition(".")[2] in IDENTIFYING:
                builder.reference(node, IDS.HasProperty, plate)
        for point in points.values():
            if point.spec.group is Group.IDENTIFICATION:
                builder.reference(node, IDS.Organizes, builder.node_id(point.key))
        return node
