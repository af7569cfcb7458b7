"""Publish new values and events to clients, in the order in which they happened."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

import numpy as np
from asyncua import ua

from heatpump_twin.drivers.frame import Frame
from heatpump_twin.server.heat_pump.point_nodes import LiveNode
from heatpump_twin.server.space.address_space import TwinAddressSpace
from heatpump_twin.server.space.node import Attribute
from heatpump_twin.server.subscription.point_rows import ItemRows
from heatpump_twin.server.subscription.subscription_service import SubscriptionService
from heatpump_twin.twin_engine.failure_log import FailureLog

Job = Callable[[], Awaitable[None]]


class Publisher:
    """The publisher of new values to monitored items; Read takes values from the image."""

    def __init__(self, aspace: TwinAddressSpace, subscriptions: SubscriptionService) -> None:
        self._aspace = aspace
        self._subscriptions = subscriptions
        self._attributes: dict[int, list[tuple[LiveNode, Attribute]]] = {}
        self._followed = np.zeros(0, np.bool_)
        """Whether a point has other variables than that of its value."""
        self._changed: set[int] = set()
        self._jobs: list[Job] = []
        self._news = asyncio.Event()
        self._failures = FailureLog("clients cannot be told", "of")

    def follow(self, live: Mapping[int, Sequence[LiveNode]]) -> None:
        """Register variables that follow points."""
        values = {}
        for index, nodes in live.items():
            others = []
            for node in nodes:
                if node.is_value:
                    values[index] = node.node
                    continue
                # One that is not the node's own never changes, and nobody can listen to it.
                own = self._aspace[node.node].attributes[ua.AttributeIds.Value]
                if isinstance(own, Attribute):
                    others.append((node, own))
            if others:
                self._attributes[index] = others
        self._note_followed()
        self._subscriptions.follow(values)

    def forget(self, live: Mapping[int, Sequence[LiveNode]]) -> ItemRows:
        """Forget the variables that follow some points; return what `lose` is told."""
        for index in live:
            self._attributes.pop(index, None)
        self._note_followed()
        values = {i: node.node for i, nodes in live.items() for node in nodes if node.is_value}
        return self._subscriptions.forget(values)

    def lose(self, items: ItemRows) -> None:
        """Tell the items of forgotten variables that these are gone."""
        self._subscriptions.sampler.lose(items)

    def _note_followed(self) -> None:
        points = [index for index in self._attributes if index >= 0]
        self._followed = np.zeros(max(points, default=-1) + 1, np.bool_)
        self._followed[points] = True

    def publish(self, frame: Frame) -> None:
        """Tell who listens to the points of a frame, which the image holds already."""
        self._subscriptions.sampler.take(frame)
        others = frame.point[frame.point < len(self._followed)]
        others = others[self._followed[others]]
        if len(others):
            self.touch(others.tolist())

    def touch(self, indices: Iterable[int]) -> None:
        """Mark points (or program topics) as changed, by their index."""
        self._changed.update(indices)
        self._news.set()

    def schedule(self, job: Job) -> None:
        """Schedule a job, such as an event, after the values that came before it."""
        self._jobs.append(job)
        self._news.set()

    async def run(self) -> None:
        """Publish for ever; log a value or job that fails once, and go on with the others."""
        while True:
            await self._news.wait()
            # Cleared before the sets are taken: what comes while they are being sent sets it again.
            self._news.clear()
            changed, self._changed = self._changed, set()
            jobs, self._jobs = self._jobs, []
            failing = self._failures.failing
            for index in changed:
                try:
                    await self._tell(index)
                except Exception:  # noqa: BLE001 (the boundary of one value: the others go out)
                    self._failures.failed(self._name(index))
                else:
                    if failing:
                        self._failures.worked(self._name(index))
            # Values first: a client that hears of an alarm and reads finds what raised it.
            for job in jobs:
                await self._attempt(job)

    async def _attempt(self, job: Job) -> None:
        name = getattr(job, "func", job).__qualname__
        try:
            await job()
        except Exception:  # noqa: BLE001 (the boundary of one piece of news: the others go out)
            self._failures.failed(name)
        else:
            self._failures.worked(name)

    def _name(self, index: int) -> str:
        nodes = self._attributes.get(index)
        return str(nodes[0][0].node.Identifier) if nodes else f"index {index}"

    async def _tell(self, index: int) -> None:
        for node, attribute in self._attributes.get(index, ()):
            # Nothing is built for variables that nobody listens to, which are nearly all.
            if attribute.datachange_callbacks:
                await attribute.tell(node.read(index))
