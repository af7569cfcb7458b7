"""Read and write attributes with the rights of a session (OPC 10000-4, 5.11)."""

from __future__ import annotations

import dataclasses
import datetime as dt
import math
from dataclasses import dataclass
from typing import Protocol, cast

from asyncua import ua
from asyncua.common.utils import ServiceError
from asyncua.server.address_space import AddressSpace

from heatpump_twin.config.catalogue import Point, PointTable
from heatpump_twin.drivers.clock import Clock
from heatpump_twin.server.security.users import UserRole
from heatpump_twin.server.services.method_table import Caller, MethodTable
from heatpump_twin.server.space.data_encoding import encoding_problem
from heatpump_twin.server.space.index_range import Spans, parsed, part_of
from heatpump_twin.server.space.point_values import VARIANT_TYPES, ShownPoint, to_datetime
from heatpump_twin.server.space.ua_values import status_code
from heatpump_twin.twin_engine.commands.commands import CommandHandler
from heatpump_twin.twin_engine.commands.refused_write import RefusedWrite

UNKNOWN = (ua.StatusCodes.BadNodeIdUnknown, ua.StatusCodes.BadAttributeIdInvalid)
WRITERS = UserRole.OPERATOR
"""The least role that may write a setpoint."""
CORRECTORS = UserRole.ENGINEER
"""The role that is needed to change what is recorded."""


class _Executables(Protocol):
    def executable(self, node: ua.NodeId, caller: Caller | None) -> bool: ...


@dataclass(frozen=True, slots=True)
class Written:
    """The result of writing one value: its status and a text for DiagnosticInfo."""

    status: int
    words: str = ""


