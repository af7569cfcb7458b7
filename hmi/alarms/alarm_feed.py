"""Subscribe to alarm conditions at the Server object, and acknowledge alarms."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import structlog
from asyncua import Client, ua
from asyncua.common.subscription import OpcEvent, StatusChangeEvent, Subscription

from heatpump_twin.hmi.alarms.alarm_acts import AlarmAct, offered
from heatpump_twin.hmi.alarms.alarm_fields import alarm_clauses
from heatpump_twin.hmi.alarms.alarm_list import AlarmList
from heatpump_twin.hmi.alarms.alarm_rights import AlarmRights
from heatpump_twin.hmi.alarms.condition_report import Alarm, alarm_of
from heatpump_twin.hmi.alarms.put_away import put_away
from heatpump_twin.hmi.calls import Outcome, request
from heatpump_twin.hmi.endpoint import standard_node

logger = structlog.stdlib.get_logger(__name__)

_PERIOD = 250.0
"""Publishing interval. [ms]"""
_QUEUE = 20_000
"""Events of a refresh, which come at once."""
_REFRESH_TIMEOUT = 10.0
_REFRESH_STARTS = standard_node(ua.ObjectIds.RefreshStartEventType)
_REFRESH_ENDS = standard_node(ua.ObjectIds.RefreshEndEventType)


class AlarmFeed:
    """Alarm subscription that keeps an :class:`AlarmList` up to date over several sessions."""

    def __init__(self, alarms: AlarmList) -> None:
        self._alarms = alarms
        self._tasks: list[asyncio.Task[None]] = []
        self._rights = AlarmRights(self._alarms.renew)
        self._refreshed = asyncio.Event()
        self._devices: list[ua.NodeId] = []
        """Devices whose put away alarms are looked for, once somebody has asked for them."""

    async def attach(self, client: Client) -> None:
        """Subscribe, ask for the conditions as they are now, and wait until all have come.

        Raises
        ------
        OSError, TimeoutError, ua.UaError
            The list is not what the server knows now; it stays marked as old.
        """
        self.detach()
        self._rights = AlarmRights(self._alarms.renew)
        self._refreshed = asyncio.Event()
        fields = alarm_clauses(await client.get_namespace_array())
        subscription = await client.create_subscription(_PERIOD, queue_maxsize=_QUEUE)
        names = [name for name, _ in fields]
        # The reader before the items: the events of the refresh come at once.
        self._tasks = [
            asyncio.create_task(self._read(subscription, names)),
            asyncio.create_task(self._rights.run(client)),
        ]
        event_filter = ua.EventFilter(SelectClauses=[clause for _, clause in fields])
        await subscription.subscribe_events(
            client.nodes.server, ua.ObjectIds.ConditionType, event_filter
        )
        await self._refresh(client, subscription)
        async with asyncio.timeout(_REFRESH_TIMEOUT):
            await self._refreshed.wait()
        if self._devices:
            await self.find_put_away(client, self._devices)

    async def find_put_away(self, client: Client, devices: Sequence[ua.NodeId]) -> None:
        """List what nobody is told of as well, from now on.

        Raises
        ------
        OSError, TimeoutError, ua.UaError
            It cannot be asked for now.
        """
        for alarm in await put_away(client, devices):
            self._alarms.note_put_away(alarm)
        self._devices = list(devices)

    async def _refresh(self, client: Client, subscription: Subscription) -> None:
        """Ask for all retained conditions (OPC 10000-9, 5.5.7)."""
        method = client.get_node(standard_node(ua.ObjectIds.ConditionType))
        await method.call_method(
            standard_node(ua.ObjectIds.ConditionType_ConditionRefresh),
            ua.Variant(subscription.subscription_id, ua.VariantType.UInt32),
        )

    def detach(self) -> None:
        """Forget the subscription of a session that is gone; what is listed is old from now on."""
        for task in self._tasks:
            task.cancel()
        self._tasks = []
        self._alarms.age()

    @property
    def is_broken(self) -> bool:
        """Whether the server has ended the subscription of a living session."""
        return any(task.done() for task in self._tasks)

    def is_known_what_may(self, alarm: Alarm) -> bool:
        """Tell whether the server has said what the person may do about an alarm."""
        return self._rights.is_known(alarm.condition)

    def may(self, alarm: Alarm) -> list[str]:
        """Return what this person can do about an alarm now: keys of ``texts.ALARM_ACTS``."""
        return [act for act in offered(alarm) if self._rights.may(alarm.condition, act)]

    async def act(self, client: Client, alarm: Alarm, act: AlarmAct) -> Outcome:
        """Do something about an alarm (OPC 10000-9, 5.7 and 5.8)."""
        return await request(client, act.request(alarm))

    async def _read(self, subscription: Subscription, names: Sequence[str]) -> None:
        async for event in subscription:
            if isinstance(event, StatusChangeEvent):
                logger.warning("alarm_subscription_ended", status=str(event.notification.Status))
                return
            if not isinstance(event, OpcEvent):
                continue
            values = [variant.Value for variant in event.event.event_fields or ()]
            fields = dict(zip(names, values, strict=True))
            # The brackets of a refresh, and the wish for one (OPC 10000-9, 5.11.2 to 5.11.4).
            if fields["EventType"] == _REFRESH_STARTS:
                self._alarms.begin_refresh()
            elif fields["EventType"] == _REFRESH_ENDS:
                self._alarms.end_refresh()
                self._refreshed.set()
            elif (alarm := alarm_of(fields)) is not None:
                self._alarms.take(alarm)
