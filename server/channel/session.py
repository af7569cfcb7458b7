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
from heatpump_twin.server.subscription.outbox import Outbox
from heatpump_twin.server.subscription.subscription import Owner, Subscription

if TYPE_CHECKING:
    from heatpump_twin.server.channel.internal_server import TwinInternalServer
    from heatpump_twin.server.history.history_service import Kept
    from heatpump_twin.server.services.attribute_service import Written

ANONYMOUS = "anonymous"
PROBE = "heatpump-twin readiness"
"""Begin of the name of sessions with which the twin sees whether somebody can log in."""
LIMITS = OperationLimits()
NONCE_LENGTH = 32


class Channel(Protocol):
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
        self.outbox = Outbox(self.session_id)
        self.token_bytes = nodeid_to_binary(self.auth_token)
        """The token as clients send it."""
        self.channel = channel
        self.person: User | None = None
        self._name = ""
        self._browser: str | None = None
        self.browse_points: dict[bytes, Rest] = {}
        self.history_points: dict[bytes, Kept] = {}
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
    def owner(self) -> Owner:
        """Who may claim the session's subscriptions later (OPC 10000-4, 5.14.7.1)."""
        return self.person.name if self.person else self.channel.client_certificate or None

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

    @property
    def welcome(self) -> bool:
        """Whether the user still exists, where there was one."""
        return self.person is None or self.role is not None

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
        if channel is not self.channel:
            # Requests that came by another channel cannot be answered on this one.
            self.outbox.close(int(ua.StatusCodes.BadSecureChannelClosed))
        self.person, self.channel, self.name = person, channel, channel.peer
        if locales:  # none: those that the session has stay (OPC 10000-4, 5.7.3.2)
            self.translator = self.iserver.translators.preferred(locales)
        self.nonce = create_nonce(NONCE_LENGTH)
        self.state = SessionState.Activated
        self.touch()
        self._start_timeout_watchdog()
        answer = ua.ActivateSessionResult()
        answer.ServerNonce = self.nonce
        return answer

    async def close_session(self, delete_subs: bool = True) -> None:
        """End the session. Kept subscriptions live on until their lifetime ends."""
        # The end of the connection comes after it, and would not keep them.
        if self.is_closed():
            return
        # Continuation points end with their session (OPC 10000-4, 7.9).
        self.browse_points.clear()
        self.history_points.clear()
        self.reads.clear()
        await super().close_session(delete_subs)
        self.outbox.over = True
        self.outbox.close(int(ua.StatusCodes.BadSessionClosed))
        if delete_subs:
            self.iserver.subscriptions.delete(self.outbox, list(self.outbox.subscriptions))
        else:
            self.iserver.subscriptions.leave(self.outbox, self.owner)

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

    async def history_update(
        self, params: ua.HistoryUpdateParameters
    ) -> list[ua.HistoryUpdateResult]:
        """Change the history of nodes: refused, each by itself."""
        return await self.iserver.history.update(self, params)

    # ── subscriptions: everybody's own only ───────────────────────────────────────────────────────
    def _own(self, number: int) -> Subscription:
        # asyncua lets any session change and delete the subscriptions of all others.
        return self.iserver.subscriptions.own(self.outbox, number)

    async def create_subscription(
        self,
        params: ua.CreateSubscriptionParameters,
        callback: Callable[..., Any],  # noqa: ARG002 - responses go where their requests came from
        request_callback: Callable[..., Any] | None = None,  # noqa: ARG002 - the same
    ) -> ua.CreateSubscriptionResult:
        """Create a subscription."""
        return self.iserver.subscriptions.create(self.outbox, self.owner, params)

    async def create_monitored_items(
        self, params: ua.CreateMonitoredItemsParameters
    ) -> list[ua.MonitoredItemCreateResult]:
        """Create monitored items in an own subscription."""
        service = self._own(params.SubscriptionId).service
        results = service.create(params)
        await service.recall()
        return results

    async def modify_monitored_items(
        self, params: ua.ModifyMonitoredItemsParameters
    ) -> list[ua.MonitoredItemModifyResult]:
        """Modify monitored items of an own subscription."""
        service = self._own(params.SubscriptionId).service
        results = service.modify(params)
        await service.recall()
        return results

    async def delete_monitored_items(
        self, params: ua.DeleteMonitoredItemsParameters
    ) -> list[ua.StatusCode]:
        """Delete monitored items of an own subscription."""
        return _statuses(self._own(params.SubscriptionId).items.delete(params.MonitoredItemIds))

    async def set_monitoring_mode(
        self, params: ua.SetMonitoringModeParameters
    ) -> list[ua.StatusCode]:
        """Set the monitoring mode of monitored items of an own subscription."""
        items = self._own(params.SubscriptionId).items
        asked = bounded(params.MonitoredItemIds, LIMITS.monitored_items_per_call)
        return _statuses(items.set_mode(params.MonitoringMode, asked))

    def set_triggering(self, params: ua.SetTriggeringParameters) -> ua.SetTriggeringResult:
        """Link items of an own subscription to one that has them reported."""
        items = self._own(params.SubscriptionId).items
        more, fewer = list(params.LinksToAdd or ()), list(params.LinksToRemove or ())
        bounded([*more, *fewer], LIMITS.monitored_items_per_call)
        if not items.has(params.TriggeringItemId):
            raise ServiceError(ua.StatusCodes.BadMonitoredItemIdInvalid)
        added, removed = items.link(params.TriggeringItemId, more, fewer)
        return ua.SetTriggeringResult(AddResults=_statuses(added), RemoveResults=_statuses(removed))

    async def set_publishing_mode(
        self, params: ua.SetPublishingModeParameters
    ) -> list[ua.StatusCode]:
        """Set the publishing mode of own subscriptions."""
        asked = bounded(params.SubscriptionIds, LIMITS.monitored_items_per_call)
        enabled = bool(params.PublishingEnabled)
        return _statuses(self.iserver.subscriptions.enable(self.outbox, asked, enabled=enabled))

    async def delete_subscriptions(self, ids: list[int]) -> list[ua.StatusCode]:
        """Delete own subscriptions."""
        return _statuses(self.iserver.subscriptions.delete(self.outbox, ids))

    def modify_subscription(
        self, params: ua.ModifySubscriptionParameters
    ) -> ua.ModifySubscriptionResult:
        """Modify an own subscription."""
        subscription = self._own(params.SubscriptionId)
        subscription.revise(params)
        return ua.ModifySubscriptionResult(
            subscription.interval, subscription.lifetime, subscription.keep_alive
        )

    def republish(self, params: ua.RepublishParameters) -> ua.NotificationMessage:
        """Return a notification message of an own subscription again (Republish)."""
        subscription = self._own(params.SubscriptionId)
        message = subscription.republished(params.RetransmitSequenceNumber)
        return message.as_structure(self.translator)

    async def transfer_subscriptions(  # type: ignore[override]  # asyncua's own differs so, too
        self,
        params: ua.TransferSubscriptionsParameters,
        callback: Callable[..., Any],  # noqa: ARG002 - responses go where their requests came from
    ) -> list[ua.TransferResult]:
        """Take over subscriptions of an earlier session of the same user."""
        asked = bounded(params.SubscriptionIds, LIMITS.monitored_items_per_call)
        return self.iserver.subscriptions.transfer(
            self.outbox, self.owner, asked, initial_values=bool(params.SendInitialValues)
        )


def _statuses(codes: Sequence[int]) -> list[ua.StatusCode]:
    return [status_code(code) for code in codes]
