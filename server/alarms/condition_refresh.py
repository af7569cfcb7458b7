"""ConditionRefresh and ConditionRefresh2 (OPC 10000-9, 5.5.7 and 5.5.8)."""

from __future__ import annotations

from asyncua import ua

from heatpump_twin.config.phrase import Context, Text
from heatpump_twin.drivers.clock import Clock
from heatpump_twin.server.alarms.alarm_service import AlarmService
from heatpump_twin.server.channel.internal_server import TwinInternalServer
from heatpump_twin.server.services.method_table import Caller
from heatpump_twin.server.space.event import system_event

CODES, IDS = ua.StatusCodes, ua.ObjectIds
REFRESH_STARTS = Text("Refresh starts", Context.MESSAGES)
REFRESH_ENDS = Text("Refresh ends", Context.MESSAGES)


class ConditionRefresh:
    """The sender of all that is retained to one subscription, or to one of its items."""

    def __init__(self, alarms: AlarmService, iserver: TwinInternalServer, clock: Clock) -> None:
        self._alarms = alarms
        self._iserver = iserver
        self._clock = clock

    def send(self, caller: Caller, subscription_id: int, item: int | None) -> int:
        """Send the retained conditions with their branches; return the status of the call."""
        subscription = self._iserver.subscriptions.subscriptions.get(subscription_id)
        # Another session's subscription is as good as none: its client has not asked for this.
        if subscription is None or subscription.session_id != caller.session_id:
            return int(CODES.BadSubscriptionIdInvalid)
        items = subscription.items
        if item is not None and not items.has(item):
            return int(CODES.BadMonitoredItemIdInvalid)
        now = self._clock.now()
        # The two brackets pass every where clause: without them a client cannot know which of its
        # conditions are no longer retained. All of it is queued at once, so no other refresh of
        # the subscription can be in progress (BadRefreshInProgress is never needed).
        items.send_event(system_event(IDS.RefreshStartEventType, REFRESH_STARTS, now), item=item)
        for event, notifiers in self._alarms.retained():
            items.send_event(event, notifiers, item)
        items.send_event(system_event(IDS.RefreshEndEventType, REFRESH_ENDS, now), item=item)
        return int(CODES.Good)
