"""Wrong parameters of every service: the code of the standard, and the session lives on."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import pytest
import pytest_asyncio
from asyncua import ua
from asyncua.ua.uaerrors import UaStatusCodeError
from namespaces import site_index
from patient_client import patient_client
from raw_session import Raw

from heatpump_twin.server import limits

pytestmark = pytest.mark.asyncio(loop_scope="module")

MOST = limits.OperationLimits()
IDS, ATTRIBUTES, STAMPS = ua.ObjectIds, ua.AttributeIds, ua.TimestampsToReturn
VALUE = ATTRIBUTES.Value
NOWHERE = ua.NodeId("nowhere", 1)
SERVER, ARRAY = ua.NodeId(IDS.Server), ua.NodeId(IDS.Server_NamespaceArray)
TIME = ua.NodeId(IDS.Server_ServerStatus_CurrentTime)
STATUS = ua.NodeId(IDS.Server_ServerStatus)
NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
NEVER = dt.datetime(1601, 1, 1, tzinfo=dt.UTC)
MANY = 1 << 20
NAN, INFINITY = math.nan, math.inf


@dataclass(frozen=True)
class Place:
    """What requests are about: a point, a subscription of the session and an item in it."""

    site: int
    subscription: int
    item: int

    @property
    def point(self) -> ua.NodeId:
        return ua.NodeId("hp1.supply_temperature", self.site)

    @property
    def setpoint(self) -> ua.NodeId:
        return ua.NodeId("hp1.supply_setpoint", self.site)


Make = Callable[[Any], Any]


def read(*items: ua.ReadValueId, age: float = 0.0, stamps: object = STAMPS.Both) -> Any:
    return ua.ReadParameters(age, stamps, list(items))


def item(
    node: ua.NodeId = SERVER, attribute: int = VALUE, span: str | None = None, encoding: str = ""
) -> ua.ReadValueId:
    name = ua.QualifiedName(encoding) if encoding else ua.QualifiedName()
    return ua.ReadValueId(node, attribute, span, name)


def browse(*nodes: ua.BrowseDescription, view: ua.NodeId | None = None) -> Any:
    params = ua.BrowseParameters()
    params.View.ViewId = view or ua.NodeId()
    params.NodesToBrowse = list(nodes)
    return params


def described(**changed: Any) -> ua.BrowseDescription:
    asked = {
        "NodeId": SERVER, "BrowseDirection": ua.BrowseDirection.Forward,
        "ReferenceTypeId": ua.NodeId(), "IncludeSubtypes": True, "NodeClassMask": 0,
        "ResultMask": 63,
    }  # fmt: skip
    return ua.BrowseDescription(**(asked | changed))


def path(*names: str | None, start: ua.NodeId = SERVER, kind: int | ua.NodeId = 33) -> Any:
    found = ua.BrowsePath()
    found.StartingNode = start
    reference = kind if isinstance(kind, ua.NodeId) else ua.NodeId(kind)
    found.RelativePath.Elements = [
        ua.RelativePathElement(reference, False, True, ua.QualifiedName(name)) for name in names
    ]
    return found


def translate(*paths: Any) -> Any:
    params = ua.TranslateBrowsePathsToNodeIdsParameters()
    params.BrowsePaths = list(paths)
    return params


def call(owner: ua.NodeId, method: ua.NodeId, *inputs: ua.Variant) -> ua.CallMethodRequest:
    return ua.CallMethodRequest(owner, method, list(inputs))


def history(
    details: Any, *nodes: Any, stamps: object = STAMPS.Source, release: bool = False
) -> Any:
    return ua.HistoryReadParameters(details, stamps, release, list(nodes))


def past(node: ua.NodeId, span: str | None = None, encoding: str = "", point: Any = None) -> Any:
    name = ua.QualifiedName(encoding) if encoding else ua.QualifiedName()
    return ua.HistoryReadValueId(node, span, name, point)


def raw(**changed: Any) -> Any:
    details = ua.ReadRawModifiedDetails()
    details.StartTime, details.EndTime, details.NumValuesPerNode = NOW, NOW, 3
    details.IsReadModified = details.ReturnBounds = False
    for name, value in changed.items():
        setattr(details, name, value)
    return details


def items(
    place: Place, *wanted: Any, number: int | None = None, stamps: object = STAMPS.Both
) -> Any:
    subscription = place.subscription if number is None else number
    return ua.CreateMonitoredItemsParameters(subscription, stamps, list(wanted))


def monitored(
    target: ua.ReadValueId, filter_: Any = None, mode: Any = ua.MonitoringMode.Reporting,
    sampling: float = 100.0, size: int = 1,
) -> ua.MonitoredItemCreateRequest:  # fmt: skip
    return ua.MonitoredItemCreateRequest(
        target, mode, ua.MonitoringParameters(1, sampling, filter_, size, True)
    )


def change(place: Place, number: int, filter_: Any = None, **more: Any) -> Any:
    asked = ua.MonitoringParameters(1, 100.0, filter_, 1, True)
    subscription = more.get("subscription", place.subscription)
    stamps = more.get("stamps", STAMPS.Both)
    return ua.ModifyMonitoredItemsParameters(
        subscription, stamps, [ua.MonitoredItemModifyRequest(number, asked)]
    )


def band(width: float, kind: int = 1, trigger: Any = ua.DataChangeTrigger.StatusValue) -> Any:
    return ua.DataChangeFilter(trigger, kind, width)


FAULTS: dict[str, tuple[str, Make, str]] = {
    # ── Read, Write ───────────────────────────────────────────────────────────────────────────────
    "nothing to read": ("Read", lambda _: read(), "BadNothingToDo"),
    "too many to read": (
        "Read", lambda _: read(*[item()] * (MOST.nodes_per_read + 1)), "BadTooManyOperations",
    ),
    "timestamps": ("Read", lambda _: read(item(), stamps=4), "BadTimestampsToReturnInvalid"),
    "timestamps < 0": ("Read", lambda _: read(item(), stamps=-1), "BadTimestampsToReturnInvalid"),
    "age < 0": ("Read", lambda _: read(item(), age=-1.0), "BadMaxAgeInvalid"),
    "age NaN": ("Read", lambda _: read(item(), age=NAN), "BadMaxAgeInvalid"),
    "age -inf": ("Read", lambda _: read(item(), age=-INFINITY), "BadMaxAgeInvalid"),
    "nothing to write": ("Write", lambda _: ua.WriteParameters([]), "BadNothingToDo"),
    "too many to write": (
        "Write", lambda _: ua.WriteParameters([ua.WriteValue()] * (MOST.nodes_per_write + 1)),
        "BadTooManyOperations",
    ),
    # ── View ──────────────────────────────────────────────────────────────────────────────────────
    "nothing to browse": ("Browse", lambda _: browse(), "BadNothingToDo"),
    "too many to browse": (
        "Browse", lambda _: browse(*[described()] * (MOST.nodes_per_browse + 1)),
        "BadTooManyOperations",
    ),
    "unknown view": ("Browse", lambda _: browse(described(), view=NOWHERE), "BadViewIdUnknown"),
    "view that is none": ("Browse", lambda _: browse(described(), view=SERVER), "BadViewIdUnknown"),
    "nothing to browse on": (
        "BrowseNext", lambda _: ua.BrowseNextParameters(False, []),
        "BadNothingToDo",
    ),
    "too many to browse on": (
        "BrowseNext",
        lambda _: ua.BrowseNextParameters(False, [b"x"] * (MOST.nodes_per_browse + 1)),
        "BadTooManyOperations",
    ),
    "no path": ("TranslateBrowsePathsToNodeIds", lambda _: translate(), "BadNothingToDo"),
    "too many paths": (
        "TranslateBrowsePathsToNodeIds",
        lambda _: translate(*[path("a")] * (MOST.nodes_per_translate + 1)),
        "BadTooManyOperations",
    ),
    "nothing to register": (
        "RegisterNodes", lambda _: ua.RegisterNodesParameters([]),
        "BadNothingToDo",
    ),
    "too many to register": (
        "RegisterNodes",
        lambda _: ua.RegisterNodesParameters([SERVER] * (MOST.nodes_per_register + 1)),
        "BadTooManyOperations",
    ),
    "nothing to unregister": (
        "UnregisterNodes", lambda _: ua.UnregisterNodesParameters([]), "BadNothingToDo",
    ),
    "too many to unregister": (
        "UnregisterNodes",
        lambda _: ua.UnregisterNodesParameters([SERVER] * (MOST.nodes_per_register + 1)),
        "BadTooManyOperations",
    ),
    # ── Method, History ───────────────────────────────────────────────────────────────────────────
    "nothing to call": ("Call", lambda _: ua.CallParameters([]), "BadNothingToDo"),
    "too many to call": (
        "Call",
        lambda _: ua.CallParameters([ua.CallMethodRequest()] * (MOST.nodes_per_method_call + 1)),
        "BadTooManyOperations",
    ),
    "no history": ("HistoryRead", lambda _: history(raw()), "BadNothingToDo"),
    "too much history": (
        "HistoryRead",
        lambda p: history(raw(), *[past(p.point)] * (MOST.nodes_per_history_read + 1)),
        "BadTooManyOperations",
    ),
    "history without times": (
        "HistoryRead", lambda p: history(raw(), past(p.point), stamps=STAMPS.Neither),
        "BadTimestampsToReturnInvalid",
    ),
    "history timestamps": (
        "HistoryRead", lambda p: history(raw(), past(p.point), stamps=17),
        "BadTimestampsToReturnInvalid",
    ),
    "no update": ("HistoryUpdate", lambda _: ua.HistoryUpdateParameters([]), "BadNothingToDo"),
    # ── monitored items ───────────────────────────────────────────────────────────────────────────
    "no item": ("CreateMonitoredItems", lambda p: items(p), "BadNothingToDo"),
    "items of no subscription": (
        "CreateMonitoredItems", lambda p: items(p, monitored(item(TIME)), number=MANY),
        "BadSubscriptionIdInvalid",
    ),
    "too many items": (
        "CreateMonitoredItems",
        lambda p: items(p, *[monitored(item(TIME))] * (MOST.monitored_items_per_call + 1)),
        "BadTooManyOperations",
    ),
    "items' timestamps": (
        "CreateMonitoredItems", lambda p: items(p, monitored(item(TIME)), stamps=5),
        "BadTimestampsToReturnInvalid",
    ),
    "no change": (
        "ModifyMonitoredItems",
        lambda p: ua.ModifyMonitoredItemsParameters(p.subscription, STAMPS.Both, []),
        "BadNothingToDo",
    ),
    "change of no subscription": (
        "ModifyMonitoredItems", lambda p: change(p, p.item, subscription=0),
        "BadSubscriptionIdInvalid",
    ),
    "change's timestamps": (
        "ModifyMonitoredItems", lambda p: change(p, p.item, stamps=-2),
        "BadTimestampsToReturnInvalid",
    ),
    "nothing to delete": (
        "DeleteMonitoredItems", lambda p: ua.DeleteMonitoredItemsParameters(p.subscription, []),
        "BadNothingToDo",
    ),
    "too many to delete": (
        "DeleteMonitoredItems",
        lambda p: ua.DeleteMonitoredItemsParameters(
            p.subscription, [1] * (MOST.monitored_items_per_call + 1)
        ),
        "BadTooManyOperations",
    ),
    "delete of no subscription": (
        "DeleteMonitoredItems", lambda _: ua.DeleteMonitoredItemsParameters(MANY, [1]),
        "BadSubscriptionIdInvalid",
    ),
    "no mode": (
        "SetMonitoringMode",
        lambda p: ua.SetMonitoringModeParameters(p.subscription, 3, [p.item]),
        "BadMonitoringModeInvalid",
    ),
    "mode < 0": (
        "SetMonitoringMode",
        lambda p: ua.SetMonitoringModeParameters(p.subscription, -1, [p.item]),
        "BadMonitoringModeInvalid",
    ),
    "mode of nothing": (
        "SetMonitoringMode",
        lambda p: ua.SetMonitoringModeParameters(p.subscription, ua.MonitoringMode.Sampling, []),
        "BadNothingToDo",
    ),
    "mode of too many": (
        "SetMonitoringMode",
        lambda p: ua.SetMonitoringModeParameters(
            p.subscription, ua.MonitoringMode.Sampling, [1] * (MOST.monitored_items_per_call + 1)
        ),
        "BadTooManyOperations",
    ),
    "mode of no subscription": (
        "SetMonitoringMode",
        lambda p: ua.SetMonitoringModeParameters(MANY, ua.MonitoringMode.Sampling, [p.item]),
        "BadSubscriptionIdInvalid",
    ),
    "no link": (
        "SetTriggering", lambda p: ua.SetTriggeringParameters(p.subscription, p.item, [], []),
        "BadNothingToDo",
    ),
    "too many links": (
        "SetTriggering",
        lambda p: ua.SetTriggeringParameters(
            p.subscription, p.item, [1] * MOST.monitored_items_per_call, [1]
        ),
        "BadTooManyOperations",
    ),
    "links of no item": (
        "SetTriggering", lambda p: ua.SetTriggeringParameters(p.subscription, MANY, [1], []),
        "BadMonitoredItemIdInvalid",
    ),
    "links of no subscription": (
        "SetTriggering", lambda p: ua.SetTriggeringParameters(MANY, p.item, [1], []),
        "BadSubscriptionIdInvalid",
    ),
    # ── subscriptions ─────────────────────────────────────────────────────────────────────────────
    "modify no subscription": (
        "ModifySubscription", lambda _: ua.ModifySubscriptionParameters(MANY, 100.0, 30, 10, 0, 0),
        "BadSubscriptionIdInvalid",
    ),
    "publishing of nothing": (
        "SetPublishingMode", lambda _: ua.SetPublishingModeParameters(True, []), "BadNothingToDo",
    ),
    "publishing of too many": (
        "SetPublishingMode",
        lambda _: ua.SetPublishingModeParameters(True, [1] * (MOST.monitored_items_per_call + 1)),
        "BadTooManyOperations",
    ),
    "republish of no subscription": (
        "Republish", lambda _: ua.RepublishParameters(MANY, 1), "BadSubscriptionIdInvalid",
    ),
    "republish of no message": (
        "Republish", lambda p: ua.RepublishParameters(p.subscription, MANY),
        "BadMessageNotAvailable",
    ),
    "transfer of nothing": (
        "TransferSubscriptions", lambda _: ua.TransferSubscriptionsParameters([], False),
        "BadNothingToDo",
    ),
    "transfer of too many": (
        "TransferSubscriptions",
        lambda _: ua.TransferSubscriptionsParameters(
            [1] * (MOST.monitored_items_per_call + 1), False
        ),
        "BadTooManyOperations",
    ),
    "no subscription to delete": (
        "DeleteSubscriptions", lambda _: ua.DeleteSubscriptionsParameters([]), "BadNothingToDo",
    ),
    "too many acknowledgements": (
        "Publish",
        lambda _: ua.PublishParameters([ua.SubscriptionAcknowledgement(1, 1)] * 20_000),
        "BadTooManyOperations",
    ),
    # ── what is not offered ───────────────────────────────────────────────────────────────────────
    **{
        name: (name, lambda _, n=name: getattr(ua, f"{n}Parameters")(), "BadServiceUnsupported")
        for name in (
            "AddNodes", "AddReferences", "DeleteNodes", "DeleteReferences", "FindServersOnNetwork",
            "QueryFirst", "QueryNext", "RegisterServer2",
        )
    },
}  # fmt: skip


@pytest.mark.parametrize("case", FAULTS)
async def test_a_request_is_refused_as_a_whole(place, ask, case: str) -> None:
    service, make, code = FAULTS[case]
    parameters = make(place)
    with pytest.raises(UaStatusCodeError) as refused:
        await ask(service, parameters)
    assert ua.StatusCode(refused.value.code).name == code


RESULTS: dict[str, tuple[str, Make, list[str]]] = {
    "read": (
        "Read",
        lambda p: read(
            item(NOWHERE), item(attribute=0), item(attribute=28), item(attribute=MANY),
            item(SERVER), item(p.point, ATTRIBUTES.EventNotifier),
            item(NOWHERE, span="x"), item(NOWHERE, ATTRIBUTES.BrowseName, span="0"),
            item(p.point, ATTRIBUTES.EventNotifier, span="0"),
            item(ARRAY, span="x"), item(ARRAY, span="2:1"), item(ARRAY, span="1:1"),
            item(ARRAY, span="-1"), item(ARRAY, span="0:"), item(ARRAY, span=":1"),
            item(ARRAY, span="0:1,"), item(ARRAY, span="1,2,x"), item(ARRAY, span="9" * 5_000),
            item(ARRAY, span="99"), item(ARRAY, span="0,0,0"), item(p.point, span="0"),
            item(SERVER, ATTRIBUTES.BrowseName, span="0"),
            item(SERVER, ATTRIBUTES.BrowseName, span="x"),
            item(ARRAY, span="0:1"), item(ARRAY, span="0,0:3"),
        ),
        [
            "BadNodeIdUnknown", "BadAttributeIdInvalid", "BadAttributeIdInvalid",
            "BadAttributeIdInvalid", "BadAttributeIdInvalid", "BadAttributeIdInvalid",
            "BadNodeIdUnknown", "BadNodeIdUnknown", "BadAttributeIdInvalid",
            *["BadIndexRangeInvalid"] * 9,
            *["BadIndexRangeNoData"] * 4, "BadIndexRangeInvalid", "Good", "Good",
        ],
    ),
    "read encodings": (
        "Read",
        lambda p: read(
            item(STATUS, encoding="Bogus"), item(STATUS, encoding="Default XML"),
            item(STATUS, encoding="Default JSON"), item(STATUS, encoding="Default Binary"),
            item(SERVER, ATTRIBUTES.BrowseName, encoding="Default Binary"),
            item(NOWHERE, encoding="Bogus"), item(p.point, encoding="Bogus"),
        ),
        [
            "BadDataEncodingInvalid", "BadDataEncodingUnsupported", "BadDataEncodingUnsupported",
            "Good", "BadDataEncodingInvalid", "BadNodeIdUnknown", "BadDataEncodingInvalid",
        ],
    ),
    "write": (
        "Write",
        lambda p: ua.WriteParameters([
            ua.WriteValue(node, attribute, span, ua.DataValue(ua.Variant(value)))
            for node, attribute, span, value in (
                (NOWHERE, VALUE, None, 1.0), (SERVER, VALUE, None, 1.0),
                (p.setpoint, 0, None, 1.0), (p.setpoint, 99, None, 1.0),
                (p.setpoint, ATTRIBUTES.DisplayName, None, "x"), (p.point, VALUE, None, 40.0),
                (p.setpoint, VALUE, None, 40), (p.setpoint, VALUE, None, [40.0]),
                (p.setpoint, VALUE, None, None), (p.setpoint, VALUE, "0", 40.0),
                (p.setpoint, VALUE, "x", 40.0), (TIME, VALUE, None, NOW),
                (ARRAY, VALUE, "0:1", ["a", "b"]),
            )
        ]),
        [
            "BadNodeIdUnknown", "BadAttributeIdInvalid", "BadAttributeIdInvalid",
            "BadAttributeIdInvalid", "BadNotWritable", "BadNotWritable", "BadTypeMismatch",
            "BadTypeMismatch", "BadTypeMismatch", "BadWriteNotSupported", "BadIndexRangeInvalid",
            "BadNotWritable", "BadNotWritable",
        ],
    ),
    "browse": (
        "Browse",
        lambda p: browse(
            described(NodeId=NOWHERE), described(BrowseDirection=3),
            described(BrowseDirection=-1), described(ReferenceTypeId=NOWHERE),
            described(ReferenceTypeId=SERVER), described(NodeId=p.point, NodeClassMask=1 << 20),
        ),
        [
            "BadNodeIdUnknown", "BadBrowseDirectionInvalid", "BadBrowseDirectionInvalid",
            "BadReferenceTypeIdInvalid", "BadReferenceTypeIdInvalid", "Good",
        ],
    ),
    "browse on": (
        "BrowseNext", lambda _: ua.BrowseNextParameters(False, [b"", None, b"x" * 16]),
        ["BadContinuationPointInvalid"] * 3,
    ),
    "release": (
        "BrowseNext", lambda _: ua.BrowseNextParameters(True, [b"", b"x"]),
        ["BadContinuationPointInvalid"] * 2,
    ),
    "paths": (
        "TranslateBrowsePathsToNodeIds",
        lambda _: translate(
            path("a", start=NOWHERE), path(), path(None), path("ServerStatus", ""),
            path("", "ServerStatus"), path("ServerStatus", kind=NOWHERE),
            path("ServerStatus", kind=SERVER), path("nothing"), path("ServerStatus"),
        ),
        [
            "BadNodeIdUnknown", "BadNothingToDo", "BadBrowseNameInvalid", "BadBrowseNameInvalid",
            "BadBrowseNameInvalid", "BadNoMatch", "BadNoMatch", "BadNoMatch", "Good",
        ],
    ),
    "calls": (
        "Call",
        lambda p: ua.CallParameters([
            call(NOWHERE, ua.NodeId(IDS.Server_GetMonitoredItems)), call(SERVER, NOWHERE),
            call(SERVER, ua.NodeId()), call(ua.NodeId(), ua.NodeId()), call(SERVER, p.point),
            call(SERVER, ua.NodeId(IDS.Server_GetMonitoredItems)),
            call(SERVER, ua.NodeId(IDS.Server_GetMonitoredItems), ua.Variant("x")),
            call(
                SERVER, ua.NodeId(IDS.Server_GetMonitoredItems),
                ua.Variant(1, ua.VariantType.UInt32), ua.Variant(1, ua.VariantType.UInt32),
            ),
            call(
                SERVER, ua.NodeId(IDS.Server_GetMonitoredItems),
                ua.Variant(MANY, ua.VariantType.UInt32),
            ),
        ]),
        [
            "BadNodeIdUnknown", "BadMethodInvalid", "BadMethodInvalid", "BadNodeIdUnknown",
            "BadMethodInvalid", "BadArgumentsMissing", "BadInvalidArgument",
            "BadTooManyArguments", "BadSubscriptionIdInvalid",
        ],
    ),
    "raw history": (
        "HistoryRead",
        lambda p: history(
            raw(), past(NOWHERE), past(SERVER), past(p.point, span="x"), past(p.point, span="0"),
            past(p.point, encoding="Bogus"), past(p.point, encoding="Default XML"),
            past(p.point, point=b"x" * 16), past(p.point),
        ),
        [
            "BadNodeIdUnknown", "BadHistoryOperationUnsupported", "BadIndexRangeInvalid",
            "BadIndexRangeNoData", "BadDataEncodingInvalid", "BadDataEncodingUnsupported",
            "BadContinuationPointInvalid", "GoodNoData",
        ],
    ),
    "history without details": (
        "HistoryRead", lambda p: history(None, past(p.point)), ["BadHistoryOperationInvalid"],
    ),
    "half a range": (
        "HistoryRead", lambda p: history(raw(EndTime=NEVER, NumValuesPerNode=0), past(p.point)),
        ["BadHistoryOperationInvalid"],
    ),
    "modified history": (
        "HistoryRead", lambda p: history(raw(IsReadModified=True), past(p.point)),
        ["BadHistoryOperationUnsupported"],
    ),
    "release of history": (
        "HistoryRead",
        lambda p: history(raw(), past(p.point), past(p.point, point=b"x"), release=True),
        ["BadContinuationPointInvalid"] * 2,
    ),
    "items": (
        "CreateMonitoredItems",
        lambda p: items(
            p, monitored(item(NOWHERE)), monitored(item(SERVER, VALUE)),
            monitored(item(TIME, 0)), monitored(item(TIME, 99)),
            monitored(item(TIME), mode=3), monitored(item(TIME), mode=-1),
            monitored(item(TIME, span="5:2")), monitored(item(p.point, span="x")),
            monitored(item(p.point, span="0")), monitored(item(p.point, encoding="Bogus")),
            monitored(item(STATUS, encoding="Default XML")),
            monitored(item(TIME, ATTRIBUTES.BrowseName, encoding="Default Binary")),
            monitored(item(TIME, ATTRIBUTES.BrowseName, span="0")),
            monitored(item(TIME), band(1.0)), monitored(item(p.point), band(NAN)),
            monitored(item(p.point), band(-1.0)), monitored(item(p.point), band(INFINITY)),
            monitored(item(p.point), band(101.0, 2)), monitored(item(p.point), band(1.0, 3)),
            monitored(item(p.point), band(1.0, MANY)),
            monitored(item(p.point), ua.EventFilter()),
            monitored(item(SERVER, ATTRIBUTES.EventNotifier)),
            monitored(item(SERVER, ATTRIBUTES.EventNotifier), band(1.0)),
            monitored(item(SERVER, ATTRIBUTES.EventNotifier), ua.EventFilter()),
            monitored(item(p.point), ua.Argument()),
            monitored(item(p.point), ua.ExtensionObject(ua.NodeId(99_999, 0), b"what?")),
            *[monitored(item(p.point), sampling=s) for s in (NAN, -1.0, -7.0, INFINITY, 1e308)],
            monitored(item(p.point), size=0xFFFF_FFFF),
            monitored(item(TIME), size=0xFFFF_FFFF),
        ),
        [
            "BadNodeIdUnknown", "BadAttributeIdInvalid", "BadAttributeIdInvalid",
            "BadAttributeIdInvalid", "BadMonitoringModeInvalid", "BadMonitoringModeInvalid",
            "BadIndexRangeInvalid", "BadIndexRangeInvalid", "BadIndexRangeNoData",
            "BadDataEncodingInvalid", "BadDataEncodingUnsupported", "BadDataEncodingInvalid",
            "Good", "BadFilterNotAllowed", *["BadDeadbandFilterInvalid"] * 6,
            "BadFilterNotAllowed", "BadEventFilterInvalid", "BadFilterNotAllowed",
            "BadEventFilterInvalid", *["BadMonitoredItemFilterUnsupported"] * 2, *["Good"] * 7,
        ],
    ),
    "triggers": (
        "CreateMonitoredItems",
        lambda p: items(
            p, monitored(item(p.point), band(1.0, 0, 3)),
            monitored(item(p.point), band(1.0, 0, -1)),
            monitored(item(p.point)),
        ),
        ["BadMonitoredItemFilterInvalid", "BadMonitoredItemFilterInvalid", "Good"],
    ),
    "changes": (
        "ModifyMonitoredItems", lambda p: change(p, MANY), ["BadMonitoredItemIdInvalid"],
    ),
    "a change's filter": (
        "ModifyMonitoredItems", lambda p: change(p, p.item, band(NAN)), ["BadFilterNotAllowed"],
    ),
    "items to delete": (
        "DeleteMonitoredItems",
        lambda p: ua.DeleteMonitoredItemsParameters(p.subscription, [0, MANY]),
        ["BadMonitoredItemIdInvalid"] * 2,
    ),
    "modes": (
        "SetMonitoringMode",
        lambda p: ua.SetMonitoringModeParameters(
            p.subscription, ua.MonitoringMode.Reporting, [p.item, MANY]
        ),
        ["Good", "BadMonitoredItemIdInvalid"],
    ),
    "publishing": (
        "SetPublishingMode", lambda p: ua.SetPublishingModeParameters(True, [p.subscription, 0]),
        ["Good", "BadSubscriptionIdInvalid"],
    ),
    "transfer": (
        "TransferSubscriptions", lambda _: ua.TransferSubscriptionsParameters([0, MANY], True),
        ["BadSubscriptionIdInvalid"] * 2,
    ),
    "subscriptions to delete": (
        "DeleteSubscriptions", lambda _: ua.DeleteSubscriptionsParameters([0, MANY]),
        ["BadSubscriptionIdInvalid"] * 2,
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", RESULTS)
async def test_each_operation_has_its_own_result(place, ask, case: str) -> None:
    service, make, codes = RESULTS[case]
    answer = await ask(service, make(place))
    results = getattr(answer, "Results", None) or answer.Parameters.Results
    assert [getattr(r, "StatusCode", r).name for r in results] == codes


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def session(shared_rig, connect) -> AsyncIterator[tuple[Raw, Place]]:
    async with connect(shared_rig, "olga") as client:
        asked = Raw(client)
        subscription = (await asked.subscribe(3_600_000.0)).SubscriptionId
        (made,) = await asked.monitor(subscription, [TIME])
        place = Place(await site_index(client), subscription, made.MonitoredItemId)
        yield asked, place


@pytest.fixture
def place(session) -> Place:
    return session[1]


@pytest.fixture
def ask(session, rig) -> Callable[..., Any]:
    """Send a request; afterwards the session is as it was."""
    rig.feed("hp1.supply_temperature", 40.0)

    async def send(service: str, parameters: Any) -> Any:
        try:
            return await session[0].ask(service, parameters)
        finally:
            assert await session[0].client.nodes.server_state.read_value() == ua.ServerState.Running

    return send


IN_A_SESSION = sorted(
    {service for service, _, code in FAULTS.values() if "Unsupported" not in code}
)


async def code_of(protocol: Any, name: str) -> str:
    try:
        await protocol.send_request(getattr(ua, f"{name}Request")())
    except UaStatusCodeError as error:
        return ua.StatusCode(error.code).name
    return "Good"


async def test_a_service_needs_a_session_that_is_activated(rig) -> None:
    client = patient_client(rig.url)
    await client.connect_socket()
    try:
        await client.send_hello()
        await client.open_secure_channel()
        protocol = client.uaclient.protocol
        for name in IN_A_SESSION:
            assert await code_of(protocol, name) == "BadSessionIdInvalid", name
        await client.create_session()
        for name in IN_A_SESSION:
            assert await code_of(protocol, name) == "BadSessionNotActivated", name
    finally:
        client.disconnect_socket()


async def test_what_is_no_service_is_not_supported(rig, connect) -> None:
    async with connect(rig) as client:
        request = ua.CancelRequest()
        for kind in (ua.NodeId(), SERVER, ua.NodeId("x", 3), ua.NodeId(IDS.ReadResponse)):
            request.TypeId = kind
            with pytest.raises(ua.uaerrors.BadServiceUnsupported):
                await client.uaclient.protocol.send_request(request)
