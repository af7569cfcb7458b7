"""One subscription: its publishing cycle, its counters and its messages (OPC 10000-4, 5.14.1)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from asyncua import ua
from asyncua.common.utils import ServiceError

from heatpump_twin.server import limits
from heatpump_twin.server.subscription.item_service import ItemService
from heatpump_twin.server.subscription.message import Answer, Message, Notifications
from heatpump_twin.server.subscription.monitored_items import Around, MonitoredItems
from heatpump_twin.server.subscription.outbox import Outbox
from heatpump_twin.server.subscription.point_sampler import TOGETHER
from heatpump_twin.server.subscription.queue_budget import QueueBudget

KEPT_MESSAGES = 100
"""Messages per subscription that wait for an acknowledgement."""
KEPT_SIZE = 8_000_000
"""Size of these messages, of which the latest stays whatever its size. [B]"""
HEAD = 200
"""What a response has beside notifications and numbers, at most. [B]"""
LAST_NUMBER = 0xFFFF_FFFF
GOOD = int(ua.StatusCodes.Good)

Owner = str | bytes | None
"""The user's name; of an anonymous client, the certificate of its channel; None: it has none."""


class Subscription:
    """One subscription of a session, with its monitored items and its owner."""

    def __init__(
        self,
        number: int,
        outbox: Outbox,
        owner: Owner,
        around: Around,
        budget: QueueBudget,
        ended: Callable[[Subscription], None],
    ) -> None:
        self.number = number
        self.outbox = outbox
        self.owner = owner
        self.items = MonitoredItems(number, around, budget, self.attend)
        self.interval, self.lifetime, self.keep_alive = limits.MIN_PUBLISHING_INTERVAL, 3, 1
        self.priority = 0
        self._most = 0
        self._enabled = True
        self._wall = around.wall
        self._ended = ended
        self._kept: dict[int, Message] = {}
        self._kept_size = 0
        self._number = 1
        self._idle = 0
        """Cycles since the last message."""
        self._unserved = 0
        """Cycles in a row without a Publish request."""
        self._begun = False
        """Whether the first message was sent, which says that the subscription works."""
        self._due = 0.0
        """When the cycle ends at which there is something to do. [s, of the event loop]"""
        self._skipped = 0
        """Cycles before it that end without anybody's noticing."""
        self._timer: asyncio.TimerHandle | None = None

    @property
    def session_id(self) -> ua.NodeId:
        """The session that the subscription belongs to."""
        return self.outbox.session_id

    @property
    def group(self) -> str | None:
        """The user's name; None: one of all anonymous clients."""
        return self.owner if isinstance(self.owner, str) else None

    @property
    def service(self) -> ItemService:
        """What makes and changes the monitored items."""
        return ItemService(self.items, self.interval)

    # ── parameters ────────────────────────────────────────────────────────────────────────────────
    def revise(self, wanted: Any) -> None:
        """Set intervals, counts and priority as requested, within limits (5.14.2, 5.14.3)."""
        self.interval, self.lifetime, self.keep_alive = revised(wanted)
        self._most = wanted.MaxNotificationsPerPublish
        self.priority = wanted.Priority
        self.used()
        self._begin_cycle(asyncio.get_running_loop().time())

    def enable(self, enabled: bool) -> None:
        """Publish notifications, or keep them back."""
        self._enabled = enabled
        self.used()
        self.attend()

    def used(self) -> None:
        """Note that the client has asked something of the subscription: it lives on."""
        self._unserved = 0

    # ── the publishing cycle ──────────────────────────────────────────────────────────────────────
    def attend(self) -> None:
        """Look at the end of the present cycle: there is news, or no request waits any more."""
        if not self._skipped:
            return
        # What is told of now may have come a while ago, before the end of a cycle.
        left = self._due - asyncio.get_running_loop().time() + TOGETHER
        fewer = min(self._skipped, int(left / self._cycle_time))
        if fewer > 0:
            self._skipped -= fewer
            self._wake_at(self._due - fewer * self._cycle_time)

    @property
    def _cycle_time(self) -> float:
        """Length of a cycle. [s]"""
        return self.interval / 1000.0

    def _begin_cycle(self, begin: float) -> None:
        """Wait for the end of the cycle that begins, or of a later one if it has nothing to do.

        While a request waits, a subscription without news has nothing to do but to say that it
        lives: it sleeps until then, and is woken by what it can tell.
        """
        self._skipped = 0
        if self._has_nothing_to_do:
            idle = self.keep_alive - self._idle - 1
            self._skipped = max(0, int(min(idle, self.outbox.patience / self._cycle_time)))
        self._wake_at(begin + (1 + self._skipped) * self._cycle_time)

    @property
    def _has_nothing_to_do(self) -> bool:
        """Whether only news, or the time to say that it lives, end the wait."""
        if not self._begun or self.items.aggregates or not self.outbox.has_request:
            return False
        return not (self._enabled and self.items.reportable)

    def _wake_at(self, due: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._due = due
        self._timer = asyncio.get_running_loop().call_at(due, self._cycle)

    def _cycle(self) -> None:
        now, due = asyncio.get_running_loop().time(), self._due
        self.items.advance()
        # While cycles were skipped, a request waited.
        self._unserved = 0 if self.outbox.has_request else self._unserved + 1
        if self._unserved >= self.lifetime:
            self._expire()
            return
        self._idle += 1 + self._skipped
        try:
            if (
                not self._begun
                or self._idle >= self.keep_alive
                or (self._enabled and self.items.reportable)
            ):
                self.outbox.want(self)
        finally:
            # From the time when it was due, so that delays do not add up; cycles that were missed
            # are.
            self._begin_cycle(due if due + self._cycle_time > now else now)

    def next_answer(self, room: int) -> Answer:
        """Return the next message, which is sent at once: notifications, or a sign of life.

        Of the ``room`` [B] of the response, the numbers of kept messages take their share.
        """
        room -= HEAD + 4 * KEPT_MESSAGES
        content = self.items.take(self._most, room) if self._enabled else Notifications()
        message = Message(self._number, self._wall.now(), content)
        if content:
            self._keep(message)
            self._number = self._number % LAST_NUMBER + 1
        self._idle = self._unserved = 0
        self._begun = True
        more = self._enabled and bool(content) and self.items.reportable
        return Answer(self.number, self.available, more, message)

    def _keep(self, message: Message) -> None:
        """Keep a message for Republish, and no more of those before it than there is room for."""
        self._kept[message.number] = message
        self._kept_size += message.content.size
        while len(self._kept) > KEPT_MESSAGES or (
            self._kept_size > KEPT_SIZE and len(self._kept) > 1
        ):
            self._forget(next(iter(self._kept)))

    def _forget(self, number: int) -> None:
        self._kept_size -= self._kept.pop(number).content.size

    def _expire(self) -> None:
        self.end(int(ua.StatusCodes.BadTimeout))
        self._ended(self)

    # ── messages ──────────────────────────────────────────────────────────────────────────────────
    @property
    def available(self) -> list[int]:
        """Sequence numbers of the messages that can be republished."""
        return list(self._kept)

    def acknowledge(self, number: int) -> int:
        """Forget a message that has arrived; return the status for the client."""
        if number not in self._kept:
            return int(ua.StatusCodes.BadSequenceNumberUnknown)
        self._forget(number)
        return GOOD

    def republished(self, number: int) -> Message:
        """Return a message that is not acknowledged yet (OPC 10000-4, 5.14.6)."""
        self.used()
        kept = self._kept.get(number)
        if kept is None:
            raise ServiceError(ua.StatusCodes.BadMessageNotAvailable)
        return kept

    # ── the end ───────────────────────────────────────────────────────────────────────────────────
    def move(self, outbox: Outbox) -> None:
        """Go over to another session; what is queued goes along, and the numbers go on."""
        self.outbox.release(
            self.number, self._last_words(int(ua.StatusCodes.GoodSubscriptionTransferred))
        )
        self.outbox = outbox
        outbox.add(self)
        self.used()
        self.attend()

    def end(self, code: int | None = None) -> None:
        """Forget the items and stop publishing; ``code`` is what the client is told of it."""
        if self._timer is not None:
            self._timer.cancel()
        self.items.close()
        self.outbox.release(self.number, None if code is None else self._last_words(code))

    def _last_words(self, code: int) -> Answer:
        message = Message(self._number, self._wall.now(), Notifications(status=code))
        return Answer(self.number, [], False, message)


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
