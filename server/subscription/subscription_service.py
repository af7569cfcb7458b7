"""Subscriptions: their owners, revised intervals and counts, and the transfer between sessions."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any, Protocol

from asyncua import ua
from asyncua.common.utils import ServiceError
from asyncua.server.address_space import AddressSpace
from asyncua.server.internal_server import InternalServer
from asyncua.server.internal_subscription import InternalSubscription
from asyncua.server.subscription_service import SubscriptionService

from heatpump_twin.server import limits
from heatpump_twin.server.security.users import User
from heatpump_twin.server.space.address_space import TwinAddressSpace
from heatpump_twin.server.space.event import Event
from heatpump_twin.server.space.ua_values import status_code
from heatpump_twin.server.subscription.event_fields import EventFields
from heatpump_twin.server.subscription.monitored_items import MonitoredItems

KEPT_MESSAGES = 100
"""Messages per subscription that wait for an acknowledgement."""


class PublishChannel(Protocol):
    """The secure channel of a session: its waiting Publish requests, and where responses go."""

    @property
    def forward_publish_response(self) -> Callable[..., Any]:
        """Send a PublishResponse to a request that waits."""
        ...

    @property
    def get_publish_request(self) -> Callable[..., Any]:
        """Return the Publish request that has waited longest."""
        ...


class Subscriber(Protocol):
    """The session behind a subscription, as far as publishing needs to know it."""

    @property
    def session_id(self) -> ua.NodeId:
        """The session's own NodeId."""
        ...

    @property
    def person(self) -> User | None:
        """The user of the session; None: anonymous."""
        ...

    @property
    def channel(self) -> PublishChannel:
        """The secure channel that the session is bound to."""
        ...


class Subscription(InternalSubscription):
    """One subscription of a session, with its monitored items and its owner."""

    monitored_item_srv: MonitoredItems

    def __init__(
        self,
        data: ua.CreateSubscriptionResult,
        aspace: AddressSpace,
        callback: Callable[..., Any],
        session_id: ua.NodeId,
        owner: str | None,
        fields: EventFields,
        **options: Any,
    ) -> None:
        super().__init__(data, aspace, callback, session_id, **options)
        # asyncua has made a service of its own in the constructor, and offers no way to pass ours.
        self.monitored_item_srv = MonitoredItems(self, aspace, fields)
        self.owner = owner
        """The user's name; None: anonymous."""

    def republish(self, nb: int) -> ua.NotificationMessage:
        """Return a notification message that is not acknowledged yet (OPC 10000-4, 5.14.6)."""
        # Kept until acknowledged: asyncua forgets a message once it was republished, and answers
        # Good with an empty one for an unknown number.
        kept = self._not_acknowledged_results.get(nb)
        if kept is None:
            raise ServiceError(ua.StatusCodes.BadMessageNotAvailable)
        message: ua.NotificationMessage = kept.NotificationMessage
        return message

    def acknowledge(self, number: int) -> int:
        """Forget an acknowledged notification message; return the status for the client."""
        if self._not_acknowledged_results.pop(number, None) is None:
            return int(ua.StatusCodes.BadSequenceNumberUnknown)
        return int(ua.StatusCodes.Good)

    @property
    def available(self) -> list[int]:
        """Sequence numbers of the notification messages that can be republished."""
        return sorted(self._not_acknowledged_results)

    def revise(self, wanted: Any) -> None:
        """Set publishing interval, lifetime and keep-alive count as requested, within limits."""
        interval, lifetime, keep_alive = revised(wanted)
        self.data.RevisedPublishingInterval = interval
        self.data.RevisedLifetimeCount = lifetime
        self.data.RevisedMaxKeepAliveCount = keep_alive


