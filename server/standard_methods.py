"""Methods that OPC UA itself defines and that work here; those that do not are taken away."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from asyncua import ua

from heatpump_twin.server.conditions import Conditions
from heatpump_twin.server.internal_server import TwinInternalServer
from heatpump_twin.server.method_table import Argument, Caller, Method, result
from heatpump_twin.server.node_builder import standard

IDS = ua.ObjectIds
NOT_OFFERED = (IDS.Server_SetSubscriptionDurable, IDS.Server_RequestServerStateChange)

SUBSCRIPTION = Argument("SubscriptionId", ua.VariantType.UInt32, "A subscription of the caller")
ITEM = Argument("MonitoredItemId", ua.VariantType.UInt32, "A monitored item of it")


def add_standard_methods(iserver: TwinInternalServer, conditions: Conditions) -> None:
    """Connect the methods of the Server object and of ConditionType."""

    async def refresh(caller: Caller, _: ua.NodeId, inputs: Sequence[Any]) -> ua.CallMethodResult:
        return result(await conditions.refresh(caller, inputs[0], None))

    async def refresh_item(
        caller: Caller, _: ua.NodeId, inputs: Sequence[Any]
    ) -> ua.CallMethodResult:
        return result(await conditions.refresh(caller, inputs[0], inputs[1]))

    async def monitored_items(
        caller: Caller, _: ua.NodeId, inputs: Sequence[Any]
    ) -> ua.CallMethodResult:
        subscription = iserver.subscriptions.subscriptions.get(inputs[0])
        if subscription is None or subscription.session_id != caller.session_id:
            return result(_not_yours(subscription))
        handles = subscription.monitored_item_srv.handles
        return result(
            ua.StatusCodes.Good,
            [
                ua.Variant([pair[side] for pair in handles], ua.VariantType.UInt32, is_array=True)
                for side in (0, 1)
            ],
        )

    async def resend(caller: Caller, _: ua.NodeId, inputs: Sequence[Any]) -> ua.CallMethodResult:
        subscription = iserver.subscriptions.subscriptions.get(inputs[0])
        if subscription is None or subscription.session_id != caller.session_id:
            return result(_not_yours(subscription))
        await subscription.monitored_item_srv.resend()
        return result(ua.StatusCodes.Good)

    server, condition_type = standard(IDS.Server), standard(IDS.ConditionType)
    for number, owner, inputs, run in (
        (IDS.ConditionType_ConditionRefresh, condition_type, (SUBSCRIPTION,), refresh),
        (IDS.ConditionType_ConditionRefresh2, condition_type, (SUBSCRIPTION, ITEM), refresh_item),
        (IDS.Server_GetMonitoredItems, server, (SUBSCRIPTION,), monitored_items),
        (IDS.Server_ResendData, server, (SUBSCRIPTION,), resend),
    ):
        iserver.methods.add(standard(number), (owner,), Method(inputs, None, run))
    _take_away(iserver)


def _not_yours(subscription: object) -> int:
    """Return the status that OPC 10000-5, 9.1 and 9.2 name."""
    if subscription is None:
        return int(ua.StatusCodes.BadSubscriptionIdInvalid)
    return int(ua.StatusCodes.BadUserAccessDenied)


def _take_away(iserver: TwinInternalServer) -> None:
    """Delete the nodes of methods that would answer "not implemented"."""
    methods = {standard(number) for number in NOT_OFFERED}
    server = iserver.aspace[standard(IDS.Server)]
    server.references[:] = [r for r in server.references if r.NodeId not in methods]
    request = ua.DeleteNodesParameters()
    for method in (method for method in methods if method in iserver.aspace):
        arguments = [r.NodeId for r in iserver.aspace[method].references if _is_property(r)]
        for node in (*arguments, method):
            # Only the Server object refers to them: no search through all nodes is needed.
            request.NodesToDelete.append(ua.DeleteNodesItem(node, DeleteTargetReferences=False))
    iserver.node_mgt_service.delete_nodes(request)


def _is_property(reference: ua.ReferenceDescription) -> bool:
    has_property = standard(IDS.HasProperty)
    return bool(reference.IsForward and reference.ReferenceTypeId == has_property)
