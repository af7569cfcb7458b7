"""A client's session: its user, its rights, its subscriptions and continuation points."""

from __future__ import annotations

import math
import secrets
import uuid
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from asyncua import ua
from asyncua.common.utils import ServiceError, create_nonce
from asyncua.server.internal_session import InternalSession, SessionState
from asyncua.ua.ua_binary import nodeid_to_binary

from heatpump_twin.config.browser import browser_of
from heatpump_twin.server.channel.places import Guest
from heatpump_twin.server.limits import MAX_MESSAGE, OperationLimits
from heatpump_twin.server.security.users import User, UserRole
from heatpump_twin.server.services.read_memory import ReadMemory, Stamp
from heatpump_twin.server.services.translator import Translator
from heatpump_twin.server.services.view_service import Rest
from heatpump_twin.server.space.ua_values import node_id_of, status_code
from heatpump_twin.server.subscription.subscription_service import PublishChannel

if TYPE_CHECKING:
    from heatpump_twin.config.catalogue import Point
    from heatpump_twin.server.channel.internal_server import TwinInternalServer
    from heatpump_twin.server.history.history_query import HistoryQuery
    from heatpump_twin.server.services.attribute_service import Written

ANONYMOUS = "anonymous"
PROBE = "heatpump-twin readiness"
"""Begin of the name of sessions with which the twin sees whether somebody can log in."""
LIMITS = OperationLimits()
NONCE_LENGTH = 32


class Channel(PublishChannel, Protocol):
    """The secure channel that a session is bound to."""

    @property
    def peer(self) -> str:
        """Address and port of the other side."""
        ...

    @property
    def host(self) -> str:
        """Address of the other side."""
        ...

    @property
    def closed(self) -> bool:
        """Whether the connection is gone."""
        ...

    @property
    def policy_uri(self) -> str:
        """Security policy of the channel."""
        ...

    @property
    def client_certificate(self) -> bytes:
        """Certificate that opened the channel; empty on an unencrypted one."""
        ...


def bounded(operations: Sequence[Any] | None, limit: int) -> Sequence[Any]:
    """Return the operations of a request; refuse none, or too many (OPC 10000-4, 7.38.2).

    Those of `LIST_SERVICES` are counted there, before they are decoded.
    """
    if not operations:
        raise ServiceError(ua.StatusCodes.BadNothingToDo)
    if len(operations) > limit:
        raise ServiceError(ua.StatusCodes.BadTooManyOperations)
    return operations


