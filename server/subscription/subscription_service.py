"""The subscriptions of all sessions: who owns them, and how they come, change hands and go."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from asyncua import ua
from asyncua.common.utils import ServiceError

from heatpump_twin.drivers.clock import Clock
from heatpump_twin.server import limits
from heatpump_twin.server.space.address_space import TwinAddressSpace
from heatpump_twin.server.space.event import Event
from heatpump_twin.server.space.ua_values import status_code
from heatpump_twin.server.subscription.filters.event_fields import EventFields
from heatpump_twin.server.subscription.monitored_items import Around
from heatpump_twin.server.subscription.node_facts import NodeFacts
from heatpump_twin.server.subscription.outbox import Outbox
from heatpump_twin.server.subscription.point_rows import ItemRows
from heatpump_twin.server.subscription.point_sampler import PointSampler
from heatpump_twin.server.subscription.queue_budget import QueueBudget
from heatpump_twin.server.subscription.subscription import GOOD, Owner, Subscription
from heatpump_twin.twin_engine.history import HistoryReader
from heatpump_twin.twin_engine.image import Image

UNKNOWN = int(ua.StatusCodes.BadSubscriptionIdInvalid)


class SubscriptionService:
    """The subscriptions of the server by their number."""

    def __init__(
        self,
        aspace: TwinAddressSpace,
        image: Image,
        clock: Clock,
        history: HistoryReader,
        wall: Clock | None = None,
    ) -> None:
        self.subscriptions: dict[int, Subscription] = {}
        self.sampler = PointSampler(image, clock, wall or clock)
        self._facts = NodeFacts(aspace, image.table)
        self._around = Around(
            aspace, self.sampler, self._facts, EventFields(aspace), clock, history, wall or clock
        )
        self._last = 0
        values, points = limits.MAX_QUEUED_IN_ALL, limits.MAX_MONITORED_POINTS
        self._named = QueueBudget(values, points)
        self._anonymous = QueueBudget(values // 2, points // 2)

    # ── points ────────────────────────────────────────────────────────────────────────────────────
    def follow(self, nodes: Mapping[int, ua.NodeId]) -> None:
        """Register the variables whose value is a point's, by the point's index."""
        self.sampler.follow(nodes)
        # Who follows a variable that has come back follows its range, too.
        self.rescale(nodes)

    def rescale(self, points: Iterable[int]) -> None:
        """Have percent dead bands follow the ranges of points, which may be others now."""
        self.sampler.rescale(points, self._facts.span_of_point)

    def forget(self, nodes: Mapping[int, ua.NodeId]) -> ItemRows:
        """Forget variables of points; return what `PointSampler.lose` is told afterwards."""
        self._facts.forget(nodes)
        return self.sampler.forget(nodes)

    # ── services ──────────────────────────────────────────────────────────────────────────────────
    def create(
        self, outbox: Outbox, owner: Owner, params: ua.CreateSubscriptionParameters
    ) -> ua.CreateSubscriptionResult:
        """Create a subscription for a session, unless it has too many."""
        if len(outbox.subscriptions) >= limits.MAX_SUBSCRIPTIONS_PER_SESSION:
            raise ServiceError(ua.StatusCodes.BadTooManySubscriptions)
        self._last += 1
        number = self._last
        budget = self._named if isinstance(owner, str) else self._anonymous
        subscription = Subscription(number, outbox, owner, self._around, budget, self._ended)
        subscription.enable(params.PublishingEnabled)
        subscription.revise(params)
        self.subscriptions[number] = subscription
        outbox.add(subscription)
        return ua.CreateSubscriptionResult(
            number, subscription.interval, subscription.lifetime, subscription.keep_alive
        )

    def own(self, outbox: Outbox, number: int) -> Subscription:
        """Return a subscription of a session; those of others are as good as none."""
        subscription = self.subscriptions.get(number)
        if subscription is None or subscription.outbox is not outbox:
            raise ServiceError(ua.StatusCodes.BadSubscriptionIdInvalid)
        subscription.used()
        return subscription

    def delete(self, outbox: Outbox, numbers: Sequence[int]) -> list[int]:
        """Delete subscriptions of a session; return a status for each."""
        results = []
        for number in numbers:
            subscription = self.subscriptions.get(number)
            if subscription is None or subscription.outbox is not outbox:
                results.append(UNKNOWN)
                continue
            del self.subscriptions[number]
            subscription.end()
            results.append(GOOD)
        return results

    def leave(self, outbox: Outbox, owner: Owner) -> None:
        """Keep the subscriptions of a session that has ended, as far as somebody may claim them."""
        if owner is None:
            self.delete(outbox, list(outbox.subscriptions))
            return
        group = owner if isinstance(owner, str) else None
        kept = [s for s in self.subscriptions.values() if s.outbox.over and s.group == group]
        # Numbers grow: the oldest give way.
        for subscription in kept[: -limits.MAX_KEPT_SUBSCRIPTIONS]:
            self.delete(subscription.outbox, [subscription.number])

    def enable(self, outbox: Outbox, numbers: Sequence[int], *, enabled: bool) -> list[int]:
        """Let subscriptions of a session publish or not; return a status for each."""
        results = []
        for number in numbers:
            mine = number in outbox.subscriptions
            if mine:
                self.subscriptions[number].enable(enabled)
            results.append(GOOD if mine else UNKNOWN)
        return results

    def transfer(
        self, outbox: Outbox, user: Owner, numbers: Sequence[int], *, initial_values: bool
    ) -> list[ua.TransferResult]:
        """Hand subscriptions over to another session of the same user (OPC 10000-4, 5.14.7)."""
        return [self._transfer(outbox, user, int(n), initial_values) for n in numbers]

    def _transfer(
        self, outbox: Outbox, user: Owner, number: int, initial_values: bool
    ) -> ua.TransferResult:
        subscription = self.subscriptions.get(number)
        if subscription is None:
            return ua.TransferResult(status_code(UNKNOWN))
        # Anonymous clients are told apart by the certificates of their channels; without one, what
        # they leave behind belongs to nobody.
        if user is None or subscription.owner != user:
            return ua.TransferResult(status_code(ua.StatusCodes.BadUserAccessDenied))
        if subscription.outbox is not outbox:
            subscription.move(outbox)
        if initial_values:
            subscription.items.resend()
        return ua.TransferResult(status_code(GOOD), AvailableSequenceNumbers=subscription.available)

    # ── news ──────────────────────────────────────────────────────────────────────────────────────
    async def notify(self, event: Event, notifiers: Collection[ua.NodeId]) -> None:
        """Send an event to the monitored items at one of its notifiers, of all subscriptions."""
        for subscription in self.subscriptions.values():
            subscription.items.send_event(event, notifiers)

    def _ended(self, subscription: Subscription) -> None:
        self.subscriptions.pop(subscription.number, None)
