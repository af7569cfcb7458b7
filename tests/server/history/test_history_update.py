"""HistoryUpdate and what was modified, as OPC 10000-11, 6.5.3.3 and 6.9 describe them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np
import pytest
import pytest_asyncio
from asyncua import Client, ua
from event_history import event_filter
from history_update import codes, update

from heatpump_twin.drivers.frame import Frame
from heatpump_twin.drivers.status import BAD_NO_COMMUNICATION
from heatpump_twin.server.history.update import point_correction
from heatpump_twin.server.space.point_values import to_datetime

pytestmark = pytest.mark.asyncio(loop_scope="module")
CODES, IDS = ua.StatusCodes, ua.ObjectIds
INSERT, REPLACE, UPDATE, REMOVE = ua.PerformUpdateType
INSERTED, REPLACED = CODES.GoodEntryInserted, CODES.GoodEntryReplaced
EXISTS, NONE = CODES.BadEntryExists, CODES.BadNoEntryExists
S = 1_000_000
KEYS = iter(
    f"hp1.{name}_temperature"
    for name in ("supply", "return", "outdoor", "dhw", "room", "source_inlet", "source_outlet")
)
"""Each test has a point of its own, as what was modified stays so."""


class Point:
    """A point of a rig with ten samples in its history, 0 to 9, and a client."""

    def __init__(self, rig, client: Client, node: ua.NodeId) -> None:
        self.rig, self.client, self.node = rig, client, node

    def at(self, second: float) -> datetime:
        return to_datetime(self.rig.t0 + round(second * S))

    def value(self, second: float, value: object, status: int = 0, kind=ua.VariantType.Double):
        variant = ua.Variant() if value is None else ua.Variant(value, kind)
        return ua.DataValue(variant, ua.StatusCode(ua.UInt32(status)), self.at(second))

    def written(self, change: ua.PerformUpdateType, *values: ua.DataValue) -> object:
        details = ua.UpdateDataDetails()
        details.NodeId, details.PerformInsertReplace = self.node, change
        details.UpdateValues = list(values)
        return details

    def deletion(self, start: float, end: float, *, modified: bool = False) -> object:
        details = ua.DeleteRawModifiedDetails()
        details.NodeId, details.IsDeleteModified = self.node, modified
        details.StartTime, details.EndTime = self.at(start), self.at(end)
        return details

    def deletion_at(self, *seconds: float) -> object:
        details = ua.DeleteAtTimeDetails()
        details.NodeId, details.ReqTimes = self.node, [self.at(second) for second in seconds]
        return details

    async def change(self, details: object) -> list[int]:
        (result,) = await update(self.client, details)
        assert result.StatusCode.is_good(), result
        return codes(result)

    async def read(
        self, start: float | None = -99, end: float | None = 99, count: int = 0, *,
        modified: bool = False, bounds: bool = False, point: bytes | None = None,
    ) -> ua.HistoryReadResult:  # fmt: skip
        details = ua.ReadRawModifiedDetails()
        details.IsReadModified, details.ReturnBounds = modified, bounds
        nothing = datetime(1601, 1, 1, tzinfo=UTC)
        details.StartTime = nothing if start is None else self.at(start)
        details.EndTime = nothing if end is None else self.at(end)
        details.NumValuesPerNode = count
        node = ua.HistoryReadValueId()
        node.NodeId, node.ContinuationPoint = self.node, point
        request = ua.HistoryReadParameters()
        request.HistoryReadDetails, request.NodesToRead = details, [node]
        request.TimestampsToReturn = ua.TimestampsToReturn.Both
        request.ReleaseContinuationPoints = False
        (answer,) = await self.client.uaclient.history_read(request)
        return answer

    async def raw(self) -> dict[float, object]:
        answer = await self.read()
        return dict(zip(self.seconds(answer), values(answer), strict=True))

    def seconds(self, answer: ua.HistoryReadResult) -> list[float]:
        zero = self.at(0)
        return [(v.SourceTimestamp - zero).total_seconds() for v in answer.HistoryData.DataValues]


def values(answer: ua.HistoryReadResult) -> list[object]:
    return [None if v.Value is None else v.Value.Value for v in answer.HistoryData.DataValues]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def recorder(start_rig):
    async with start_rig(recording=True) as rig:
        yield rig


@pytest_asyncio.fixture(loop_scope="module")
async def point(recorder, connect):
    key = next(KEYS)
    index = recorder.table.by_key[key].index
    for second in range(10):
        recorder.historian.append(Frame.of(index, float(second), 0, recorder.t0 + second * S))
    async with connect(recorder, "erik") as client:
        yield Point(recorder, client, (await recorder.node(client, key)).nodeid)


async def test_insert_replace_and_update(point: Point) -> None:
    two = [point.value(1, 91.0), point.value(1.5, 92.0)]
    assert await point.change(point.written(INSERT, *two)) == [EXISTS, INSERTED]
    assert await point.change(point.written(REPLACE, *two)) == [REPLACED, REPLACED]
    assert await point.change(point.written(REPLACE, point.value(2.5, 7.0))) == [NONE]
    two = [point.value(3, 93.0), point.value(3.5, 94.0)]
    # In any order, and of two values of one time the second meets the first.
    twice = [*reversed(two), point.value(3.5, 95.0)]
    assert await point.change(point.written(UPDATE, *twice)) == [INSERTED, REPLACED, REPLACED]
    expected = {float(second): float(second) for second in range(10)}
    expected |= {1.0: 91.0, 1.5: 92.0, 3.0: 93.0, 3.5: 95.0}
    assert await point.raw() == dict(sorted(expected.items()))

    answer = await point.read(modified=True)
    found = answer.HistoryData
    assert isinstance(found, ua.HistoryModifiedData)
    kind = ua.HistoryUpdateType
    assert list(
        zip(
            point.seconds(answer), values(answer),
            [info.UpdateType for info in found.ModificationInfos], strict=True,
        )
    ) == [
        (1.0, 1.0, kind.Replace),
        (1.5, 92.0, kind.Replace),  # the newest correction of a time first
        (1.5, 92.0, kind.Insert),
        (3.0, 3.0, kind.Update),
        (3.5, 94.0, kind.Update),
        (3.5, 94.0, kind.Insert),
    ]  # fmt: skip
    now = datetime.now(UTC)
    for info in found.ModificationInfos:
        assert info.UserName == "erik"
        assert abs((info.ModificationTime - now).total_seconds()) < 3600
    # A raw value with more to tell about says so.
    answer = await point.read()
    stamped = zip(point.seconds(answer), answer.HistoryData.DataValues, strict=True)
    marked = {second for second, value in stamped if value.StatusCode.value & 0x0408 == 0x0408}
    assert marked == {1.0, 1.5, 3.0, 3.5}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda p: p.value(1.5, 1, kind=ua.VariantType.Int32), CODES.BadTypeMismatch),
        (lambda p: p.value(1.5, [1.0]), CODES.BadTypeMismatch),
        (lambda p: p.value(1.5, None), CODES.BadTypeMismatch),
        (lambda p: p.value(1.5, math.nan), CODES.BadOutOfRange),
        (lambda p: p.value(3e9, 1.0), CODES.BadOutOfRange),
        (lambda p: p.value(-3e9, 1.0), CODES.BadOutOfRange),
        (
            lambda p: ua.DataValue(ua.Variant(1.0, ua.VariantType.Double)),
            CODES.BadInvalidTimestamp,
        ),
    ],
)
async def test_what_cannot_be_recorded(recorder, connect, change, code) -> None:
    async with connect(recorder, "erik") as client:
        node = (await recorder.node(client, "hp1.electrical_energy")).nodeid
        point = Point(recorder, client, node)
        # The others of the update are not taken along.
        both = [change(point), point.value(2, 2.0)]
        assert (await point.change(point.written(UPDATE, *both)))[0] == code
        assert await point.raw() == {2.0: 2.0}


async def test_quality_is_recorded_and_states_must_exist(recorder, connect) -> None:
    async with connect(recorder, "erik") as client:
        state = Point(recorder, client, (await recorder.node(client, "hp1.operating_mode")).nodeid)
        codes_of = sorted(recorder.table.by_key["hp1.operating_mode"].spec.codes)
        int32 = ua.VariantType.Int32
        written = state.written(
            INSERT,
            state.value(0, codes_of[1], kind=int32),
            state.value(1, 4711, kind=int32),
            state.value(2, None, BAD_NO_COMMUNICATION),
            state.value(3, codes_of[0], CODES.UncertainSubstituteValue | 0x0408, kind=int32),
        )
        assert await state.change(written) == [
            INSERTED, CODES.BadOutOfRange, INSERTED, INSERTED,
        ]  # fmt: skip
        answer = await state.read()
        assert values(answer) == [codes_of[1], None, codes_of[0]]
        found = [value.StatusCode.value & 0xFFFF0000 for value in answer.HistoryData.DataValues]
        assert found == [0, BAD_NO_COMMUNICATION, CODES.UncertainSubstituteValue]


async def test_deletions(point: Point) -> None:
    assert await point.change(point.deletion(2, 5)) == []
    assert list(await point.raw()) == [0, 1, 5, 6, 7, 8, 9]
    # Equal times mean that very moment, and the end is not included.
    assert await point.change(point.deletion(6, 6)) == []
    assert await point.change(point.deletion_at(9, 9, 3, 7)) == [CODES.Good, NONE, NONE, CODES.Good]
    assert list(await point.raw()) == [0, 1, 5, 8]
    (again,) = await update(point.client, point.deletion(2, 5))
    (backwards,) = await update(point.client, point.deletion(5, 2))
    assert again.StatusCode.value == CODES.BadNoData
    assert backwards.StatusCode.value == CODES.BadInvalidArgument
    answer = await point.read(modified=True)
    assert answer.StatusCode.is_good(), answer
    assert values(answer) == point.seconds(answer) == [2, 3, 4, 6, 7, 9]
    kinds = {info.UpdateType for info in answer.HistoryData.ModificationInfos}
    assert kinds == {ua.HistoryUpdateType.Delete}
    # What is kept of corrections can be deleted, too.
    assert await point.change(point.deletion(3, 7, modified=True)) == []
    assert values(await point.read(modified=True)) == [2, 7, 9]
    (none,) = await update(point.client, point.deletion(3, 7, modified=True))
    assert none.StatusCode.value == CODES.BadNoData


async def test_ranges_and_pages_of_modified_values(point: Point) -> None:
    await point.change(point.deletion(0, 10))
    for start, end, count, seconds in (
        (2, 5, 0, [2, 3, 4]),
        (5, 2, 0, [5, 4, 3]),
        (7, None, 2, [7, 8]),
        (None, 7, 2, [7, 6]),
        (20, 30, 0, []),
    ):
        answer = await point.read(start, end, count, modified=True)
        assert point.seconds(answer) == seconds
        expected = CODES.Good if seconds else CODES.GoodNoData
        assert answer.StatusCode.value == expected
    for start, end in ((0, 10), (10, -1)):
        found, place = [], None
        while place is not None or not found:
            answer = await point.read(start, end, 4, modified=True, point=place)
            found += point.seconds(answer)
            place = answer.ContinuationPoint
        assert found == (list(range(10)) if start == 0 else list(range(9, -1, -1)))
    bounds = await point.read(2, 5, modified=True, bounds=True)
    assert bounds.StatusCode.value == CODES.BadInvalidArgument
    nothing = await point.read(None, None, modified=True)
    assert nothing.StatusCode.value == CODES.BadHistoryOperationInvalid


FIELDS = (
    "EventType", "SourceName", "SourceNode", "Status", "ClientUserId", "ParameterDataTypeId",
    "UpdatedNode", "PerformInsertReplace", "NewValues", "OldValues", "IsDeleteModified",
    "StartTime", "EndTime", "ReqTimes",
)  # fmt: skip


async def audited(client: Client, since: datetime) -> list[dict[str, object]]:
    """Events of corrections since a time, as clients read them."""
    details = ua.ReadEventDetails()
    details.StartTime, details.EndTime = since, datetime(9000, 1, 1, tzinfo=UTC)
    details.NumValuesPerNode, details.Filter = 0, event_filter(FIELDS)
    request = ua.HistoryReadParameters()
    request.HistoryReadDetails = details
    request.TimestampsToReturn = ua.TimestampsToReturn.Neither
    node = ua.HistoryReadValueId()
    node.NodeId, request.NodesToRead = ua.NodeId(IDS.Server), [node]
    request.ReleaseContinuationPoints = False
    (answer,) = await client.uaclient.history_read(request)
    rows = [
        dict(zip(FIELDS, [field.Value for field in event.EventFields], strict=True))
        for event in answer.HistoryData.Events
    ]
    return [row for row in rows if row["SourceName"] == "Attribute/HistoryUpdate"]


def pairs(point: Point, found: Sequence[ua.DataValue]) -> list[tuple[float, object]]:
    zero = point.at(0)
    return [((v.SourceTimestamp - zero).total_seconds(), v.Value.Value) for v in found]


async def test_who_corrected_what_is_on_record(point: Point, connect, monkeypatch) -> None:
    since = to_datetime(point.rig.clock.now())
    monkeypatch.setattr(point_correction, "PIECE", 3)
    new = [point.value(1, 91.0), point.value(1.5, 92.0)]
    await point.change(point.written(UPDATE, *new))
    await point.change(point.deletion(4, 9))
    await point.change(point.deletion_at(0))
    await point.change(point.deletion(0, 1, modified=True))
    async with connect(point.rig, "olga") as client:
        (refused,) = await update(client, point.deletion(0, 9))
        assert refused.StatusCode.value == CODES.BadUserAccessDenied
    first, second, third, fourth, fifth, sixth = await audited(point.client, since)
    for row in (first, second, third, fourth, fifth):
        assert row["UpdatedNode"] == row["SourceNode"] == point.node
        assert row["Status"] is True
        assert row["ClientUserId"].startswith("erik (OPC UA 127.0.0.1")
    assert first["EventType"] == ua.NodeId(IDS.AuditHistoryValueUpdateEventType)
    assert first["PerformInsertReplace"] == 3
    assert first["ParameterDataTypeId"] == ua.NodeId(IDS.UpdateDataDetails)
    assert pairs(point, first["NewValues"]) == [(1, 91.0), (1.5, 92.0)]
    assert pairs(point, first["OldValues"]) == [(1, 1.0)]
    # What is deleted is on record in pieces, which together are the range.
    for row, start, end, gone in ((second, 4, 7, [4, 5, 6]), (third, 7, 9, [7, 8])):
        assert row["EventType"] == ua.NodeId(IDS.AuditHistoryRawModifyDeleteEventType)
        assert row["IsDeleteModified"] is False
        assert (row["StartTime"], row["EndTime"]) == (point.at(start), point.at(end))
        assert pairs(point, row["OldValues"]) == [(s, float(s)) for s in gone]
    assert fourth["EventType"] == ua.NodeId(IDS.AuditHistoryAtTimeDeleteEventType)
    assert fourth["ReqTimes"] == [point.at(0)]
    assert pairs(point, fourth["OldValues"]) == [(0, 0.0)]
    assert fifth["IsDeleteModified"] is True
    assert pairs(point, fifth["OldValues"]) == [(0, 0.0)]
    assert sixth["EventType"] == ua.NodeId(IDS.AuditHistoryUpdateEventType)
    assert sixth["Status"] is False
    assert sixth["ClientUserId"].startswith("olga")


async def test_rights(recorder, connect) -> None:
    unknown = ua.DeleteRawModifiedDetails()
    unknown.NodeId = ua.NodeId("nothing", 1)
    history = ua.AccessLevel.HistoryWrite.mask
    for user, allowed in (("erik", True), ("olga", False), (None, False)):
        async with connect(recorder, user) as client:
            node = await recorder.node(client, "hp1.compressor_speed")
            point = Point(recorder, client, node.nodeid)
            # Each update has its own result, and none takes the others along.
            found = await update(
                client, point.written(UPDATE, point.value(0, 1.0)), unknown, point.deletion_at(5)
            )
            denied = [CODES.BadUserAccessDenied, CODES.BadNodeIdUnknown, CODES.BadUserAccessDenied]
            good = [CODES.Good, CODES.BadNodeIdUnknown, CODES.Good]
            assert [one.StatusCode.value for one in found] == (good if allowed else denied)
            level = (await node.read_attribute(ua.AttributeIds.AccessLevel)).Value.Value
            own = (await node.read_attribute(ua.AttributeIds.UserAccessLevel)).Value.Value
            assert level & history
            assert bool(own & history) is allowed


async def test_what_is_no_update_of_this_server(recorder, connect) -> None:
    async with connect(recorder, "erik") as client:
        node = (await recorder.node(client, "hp1.compressor_speed")).nodeid
        point = Point(recorder, client, node)
        folder = ua.DeleteAtTimeDetails()
        folder.NodeId = ua.NodeId(IDS.ObjectsFolder)
        notes = ua.UpdateStructureDataDetails()
        notes.NodeId = node
        for details, code in (
            (point.written(REMOVE, point.value(0, 1.0)), CODES.BadInvalidArgument),
            (point.written(UPDATE), CODES.BadNothingToDo),
            (point.deletion_at(), CODES.BadNothingToDo),
            (folder, CODES.BadHistoryOperationUnsupported),
            (notes, CODES.BadHistoryOperationUnsupported),
        ):
            (result,) = await update(client, details)
            assert result.StatusCode.value == code


async def test_the_server_says_what_it_can(recorder, connect) -> None:
    async with connect(recorder) as client:
        for name, can in (
            ("InsertData", True), ("ReplaceData", True), ("UpdateData", True),
            ("DeleteRaw", True), ("DeleteAtTime", True), ("InsertAnnotation", False),
        ):  # fmt: skip
            node = ua.NodeId(getattr(IDS, f"HistoryServerCapabilities_{name}Capability"))
            assert await client.get_node(node).read_value() is can


async def test_how_many_there_may_be(recorder, connect, monkeypatch) -> None:
    async with connect(recorder, "erik") as client:
        number = IDS.Server_ServerCapabilities_OperationLimits_MaxNodesPerHistoryUpdateData
        most = await client.get_node(ua.NodeId(number)).read_value()
        one = ua.DeleteAtTimeDetails()
        assert len(await update(client, *[one] * most)) == most
        with pytest.raises(ua.uaerrors.BadTooManyOperations):
            await update(client, *[one] * (most + 1))
        with pytest.raises(ua.uaerrors.BadNothingToDo):
            await update(client)
        # Nor may one of them delete without end.
        monkeypatch.setattr("heatpump_twin.server.limits.MAX_HISTORY_DELETED", 9)
        key = "hp1.ambient_temperature"
        index = recorder.table.by_key[key].index
        time = recorder.t0 + np.arange(10) * S
        recorder.historian.append(Frame.of(np.full(10, index), np.arange(10.0), 0, time))
        point = Point(recorder, client, (await recorder.node(client, key)).nodeid)
        (result,) = await update(client, point.deletion(0, 10))
        assert result.StatusCode.value == CODES.BadTooManyOperations
        assert await point.change(point.deletion(0, 9)) == []
        assert list(await point.raw()) == [9]


async def test_a_server_that_records_nothing_corrects_nothing(rig, connect) -> None:
    async with connect(rig, "erik") as client:
        node = (await rig.node(client, "hp1.supply_temperature")).nodeid
        point = Point(rig, client, node)
        (result,) = await update(client, point.deletion_at(0))
        answer = await point.read(modified=True)
        unsupported = CODES.BadHistoryOperationUnsupported
        assert result.StatusCode.value == answer.StatusCode.value == unsupported
