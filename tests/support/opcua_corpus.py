"""Valid OPC UA requests of every service, from which mutated ones are made."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from asyncua import ua
from asyncua.ua.ua_binary import struct_to_binary

IDS = ua.ObjectIds
NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
SERVICES = (
    "AddNodes", "AddReferences", "Browse", "BrowseNext", "Call", "Cancel", "CloseSession",
    "CreateMonitoredItems", "CreateSession", "CreateSubscription", "DeleteMonitoredItems",
    "DeleteNodes", "DeleteReferences", "DeleteSubscriptions", "FindServers",
    "FindServersOnNetwork", "GetEndpoints", "HistoryRead", "HistoryUpdate", "ModifyMonitoredItems",
    "ModifySubscription", "Publish", "QueryFirst", "QueryNext", "Read", "RegisterNodes",
    "RegisterServer", "RegisterServer2", "Republish", "SetMonitoringMode", "SetPublishingMode",
    "SetTriggering", "TransferSubscriptions", "TranslateBrowsePathsToNodeIds", "UnregisterNodes",
    "Write", "ActivateSession",
)  # fmt: skip
"""Of `CloseSession` the mutated ones do close sessions; the fuzzer opens another."""


def requests(site: int) -> list[ua.ReadRequest]:
    """Return requests, with parameters where a service takes any; ``site`` is a namespace."""
    made = [getattr(ua, f"{name}Request")() for name in SERVICES]
    for parameters in _parameters(site):
        request = getattr(ua, type(parameters).__name__.replace("Parameters", "Request"))()
        request.Parameters = parameters
        made.append(request)
    return made


def encoded(request: ua.ReadRequest, token: ua.NodeId) -> tuple[bytes, int]:
    """Return a request of a session in bytes, and where its parameters begin."""
    request.RequestHeader.AuthenticationToken = token
    request.RequestHeader.RequestHandle = ua.UInt32(7)
    begin = 4 + len(struct_to_binary(request.RequestHeader))
    return struct_to_binary(request), begin


def _parameters(site: int) -> Iterator[object]:
    point, alarm = ua.NodeId("hp1.supply_temperature", site), ua.NodeId("hp1", site)
    both, value = ua.TimestampsToReturn.Both, ua.AttributeIds.Value
    state = ua.NodeId(IDS.Server_ServerStatus)
    nodes = [
        ua.ReadValueId(node, attribute, index_range)
        for node in (point, state, alarm)
        for attribute, index_range in ((value, None), (value, "0:1"), (ua.AttributeIds(4), None))
    ]
    yield ua.ReadParameters(0.0, both, nodes)
    yield ua.ReadParameters(0.0, both, nodes[:1])
    written = ua.DataValue(ua.Variant(44.5, ua.VariantType.Double))
    yield ua.WriteParameters([ua.WriteValue(point, value, None, written)])
    arguments = [ua.Variant([1.5, 2.5]), ua.Variant("a"), ua.Variant(ua.LocalizedText("b", "en"))]
    yield ua.CallParameters([ua.CallMethodRequest(alarm, ua.NodeId("hp1.Start", site), arguments)])
    refresh = ua.NodeId(IDS.ConditionType_ConditionRefresh)
    yield ua.CallParameters(
        [ua.CallMethodRequest(ua.NodeId(IDS.ConditionType), refresh, [ua.Variant(ua.UInt32(1))])]
    )
    browse = ua.BrowseDescription(
        ua.NodeId(IDS.Server), ua.BrowseDirection.Both, ua.NodeId(IDS.References), True, 0, 63
    )
    yield ua.BrowseParameters(ua.ViewDescription(), 2, [browse, browse])
    yield ua.BrowseNextParameters(False, [b"0123456789abcdef"])
    element = ua.RelativePathElement(
        ua.NodeId(IDS.HierarchicalReferences), False, True, ua.QualifiedName("Server")
    )
    path = ua.BrowsePath(ua.NodeId(IDS.ObjectsFolder), ua.RelativePath([element, element]))
    yield from _translate(path)
    yield ua.RegisterNodesParameters([point, state])
    yield ua.CreateSubscriptionParameters(500.0, 30, 10, 5, True, 1)
    yield ua.ModifySubscriptionParameters(1, 500.0, 30, 10, 5, 1)
    for filter_ in _filters():
        asked = ua.MonitoringParameters(1, 250.0, filter_, 3, True)
        attribute = ua.AttributeIds.EventNotifier if _is_event(filter_) else value
        item = ua.MonitoredItemCreateRequest(
            ua.ReadValueId(ua.NodeId(IDS.Server) if _is_event(filter_) else point, attribute),
            ua.MonitoringMode.Reporting,
            asked,
        )
        yield ua.CreateMonitoredItemsParameters(1, both, [item, item])
        changed = ua.MonitoredItemModifyRequest(1, asked)
        yield ua.ModifyMonitoredItemsParameters(1, both, [changed])
    yield ua.DeleteMonitoredItemsParameters(1, [1, 2])
    yield ua.SetMonitoringModeParameters(1, ua.MonitoringMode.Sampling, [1, 2])
    yield ua.SetPublishingModeParameters(True, [1])
    yield ua.SetTriggeringParameters(1, 1, [2], [3])
    yield ua.PublishParameters([ua.SubscriptionAcknowledgement(1, 1)])
    yield ua.RepublishParameters(1, 1)
    yield ua.TransferSubscriptionsParameters([1], True)
    yield ua.DeleteSubscriptionsParameters([7])
    for details in _history():
        read = ua.HistoryReadValueId(point, None, ua.QualifiedName(), None)
        yield ua.HistoryReadParameters(details, both, False, [read, read])
    yield ua.GetEndpointsParameters("opc.tcp://localhost:4840/x", ["en"], ["http://x"])
    yield ua.FindServersParameters("opc.tcp://localhost:4840/x", ["en"], ["urn:x"])
    yield ua.CancelParameters(7)


def _translate(path: ua.BrowsePath) -> Iterator[object]:
    parameters = ua.TranslateBrowsePathsToNodeIdsParameters()
    parameters.BrowsePaths = [path, path]
    yield parameters


def _is_event(filter_: object) -> bool:
    return isinstance(filter_, ua.EventFilter)


def _filters() -> Iterator[object]:
    yield None
    yield ua.DataChangeFilter(ua.DataChangeTrigger.StatusValue, 1, 0.5)
    yield ua.DataChangeFilter(ua.DataChangeTrigger.StatusValueTimestamp, 2, 10.0)
    aggregate = ua.AggregateFilter()
    aggregate.AggregateType = ua.NodeId(IDS.AggregateFunction_Average)
    aggregate.ProcessingInterval = 1000.0
    yield aggregate
    clauses = [
        ua.SimpleAttributeOperand(
            ua.NodeId(IDS.BaseEventType), [ua.QualifiedName(name)], ua.AttributeIds.Value
        )
        for name in ("Severity", "Message", "SourceName")
    ]
    event = ua.EventFilter()
    event.SelectClauses = clauses
    yield event
    where = ua.EventFilter()
    where.SelectClauses = clauses
    limit = ua.LiteralOperand(ua.Variant(ua.UInt16(500)))
    for operator in (ua.FilterOperator.GreaterThan, ua.FilterOperator.InList):
        part = ua.ContentFilterElement()
        part.FilterOperator = operator
        part.FilterOperands = [clauses[0], limit]
        where.WhereClause.Elements.append(part)
    both = ua.ContentFilterElement()
    both.FilterOperator = ua.FilterOperator.And
    both.FilterOperands = [ua.ElementOperand(ua.UInt32(1)), ua.ElementOperand(ua.UInt32(2))]
    where.WhereClause.Elements.insert(0, both)
    yield where


def _history() -> Iterator[object]:
    hour = dt.timedelta(hours=1)
    raw = ua.ReadRawModifiedDetails()
    raw.StartTime, raw.EndTime, raw.NumValuesPerNode, raw.ReturnBounds = NOW, NOW + hour, 3, True
    yield raw
    processed = ua.ReadProcessedDetails()
    processed.StartTime, processed.EndTime = NOW, NOW + hour
    processed.ProcessingInterval = 60_000.0
    processed.AggregateType = [ua.NodeId(IDS.AggregateFunction_Average)] * 2
    yield processed
    at_time = ua.ReadAtTimeDetails()
    at_time.ReqTimes = [NOW, NOW + hour]
    yield at_time
    events = ua.ReadEventDetails()
    events.StartTime, events.EndTime = NOW, NOW + hour
    yield events
