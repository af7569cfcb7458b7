"""An OPC UA client that counts notifications and decodes none of them, to be no bottleneck."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Sequence
from typing import Any

from asyncua import Client, ua
from asyncua.ua.ua_binary import struct_from_binary

WAITING = 5
"""Publish requests of a client that wait at the server."""
BATCH = 500
LONG = 3600.0
_HEADER = 28
"""Type and header of a response without diagnostics. [B]"""


class Listener:
    """One session with one subscription."""

    def __init__(self, url: str) -> None:
        # A busy machine is no reason to hang up, which the library's watchdog takes it for.
        self.client = Client(url, timeout=LONG, watchdog_intervall=LONG)
        self.notifications = 0
        self.lost = 0
        """Messages whose number is not the next one."""
        self._number = 0
        self.subscription = 0
        self._tasks: list[asyncio.Task[None]] = []

    async def open(self, interval: float) -> None:
        """Connect and create the subscription."""
        await self.client.connect()
        wanted = ua.CreateSubscriptionParameters(
            RequestedPublishingInterval=interval, RequestedLifetimeCount=30_000,
            RequestedMaxKeepAliveCount=10_000, PublishingEnabled=True,
        )  # fmt: skip
        answer = await self.ask("CreateSubscription", wanted)
        self.subscription = answer.Parameters.SubscriptionId

    async def monitor(self, nodes: Sequence[ua.NodeId], queue: int = 1) -> None:
        """Create monitored items, `BATCH` in one request."""
        for begin in range(0, len(nodes), BATCH):
            wanted = ua.CreateMonitoredItemsParameters()
            wanted.SubscriptionId = self.subscription
            wanted.TimestampsToReturn = ua.TimestampsToReturn.Both
            for handle, node in enumerate(nodes[begin : begin + BATCH], begin):
                item = ua.MonitoredItemCreateRequest(
                    ua.ReadValueId(node, ua.AttributeIds.Value), ua.MonitoringMode.Reporting
                )
                item.RequestedParameters = ua.MonitoringParameters(handle, 0.0, QueueSize=queue)
                wanted.ItemsToCreate.append(item)
            answer = await self.ask("CreateMonitoredItems", wanted)
            if not all(result.StatusCode.is_good() for result in answer.Results):
                raise RuntimeError("an item was refused")

    def listen(self) -> None:
        """Publish from now on."""
        self._tasks = [asyncio.create_task(self._publish()) for _ in range(WAITING)]

    async def close(self) -> None:
        """End the session."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.client.disconnect()

    async def ask(self, name: str, parameters: Any) -> Any:
        """Send a request and return the response."""
        request = getattr(ua, f"{name}Request")(Parameters=parameters)
        data = await self.client.uaclient.protocol.send_request(request, timeout=LONG)
        return struct_from_binary(getattr(ua, f"{name}Response"), data)

    async def _publish(self) -> None:
        acks: list[ua.SubscriptionAcknowledgement] = []
        while True:
            request = ua.PublishRequest(Parameters=ua.PublishParameters(acks))
            protocol = self.client.uaclient.protocol
            acks = self.look(bytes(await protocol._send_request(request, LONG)))  # noqa: SLF001

    def look(self, response: bytes) -> list[ua.SubscriptionAcknowledgement]:
        """Look at a response; return what is to be acknowledged with the next request."""
        number, count = _count(response)
        if not count:
            return []
        self.lost += number != self._number + 1
        self._number = number
        self.notifications += count
        return [ua.SubscriptionAcknowledgement(self.subscription, number)]


def _count(response: bytes) -> tuple[int, int]:
    """Return the number of a PublishResponse's message, and how many notifications it has."""
    (available,) = struct.unpack_from("<i", response, _HEADER + 4)
    position = _HEADER + 8 + 4 * max(0, available) + 1
    number, _, parts = struct.unpack_from("<Iqi", response, position)
    if parts <= 0:
        return number, 0
    # Behind the type, the encoding and the length of the first part.
    return number, struct.unpack_from("<i", response, position + 16 + 9)[0]
