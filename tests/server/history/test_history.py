"""HistoryRead as OPC 10000-11, 6.5.3 describes it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from asyncua import Client, ua
from asyncua.ua.ua_binary import struct_from_binary, struct_to_binary

from heatpump_twin.config.catalogue import PointKind
from heatpump_twin.drivers.status import BAD_NO_COMMUNICATION, UNCERTAIN
from heatpump_twin.server.history.history_encoding import OF_KIND, encoded
from heatpump_twin.twin_engine.history import Samples

pytestmark = pytest.mark.asyncio(loop_scope="module")
KEY = "hp1.supply_temperature"
WIRE = {
    PointKind.ANALOG: ua.VariantType.Double,
    PointKind.TWO_STATE: ua.VariantType.Boolean,
    PointKind.MULTI_STATE: ua.VariantType.Int32,
}
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Both = ua.TimestampsToReturn.Both


class History:
    """HistoryRead with every knob in reach; times are seconds after the first sample."""

    def __init__(self, rig, client: Client) -> None:
        self.rig, self.client = rig, client

    def at(self, second: float | None) -> datetime:
        if second is None:
            return datetime(1601, 1, 1, tzinfo=UTC)  # "not given", on the wire
        return EPOCH + timedelta(microseconds=self.rig.t0 + round(second * 1e6))

    async def raw(
        self, start=None, end=None, count=0, *, name=KEY, bounds=False, point=None, release=False,
        times=Both, modified=False, session: Client | None = None,
    ) -> ua.HistoryReadResult:  # fmt: skip
        details = ua.ReadRawModifiedDetails()
        details.IsReadModified = modified
        details.StartTime, details.EndTime = self.at(start), self.at(end)
        details.NumValuesPerNode, details.ReturnBounds = count, bounds
        node = ua.HistoryReadValueId()
        node.NodeId = (await self.rig.node(self.client, name)).nodeid
        node.ContinuationPoint = point
        request = ua.HistoryReadParameters()
        request.HistoryReadDetails, request.TimestampsToReturn = details, times
        request.ReleaseContinuationPoints = release
        request.NodesToRead = [node]
        (answer,) = await (session or self.client).uaclient.history_read(request)
        return answer

    def seconds(self, answer: ua.HistoryReadResult) -> list[float]:
        zero = self.at(0)
        return [(v.SourceTimestamp - zero).total_seconds() for v in answer.HistoryData.DataValues]


def values(answer: ua.HistoryReadResult) -> list[object]:
    return [v.Value.Value for v in answer.HistoryData.DataValues]


@pytest.fixture
def ten(rig):
    rig.records.put(KEY, [float(n) for n in range(10)])
    return rig


@pytest.mark.parametrize(
    ("start", "end", "count", "seconds"),
    [
        (2, 5, 0, [2, 3, 4]),  # the end is not included
        (5, 2, 0, [5, 4, 3]),  # backwards, and neither is it here
        (3, 3, 0, [3]),
        (7, None, 2, [7, 8]),
        (None, 7, 2, [7, 6]),
        (7, None, 50, [7, 8, 9]),
        (2.5, 4.5, 0, [3, 4]),
        (-100, 100, 0, list(range(10))),
        (100, -100, 0, list(range(9, -1, -1))),
    ],
)
async def test_ranges(ten, connect, start, end, count, seconds) -> None:
    async with connect(ten) as client:
        history = History(ten, client)
        answer = await history.raw(start, end, count)
        assert answer.StatusCode.value == ua.StatusCodes.Good
        assert history.seconds(answer) == seconds
        assert values(answer) == seconds
        assert not answer.ContinuationPoint


@pytest.mark.parametrize(
    ("start", "end", "count", "expected"),
    [
        (2.5, 4.5, 0, [2, 3, 4, 5]),
        (4.5, 2.5, 0, [5, 4, 3, 2]),
        (2, 5, 0, [2, 3, 4, 5]),
        (5, 2, 0, [5, 4, 3, 2]),
        (2.5, None, 3, [2, 3, 4]),
        (None, 4.5, 3, [5, 4, 3]),
    ],
)
async def test_bounds(ten, connect, start, end, count, expected) -> None:
    async with connect(ten) as client:
        history = History(ten, client)
        answer = await history.raw(start, end, count, bounds=True)
        assert values(answer) == expected


async def test_a_missing_bound_says_so(ten, connect) -> None:
    async with connect(ten) as client:
        history = History(ten, client)
        answer = await history.raw(-5, 100, bounds=True)
        codes = [v.StatusCode.value for v in answer.HistoryData.DataValues]
        assert codes == [
            ua.StatusCodes.BadBoundNotFound,
            *[0] * 10,
            ua.StatusCodes.BadBoundNotFound,
        ]
        assert history.seconds(answer)[0] == -5
        assert history.seconds(answer)[-1] == 100


@pytest.mark.parametrize(("start", "end"), [(0, 100), (100, -1)])
@pytest.mark.parametrize("bounds", [False, True])
@pytest.mark.parametrize("count", [1, 2, 3, 5, 9, 10, 11, 12])
async def test_pages_add_up(ten, connect, start, end, bounds, count) -> None:
    async with connect(ten) as client:
        history = History(ten, client)
        whole = await history.raw(start, end, bounds=bounds)
        pages = [await history.raw(start, end, count, bounds=bounds)]
        while pages[-1].ContinuationPoint:
            assert len(values(pages[-1])) == count
            assert len(pages) < 20
            point = pages[-1].ContinuationPoint
            pages.append(await history.raw(start, end, count, bounds=bounds, point=point))
        assert [v for page in pages for v in values(page)] == values(whole)


async def test_continuation_points_are_used_once_and_belong_to_a_session(ten, connect) -> None:
    invalid = ua.StatusCodes.BadContinuationPointInvalid
    async with connect(ten) as client, connect(ten) as other:
        history = History(ten, client)
        point = (await history.raw(0, 100, 3)).ContinuationPoint
        stolen = await history.raw(0, 100, 3, point=point, session=other)
        assert stolen.StatusCode.value == invalid
        assert values(await history.raw(0, 100, 3, point=point)) == [3, 4, 5]
        assert (await history.raw(0, 100, 3, point=point)).StatusCode.value == invalid
        point = (await history.raw(0, 100, 3)).ContinuationPoint
        assert (await history.raw(point=point, release=True)).StatusCode.is_good()
        assert (await history.raw(0, 100, 3, point=point)).StatusCode.value == invalid
        points = [(await history.raw(0, 100, 3)).ContinuationPoint for _ in range(101)]
        assert (await history.raw(0, 100, 3, point=points[0])).StatusCode.value == invalid
        assert (await history.raw(0, 100, 3, point=points[-1])).StatusCode.is_good()


async def test_refusals(ten, connect) -> None:
    async with connect(ten) as client:
        history = History(ten, client)
        answer = await history.raw(200, 300)
        assert answer.StatusCode.value == ua.StatusCodes.GoodNoData
        answer = await history.raw(start=1)
        assert answer.StatusCode.value == ua.StatusCodes.BadHistoryOperationInvalid
        answer = await history.raw(0, 9, name="hp1.Manufacturer")
        assert answer.StatusCode.value == ua.StatusCodes.BadHistoryOperationUnsupported
        answer = await history.raw(0, 9, name="hp1.nothing")
        assert answer.StatusCode.value == ua.StatusCodes.BadNodeIdUnknown
        answer = await history.raw(0, 9, modified=True)
        assert answer.StatusCode.value == ua.StatusCodes.BadHistoryOperationUnsupported
        with pytest.raises(ua.uaerrors.BadTimestampsToReturnInvalid):
            await history.raw(0, 9, times=ua.TimestampsToReturn.Neither)


async def test_states_and_quality(rig, connect) -> None:
    rig.records.put("hp1.defrost_active", [0.0, 1.0])
    rig.records.put("hp1.operating_mode", [3.0, float("nan"), 2.0], [0, BAD_NO_COMMUNICATION, 0])
    rig.records.put(KEY, [1.0, float("nan"), 2.0, 3.0], [0, BAD_NO_COMMUNICATION, UNCERTAIN, 0])
    async with connect(rig) as client:
        history = History(rig, client)
        assert values(await history.raw(0, 9, name="hp1.defrost_active")) == [False, True]
        assert values(await history.raw(0, 9, name="hp1.operating_mode")) == [3, None, 2]
        answer = await history.raw(0, 9)
        assert values(answer) == [1.0, None, 2.0, 3.0]
        codes = [v.StatusCode.value for v in answer.HistoryData.DataValues]
        assert codes == [0, BAD_NO_COMMUNICATION, UNCERTAIN, 0]


async def test_a_long_history_comes_in_pages(rig, connect) -> None:
    rig.records.put(KEY, list(np.arange(25_000.0)))
    async with connect(rig) as client:
        history = History(rig, client)
        answer, found = await history.raw(0, 1e6), []
        found += values(answer)
        assert len(found) == 10_000
        while answer.ContinuationPoint:
            answer = await history.raw(0, 1e6, point=answer.ContinuationPoint)
            found += values(answer)
        assert found == list(range(25_000))
        node = await rig.node(client, KEY)
        read = await node.read_raw_history(history.at(0), history.at(1e6), return_bounds=False)
        assert len(read) == 25_000


@pytest.mark.parametrize("kind", list(PointKind))
@pytest.mark.parametrize(
    "times", [ua.TimestampsToReturn.Source, ua.TimestampsToReturn.Server, Both]
)
async def test_columns_are_the_library_s_bytes(
    kind: PointKind, times: ua.TimestampsToReturn
) -> None:
    rng = np.random.default_rng(1)
    status = rng.choice(np.array([0, UNCERTAIN, BAD_NO_COMMUNICATION], dtype=np.uint32), 200)
    value = rng.integers(0, 2, 200).astype(float) + (0.25 if kind is PointKind.ANALOG else 0.0)
    time = 1_760_000_000_000_000 + np.arange(200, dtype=np.int64) * 1_234_567
    body = encoded(Samples(value, status, time), OF_KIND[kind], times).Body
    expected = ua.HistoryData()
    for v, s, t in zip(value, status, time, strict=True):
        typed = {PointKind.ANALOG: float, PointKind.TWO_STATE: bool, PointKind.MULTI_STATE: int}[
            kind
        ](v)
        moment = EPOCH + timedelta(microseconds=int(t))
        expected.DataValues.append(
            ua.DataValue(
                ua.Variant() if s == BAD_NO_COMMUNICATION else ua.Variant(typed, WIRE[kind]),
                ua.StatusCode(int(s)),
                None if times is ua.TimestampsToReturn.Server else moment,
                None if times is ua.TimestampsToReturn.Source else moment,
            )
        )
    assert struct_from_binary(ua.HistoryData, ua.utils.Buffer(body)) == expected
    good = Samples(value, np.zeros(200, dtype=np.uint32), time)
    body = encoded(good, OF_KIND[kind], times).Body
    decoded = struct_from_binary(ua.HistoryData, ua.utils.Buffer(body))
    assert struct_to_binary(decoded) == body
