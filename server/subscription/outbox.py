"""A session's side of publishing: the requests that wait, and what waits for a request."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Protocol

from asyncua import ua
from asyncua.common.utils import ServiceError

from heatpump_twin.server.limits import MAX_PUBLISH_REQUESTS
from heatpump_twin.server.subscription.message import Answer

SPARE_REQUESTS = 10
"""Publish requests that a session may have waiting beyond the number of its subscriptions."""
KEPT_NOTICES = 20
"""Messages of ended subscriptions that a session keeps until it asks."""


class PublishRequest(Protocol):
    """A Publish request that waits for its response."""

    @property
    def handle(self) -> int:
        """The number that its client has given it."""
        ...

    @property
    def patience(self) -> float:
        """How long its client waits for it yet. [s]"""
        ...

    @property
    def usable(self) -> bool:
        """Whether it can be answered now: its client is there and takes its responses."""
        ...

    @property
    def room(self) -> int:
        """How long its response may be. [B]"""
        ...

    @property
    def expired(self) -> bool:
        """Whether its client does not wait for it any more."""
        ...

    def answer(self, answer: Answer) -> None:
        """Send the response."""
        ...

    def refuse(self, code: int) -> None:
        """Send a fault."""
        ...


class Sender(Protocol):
    """A subscription, as its session sees it."""

    @property
    def number(self) -> int:
        """The subscription's id."""
        ...

    @property
    def priority(self) -> int:
        """Of those that wait, the highest is served first."""
        ...

    def next_answer(self, room: int) -> Answer:
        """Return the next message, which is sent at once, for a response of so many bytes."""
        ...

    def acknowledge(self, number: int) -> int:
        """Forget a message that has arrived; return the status for the client."""
        ...

    def attend(self) -> None:
        """Look at the end of the present cycle: no request waits any more."""
        ...


class Outbox:
    """The subscriptions of one session, and its Publish requests in the order of their arrival."""

    def __init__(self, session_id: ua.NodeId) -> None:
        self.session_id = session_id
        self.subscriptions: dict[int, Sender] = {}
        self._requests: deque[PublishRequest] = deque()
        self._late: dict[int, Sender] = {}
        """Those that have waited longest first."""
        self._notices: deque[Answer] = deque(maxlen=KEPT_NOTICES)
        self.over = False
        """Whether the session has ended."""

    def acknowledge(self, acks: Sequence[tuple[int, int]]) -> list[int]:
        """Forget messages that have arrived; return a status for each.

        Raises
        ------
        ServiceError
            BadNoSubscription: there is nothing that the request could wait for (5.14.5).
        """
        if not self.expects_requests:
            raise ServiceError(ua.StatusCodes.BadNoSubscription)
        return [self._acknowledge(number, message) for number, message in acks]

    def _acknowledge(self, number: int, message: int) -> int:
        subscription = self.subscriptions.get(number)
        if subscription is None:
            return int(ua.StatusCodes.BadSubscriptionIdInvalid)
        return subscription.acknowledge(message)

    def put(self, request: PublishRequest) -> None:
        """Queue a Publish request; of too many the oldest is refused (5.14.5)."""
        most = min(len(self.subscriptions) + SPARE_REQUESTS, MAX_PUBLISH_REQUESTS)
        self._requests.append(request)
        self.serve()
        self._refuse_expired()
        while len(self._requests) > most:
            self._next().refuse(int(ua.StatusCodes.BadTooManyPublishRequests))

    def cancel(self, handle: int) -> int:
        """Refuse the requests that a client gives up; return how many those were (5.7.5)."""
        given_up = [request for request in self._requests if request.handle == handle]
        for request in given_up:
            self._requests.remove(request)
            request.refuse(int(ua.StatusCodes.BadRequestCancelledByClient))
        self._notice_dry()
        return len(given_up)

    @property
    def expects_requests(self) -> bool:
        """Whether there is something that a request can wait for."""
        return bool(self.subscriptions or self._notices)

    @property
    def has_request(self) -> bool:
        """Whether a request waits that can be answered."""
        self._refuse_expired()
        return bool(self._requests) and self._requests[0].usable

    @property
    def patience(self) -> float:
        """How long the first request that waits can wait. [s]"""
        return self._requests[0].patience if self._requests else 0.0

    def want(self, subscription: Sender) -> None:
        """Have a subscription send its next message, now or with the next request."""
        self._late.setdefault(subscription.number, subscription)
        self.serve()

    def serve(self) -> None:
        """Answer requests while something waits for them."""
        while (self._notices or self._late) and self.has_request:
            if self._notices:
                self._next().answer(self._notices.popleft())
                continue
            late = max(self._late.values(), key=lambda s: s.priority)
            del self._late[late.number]
            request = self._next()
            answer = late.next_answer(request.room)
            request.answer(answer)
            if answer.more:
                # Behind the others of its priority.
                self._late[late.number] = late
        self._refuse_idle()

    def add(self, subscription: Sender) -> None:
        """Take a subscription in."""
        self.subscriptions[subscription.number] = subscription

    def release(self, number: int, last: Answer | None = None) -> None:
        """Let a subscription go; ``last`` is what its client is still to be told of it."""
        self.subscriptions.pop(number, None)
        self._late.pop(number, None)
        if last is not None:
            self._notices.append(last)
        self.serve()

    def close(self, code: int) -> None:
        """Refuse the requests that wait: their session or its channel is gone."""
        while self._requests:
            self._next().refuse(code)

    def _next(self) -> PublishRequest:
        """Return the request that has waited longest, which waits no more."""
        request = self._requests.popleft()
        self._notice_dry()
        return request

    def _notice_dry(self) -> None:
        """Have the subscriptions count their cycles where no request waits for them."""
        if not self._requests:
            for subscription in self.subscriptions.values():
                subscription.attend()

    def _refuse_idle(self) -> None:
        if not self.subscriptions and not self._notices:
            self.close(int(ua.StatusCodes.BadNoSubscription))

    def _refuse_expired(self) -> None:
        while self._requests and self._requests[0].expired:
            self._next().refuse(int(ua.StatusCodes.BadTimeout))
