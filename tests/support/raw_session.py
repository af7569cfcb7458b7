"""Raw requests about subscriptions: client libraries repair or hide what is to be seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from asyncua import Client, ua
from asyncua.ua.ua_binary import struct_from_binary
from patience import PATIENCE


@dataclass
class Raw:
    """A client's session, by single requests; it publishes only when it is told to."""

    client: Client
    handles: count = field(default_factory=lambda: count(1))

    async def ask(self, name: str, parameters: Any, *, hint: int = 0) -> Any:
        """Send a request; return the response, or raise the service's code."""
        request = getattr(ua, f"{name}Request")()
        request.Parameters = parameters
        protocol = self.client.uaclient.protocol
        if hint:
            # The library would wait no longer than it says that it does.
            data = await protocol._send_request(request, hint / 1000.0)
            protocol.check_answer(data, "")
        else:
            data = await protocol.send_request(request, timeout=PATIENCE)
        return struct_from_binary(getattr(ua, f"{name}Response"), data)

    async def subscribe(self, interval: float = 100.0, **more: Any) -> ua.CreateSubscriptionResult:
        wanted = ua.CreateSubscriptionParameters()
        wanted.RequestedPublishingInterval = interval
        wanted.RequestedLifetimeCount, wanted.RequestedMaxKeepAliveCount = 3000, 1000
        wanted.MaxNotificationsPerPublish, wanted.PublishingEnabled, wanted.Priority = 0, True, 0
        for name, value in more.items():
            setattr(wanted, name, value)
        return (await self.ask("CreateSubscription", wanted)).Parameters

    async def monitor(
        self,
        subscription: int,
        nodes: Sequence[ua.NodeId],
        stamps: ua.TimestampsToReturn = ua.TimestampsToReturn.Both,
        mode: ua.MonitoringMode = ua.MonitoringMode.Reporting,
        **settings: Any,
    ) -> list[ua.MonitoredItemCreateResult]:
        """Create items for values, with one handle for each; their ids are in the results."""
        wanted = ua.CreateMonitoredItemsParameters()
        wanted.SubscriptionId, wanted.TimestampsToReturn = subscription, stamps
        for node in nodes:
            item = ua.MonitoredItemCreateRequest()
            item.ItemToMonitor = ua.ReadValueId(node, ua.AttributeIds.Value)
            item.MonitoringMode = mode
            item.RequestedParameters.ClientHandle = next(self.handles)
            item.RequestedParameters.SamplingInterval = 0.0
            item.RequestedParameters.QueueSize, item.RequestedParameters.DiscardOldest = 1, True
            for name, value in settings.items():
                setattr(item.RequestedParameters, name, value)
            wanted.ItemsToCreate.append(item)
        return (await self.ask("CreateMonitoredItems", wanted)).Results

    async def publish(
        self, *acks: ua.SubscriptionAcknowledgement, hint: int = 0
    ) -> ua.PublishResult:
        wanted = ua.PublishParameters()
        wanted.SubscriptionAcknowledgements = list(acks)
        return (await self.ask("Publish", wanted, hint=hint)).Parameters

    async def news(self) -> list[ua.MonitoredItemNotification]:
        """Publish until there are data changes; return those of one message."""
        while True:
            for part in (await self.publish()).NotificationMessage.NotificationData:
                if isinstance(part, ua.DataChangeNotification):
                    return part.MonitoredItems

    async def values(self) -> list[Any]:
        return [item.Value.Value.Value for item in await self.news()]

    async def set_mode(
        self, subscription: int, items: Sequence[int], mode: ua.MonitoringMode
    ) -> list[str]:
        wanted = ua.SetMonitoringModeParameters()
        wanted.SubscriptionId, wanted.MonitoringMode = subscription, mode
        wanted.MonitoredItemIds = list(items)
        results = (await self.ask("SetMonitoringMode", wanted)).Parameters.Results
        return [result.name for result in results]

    async def enable(self, subscription: int, enabled: bool) -> None:
        wanted = ua.SetPublishingModeParameters()
        wanted.PublishingEnabled, wanted.SubscriptionIds = enabled, [subscription]
        await self.ask("SetPublishingMode", wanted)

    async def transfer(self, subscription: int, *, initial: bool = False) -> ua.TransferResult:
        wanted = ua.TransferSubscriptionsParameters()
        wanted.SubscriptionIds, wanted.SendInitialValues = [subscription], initial
        (result,) = (await self.ask("TransferSubscriptions", wanted)).Parameters.Results
        return result