class AttributeService:
    """The attribute service: Read and Write for sessions."""

    def __init__(
        self,
        aspace: AddressSpace,
        methods: MethodTable,
        table: PointTable,
        commands: CommandHandler,
        clock: Clock,
    ) -> None:
        self._clock = clock
        self._aspace = aspace
        self._methods: _Executables = methods
        self._table = table
        self._commands = commands

    def read(self, caller: Caller, params: ua.ReadParameters) -> list[ua.DataValue]:
        """Read attributes; return a data value for each, in the order of the request."""
        # Values are always the latest, so that MaxAge is met whatever it is; but it has to be one.
        if not math.isfinite(params.MaxAge) or params.MaxAge < 0:
            raise ServiceError(ua.StatusCodes.BadMaxAgeInvalid)
        wanted = checked_timestamps(params.TimestampsToReturn)
        # The server has looked just now, at whatever attribute it is (7.11).
        now = to_datetime(self._clock.now())
        return [with_timestamps(self._read(caller, n), wanted, now) for n in params.NodesToRead]

    def shown_point(self, item: ua.ReadValueId) -> int | None:
        """Return the index of the point whose whole value a client asks for; None: it is none."""
        if item.AttributeId != ua.AttributeIds.Value or item.IndexRange:
            return None
        node = self._aspace.get(item.NodeId)
        if node is None or encoding_problem(item.DataEncoding):
            return None
        level = self._aspace.read_attribute_value(item.NodeId, ua.AttributeIds.AccessLevel).Value
        content = node.attributes.get(ua.AttributeIds.Value)
        shown = content.value_callback if content is not None else None
        readable = level is not None and level.Value & ua.AccessLevel.CurrentRead.mask
        return shown.index if readable and isinstance(shown, ShownPoint) else None

    def _read(self, caller: Caller, item: ua.ReadValueId) -> ua.DataValue:
        value = self._whole(caller, item.NodeId, item.AttributeId)
        code = encoding_problem(item.DataEncoding, item.AttributeId)
        if not (item.IndexRange or code) or _status_of(value) in UNKNOWN:
            return value
        span = parsed(item.IndexRange) if item.IndexRange else None
        if item.IndexRange and span is None:
            return _status(ua.StatusCodes.BadIndexRangeInvalid)
        if code:
            return _status(code)
        if item.AttributeId != ua.AttributeIds.Value:
            # Only a Value may have parts; asyncua ignores the range and returns the whole.
            return _status(ua.StatusCodes.BadIndexRangeNoData)
        if span is None or (value.StatusCode is not None and value.StatusCode.is_bad()):
            return value
        return within(value, span)

    def _whole(self, caller: Caller, node: ua.NodeId, attribute: ua.AttributeIds) -> ua.DataValue:
        if attribute != ua.AttributeIds.Value:
            if attribute in (ua.AttributeIds.Executable, ua.AttributeIds.UserExecutable):
                return self._executable(caller, node, attribute)
            if attribute == ua.AttributeIds.UserAccessLevel:
                return self._user_access_level(caller, node)
            return self._attribute(node, attribute)
        # asyncua does not look at CurrentRead when a client reads.
        level = self._aspace.read_attribute_value(node, ua.AttributeIds.AccessLevel).Value
        bits = None if level is None else level.Value
        if bits is not None and not bits & ua.AccessLevel.CurrentRead.mask:
            return _status(ua.StatusCodes.BadNotReadable)
        return self._aspace.read_attribute_value(node, attribute)

    def _attribute(self, node: ua.NodeId, attribute: ua.AttributeIds) -> ua.DataValue:
        stored = self._aspace.read_attribute_value(node, attribute)
        if attribute != ua.AttributeIds.DataTypeDefinition or (
            stored.StatusCode is not None and stored.StatusCode.is_bad()
        ):
            return stored
        # asyncua has the attribute at every data type; a type without a definition has none.
        empty = stored.Value is None or stored.Value.Value is None
        return _status(ua.StatusCodes.BadAttributeIdInvalid) if empty else stored

    def _executable(
        self, caller: Caller, node: ua.NodeId, attribute: ua.AttributeIds
    ) -> ua.DataValue:
        stored = self._aspace.read_attribute_value(node, attribute)
        if stored.StatusCode is None or stored.StatusCode.is_bad():
            return stored
        # Executable is the same for everybody, UserExecutable depends on the role (OPC 10000-3,
        # 5.7).
        who = caller if attribute == ua.AttributeIds.UserExecutable else None
        may = self._methods.executable(node, who)
        return ua.DataValue(ua.Variant(may, ua.VariantType.Boolean))

    def _user_access_level(self, caller: Caller, node: ua.NodeId) -> ua.DataValue:
        """Return the UserAccessLevel: what the roles of the caller add to what all may.

        A setpoint is writable for those who may call its method, history for those who may correct
        it.
        """
        stored = self._aspace.read_attribute_value(node, ua.AttributeIds.UserAccessLevel)
        level = self._aspace.read_attribute_value(node, ua.AttributeIds.AccessLevel)
        if not stored.Value or not level.Value:
            return stored
        granted = ua.AccessLevel.CurrentWrite.mask if caller.may(WRITERS) else 0
        granted |= ua.AccessLevel.HistoryWrite.mask if caller.may(CORRECTORS) else 0
        bits = stored.Value.Value | (level.Value.Value & granted)
        return ua.DataValue(ua.Variant(bits, ua.VariantType.Byte))

    async def write(self, caller: Caller, params: ua.WriteParameters) -> list[Written]:
        """Write values of setpoints one after the other, as their methods do."""
        # In turn, not side by side: two values for one setpoint must arrive in their order.
        return [await self._write(caller, item) for item in params.NodesToWrite]

    async def _write(self, caller: Caller, item: ua.WriteValue) -> Written:
        stored = self._aspace.read_attribute_value(item.NodeId, item.AttributeId)
        if (status := _status_of(stored)) in UNKNOWN:
            return Written(status)
        point = self._table.by_key.get(str(item.NodeId.Identifier))
        if point is None or item.AttributeId != ua.AttributeIds.Value:
            return Written(int(ua.StatusCodes.BadNotWritable))
        number = _number(item)
        # A refused write is recorded as well: who tried what is part of the audit.
        refusal = _refusal(caller, point, item)
        if refusal is not None:
            who = (caller.user_name, caller.origin)
            refused = RefusedWrite(point.key, number, *who, refusal.status, refusal.words)
            await self._commands.refuse(refused)
            return refusal
        done = await self._commands.write(
            point.key, number, user=caller.user_name, origin=caller.origin
        )
        return Written(done.status, done.message)


