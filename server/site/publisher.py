"""News from the plant to the clients, in the order in which it happened."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

import numpy as np
from asyncua import ua

from heatpump_twin.drivers.frame import Frame
from heatpump_twin.server.heat_pump.point_nodes import LiveNode
from heatpump_twin.server.space.address_space import TwinAddressSpace
from heatpump_twin.server.space.node import Attribute
from heatpump_twin.twin_engine.failure_log import FailureLog

Job = Callable[[], Awaitable[None]]


class Publisher:
    """Tells monitored items of new values. Reading needs no telling: it looks at the image."""

    def __init__(self, aspace: TwinAddressSpace) -> None:
        self._aspace = aspace
        self._attributes: dict[int, list[tuple[LiveNode, Attribute]]] = {}
        self._changed: set[int] = set()
        self._jobs: list[Job] = []
        self._news = asyncio.Event()
        self._failures = FailureLog("clients cannot be told", "of")

    def follow(self, live: Mapping[int, Sequence[LiveNode]]) -> None:
        """Have variables follow points."""
        for index, nodes in live.items():
            found = [(n, self._aspace[n.node].attributes[ua.AttributeIds.Value]) for n in nodes]
            # One that is not the node's own never changes, and nobody can listen to it.
            self._attributes[index] = [(n, own) for n, own in found if isinstance(own, Attribute)]

    def forget(self, indices: Iterable[int]) -> None:
        """Have nothing follow some points."""
        for index in indices:
            self._attributes.pop(index, None)

    def publish(self, frame: Frame) -> None:
        """Note which points have news. Where clients are slow, only the latest value goes out."""
        self.touch(np.unique(frame.point).tolist())

    def touch(self, indices: Iterable[int]) -> None:
        """Note what has news, by the index under which its nodes are listed."""
        self._changed.update(indices)
        self._news.set()

    def schedule(self, job: Job) -> None:
        """Have something done after the values that came before it."""
        self._jobs.append(job)
        self._news.set()

    async def run(self) -> None:
        """Work for ever. What raises is logged once until it works again; the rest is told."""
        while True:
            await self._news.wait()
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
            if attribute.datachange_callbacks:
                await attribute.tell(node.read(index))
