"""Standard methods: ConditionRefresh, GetMonitoredItems and ResendData."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from asyncua import ua

from heatpump_twin.server.alarms.condition_refresh import ConditionRefresh
from heatpump_twin.server.channel.internal_server import TwinInternalServer
from heatpump_twin.server.services.method_table import Caller, MethodArgument, OfferedMethod, result
from heatpump_twin.server.space.node_builder import standard

IDS = ua.ObjectIds

SUBSCRIPTION = MethodArgument(
    "SubscriptionId", ua.VariantType.UInt32, "A subscription of the caller"
)
ITEM = MethodArgument("MonitoredItemId", ua.VariantType.UInt32, "A monitored item of it")


def add_standard_methods(iserver: TwinInternalServer, refreshing: ConditionRefresh) -> None:
    """Offer the methods of the Server object and of ConditionType."""

    async def refresh(caller: Caller, _: ua.NodeId, inputs: Sequence[Any]) -> ua.CallMethodResult:
        return result(refreshing.send(caller, inputs[0], None))

    async def refresh_item(
        caller: Caller, _: ua.NodeId, inputs: Sequence[Any]
    ) -> ua.CallMethodResult:
        return result(refreshing.send(caller, inputs[0], inputs[1]))

    async def monitored_items(
        caller: Caller, _: ua.NodeId, inputs: Sequence[Any]
    ) -> ua.CallMethodResult:
        subscription = iserver.subscriptions.subscriptions.get(inputs[0])
        if subscription is None or subscription.session_id != caller.session_id:
            return result(_not_yours(subscription))
        handles = subscription.items.handles
        return result(
            ua.StatusCodes.Good,
            [
                # Server handles, then client handles, in the same order (OPC 10000-5, 9.1).
                ua.Variant([pair[side] for pair in handles], ua.VariantType.UInt32, is_array=True)
                for side in (0, 1)
            ],
        )

    async def resend(caller: Caller, _: ua.NodeId, inputs: Sequence[Any]) -> ua.CallMethodResult:
        subscription = iserver.subscriptions.subscriptions.get(inputs[0])
        if subscription is None or subscription.session_id != caller.session_id:
            return result(_not_yours(subscription))
        subscription.items.resend()
        return result(ua.StatusCodes.Good)

    # On the type, as OPC 10000-9, 5.5.7 wants it: a refresh is of all conditions, not of one.
    server, condition_type = standard(IDS.Server), standard(IDS.ConditionType)
    # No role: each of them works on subscriptions of the caller alone.
    for number, owner, inputs, run in (
        (IDS.ConditionType_ConditionRefresh, condition_type, (SUBSCRIPTION,), refresh),
        (IDS.ConditionType_ConditionRefresh2, condition_type, (SUBSCRIPTION, ITEM), refresh_item),
        (IDS.Server_GetMonitoredItems, server, (SUBSCRIPTION,), monitored_items),
        (IDS.Server_ResendData, server, (SUBSCRIPTION,), resend),
    ):
        iserver.methods.add(standard(number), (owner,), OfferedMethod(inputs, None, run))


def _not_yours(subscription: object) -> int:
    """Return the status for a subscription that is not the caller's (OPC 10000-5, 9.1 and 9.2)."""
    if subscription is None:
        return int(ua.StatusCodes.BadSubscriptionIdInvalid)
    return int(ua.StatusCodes.BadUserAccessDenied)
