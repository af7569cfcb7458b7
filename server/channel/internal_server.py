"""The internal server: address space, services and sessions behind the TCP connections."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog
from asyncua import Node, ua
from asyncua.common.utils import ServiceError
from asyncua.crypto.permission_rules import User, UserRole
from asyncua.server import address_space as library
from asyncua.server.internal_server import InternalServer
from asyncua.server.internal_session import InternalSession
from asyncua.server.subscription_service import SubscriptionService as LibraryService
from cryptography import x509

from heatpump_twin.config.hosts import url_host
from heatpump_twin.config.languages import Languages
from heatpump_twin.config.settings import OpcUaSettings
from heatpump_twin.drivers.clock import Clock
from heatpump_twin.server import limits
from heatpump_twin.server.channel.places import Guest, Places
from heatpump_twin.server.channel.session import Channel, TwinSession
from heatpump_twin.server.channel.turns import Turns
from heatpump_twin.server.security.authentication import Authenticator
from heatpump_twin.server.security.recorder import Recorder
from heatpump_twin.server.security.users import User as Person
from heatpump_twin.server.services.method_table import MethodTable
from heatpump_twin.server.services.translator import Translators
from heatpump_twin.server.services.view_service import ViewService
from heatpump_twin.server.space.address_space import TwinAddressSpace
from heatpump_twin.server.space.event import Event
from heatpump_twin.server.subscription.subscription_service import SubscriptionService
from heatpump_twin.twin_engine.history import HistoryReader
from heatpump_twin.twin_engine.image import Image

if TYPE_CHECKING:
    from heatpump_twin.server.history.history_service import HistoryService
    from heatpump_twin.server.services.attribute_service import AttributeService
    from heatpump_twin.server.space.value_columns import ValueColumns
    from heatpump_twin.server.types.type_nodes import TypeNodes

log = structlog.stdlib.get_logger(__name__)

CheckClient = Callable[[x509.Certificate], str | None]
"""Return why a client's certificate may not open a secure channel; None: it may."""


@dataclass(frozen=True, slots=True)
class Live:
    """Where the values of points are, those of the past too, and the time."""

    image: Image
    clock: Clock
    """The site's."""
    wall: Clock
    """Real time, by which the server stamps what it sends."""
    history: HistoryReader


