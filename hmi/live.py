"""Keep the latest values of one page up to date by an OPC UA subscription."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping

import structlog
from asyncua import Client, ua
from asyncua.common.subscription import DataChangeEvent, Subscription

from heatpump_twin.hmi.heat_pump_model import Variable
from heatpump_twin.hmi.presentation import DisplayedValue

logger = structlog.stdlib.get_logger(__name__)

PERIOD = 500.0
"""Publishing interval. [ms]"""
_QUEUE = 20_000


class LiveValues:
    """Live values of a page: a subscription with the changes since the page last looked.

    It outlives connections: whoever owns the session attaches it again after a reconnect.
    """

    def __init__(self, variables: Iterable[Variable]) -> None:
        self.variables: Mapping[str, Variable] = {v.key: v for v in variables}
        self.latest: dict[str, DisplayedValue] = {}
        self._changed: set[str] = set()
        self._subscription: Subscription | None = None
        self._reader: asyncio.Task[None] | None = None

    async def attach(self, client: Client) -> None:
        """Subscribe on a fresh session."""
        self.detach()
        subscription = await client.create_subscription(PERIOD, queue_maxsize=_QUEUE)
        self._subscription = subscription
        # Before the items are made: their first values come with the next publish.
        self._reader = asyncio.create_task(self._read(subscription))
        nodes = [client.get_node(variable.node) for variable in self.variables.values()]
        if nodes:
            await subscription.subscribe_data_change(nodes, sampling_interval=ua.Double(PERIOD))

    def detach(self) -> None:
        """Forget the subscription of a session that is gone."""
        if self._reader is not None:
            self._reader.cancel()
        self._reader = self._subscription = None

    async def close(self) -> None:
        """End the subscription on a living session."""
        subscription = self._subscription
        self.detach()
        if subscription is not None:
            try:
                await subscription.delete()
            # The session may be dying: the server then drops the subscription by itself.
            except (OSError, TimeoutError, ua.UaError) as error:
                logger.debug("subscription_not_deleted", error=repr(error))

    def take_changes(self) -> dict[str, DisplayedValue]:
        """Return the values that changed since the last call."""
        # Only the latest of each: a page looks twice a second and cannot show more.
        changed = {key: self.latest[key] for key in self._changed}
        self._changed.clear()
        return changed

    def touch(self) -> None:
        """Count all values as changed, for a page that starts from nothing."""
        self._changed.update(self.latest)

    async def _read(self, subscription: Subscription) -> None:
        keys = {variable.node: key for key, variable in self.variables.items()}
        async for event in subscription:
            if isinstance(event, DataChangeEvent):
                key = keys[event.node.nodeid]
                self.latest[key] = DisplayedValue.of(event.data.monitored_item.Value)
                self._changed.add(key)
