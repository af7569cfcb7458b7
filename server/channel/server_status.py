"""ServerStatus, ServerCapabilities and OperationLimits of the Server object (OPC 10000-5, 6.3)."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Sequence
from importlib.metadata import version

from asyncua import ua
from asyncua.server.internal_server import InternalServer

from heatpump_twin.drivers.clock import Clock, real_period
from heatpump_twin.server import limits
from heatpump_twin.server.space.node_builder import NOTIFIER
from heatpump_twin.server.space.point_values import to_datetime
from heatpump_twin.server.space.ua_values import standard, timed_value

IDS = ua.ObjectIds
LIMITS = limits.OperationLimits()
_CAPABILITIES = "Server_ServerCapabilities_"
_LIMITS = f"{_CAPABILITIES}OperationLimits_"
_HISTORY = "HistoryServerCapabilities_"
UINT32, UINT16, DOUBLE, BOOLEAN = (
    ua.VariantType.UInt32, ua.VariantType.UInt16, ua.VariantType.Double, ua.VariantType.Boolean,
)  # fmt: skip

_PROFILES = "http://opcfoundation.org/UA-Profile/"
PROFILES = tuple(
    _PROFILES + name
    for name in (
        "Server/Core2017Facet",
        "Server/MicroEmbeddedDevice2017",
        "Server/DataAccess",
        "Server/Methods",
        "Server/StandardDataChangeSubscription2017",
        "Server/EnhancedDataChangeSubscription2017",
        "Server/StandardEventSubscription",
        "Server/AddressSpaceNotifier",
        "Server/AggregateSubscription",
        "Server/HistoricalRawData",
        "Server/HistoricalDataAtTime",
        "Server/AggregateHistorical",
        "Server/BaseHistoricalEvent",
        "Transport/uatcp-uasc-uabinary",
    )
)
"""Profiles and facets of OPC 10000-7 that are met. Not the Standard profile: it asks for
certificates as user tokens; nor those of alarms, whose shelving and branches are missing."""

CAPABILITIES = (
    (f"{_LIMITS}MaxNodesPerRead", LIMITS.nodes_per_read, UINT32),
    (f"{_LIMITS}MaxNodesPerWrite", LIMITS.nodes_per_write, UINT32),
    (f"{_LIMITS}MaxNodesPerMethodCall", LIMITS.nodes_per_method_call, UINT32),
    (f"{_LIMITS}MaxNodesPerBrowse", LIMITS.nodes_per_browse, UINT32),
    (f"{_LIMITS}MaxNodesPerRegisterNodes", LIMITS.nodes_per_register, UINT32),
    (f"{_LIMITS}MaxNodesPerTranslateBrowsePathsToNodeIds", LIMITS.nodes_per_translate, UINT32),
    (f"{_LIMITS}MaxNodesPerHistoryReadData", LIMITS.nodes_per_history_read, UINT32),
    (f"{_LIMITS}MaxNodesPerHistoryReadEvents", LIMITS.nodes_per_history_read, UINT32),
    (f"{_LIMITS}MaxMonitoredItemsPerCall", LIMITS.monitored_items_per_call, UINT32),
    (f"{_LIMITS}MaxNodesPerHistoryUpdateData", LIMITS.nodes_per_history_update, UINT32),
    (f"{_LIMITS}MaxNodesPerHistoryUpdateEvents", LIMITS.nodes_per_history_update, UINT32),
    # Nothing of this kind is offered; 0 would mean "no limit" (OPC 10000-5, 6.3.11).
    (f"{_LIMITS}MaxNodesPerNodeManagement", 1, UINT32),
    (f"{_CAPABILITIES}MinSupportedSampleRate", limits.MIN_PUBLISHING_INTERVAL, DOUBLE),
    (
        f"{_CAPABILITIES}MaxBrowseContinuationPoints",
        limits.MAX_BROWSE_CONTINUATION_POINTS,
        UINT16,
    ),
    (f"{_CAPABILITIES}MaxQueryContinuationPoints", 0, UINT16),
    (
        f"{_CAPABILITIES}MaxHistoryContinuationPoints",
        limits.MAX_HISTORY_CONTINUATION_POINTS,
        UINT16,
    ),
    # As many numbers of eight bytes as one message holds.
    (f"{_CAPABILITIES}MaxArrayLength", limits.MAX_MESSAGE // 8, UINT32),
    (f"{_CAPABILITIES}MaxStringLength", limits.MAX_MESSAGE, UINT32),
    (f"{_CAPABILITIES}MaxByteStringLength", limits.MAX_MESSAGE, UINT32),
    (f"{_HISTORY}AccessHistoryDataCapability", True, BOOLEAN),
    (f"{_HISTORY}AccessHistoryEventsCapability", True, BOOLEAN),
    (f"{_HISTORY}MaxReturnDataValues", limits.MAX_HISTORY_VALUES, UINT32),
    (f"{_HISTORY}MaxReturnEventValues", limits.MAX_HISTORY_EVENTS, UINT32),
    (f"{_HISTORY}InsertDataCapability", True, BOOLEAN),
    (f"{_HISTORY}ReplaceDataCapability", True, BOOLEAN),
    (f"{_HISTORY}UpdateDataCapability", True, BOOLEAN),
    (f"{_HISTORY}DeleteRawCapability", True, BOOLEAN),
    (f"{_HISTORY}DeleteAtTimeCapability", True, BOOLEAN),
    (f"{_HISTORY}InsertEventCapability", True, BOOLEAN),
    (f"{_HISTORY}ReplaceEventCapability", True, BOOLEAN),
    (f"{_HISTORY}UpdateEventCapability", True, BOOLEAN),
    (f"{_HISTORY}DeleteEventCapability", True, BOOLEAN),
    (f"{_HISTORY}InsertAnnotationCapability", False, BOOLEAN),
    (f"{_HISTORY}ServerTimestampSupported", True, BOOLEAN),
)


class ServerStatus:
    """The writer of ServerStatus and ServerCapabilities.

    CurrentTime is the site's, by its ``clock``; what the server stamps is real, by ``wall``.
    """

    def __init__(self, iserver: InternalServer, clock: Clock, wall: Clock) -> None:
        self._iserver = iserver
        self._clock = clock
        self._wall = wall
        self._started = clock.now()
        self._build = ua.BuildInfo()
        self._state = ua.ServerState.Running

    async def start(self, product_uri: str, manufacturer: str, product: str) -> None:
        """Write the capabilities, the build information and the first ServerStatus."""
        self._build = ua.BuildInfo(
            product_uri,
            manufacturer,
            product,
            version("heatpump-twin"),
            "0",
            # No date is stamped into a wheel: the unspecified time says so (OPC 10000-6, 5.2.2.5).
            dt.datetime(1601, 1, 1, tzinfo=dt.UTC),
        )
        for name, value, kind in CAPABILITIES:
            await self._write(name, ua.Variant(value, kind))
        await self._iserver.write_attribute_value(
            standard(IDS.Server),
            ua.DataValue(ua.Variant(NOTIFIER, ua.VariantType.Byte)),
            ua.AttributeIds.EventNotifier,
        )
        prefix = "Server_ServerStatus_"
        string = ua.VariantType.String
        constants: tuple[tuple[str, object, ua.VariantType], ...] = (
            ("StartTime", to_datetime(self._started), ua.VariantType.DateTime),
            ("BuildInfo", self._build, ua.VariantType.ExtensionObject),
            ("BuildInfo_ProductUri", self._build.ProductUri, string),
            ("BuildInfo_ManufacturerName", self._build.ManufacturerName, string),
            ("BuildInfo_ProductName", self._build.ProductName, string),
            ("BuildInfo_SoftwareVersion", self._build.SoftwareVersion, string),
            ("BuildInfo_BuildNumber", self._build.BuildNumber, string),
            ("BuildInfo_BuildDate", self._build.BuildDate, ua.VariantType.DateTime),
            ("SecondsTillShutdown", 0, UINT32),
            ("ShutdownReason", ua.LocalizedText(""), ua.VariantType.LocalizedText),
        )
        for name, constant, kind in constants:
            await self._write(prefix + name, ua.Variant(constant, kind))
        await self._tick()

    async def describe(self, sessions: int, locales: Sequence[str]) -> None:
        """Write the capabilities that depend on the site: locales and session limits."""
        for name, value in (
            ("LocaleIdArray", list(locales)),
            ("ServerProfileArray", list(PROFILES)),
        ):
            await self._write(
                f"{_CAPABILITIES}{name}", ua.Variant(value, ua.VariantType.String, is_array=True)
            )
        for name, number in (
            ("MaxSessions", sessions),
            ("MaxSubscriptionsPerSession", limits.MAX_SUBSCRIPTIONS_PER_SESSION),
            ("MaxMonitoredItemsPerSubscription", limits.MAX_MONITORED_ITEMS_PER_SUBSCRIPTION),
            ("MaxMonitoredItemsQueueSize", limits.MAX_QUEUE),
        ):
            await self._write(f"{_CAPABILITIES}{name}", ua.Variant(number, UINT32))
        # No diagnostics are counted: said here, rather than shown as zeros.
        await self._write("Server_ServerDiagnostics_EnabledFlag", ua.Variant(False, BOOLEAN))

    async def run(self) -> None:
        """Write CurrentTime every second of the clock: by it clients see that the server lives."""
        period = real_period(1.0, self._clock.speed)
        while True:
            await asyncio.sleep(period)
            await self._tick()

    async def shut_down(self) -> None:
        """Write the state Shutdown to ServerStatus."""
        self._state = ua.ServerState.Shutdown
        await self._tick()

    async def _tick(self) -> None:
        now = to_datetime(self._clock.now())
        status = ua.ServerStatusDataType(
            to_datetime(self._started), now, self._state, self._build, 0, ua.LocalizedText("")
        )
        prefix = "Server_ServerStatus"
        await self._write(f"{prefix}_CurrentTime", ua.Variant(now, ua.VariantType.DateTime))
        await self._write(f"{prefix}_State", ua.Variant(self._state, ua.VariantType.Int32))
        await self._write(prefix, ua.Variant(status, ua.VariantType.ExtensionObject))

    async def _write(self, name: str, value: ua.Variant) -> None:
        now, stamp = to_datetime(self._clock.now()), to_datetime(self._wall.now())
        await self._iserver.write_attribute_value(
            standard(getattr(IDS, name)),
            timed_value(value, ua.StatusCode(), now, stamp),
        )