class TwinSubscriptionService(SubscriptionService):
    """The subscriptions of all sessions."""

    subscriptions: dict[int, Subscription]  # type: ignore[assignment]  # none but ours get in

    def __init__(self, aspace: TwinAddressSpace, iserver: InternalServer) -> None:
        super().__init__(aspace, iserver)
        self._fields = EventFields(aspace)
        self._owner_of: Callable[[ua.NodeId], str | None] = lambda _session: None

    def ask_owner(self, owner_of: Callable[[ua.NodeId], str | None]) -> None:
        """Set the function that returns the user name of a session."""
        self._owner_of = owner_of

    async def create_subscription(
        self,
        params: ua.CreateSubscriptionParameters,
        callback: Callable[..., Any],
        session_id: ua.NodeId,
        request_callback: Callable[..., Any] | None = None,
    ) -> ua.CreateSubscriptionResult:
        """Create a subscription for a session, unless it has too many."""
        own = sum(s.session_id == session_id for s in self.subscriptions.values())
        if own >= limits.MAX_SUBSCRIPTIONS_PER_SESSION:
            raise ServiceError(ua.StatusCodes.BadTooManySubscriptions)
        self._sub_id_counter += 1
        number = self._sub_id_counter
        answer = ua.CreateSubscriptionResult()
        answer.SubscriptionId = number
        subscription = Subscription(
            answer,
            self.aspace,
            callback,
            session_id,
            self._owner_of(session_id),
            self._fields,
            request_callback=request_callback,
            delete_callback=lambda: self.subscriptions.pop(number, None),
            no_acks_limit=KEPT_MESSAGES,
            max_queue_size=limits.MAX_QUEUE,
            publishing_enabled=params.PublishingEnabled,
        )
        subscription.revise(params)
        await subscription.start()
        # Started first: what cannot start is not there for anybody to find.
        self.subscriptions[number] = subscription
        return answer

    def modify_subscription(
        self, params: ua.ModifySubscriptionParameters
    ) -> ua.ModifySubscriptionResult:
        """Change intervals and counts; they hold from the next publishing cycle."""
        subscription = self.subscriptions[params.SubscriptionId]
        subscription.revise(params)
        answer = ua.ModifySubscriptionResult()
        answer.RevisedPublishingInterval = subscription.data.RevisedPublishingInterval
        answer.RevisedLifetimeCount = subscription.data.RevisedLifetimeCount
        answer.RevisedMaxKeepAliveCount = subscription.data.RevisedMaxKeepAliveCount
        return answer

    def publish_for(
        self, session_id: ua.NodeId, acks: Iterable[ua.SubscriptionAcknowledgement]
    ) -> tuple[int, list[ua.StatusCode]]:
        """Acknowledge messages of a session's own subscriptions; return how many it has."""
        own = {n: s for n, s in self.subscriptions.items() if s.session_id == session_id}
        # Without a subscription the request would wait for ever (OPC 10000-4, 5.14.5).
        if not own:
            raise ServiceError(ua.StatusCodes.BadNoSubscription)
        results = []
        for ack in acks:
            subscription = own.get(ack.SubscriptionId)
            code = int(ua.StatusCodes.BadSubscriptionIdInvalid)
            if subscription is not None:
                code = subscription.acknowledge(ack.SequenceNumber)
            results.append(status_code(code))
        return len(own), results

    async def transfer(
        self, session: Subscriber, numbers: Sequence[int], *, initial_values: bool
    ) -> list[ua.TransferResult]:
        """Hand subscriptions over to another session of the same user (OPC 10000-4, 5.14.7)."""
        results = [self._transfer(session, int(number)) for number in numbers]
        for number, result in zip(numbers, results, strict=True):
            if initial_values and result.StatusCode.is_good():
                await self.subscriptions[int(number)].monitored_item_srv.resend()
        return results

    def _transfer(self, session: Subscriber, number: int) -> ua.TransferResult:
        answer = ua.TransferResult()
        subscription = self.subscriptions.get(number)
        user = session.person.name if session.person else None
        if subscription is None:
            answer.StatusCode = status_code(ua.StatusCodes.BadSubscriptionIdInvalid)
        elif user is None or subscription.owner != user:
            # Anonymous clients cannot be told apart: what one leaves behind belongs to nobody.
            answer.StatusCode = status_code(ua.StatusCodes.BadUserAccessDenied)
        else:
            # Notifications stay queued, and the sequence numbers go on: the client loses nothing.
            subscription.session_id = session.session_id
            subscription.pub_result_callback = session.channel.forward_publish_response
            subscription.pub_request_callback = session.channel.get_publish_request
            answer.AvailableSequenceNumbers = subscription.available
        return answer

    async def notify(self, event: Event, notifiers: Collection[ua.NodeId]) -> None:
        """Send an event to the monitored items at one of its notifiers, of all subscriptions."""
        # A copy: a subscription may end while another one is being told.
        for subscription in list(self.subscriptions.values()):
            await subscription.monitored_item_srv.send_event(event, notifiers)


def revised(wanted: Any) -> tuple[float, int, int]:
    """Return publishing interval [ms], lifetime and keep-alive count within the limits.

    The lifetime is at least three times the keep-alive count (OPC 10000-4, 5.14.2.2).
    """
    requested = wanted.RequestedPublishingInterval
    # The comparison also turns NaN and negative numbers into the fastest that there is.
    interval = requested if requested > limits.MIN_PUBLISHING_INTERVAL else None
    keep_alive = min(max(1, wanted.RequestedMaxKeepAliveCount), limits.MAX_KEEP_ALIVE)
    lifetime = min(max(3 * keep_alive, wanted.RequestedLifetimeCount), limits.MAX_LIFETIME)
    return (
        min(interval or limits.MIN_PUBLISHING_INTERVAL, limits.MAX_PUBLISHING_INTERVAL),
        lifetime,
        keep_alive,
    )
