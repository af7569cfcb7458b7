"""The address space of one site: what of it is added when, and what belongs to which heat pump."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from asyncua import Server, ua

from heatpump_twin.config.catalogue import SITE, Point, PointTable, Role
from heatpump_twin.config.settings import HeatPump, Site
from heatpump_twin.drivers.clock import Clock
from heatpump_twin.server.conditions import Conditions
from heatpump_twin.server.device_health import DeviceHealth
from heatpump_twin.server.event import Event
from heatpump_twin.server.heat_pump_nodes import HeatPumpBuilder, HeatPumpNodes
from heatpump_twin.server.history_configuration import HistoryConfiguration
from heatpump_twin.server.internal_server import TwinInternalServer
from heatpump_twin.server.machine_nodes import MachineNodes
from heatpump_twin.server.method_nodes import MethodNodes
from heatpump_twin.server.node_builder import Namespaces, NodeBuilder
from heatpump_twin.server.nodeset.model import TypeModel, load_model
from heatpump_twin.server.nodeset.type_ids import load_type_ids
from heatpump_twin.server.nodesets import DI, MACHINERY, TYPES
from heatpump_twin.server.nodesets import SITE as SITE_URI
from heatpump_twin.server.point_nodes import PointNodes
from heatpump_twin.server.point_values import PointValues, to_datetime
from heatpump_twin.server.program_methods import ProgramMethods
from heatpump_twin.server.program_nodes import ProgramNodes
from heatpump_twin.server.provenance_properties import provenance_properties
from heatpump_twin.server.publisher import Publisher
from heatpump_twin.server.setpoint_methods import SetpointMethods
from heatpump_twin.server.site_namespace import describe_site_namespace
from heatpump_twin.server.site_nodes import SiteNodes
from heatpump_twin.server.state_machine_nodes import StateMachineNodes
from heatpump_twin.twin_engine.alarm import AlarmDefinition
from heatpump_twin.twin_engine.commands import CommandHandler
from heatpump_twin.twin_engine.image import Image
from heatpump_twin.twin_engine.programs import Programs
from heatpump_twin.twin_engine.provenance import Provenance

VALUE = ua.AttributeIds.Value


@dataclass(frozen=True, slots=True)
class Sources:
    """Where the address space has its content from."""

    site: Site
    table: PointTable
    image: Image
    alarms: Iterable[AlarmDefinition]
    commands: CommandHandler
    programs: Programs | None
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
        self._nodes = builder
        self._iserver = iserver
        self.namespaces = builder.namespaces
        self.conditions = Conditions(builder, iserver, sources.clock)
        self.health = DeviceHealth(builder, iserver, sources.clock)
        self.publisher = Publisher(iserver.aspace)
        self._machines = StateMachineNodes(builder, sources.image, sources.clock)
        methods = MethodNodes(builder, iserver.methods, model, sources.commands)
        self._setpoints = SetpointMethods(methods, sources.commands)
        self._programs: tuple[ProgramMethods, ProgramNodes] | None = None
        if sources.programs is not None:
            self._programs = (
                ProgramMethods(methods, sources.programs),
                ProgramNodes(builder, model, sources.programs, sources.clock),
            )
        self._topics: dict[str, int] = {}
        history = HistoryConfiguration(builder, sources.site.historian, sources.starts)
        tariff = sources.site.tariff
        points = PointNodes(
            builder,
            model,
            PointValues(sources.image, sources.clock),
            history,
            tariff.currency if tariff is not None else None,
        )
        self._site = SiteNodes(builder, model, points)
        self._builder = HeatPumpBuilder(
            builder, model, points, MachineNodes(builder, self._machines)
        )
        self._pumps: dict[str, HeatPumpNodes] = {}
        describe_site_namespace(builder)

    def build(self) -> None:
        """Add everything."""
        points = self._sources.table.by_asset.get(SITE, {})
        self.publisher.follow(self._site.add(self._sources.site.site, points))
        for heat_pump in self._sources.site.heat_pumps:
            self._add(heat_pump)

    async def add(self, heat_pump: HeatPump) -> None:
        """Add one more heat pump; who listened to nodes that are there again is told."""
        self._add(heat_pump)
        await self._iserver.aspace.resume()

    async def remove(self, asset: str) -> None:
        """Take away a heat pump as a whole; who listens to its nodes is told."""
        live = self._pumps.pop(asset).live
        self.publisher.forget(live)
        for index in live:
            self._machines.remove(index)
        self.health.remove(asset)
        await self.conditions.remove(asset)
        self._iserver.methods.forget(await self._nodes.remove(asset))

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
        self._setpoints.add(nodes, heat_pump.id, points)
        self._add_programs(heat_pump.id, nodes, points)
        self.health.add(heat_pump.id, nodes.device)
        for alarm in self._sources.alarms:
            if alarm.asset == heat_pump.id:
                self.conditions.add(alarm, nodes.device)
        self._pumps[heat_pump.id] = nodes
        self.publisher.follow(nodes.live)

    def _add_programs(self, asset: str, nodes: HeatPumpNodes, points: Mapping[str, Point]) -> None:
        if self._programs is None:
            return
        methods, variables = self._programs
        methods.add(nodes, asset, points)
        # Behind the indices of points there is one for what changes with an asset's programs.
        topic = len(self._sources.table) + len(self._topics)
        self._topics[asset] = topic
        nodes.follow(topic, variables.add(nodes, asset))

    async def adopt(self, asset: str, origin: Provenance) -> None:
        """Say of a heat pump's predictions that they come from another model now."""
        now = to_datetime(self._sources.clock.now())
        for point in self._sources.table.by_asset[asset].values():
            if point.spec.role is Role.PREDICTED:
                for name, _, value, _ in provenance_properties(origin):
                    node = ua.NodeId(f"{point.key}.{name}", self.namespaces.site)
                    stored = self._iserver.aspace.read_attribute_value(node, VALUE)
                    variant = ua.Variant(value, stored.Value.VariantType)
                    news = ua.DataValue(variant, SourceTimestamp=now, ServerTimestamp=now)
                    await self._iserver.write_attribute_value(node, news)

    def program_news(self, asset: str) -> int | None:
        """Note that programs of a heat pump changed; return the index that has news."""
        if self._programs is None or asset not in self._topics:
            return None
        self._programs[1].note(asset)
        return self._topics[asset]


async def build_address_space(
    server: Server, iserver: TwinInternalServer, sources: Sources
) -> SiteAddressSpace:
    """Build a site's instances in a server that does not listen yet."""
    await iserver.types.register(server)
    namespaces = Namespaces(
        di=await server.get_namespace_index(DI),
        machinery=await server.get_namespace_index(MACHINERY),
        types=await server.get_namespace_index(TYPES),
        site=await server.register_namespace(SITE_URI),
    )
    now = to_datetime(sources.clock.now())
    builder = NodeBuilder(iserver, namespaces, load_type_ids(), now)
    space = SiteAddressSpace(iserver, builder, load_model(), sources)
    space.build()
    return space