class TwinSession(InternalSession):
    """The session of a client, which checks limits, rights and ownership before each service."""

    iserver: TwinInternalServer

    def __init__(self, iserver: TwinInternalServer, channel: Channel) -> None:
        super().__init__(
            iserver, iserver.aspace, iserver.subscription_service, channel.peer, external=False
        )
        self.external = True
        # Whoever knows the token of another session could act as that session: not guessable.
        self.session_id = node_id_of(uuid.uuid4(), 1)
        self.auth_token = node_id_of(secrets.token_bytes(32), 0)
        self.token_bytes = nodeid_to_binary(self.auth_token)
        """The token as clients send it."""
        self.channel = channel
        self.person: User | None = None
        self._name = ""
        self._browser: str | None = None
        self.browse_points: dict[bytes, Rest] = {}
        self.history_points: dict[bytes, tuple[Point, HistoryQuery]] = {}
        self.reads = ReadMemory(iserver.columns)
        self.translator: Translator | None = None
        """Translator to the client's locales; None: texts stay in English."""
        iserver.register_external_session(self)

    @property
    def is_probe(self) -> bool:
        """Whether this is a look of the twin's own, by nobody: no news."""
        return self.person is None and self._name.startswith(PROBE)

    # ── who ───────────────────────────────────────────────────────────────────────────────────────
    @property
    def user_name(self) -> str:
        """The user's name, or ``anonymous``."""
        return self.person.name if self.person else ANONYMOUS

    @property
    def origin(self) -> str:
        """The transport and address that the session comes from, for the audit log."""
        return f"HMI {self._browser}" if self._browser else f"OPC UA {self.channel.peer}"

    @property
    def host(self) -> str:
        """Where the client is: of the HMI's sessions, the browser."""
        return self._browser or self.channel.host

    @property
    def _of_hmi(self) -> bool:
        certificate = self.channel.client_certificate
        return bool(certificate) and certificate == self.iserver.hmi_certificate

    # ── its place among others ────────────────────────────────────────────────────────────────────
    def guest_as(self, person: User | None) -> Guest:
        """Return who the session is for, with a person."""
        if person is None:
            return Guest.ANONYMOUS
        return Guest.HMI if self._of_hmi else Guest.NAMED

    @property
    def guest(self) -> Guest:
        """Who the session is for."""
        return self.guest_as(self.person)

    @property
    def most_guest(self) -> Guest:
        """Who the session can be for at most: without encryption, nobody can log in."""
        if not self.channel.client_certificate:
            return Guest.ANONYMOUS
        return Guest.HMI if self._of_hmi else Guest.NAMED

    @property
    def abandoned(self) -> bool:
        """Whether the connection of the session is gone."""
        return self.channel.closed

    @property
    def silent_since(self) -> float:
        """When the client was last heard, of a monotonic clock. [s]"""
        return self._last_activity

    def is_closed(self) -> bool:
        """Tell whether the session has ended, which it may while somebody waits."""
        return self.state is SessionState.Closed

    @property
    def role(self) -> UserRole | None:
        """The role that the user has now; None: there is no user, or no more."""
        # Looked up each time: a role that was taken away is gone for open sessions, too.
        current = self.iserver.authenticator.current(self.person) if self.person else None
        return None if current is None else current.role

    def may(self, role: UserRole | None) -> bool:
        """Tell whether the user has a role now, also when it was changed after the login."""
        if role is None:
            return True
        current = self.role
        return current is not None and current.includes(role)

    @property
    def read_stamp(self) -> Stamp:
        """What the session's remembered requests depend on, as it is now."""
        return Stamp(self.iserver.aspace.version, self.role)

    async def create_session(
        self, params: ua.CreateSessionParameters, sockname: tuple[str, int] | None = None
    ) -> ua.CreateSessionResult:
        """Answer CreateSession with the limits of this server."""
        self._name = params.SessionName or ""
        if self._of_hmi:
            self._browser = browser_of(params.SessionName)
        # asyncua compares: NaN passes every limit.
        if not math.isfinite(params.RequestedSessionTimeout):
            params.RequestedSessionTimeout = 0.0
        answer = await super().create_session(params, sockname)
        # asyncua always says 64 KB: clients would split requests for nothing.
        answer.MaxRequestMessageSize = MAX_MESSAGE
        return answer

    def activate(
        self, person: User | None, channel: Channel, locales: Sequence[str | None] | None
    ) -> ua.ActivateSessionResult:
        """Bind the session to a user and a channel, after both were checked."""
        self.person, self.channel, self.name = person, channel, channel.peer
        if locales:  # none: those that the session has stay (OPC 10000-4, 5.7.3.2)
            self.translator = self.iserver.translators.preferred(locales)
        self.nonce = create_nonce(NONCE_LENGTH)
        self.state = SessionState.Activated
        # Subscriptions publish through the channel they were made on, which may be gone.
        for subscription in self.subscription_service.subscriptions.values():
            if subscription.session_id == self.session_id:
                subscription.pub_result_callback = channel.forward_publish_response
                subscription.pub_request_callback = channel.get_publish_request
        self.touch()
        self._start_timeout_watchdog()
        answer = ua.ActivateSessionResult()
        answer.ServerNonce = self.nonce
        return answer

    async def close_session(self, delete_subs: bool = True) -> None:
        """End the session. Kept subscriptions live on until their lifetime ends."""
        # Continuation points end with their session (OPC 10000-4, 7.9).
        self.browse_points.clear()
        self.history_points.clear()
        self.reads.clear()
        await super().close_session(delete_subs)

    # ── attributes, view, methods, history ────────────────────────────────────────────────────────
    async def read(self, params: ua.ReadParameters) -> list[ua.DataValue]:
        """Read attributes, as far as the node and the user's rights allow."""
        return self.iserver.attributes.read(self, params)

    async def write_values(self, params: ua.WriteParameters) -> list[Written]:
        """Write values of setpoints, as far as the user's rights allow."""
        bounded(params.NodesToWrite, LIMITS.nodes_per_write)
        return await self.iserver.attributes.write(self, params)

    async def browse(self, params: ua.BrowseParameters) -> list[ua.BrowseResult]:
        """Browse the references of nodes."""
        return self.iserver.view.browse(self, params)

    async def browse_next(self, parameters: ua.BrowseNextParameters) -> list[ua.BrowseResult]:
        """Browse on at continuation points, or release them."""
        return self.iserver.view.browse_next(self, parameters)

    async def translate_browsepaths_to_nodeids(
        self, params: list[ua.BrowsePath]
    ) -> list[ua.BrowsePathResult]:
        """Translate browse paths to NodeIds."""
        return self.iserver.view.translate(params)

    async def call(self, params: list[ua.CallMethodRequest]) -> list[ua.CallMethodResult]:
        """Call methods one after the other; each is passed the session that calls."""
        bounded(params, LIMITS.nodes_per_method_call)
        return [await self.iserver.methods.call(self, request) for request in params]

    async def history_read(self, params: ua.HistoryReadParameters) -> list[ua.HistoryReadResult]:
        """Read the history of nodes."""
        return await self.iserver.history.read(self, params)

    # ── subscriptions: everybody's own only ───────────────────────────────────────────────────────
    def _own(self, subscription_id: int) -> None:
        # asyncua lets any session change and delete the subscriptions of all others.
        subscription = self.subscription_service.subscriptions.get(subscription_id)
        if subscription is None or subscription.session_id != self.session_id:
            raise ServiceError(ua.StatusCodes.BadSubscriptionIdInvalid)

    def owns(self, subscription_id: int) -> bool:
        """Tell whether a subscription belongs to this session."""
        subscription = self.subscription_service.subscriptions.get(subscription_id)
        return subscription is not None and subscription.session_id == self.session_id

    async def create_monitored_items(
        self, params: ua.CreateMonitoredItemsParameters
    ) -> list[ua.MonitoredItemCreateResult]:
        """Create monitored items in an own subscription."""
        self._own(params.SubscriptionId)
        return await super().create_monitored_items(params)

    async def modify_monitored_items(
        self, params: ua.ModifyMonitoredItemsParameters
    ) -> list[ua.MonitoredItemModifyResult]:
        """Modify monitored items of an own subscription."""
        self._own(params.SubscriptionId)
        return await super().modify_monitored_items(params)

    async def delete_monitored_items(
        self, params: ua.DeleteMonitoredItemsParameters
    ) -> list[ua.StatusCode]:
        """Delete monitored items of an own subscription."""
        self._own(params.SubscriptionId)
        return await super().delete_monitored_items(params)

    async def set_monitoring_mode(
        self, params: ua.SetMonitoringModeParameters
    ) -> list[ua.StatusCode]:
        """Set the monitoring mode of monitored items of an own subscription."""
        bounded(params.MonitoredItemIds, LIMITS.monitored_items_per_call)
        self._own(params.SubscriptionId)
        return await super().set_monitoring_mode(params)

    async def set_publishing_mode(
        self, params: ua.SetPublishingModeParameters
    ) -> list[ua.StatusCode]:
        """Set the publishing mode of own subscriptions."""
        asked = list(bounded(params.SubscriptionIds, LIMITS.monitored_items_per_call))
        params.SubscriptionIds = [number for number in asked if self.owns(number)]
        # Results stand in the order of the ids asked for, the refused ones included.
        done = dict(
            zip(params.SubscriptionIds, await super().set_publishing_mode(params), strict=True)
        )
        return [done.get(number, _not_mine()) for number in asked]

    async def delete_subscriptions(self, ids: list[int]) -> list[ua.StatusCode]:
        """Delete own subscriptions."""
        own = [number for number in ids if self.owns(number)]
        done = dict(zip(own, await super().delete_subscriptions(own), strict=True))
        return [done.get(number, _not_mine()) for number in ids]

    def modify_subscription(
        self, params: ua.ModifySubscriptionParameters
    ) -> ua.ModifySubscriptionResult:
        """Modify an own subscription."""
        self._own(params.SubscriptionId)
        return super().modify_subscription(params)

    def republish(self, params: ua.RepublishParameters) -> ua.NotificationMessage:
        """Return a notification message of an own subscription again (Republish)."""
        self._own(params.SubscriptionId)
        return super().republish(params)

    def publish(self, acks: Any = None) -> tuple[int, list[ua.StatusCode]]:
        """Acknowledge notification messages of own subscriptions (Publish)."""
        return self.iserver.subscriptions.publish_for(self.session_id, acks or [])

    async def transfer_subscriptions(  # type: ignore[override]  # asyncua's own differs so, too
        self,
        params: ua.TransferSubscriptionsParameters,
        callback: Callable[..., Any],  # noqa: ARG002 - the channel has it, and its counterpart
    ) -> list[ua.TransferResult]:
        """Take over subscriptions of an earlier session of the same user."""
        bounded(params.SubscriptionIds, LIMITS.monitored_items_per_call)
        return await self.iserver.subscriptions.transfer(
            self, params.SubscriptionIds, initial_values=bool(params.SendInitialValues)
        )


def _not_mine() -> ua.StatusCode:
    return status_code(ua.StatusCodes.BadSubscriptionIdInvalid)
