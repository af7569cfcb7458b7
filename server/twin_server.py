"""The OPC UA server of a twin: start, stop, and what the engine publishes through it."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial

import structlog
from asyncua import Server

from heatpump_twin.config.catalogue import Point, PointTable
from heatpump_twin.config.data_directory import DataDirectory
from heatpump_twin.config.settings import HeatPump, Site
from heatpump_twin.drivers.clock import Clock
from heatpump_twin.drivers.frame import Frame
from heatpump_twin.server.alarms.condition_refresh import ConditionRefresh
from heatpump_twin.server.alarms.outside_acknowledgement import NO_SUCH_ALARM
from heatpump_twin.server.channel.certificate_watch import CertificateWatch
from heatpump_twin.server.channel.internal_server import CheckClient, Live, TwinInternalServer
from heatpump_twin.server.channel.server_status import ServerStatus
from heatpump_twin.server.channel.ua_server import UaServer
from heatpump_twin.server.channel.user_watch import UserWatch
from heatpump_twin.server.history.audit_history import AuditHistory
from heatpump_twin.server.history.event_codec import EventCodec
from heatpump_twin.server.history.event_history import EventHistory
from heatpump_twin.server.history.history_service import HistoryService
from heatpump_twin.server.history.update.event_updates import EventUpdates
from heatpump_twin.server.history.update.update_service import UpdateService
from heatpump_twin.server.security.authentication import Authenticator
from heatpump_twin.server.security.certificates import (
    application_uri,
    new_application_uri,
    server_names,
)
from heatpump_twin.server.security.pki import Pki
from heatpump_twin.server.security.recorder import Recorder
from heatpump_twin.server.security.site_identity import site_namespace
from heatpump_twin.server.security.users import UserStore
from heatpump_twin.server.services.attribute_service import AttributeService
from heatpump_twin.server.site.archive_start import archive_start, archive_starts
from heatpump_twin.server.site.site_address_space import (
    Arrival,
    SiteAddressSpace,
    Sources,
    build_address_space,
)
from heatpump_twin.server.site.standard_methods import add_standard_methods
from heatpump_twin.server.space.address_space import TwinAddressSpace
from heatpump_twin.server.space.event import SERVER_NODE
from heatpump_twin.server.space.model_change import server_notifier
from heatpump_twin.server.space.node_builder import Namespaces
from heatpump_twin.server.space.point_values import to_datetime
from heatpump_twin.server.space.value_columns import ValueColumns
from heatpump_twin.server.types.type_import import load_type_nodes
from heatpump_twin.twin_engine.alarm import AlarmDefinition, AlarmTransition
from heatpump_twin.twin_engine.commands.audit import AuditLog
from heatpump_twin.twin_engine.commands.commands import CommandHandler
from heatpump_twin.twin_engine.conditions.condition_state import ConditionState
from heatpump_twin.twin_engine.conditions.condition_store import ConditionStore
from heatpump_twin.twin_engine.correction import HistoryEditor
from heatpump_twin.twin_engine.happening import Happening
from heatpump_twin.twin_engine.historian.events.event_log import EventLog
from heatpump_twin.twin_engine.historian.trajectories.forecast_history import ForecastHistory
from heatpump_twin.twin_engine.historian.trajectories.trajectory_log import TrajectoryLog
from heatpump_twin.twin_engine.history import HistoryReader
from heatpump_twin.twin_engine.image import Image
from heatpump_twin.twin_engine.programs.programs import Programs
from heatpump_twin.twin_engine.provenance import Provenance

log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Statistics:
    """Figures for monitoring: present connections, sessions and items, and refused logins."""

    connections: int
    sessions: int
    subscriptions: int
    monitored_items: int
    rejected_logins: int
    sessions_ended: int
    """Sessions that gave way to others since the start."""


@dataclass(frozen=True, slots=True)
class OfflineSpace:
    """The address space of a site in a server that does not listen."""

    server: Server
    aspace: TwinAddressSpace
    namespaces: Namespaces
    table: PointTable


class TwinServer:
    """The OPC UA server of one site: values, history, commands and alarms."""

    def __init__(
        self,
        *,
        site: Site,
        data: DataDirectory,
        table: PointTable,
        image: Image,
        alarms: Sequence[AlarmDefinition],
        commands: CommandHandler,
        programs: Programs | None = None,
        history: HistoryReader,
        editor: HistoryEditor | None = None,
        users: UserStore,
        provenance: Mapping[str, Provenance],
        clock: Clock,
        wall: Clock | None = None,
        archive_start: int | None = None,
        simulated_until: int | None = None,
        audit: AuditLog,
        conditions: ConditionStore,
        events: EventLog,
        trajectories: TrajectoryLog | None = None,
        hmi_certificate: bytes | None = None,
    ) -> None:
        self._events = events
        self._hmi_certificate = hmi_certificate
        self._audit = audit
        self._recorder = Recorder(audit, clock)
        self._conditions = conditions
        self._site = site
        self._data = data
        self._table = table
        self._image = image
        self._alarms = alarms
        self._commands = commands
        self._programs = programs
        if programs is not None:
            programs.journal.subscribe(self._program_news)
            programs.journal.report_to(self.report)
        self._trajectories = trajectories
        self._history = history
        if trajectories is not None:
            self._history = ForecastHistory(history, trajectories, clock)
        self._editor = editor
        self._users = users
        self._provenance = provenance
        self._clock = clock
        self._wall = wall or clock
        self._archive_start = archive_start
        self._simulated_until = simulated_until
        self._running: _Running | None = None

    async def start(self) -> None:
        """Build the address space and listen, or raise a `ServerError`."""
        settings = self._site.opcua
        # Before the certificate is made: by that it is seen that a twin has run here before.
        site_namespace(settings.site_namespace, self._data)
        pki = Pki(self._data.pki, self._wall)
        names = server_names(settings)
        identity = pki.own(names)
        # What clients trust and bind to is what the certificate says, whoever made it.
        uri = application_uri(identity.certificate) or new_application_uri()
        authenticator = Authenticator(self._users, asyncio.get_running_loop().time)
        iserver = await self._internal_server(
            authenticator,
            lambda certificate: pki.check(certificate, any_client=settings.trusts_any_client),
        )
        server = UaServer(iserver, settings, uri, identity)
        await server.init()
        starts = await archive_starts(self._history, self._table, self._clock, self._archive_start)
        space = await build_address_space(server, iserver, self._sources(starts))
        # Services come after the address space they look at, and before anybody can connect.
        iserver.attributes = AttributeService(
            iserver.aspace, iserver.methods, self._table, self._commands, self._wall
        )
        iserver.columns = ValueColumns(self._image, self._wall)
        site = space.namespaces.site
        codec = EventCodec(await server.get_namespace_array())
        audit = AuditHistory(self._audit, self._table, site, uri, codec)
        events = EventHistory(self._events, codec, audit)
        event_updates = EventUpdates(
            self._events, codec, self._recorder, iserver.aspace, site, self._clock,
            self._conditions.flush,
        )  # fmt: skip
        updates = UpdateService(
            iserver.aspace, self._table, site, self._editor, event_updates, self._recorder,
            self._clock,
        )  # fmt: skip
        iserver.history = HistoryService(
            iserver.aspace, self._table, self._history, events, site, updates, self._trajectories
        )
        refreshing = ConditionRefresh(space.conditions, iserver, self._clock)
        add_standard_methods(iserver, refreshing)
        status = ServerStatus(iserver, self._clock, self._wall)
        await server.start()
        # After the listener: asyncua's own start writes ServerStatus, too, and ours must stand.
        await status.start(server.product_uri, server.manufacturer_name, server.name)
        await status.describe(settings.max_sessions, iserver.translators.languages.codes)
        watch = CertificateWatch(pki, names, server, self._recorder)
        users = UserWatch(iserver)
        self._running = _Running(server, iserver, space, status, authenticator, watch, users)
        self._running.begin()
        log.info("OPC UA server listens", url=settings.url)

    @asynccontextmanager
    async def offline(self) -> AsyncIterator[OfflineSpace]:
        """Build the address space without listening, reading history or making a certificate."""
        # Nobody can log in here: a clock that stands still, and a check that is never called.
        authenticator = Authenticator(self._users, lambda: 0.0)
        iserver = await self._internal_server(authenticator, lambda _certificate: None)
        server = Server(iserver=iserver)
        await server.init()
        now = to_datetime(self._clock.now())
        sources = self._sources(dict.fromkeys(self._table.by_asset, now))
        space = await build_address_space(server, iserver, sources)
        try:
            yield OfflineSpace(server, iserver.aspace, space.namespaces, self._table)
        finally:
            authenticator.close()

    async def wait(self) -> None:
        """Wait for the end of the background tasks: for ever, or until a bug ends one."""
        if self._running is not None:
            await asyncio.gather(*self._running.tasks)

    async def stop(self) -> None:
        """Stop the server: tell every client, close sessions and stop listening."""
        if self._running is not None:
            running, self._running = self._running, None
            await running.end()

    def publish(self, frame: Frame) -> None:
        """Publish the new values of a frame, which the image holds already."""
        if self._running is not None:
            self._running.publish(frame)

    def announce(self, transition: AlarmTransition) -> None:
        """Send the event of an alarm that became active or returned to normal."""
        if self._running is not None:
            self._running.announce(transition)

    @property
    def certificate_validity(self) -> float | None:
        """How long the server's certificate is still valid; None: it does not run. [h]"""
        if self._running is None:
            return None
        end = self._running.server.identity.certificate.not_valid_after_utc
        return (end - to_datetime(self._wall.now()).replace(tzinfo=dt.UTC)).total_seconds() / 3600

    async def acknowledge(self, key: str, raised: int, user: str, origin: str) -> str:
        """Acknowledge what was raised at a time; return what came of it, in a sentence. [µs]"""
        if self._running is None:
            return NO_SUCH_ALARM
        return await self._running.space.conditions.acknowledge(key, raised, user, origin)

    def report(self, happening: Happening) -> None:
        """Send the event of something that has happened and is no alarm."""
        if self._running is not None:
            self._running.report(happening)

    def recall(
        self, states: Mapping[str, ConditionState], alarms: Sequence[AlarmDefinition]
    ) -> None:
        """Take back what was known of some of the alarms before a restart."""
        if self._running is not None:
            self._running.recall(states, alarms)

    async def add(
        self,
        heat_pump: HeatPump,
        alarms: Sequence[AlarmDefinition],
        provenance: Mapping[str, Provenance],
    ) -> None:
        """Add a heat pump to the address space; its points are in the table."""
        if self._running is not None:
            start = await archive_start(self._history, self._table, heat_pump.id, self._clock)
            arrival = Arrival(heat_pump, alarms, provenance, start)
            await self._running.space.add(arrival)

    async def remove(self, asset: str) -> None:
        """Remove a heat pump from the address space."""
        if self._running is not None:
            await self._running.space.remove(asset)

    async def follow_site(self, fresh: Sequence[Point], rescaled: Sequence[Point]) -> None:
        """Add points of the site, which are in the table, and write changed ranges of others."""
        if self._running is not None:
            await self._running.space.follow_site(fresh, rescaled)

    def announce_changes(self) -> None:
        """Send one model change event for the heat pumps that came and went since the last one."""
        if self._running is not None:
            self._running.announce_changes()

    async def adopt(self, asset: str, origin: Provenance) -> None:
        """Write the provenance of another model to a heat pump's predicted variables."""
        if self._running is not None:
            await self._running.space.adopt(asset, origin)

    def _program_news(self, asset: str) -> None:
        if self._running is not None:
            self._running.program_news(asset)

    @property
    def statistics(self) -> Statistics:
        """Present figures for monitoring; zeros while the server does not run."""
        return self._running.statistics() if self._running else Statistics(*(0,) * 6)

    async def _internal_server(
        self, authenticator: Authenticator, check: CheckClient
    ) -> TwinInternalServer:
        types = await load_type_nodes(self._data.type_nodes)
        return TwinInternalServer(
            self._site.opcua,
            authenticator,
            check,
            types,
            self._recorder,
            Live(self._image, self._clock, self._wall, self._history),
            self._hmi_certificate,
        )

    def _sources(self, starts: Mapping[str, dt.datetime]) -> Sources:
        return Sources(
            site=self._site,
            site_uri=site_namespace(self._site.opcua.site_namespace, self._data),
            table=self._table,
            image=self._image,
            alarms=self._alarms,
            commands=self._commands,
            programs=self._programs,
            provenance=self._provenance,
            starts=starts,
            simulated_until=_instant(self._simulated_until),
            clock=self._clock,
            wall=self._wall,
            conditions=self._conditions,
            trajectories=self._trajectories,
        )


