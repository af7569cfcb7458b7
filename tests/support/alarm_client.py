"""A client of alarms: hears events as dictionaries, and calls the methods of conditions."""

from __future__ import annotations

from asyncua import Client, ua

FIELDS = (
    "EventId", "EventType", "SourceNode", "SourceName", "Time", "Message", "Severity",
    "ConditionName", "Retain", "BranchId", "EnabledState/Id", "ActiveState/Id", "AckedState/Id",
    "ConfirmedState/Id", "LatchedState/Id", "SuppressedState/Id", "OutOfServiceState/Id",
    "ShelvingState/CurrentState", "ShelvingState/UnshelveTime", "SuppressedOrShelved", "Comment",
    "ClientUserId", "ActiveState/TransitionTime", "RaisedTime", "RaisedValue", "RaisedLimit",
    "Quality", "ConditionClassId", "ActiveState/EffectiveDisplayName", "LimitState/CurrentState",
    "HighState/Id", "LowState/Id", "HighLimit", "LowLimit", "TargetValueNode", "ExpectedTime",
    "NormalState", "SilenceState/Id", "SilenceState", "FirstInGroupFlag", "ReAlarmRepeatCount",
    "ReAlarmTime", "ExpirationDate", "ExpirationLimit", "CertificateType", "Certificate",
)  # fmt: skip
IDS, TYPES = ua.ObjectIds, ua.VariantType


class AlarmClient:
    """One client with a subscription to the events of the Server object."""

    def __init__(self, client: Client, namespace: int) -> None:
        self.client = client
        self.events: list[dict[str, object]] = []
        self.subscription = 0
        self.item = 0
        self._namespace = namespace

    @classmethod
    async def start(cls, client: Client, namespace: int) -> AlarmClient:
        found = cls(client, namespace)
        params = ua.CreateSubscriptionParameters()
        params.RequestedPublishingInterval = 50
        params.RequestedLifetimeCount, params.RequestedMaxKeepAliveCount = 3000, 1000
        params.PublishingEnabled = True
        answer = await client.uaclient.create_subscription(params, found._take)
        found.subscription = answer.SubscriptionId
        found.item = await found.listen()
        return found

    async def listen(self, handle: int = 1) -> int:
        """Add an item for events, and return its number."""
        item = ua.MonitoredItemCreateRequest()
        item.ItemToMonitor = ua.ReadValueId(ua.NodeId(IDS.Server), ua.AttributeIds.EventNotifier)
        item.MonitoringMode = ua.MonitoringMode.Reporting
        item.RequestedParameters.ClientHandle = handle
        item.RequestedParameters.Filter = self.filter()
        item.RequestedParameters.QueueSize = 1000
        request = ua.CreateMonitoredItemsParameters()
        request.SubscriptionId = self.subscription
        request.ItemsToCreate = [item]
        (created,) = await self.client.uaclient.create_monitored_items(request)
        created.StatusCode.check()
        return created.MonitoredItemId

    @staticmethod
    def filter() -> ua.EventFilter:
        """Select all fields and the ConditionId."""
        chosen = ua.EventFilter()
        for name in FIELDS:
            operand = ua.SimpleAttributeOperand()
            operand.TypeDefinitionId = ua.NodeId(IDS.BaseEventType)
            operand.BrowsePath = [ua.QualifiedName(step) for step in name.split("/")]
            operand.AttributeId = ua.AttributeIds.Value
            chosen.SelectClauses.append(operand)
        condition = ua.SimpleAttributeOperand()
        condition.TypeDefinitionId = ua.NodeId(IDS.ConditionType)
        condition.AttributeId = ua.AttributeIds.NodeId
        chosen.SelectClauses.append(condition)
        return chosen

    async def _take(self, result: ua.PublishResult) -> None:
        for data in result.NotificationMessage.NotificationData or ():
            for fields in getattr(data, "Events", ()):
                values = [variant.Value for variant in fields.EventFields]
                event = dict(zip((*FIELDS, "ConditionId"), values, strict=True))
                self.events.append({**event, "handle": fields.ClientHandle})

    async def call(self, alarm: str, method: int, *inputs: ua.Variant) -> str:
        """Call a method of an alarm (``hp1.alarms.low_water_flow``); return the status."""
        request = ua.CallMethodRequest()
        request.ObjectId = ua.NodeId(alarm, self._namespace)
        request.MethodId = ua.NodeId(method)
        request.InputArguments = list(inputs)
        (answer,) = await self.client.uaclient.call([request])
        return answer.StatusCode.name

    async def respond(self, alarm: str, method: int, event: object, comment: str = "") -> str:
        """Call Acknowledge, Confirm or AddComment about an event."""
        return await self.call(alarm, method, ua.Variant(event, TYPES.ByteString), words(comment))

    async def refresh(self, item: int | None = None) -> str:
        """Call ConditionRefresh, or ConditionRefresh2 for an item; return the status."""
        request = ua.CallMethodRequest()
        request.ObjectId = ua.NodeId(IDS.ConditionType)
        request.MethodId = ua.NodeId(IDS.ConditionType_ConditionRefresh)
        numbers = [self.subscription]
        if item is not None:
            request.MethodId = ua.NodeId(IDS.ConditionType_ConditionRefresh2)
            numbers.append(item)
        request.InputArguments = [ua.Variant(number, TYPES.UInt32) for number in numbers]
        (answer,) = await self.client.uaclient.call([request])
        return answer.StatusCode.name


def words(comment: str) -> ua.Variant:
    """A comment as an argument."""
    return ua.Variant(ua.LocalizedText(comment), TYPES.LocalizedText)


def duration(seconds: float) -> ua.Variant:
    """A Duration as an argument."""
    return ua.Variant(seconds * 1000.0, TYPES.Double)
