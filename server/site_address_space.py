"""The address space of one site: what of it is added when, and what belongs to which heat pump."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from asyncua import Server

from heatpump_twin.config.catalogue import SITE, PointTable
from heatpump_twin.config.settings import HeatPump, Site
from heatpump_twin.drivers.clock import Clock
from heatpump_twin.server.conditions import Conditions
from heatpump_twin.server.device_health import DeviceHealth
from heatpump_twin.server.event import Event
from heatpump_twin.server.heat_pump_nodes import HeatPumpBuilder, HeatPumpNodes
from heatpump_twin.server.history_configuration import HistoryConfiguration
from heatpump_twin.server.internal_server import TwinInternalServer
from heatpump_twin.server.machine_nodes import MachineNodes
from heatpump_twin.server.node_builder import Namespaces, NodeBuilder
from heatpump_twin.server.nodeset.model import TypeModel, load_model
from heatpump_twin.server.nodeset.type_ids import load_type_ids
from heatpump_twin.server.nodesets import DI, MACHINERY, TYPES, load_types
from heatpump_twin.server.nodesets import SITE as SITE_URI
from heatpump_twin.server.point_nodes import LiveNode, PointNodes
from heatpump_twin.server.point_values import PointValues
from heatpump_twin.server.setpoint_methods import SetpointMethods
from heatpump_twin.server.site_namespace import describe_site_namespace
from heatpump_twin.server.site_nodes import SiteNodes
from heatpump_twin.server.standard_nodes import fill, prune
from heatpump_twin.server.state_machine_nodes import StateMachineNodes
from heatpump_twin.twin_engine.alarm import AlarmDefinition
from heatpump_twin.twin_engine.commands import CommandHandler
from heatpump_twin.twin_engine.image import Image
from heatpump_twin.twin_engine.provenance import Provenance


@dataclass(frozen=True, slots=True)
class Sources:
    """Where the address space has its content from."""

    site: Site
    table: PointTable
    image: Image
    alarms: Iterable[AlarmDefinition]
    commands: CommandHandler
    provenance: Mapping[str, Provenance]
    starts: Mapping[str, dt.datetime]
    """By asset: when its archive begins."""
    clock: Clock


class SiteAddressSpace:
    """Builds the instances of a site: the site object, heat pumps, their methods and alarms."""

    def __init__(
        self,
        iserver: TwinInternalServer,
        builder: NodeBuilder,
        model: TypeModel,
        sources: Sources,
    ) -> None:
        self._sources = sources
        self.namespaces = builder.namespaces
        self.conditions = Conditions(builder, iserver, sources.clock)
        self.health = DeviceHealth(builder, iserver, sources.clock)
        self.live: dict[int, list[LiveNode]] = {}
        """By point index: the variables that follow the point."""
        self._machines = StateMachineNodes(builder, sources.image, sources.clock)
        self._methods = SetpointMethods(builder, iserver.methods, sources.commands)
        history = HistoryConfiguration(builder, sources.site.historian, sources.starts)
        points = PointNodes(builder, PointValues(sources.image, sources.clock), history)
        self._site = SiteNodes(builder, model, points)
        self._builder = HeatPumpBuilder(
            builder, model, points, MachineNodes(builder, self._machines)
        )
        self._pumps: dict[str, HeatPumpNodes] = {}
        describe_site_namespace(builder)

    def build(self) -> None:
        """Add everything."""
        points = self._sources.table.by_asset.get(SITE, {})
        self.live.update(self._site.add(self._sources.site.site, points))
        for heat_pump in self._sources.site.heat_pumps:
            self._add(heat_pump)

    def transitions(self, indices: set[int]) -> list[tuple[HeatPumpNodes, Event]]:
        """Move the state machines whose points have news; return what is to be told, and where."""
        table = self._sources.table
        return [
            (self._pumps[table[index].asset], event)
            for index, event in self._machines.take(indices)
        ]

    def _add(self, heat_pump: HeatPump) -> None:
        points = self._sources.table.by_asset.get(heat_pump.id, {})
        nodes = self._builder.add(heat_pump, points, self._sources.provenance)
        self._site.list_heat_pump(nodes.device)
        self._methods.add(nodes, points)
        self.health.add(heat_pump.id, nodes.device)
        for alarm in self._sources.alarms:
            if alarm.asset == heat_pump.id:
                self.conditions.add(alarm, nodes.device)
        self._pumps[heat_pump.id] = nodes
        self.live.update(nodes.live)


async def build_address_space(
    server: Server, iserver: TwinInternalServer, sources: Sources
) -> SiteAddressSpace:
    """Load the types into a server that does not listen yet, and build a site's instances."""
    await load_types(server)
    prune(iserver.aspace)
    namespaces = Namespaces(
        di=await server.get_namespace_index(DI),
        machinery=await server.get_namespace_index(MACHINERY),
        types=await server.get_namespace_index(TYPES),
        site=await server.register_namespace(SITE_URI),
    )
    builder = NodeBuilder(iserver, namespaces, load_type_ids())
    space = SiteAddressSpace(iserver, builder, load_model(), sources)
    space.build()
    fill(iserver.aspace)
    return space