def _instant(time: int | None) -> dt.datetime | None:
    return None if time is None else to_datetime(time)


@dataclass(frozen=True, slots=True)
class _Running:
    """The parts of a running server, which exist between start and stop."""

    server: UaServer
    iserver: TwinInternalServer
    space: SiteAddressSpace
    status: ServerStatus
    authenticator: Authenticator
    certificate: CertificateWatch
    users: UserWatch
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    def begin(self) -> None:
        for work in (
            self.space.publisher.run,
            self.space.conditions.run,
            self.status.run,
            self.certificate.run,
            self.users.run,
        ):
            task = asyncio.create_task(work(), name=f"OPC UA {work.__qualname__}")
            task.add_done_callback(_report)
            self.tasks.append(task)

    def publish(self, frame: Frame) -> None:
        self.space.publisher.publish(frame)
        for pump, event in self.space.transitions(set(frame.point.tolist())):
            machine = event.fields[("SourceNode",)].Value
            # From the source up to the Server object, as events climb along HasNotifier.
            notifiers = (machine, pump.device, SERVER_NODE)
            self.space.publisher.schedule(partial(self.iserver.tell, event, notifiers))

    def announce(self, transition: AlarmTransition) -> None:
        # Scheduled, not awaited: behind the values that raised the alarm, and without holding up
        # the engine.
        for take in (self.space.conditions.take, self.space.health.take):
            self.space.publisher.schedule(partial(take, transition))

    def report(self, happening: Happening) -> None:
        if (found := self.space.event(happening)) is None:
            return  # of a heat pump that a reload has just taken out
        device, event = found
        notifiers = (device, SERVER_NODE)
        self.space.publisher.schedule(partial(self.iserver.tell, event, notifiers))

    def recall(
        self, states: Mapping[str, ConditionState], alarms: Sequence[AlarmDefinition]
    ) -> None:
        self.space.publisher.schedule(partial(self.space.conditions.recall, states))
        for alarm in alarms:
            state = states.get(alarm.key)
            if state is not None and state.active:
                active = AlarmTransition(alarm, True, state.trunk.raised, alarm.title)
                self.space.publisher.schedule(partial(self.space.health.take, active))

    def announce_changes(self) -> None:
        event = self.space.changes.take()
        if event is not None:
            tell = partial(self.iserver.subscriptions.notify, event, server_notifier())
            self.space.publisher.schedule(tell)

    def program_news(self, asset: str) -> None:
        if (topic := self.space.program_news(asset)) is not None:
            self.space.publisher.touch([topic])

    async def end(self) -> None:
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        # While clients are still connected: a Read finds Shutdown before the connection ends.
        await self.status.shut_down()
        await self.space.conditions.settle()
        await self.server.stop()
        self.authenticator.close()

    def statistics(self) -> Statistics:
        subscriptions = self.iserver.subscriptions.subscriptions.values()
        return Statistics(
            connections=len(self.server.bserver.clients) if self.server.bserver else 0,
            sessions=sum(session.is_activated() for session in self.iserver.sessions),
            subscriptions=len(subscriptions),
            monitored_items=sum(s.items.count for s in subscriptions),
            rejected_logins=self.authenticator.failures,
            sessions_ended=self.iserver.sessions_ended,
        )


def _report(task: asyncio.Task[None]) -> None:
    """Log what ended a task: without it clients would be left with old values."""
    if not task.cancelled() and task.exception() is not None:
        log.error("background task ended", task=task.get_name(), exc_info=task.exception())
