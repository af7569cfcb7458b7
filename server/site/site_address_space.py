"""The address space of one site: add and remove its heat pumps with all that is theirs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from asyncua import Server, ua

from heatpump_twin.config.catalogue import SITE, TWIN, Point, PointRole, PointTable
from heatpump_twin.config.settings import HeatPump, Site
from heatpump_twin.drivers.clock import Clock
from heatpump_twin.server.alarms.alarm_service import AlarmService
from heatpump_twin.server.alarms.device_health import DeviceHealth
from heatpump_twin.server.channel.internal_server import TwinInternalServer
from heatpump_twin.server.heat_pump.happening_events import HappeningEvents
from heatpump_twin.server.heat_pump.heat_pump_nodes import HeatPumpBuilder, HeatPumpNodes
from heatpump_twin.server.heat_pump.history_configuration import HistoryConfiguration
from heatpump_twin.server.heat_pump.machine_nodes import MachineNodes
from heatpump_twin.server.heat_pump.method_nodes import MethodNodes
from heatpump_twin.server.heat_pump.notifiers import Notifiers
from heatpump_twin.server.heat_pump.point_nodes import PointNodes
from heatpump_twin.server.heat_pump.program_methods import ProgramMethods
from heatpump_twin.server.heat_pump.program_nodes import ProgramNodes
from heatpump_twin.server.heat_pump.provenance_properties import provenance_properties
from heatpump_twin.server.heat_pump.setpoint_methods import SetpointMethods
from heatpump_twin.server.heat_pump.state_machine_nodes import StateMachineNodes
from heatpump_twin.server.nodeset.model import TypeModel, load_model
from heatpump_twin.server.nodeset.type_ids import load_type_ids
from heatpump_twin.server.nodeset.type_models import DI, MACHINERY, TYPES
from heatpump_twin.server.site.aggregate_list import list_aggregates
from heatpump_twin.server.site.publisher import Publisher
from heatpump_twin.server.site.site_namespace import describe_site_namespace
from heatpump_twin.server.site.site_nodes import SiteNodes
from heatpump_twin.server.site.twin_nodes import add_twin
from heatpump_twin.server.space.event import SERVER_NODE, Event
from heatpump_twin.server.space.forecast_values import ForecastValues
from heatpump_twin.server.space.model_change import VERB, ModelChanges
from heatpump_twin.server.space.node_builder import Namespaces, NodeBuilder
from heatpump_twin.server.space.point_values import PointValues, to_datetime
from heatpump_twin.twin_engine.alarm import AlarmDefinition
from heatpump_twin.twin_engine.commands.commands import CommandHandler
from heatpump_twin.twin_engine.conditions.condition_store import ConditionStore
from heatpump_twin.twin_engine.happening import Happening
from heatpump_twin.twin_engine.historian.trajectories.trajectory_log import TrajectoryLog
from heatpump_twin.twin_engine.image import Image
from heatpump_twin.twin_engine.programs.programs import Programs
from heatpump_twin.twin_engine.provenance import Provenance


@dataclass(frozen=True, slots=True)
class Sources:
    """The sources of the address space: settings, points, alarms, commands, programs."""

    site: Site
    site_uri: str
    """URI of the namespace of the instances."""
    table: PointTable
    image: Image
    alarms: Iterable[AlarmDefinition]
    commands: CommandHandler
    programs: Programs | None
    provenance: Mapping[str, Provenance]
    starts: Mapping[str, dt.datetime]
    """Start of the archive by asset."""
    simulated_until: dt.datetime | None
    """History up to this time was simulated; None: all of it was recorded."""
    clock: Clock
    wall: Clock
    conditions: ConditionStore
    trajectories: TrajectoryLog | None = None
    """Forecasts of points, where some are written."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A heat pump to be added to the address space; its points are in the table."""

    heat_pump: HeatPump
    alarms: Sequence[AlarmDefinition]
    provenance: Mapping[str, Provenance]
    """The model behind every predicted point, by its key."""
    start: dt.datetime | None = None
    """Start of its archive, if that was not known yet."""