class TwinInternalServer(InternalServer):
    """The internal server of asyncua with our address space, services and sessions."""

    aspace: TwinAddressSpace
    attributes: AttributeService
    columns: ValueColumns
    history: HistoryService

    def __init__(
        self,
        settings: OpcUaSettings,
        authenticator: Authenticator,
        check_client: CheckClient,
        types: TypeNodes,
        recorder: Recorder,
        live: Live,
        hmi_certificate: bytes | None = None,
    ) -> None:
        super().__init__()
        self.recorder = recorder
        self.wall = live.wall
        self.hmi_certificate = hmi_certificate
        """The certificate (DER) of the HMI, which has places of its own and speaks for browsers."""
        self.places = Places(settings.max_sessions)
        self.sessions_ended = 0
        """Sessions that gave way to others since the start."""
        self.settings = settings
        self.authenticator = authenticator
        self.check_client = check_client
        self.types = types
        self._serve(TwinAddressSpace(), live)
        self.methods = MethodTable(self.aspace, self.recorder)
        self.translators = Translators(Languages.packaged())
        # asyncua lets its three be inferred as a triple; it reads any tuple of types.
        self.supported_tokens = (  # type: ignore[assignment]
            ua.AnonymousIdentityToken,
            ua.UserNameIdentityToken,
        )
        self.turns = Turns()
        self.disabled_clock = True  # ours follows the clock that was passed in
        # With it, asyncua's user manager takes "admin" with any password. We don't ask it at all.
        self.allow_remote_admin = False
        self.max_connections = settings.max_sessions + limits.SPARE_CONNECTIONS
        self.max_pending_messages_per_connection = limits.MAX_PENDING_MESSAGES
        self.max_pending_activation_seconds = limits.LOGIN_TIME

    def _serve(self, aspace: TwinAddressSpace, live: Live) -> None:
        """Replace the address space and the services that asyncua has made by ours."""
        # Services of asyncua keep the address space they were made with: so each is made again.
        self.aspace = aspace
        self.attribute_service = library.AttributeService(aspace)
        self.view_service = library.ViewService(aspace)
        self.view = ViewService(aspace)
        self.method_service = library.MethodService(aspace)
        self.node_mgt_service = library.NodeManagementService(aspace)
        self.subscriptions = SubscriptionService(
            aspace, live.image, live.clock, live.history, live.wall
        )
        # Of the internal session alone, which has no subscriptions.
        self.subscription_service = LibraryService(aspace, self)
        self.isession = InternalSession(
            self, aspace, self.subscription_service, "Internal", user=User(role=UserRole.Admin)
        )
        for name in ("current_time_node", "server_status_node"):
            setattr(self, name, Node(self.isession, getattr(self, name).nodeid))

    async def tell(self, event: Event, notifiers: Sequence[ua.NodeId]) -> None:
        """Send an event to clients, and keep it; the notifiers are those it climbs up along."""
        self.history.keep(event, notifiers[0])
        await self.subscriptions.notify(event, notifiers)

    async def load_standard_address_space(self, shelf_file: object = None) -> None:  # noqa: ARG002
        """Read the nodes of OPC UA itself, with those of all type models, from their block."""
        self.aspace.add_source(self.types)

    async def get_endpoints(
        self,
        params: ua.GetEndpointsParameters | None = None,
        sockname: tuple[str, int] | None = None,
    ) -> list[ua.EndpointDescription]:
        """Return the endpoints, of those transports only that a client asks for."""
        if sockname is not None:
            # asyncua makes a URL of it, in which an IPv6 address needs brackets.
            sockname = (url_host(sockname[0]), sockname[1])
        endpoints: list[ua.EndpointDescription] = await super().get_endpoints(params, sockname)
        wanted = (params.ProfileUris if params else None) or ()
        return [e for e in endpoints if not wanted or e.TransportProfileUri in wanted]

    def find_servers(
        self, params: ua.FindServersParameters, sockname: tuple[str, int] | None = None
    ) -> list[ua.ApplicationDescription]:
        """Return this server, unless a client asks for others only (OPC 10000-4, 5.4.2)."""
        if sockname is not None:
            sockname = (url_host(sockname[0]), sockname[1])
        # asyncua takes whatever begins with a part of the URI that was asked for.
        wanted, params.ServerUris = params.ServerUris or (), []
        known: list[ua.ApplicationDescription] = super().find_servers(params, sockname)
        return [server for server in known if not wanted or server.ApplicationUri in wanted]

    @property
    def offers_none(self) -> bool:
        """Whether sessions without encryption are offered; they are anonymous and only read."""
        return self.settings.offers_none and self.settings.reads_anonymously

    @property
    def sessions(self) -> list[TwinSession]:
        """The sessions of clients; the internal session is not among them."""
        return [s for s in self._external_sessions.values() if isinstance(s, TwinSession)]

    def find_session(self, token: ua.NodeId) -> TwinSession | None:
        """Return the session that an authentication token belongs to."""
        session = self.lookup_external_session(token)
        return session if isinstance(session, TwinSession) else None

    def open_session(self, channel: Channel) -> TwinSession:
        """Create a session, unless there will be no place for it once it is activated.

        Those that wait for their activation need no place: each has a connection, whose time to
        log in is bounded (OPC 10000-4, 5.7.2.1).
        """
        session = TwinSession(self, channel)
        try:
            self._giving_way(session, session.most_guest)
        except ServiceError:
            self.unregister_external_session(session)
            raise
        return session

    async def admit(self, session: TwinSession, person: Person | None) -> None:
        """Give a session of a person its place, or raise BadTooManySessions."""
        leaving = self._giving_way(session, session.guest_as(person))
        if leaving is not None:
            self.sessions_ended += 1
            log.warning(
                "a session gave way to another",
                user=leaving.user_name, peer=leaving.name, connected=not leaving.abandoned,
            )  # fmt: skip
            await leaving.close_session(True)

    def _giving_way(self, session: TwinSession, guest: Guest) -> TwinSession | None:
        others = [s for s in self.sessions if s.is_activated() and s is not session]
        return self.places.giving_way(guest, session.host, others)