def _refusal(caller: Caller, point: Point, item: ua.WriteValue) -> Written | None:
    """Return why rights or type refuse a write; None: they don't (OPC 10000-4, 5.11.4)."""
    title, value = point.spec.title, item.Value
    if point.limits is None:
        return Written(int(ua.StatusCodes.BadNotWritable), f"{title} cannot be written.")
    # Rights before values: who may not write learns nothing about what would be taken.
    if not caller.may(WRITERS):
        words = f"{caller.user_name} may not write {title}: it takes the role {WRITERS}."
        return Written(int(ua.StatusCodes.BadUserAccessDenied), words)
    extra = (
        value.SourceTimestamp, value.ServerTimestamp,
        value.SourcePicoseconds, value.ServerPicoseconds,
    )  # fmt: skip
    # Time and quality of a setpoint are the device's answer; a client cannot claim them. Ignoring
    # them with Good would say otherwise.
    if item.IndexRange and parsed(item.IndexRange) is None:
        return Written(int(ua.StatusCodes.BadIndexRangeInvalid), f"{title} has no such part.")
    good = value.StatusCode is None or value.StatusCode.value == ua.StatusCodes.Good
    if item.IndexRange or not good or any(part is not None for part in extra):
        words = f"{title} takes a value alone, without status, time or index range."
        return Written(int(ua.StatusCodes.BadWriteNotSupported), words)
    expected = VARIANT_TYPES[point.spec.kind]
    variant = value.Value
    # No conversion: an Int32 for a Double is a mistake of the client that it should see.
    if variant is None or variant.VariantType != expected or variant.is_array:
        words = f"{title} takes a single {expected.name}."
        return Written(int(ua.StatusCodes.BadTypeMismatch), words)
    return None


def _number(item: ua.WriteValue) -> float:
    value = item.Value.Value.Value if item.Value.Value else None
    return float(value) if isinstance(value, int | float) else math.nan


def checked_timestamps(wanted: ua.TimestampsToReturn) -> ua.TimestampsToReturn:
    """Return TimestampsToReturn; refuse what is not one of its four values (OPC 10000-4, 7.39)."""
    if wanted not in (
        ua.TimestampsToReturn.Source,
        ua.TimestampsToReturn.Server,
        ua.TimestampsToReturn.Both,
        ua.TimestampsToReturn.Neither,
    ):
        raise ServiceError(ua.StatusCodes.BadTimestampsToReturnInvalid)
    return wanted


def with_timestamps(
    value: ua.DataValue, wanted: ua.TimestampsToReturn, now: dt.datetime
) -> ua.DataValue:
    """Return a data value with those timestamps only that the client asked for."""
    stamps = ua.TimestampsToReturn
    source = value.SourceTimestamp if wanted in (stamps.Source, stamps.Both) else None
    server = cast("ua.DateTime", now) if wanted in (stamps.Server, stamps.Both) else None
    # A copy: the stored value is everybody's.
    return dataclasses.replace(value, SourceTimestamp=source, ServerTimestamp=server)


def within(value: ua.DataValue, spans: Spans) -> ua.DataValue:
    """Return an index range of an array or a text."""
    part = part_of(value.Value, spans)
    if part is None:
        return _status(ua.StatusCodes.BadIndexRangeNoData)
    return dataclasses.replace(value, Value=part)


def _status_of(value: ua.DataValue) -> int:
    return 0 if value.StatusCode is None else int(value.StatusCode.value)


def _status(code: int) -> ua.DataValue:
    return ua.DataValue(StatusCode=status_code(code))