class SiteAddressSpace:
    """The builder of a site's instances: site object, heat pumps, methods and alarms."""

    def __init__(
        self,
        iserver: TwinInternalServer,
        builder: NodeBuilder,
        model: TypeModel,
        sources: Sources,
    ) -> None:
        self._sources = sources
        self._nodes = builder
        self._model = model
        self._iserver = iserver
        self.namespaces = builder.namespaces
        self.conditions = AlarmService(builder, iserver, sources.clock, sources.conditions)
        self.health = DeviceHealth(builder, iserver, sources.clock)
        self.changes = ModelChanges(builder, sources.clock)
        self.publisher = Publisher(iserver.aspace, iserver.subscriptions)
        self._machines = StateMachineNodes(builder, sources.image, sources.clock)
        self._happenings = HappeningEvents(builder, model, sources.clock)
        methods = MethodNodes(builder, iserver.methods, model, sources.commands)
        self._setpoints = SetpointMethods(methods, sources.commands)
        self._programs: tuple[ProgramMethods, ProgramNodes] | None = None
        if sources.programs is not None:
            self._programs = (
                ProgramMethods(methods, sources.programs),
                ProgramNodes(builder, model, sources.programs, sources.clock),
            )
        self._topics: dict[str, int] = {}
        self._starts = dict(sources.starts)
        history = HistoryConfiguration(builder, sources.site.historian, self._starts)
        tariff = sources.site.tariff
        log = sources.trajectories
        forecasts = ForecastValues(log, sources.table, sources.wall) if log is not None else None
        points = self._points = PointNodes(
            builder,
            model,
            PointValues(sources.image, sources.wall),
            history,
            tariff.currency if tariff is not None else None,
            forecasts,
        )
        self._site = SiteNodes(builder, model, points)
        self._notifiers = Notifiers(builder)
        machines = MachineNodes(builder, model.state_machine, self._machines)
        self._builder = HeatPumpBuilder(builder, model, points, machines, self._notifiers)
        self._pumps: dict[str, HeatPumpNodes] = {}
        self._emulated: dict[str, bool] = {}
        self._next_topic = -1
        describe_site_namespace(builder)
        list_aggregates(builder)

    def build(self) -> None:
        """Add the site object, the twin itself and all heat pumps."""
        points = self._sources.table.by_asset.get(SITE, {})
        site = self._sources.site
        live = self._site.add(
            site.site,
            points,
            emulated=any(pump.emulated for pump in site.heat_pumps),
            simulated_until=self._sources.simulated_until,
        )
        self.publisher.follow(live)
        self._notifiers.describe(SERVER_NODE, "Server")
        alarms: dict[str, list[AlarmDefinition]] = {}
        for alarm in self._sources.alarms:
            alarms.setdefault(alarm.asset, []).append(alarm)
        self._add_twin(alarms.get(TWIN, ()))
        for heat_pump in self._sources.site.heat_pumps:
            known = alarms.get(heat_pump.id, ())
            self._add(Arrival(heat_pump, known, self._sources.provenance))
        self.changes.follow(self._site.heat_pumps, self._pumps)
        self.changes.follow(self._site.node, self._site_points())

    def _add_twin(self, alarms: Iterable[AlarmDefinition]) -> None:
        points = self._sources.table.by_asset.get(TWIN)
        if points:
            self.publisher.follow(
                add_twin(
                    self._nodes,
                    self._model,
                    self._points,
                    self._notifiers,
                    self._site.node,
                    points,
                )
            )
            for alarm in alarms:
                self.conditions.add(alarm, self._nodes.node_id(TWIN))

    async def add(self, arrival: Arrival) -> None:
        """Add one more heat pump; reattach the listeners of nodes that are there again."""
        device = self._add(arrival)
        await self._tell_emulated()
        self.changes.added(device)
        await self.changes.changed(self._site.heat_pumps, VERB.ReferenceAdded, self._pumps)
        # Last: whoever is told that a node is there again may read the whole heat pump.
        await self._iserver.aspace.resume()

    async def follow_site(self, fresh: Sequence[Point], rescaled: Sequence[Point]) -> None:
        """Add points to the site, and write the changed ranges of others."""
        if fresh:
            self.publisher.follow(self._site.extend(fresh))
            await self.changes.changed(self._site.node, VERB.ReferenceAdded, self._site_points())
        for point in rescaled:
            await self._points.rescale(point, to_datetime(self._sources.clock.now()))
        self._iserver.subscriptions.rescale([point.index for point in rescaled])

    def _site_points(self) -> list[str]:
        return list(self._sources.table.by_asset.get(SITE, {}))

    async def remove(self, asset: str) -> None:
        """Remove a heat pump with all its nodes; the listeners of its nodes are told."""
        # Before anything is awaited: a frame that comes meanwhile must find all of it, or nothing.
        nodes = self._pumps.pop(asset)
        self._topics.pop(asset, None)
        listening = self.publisher.forget(nodes.live)
        for index in nodes.live:
            self._machines.remove(index)
        self.health.remove(asset)
        # Before the nodes go: the event says of which type the device was.
        self.changes.deleted(nodes.device)
        await self.changes.changed(self._site.heat_pumps, VERB.ReferenceDeleted, self._pumps)
        await self.conditions.remove(asset)
        self._iserver.methods.forget(await self._nodes.remove(asset))
        # Last, as for the listeners of the other nodes: who looks must not find half of it.
        self.publisher.lose(listening)
        del self._emulated[asset]
        await self._tell_emulated()

    async def _tell_emulated(self) -> None:
        now = to_datetime(self._sources.clock.now())
        await self._site.tell_emulated(any(self._emulated.values()), now)

    def transitions(self, indices: set[int]) -> list[tuple[HeatPumpNodes, Event]]:
        """Move the state machines whose points changed; return their heat pumps and events."""
        table = self._sources.table
        return [
            (self._pumps[table[index].asset], event)
            for index, event in self._machines.take(indices)
        ]

    def event(self, happening: Happening) -> tuple[ua.NodeId, Event] | None:
        """Return what has happened as an event of a device; None: the heat pump is not there."""
        pump = self._pumps.get(happening.asset)
        if pump is None:
            return None
        return pump.device, self._happenings.event(happening, pump.device)

    def _add(self, arrival: Arrival) -> ua.NodeId:
        heat_pump = arrival.heat_pump
        if arrival.start is not None:
            self._starts[heat_pump.id] = arrival.start
        points = self._sources.table.by_asset.get(heat_pump.id, {})
        until = self._sources.simulated_until
        nodes = self._builder.add(heat_pump, points, arrival.provenance, until)
        # The order is that of dependence: methods and alarms hang on the device and its points.
        self._site.list_heat_pump(nodes.device)
        self._setpoints.add(nodes, heat_pump.id, points)
        self._add_programs(heat_pump.id, nodes, points)
        self.health.add(heat_pump.id, nodes.device)
        for alarm in arrival.alarms:
            self.conditions.add(alarm, nodes.device)
        # After everything else: the version follows from all nodes of the heat pump.
        self.changes.follow(nodes.device, self._nodes.names_of(heat_pump.id))
        self._pumps[heat_pump.id] = nodes
        self._emulated[heat_pump.id] = heat_pump.emulated
        self.publisher.follow(nodes.live)
        return nodes.device

    def _add_programs(self, asset: str, nodes: HeatPumpNodes, points: Mapping[str, Point]) -> None:
        if self._programs is None:
            return
        methods, variables = self._programs
        methods.add(nodes, asset, points)
        # Below the indices of points there is one for what changes with an asset's programs.
        topic, self._next_topic = self._next_topic, self._next_topic - 1
        self._topics[asset] = topic
        nodes.follow(topic, variables.add(nodes, asset))

    async def adopt(self, asset: str, origin: Provenance) -> None:
        """Write the provenance of another model to a heat pump's predicted variables."""
        now = to_datetime(self._sources.clock.now())
        for point in self._sources.table.by_asset[asset].values():
            if point.spec.role is PointRole.PREDICTED:
                for name, _, value, _ in provenance_properties(origin):
                    node = self._nodes.node_id(f"{point.key}.{name}")
                    # They come at the next start where the model before was damaged.
                    if node not in self._iserver.aspace:
                        continue
                    await self._nodes.change_value(node, value, now)

    def program_news(self, asset: str) -> int | None:
        """Mark the programs of a heat pump as changed; return the index to publish."""
        if self._programs is None or asset not in self._topics:
            return None
        self._programs[1].note(asset)
        return self._topics[asset]


async def build_address_space(
    server: Server, iserver: TwinInternalServer, sources: Sources
) -> SiteAddressSpace:
    """Build a site's instances in a server that does not listen yet."""
    # First: the nodes below have values of these data types, and namespaces get their indices.
    await iserver.types.register(server)
    namespaces = Namespaces(
        di=await server.get_namespace_index(DI),
        machinery=await server.get_namespace_index(MACHINERY),
        types=await server.get_namespace_index(TYPES),
        site=await server.register_namespace(sources.site_uri),
        site_uri=sources.site_uri,
    )
    now = to_datetime(sources.clock.now())
    builder = NodeBuilder(iserver.aspace, namespaces, load_type_ids(), now)
    space = SiteAddressSpace(iserver, builder, load_model(), sources)
    space.build()
    return space
