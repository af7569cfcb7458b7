"""HistoryRead of the future, and of forecasts by their issue (OPC 10000-11, 6.5)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio
from asyncua import Client, ua
from history_update import update
from processed_history import NOT_GIVEN
from simulated_forecast import LEAD, QUARTER, STEPS, simulated

from heatpump_twin.drivers.status import BAD_WAITING_FOR_INITIAL_DATA, UNCERTAIN
from heatpump_twin.server import limits
from heatpump_twin.server.space.point_values import to_datetime

pytestmark = pytest.mark.asyncio(loop_scope="module")
CODES, IDS, A = ua.StatusCodes, ua.ObjectIds, ua.AttributeIds
KEY = "hp1.heat_up_time"
FAR = datetime(9000, 1, 1, tzinfo=UTC)
BEHIND = 10
"""Issues before the newest one."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def forecast(start_rig):
    """A rig with a model that has issued forecasts, the newest one a minute ago."""
    async with start_rig(recording=True, forecasts=[KEY]) as rig:
        rig.newest = rig.clock.now() - 60_000_000
        moments = [rig.newest - n * QUARTER for n in range(BEHIND + 1)]
        await rig.trajectories.write([simulated(KEY, t, offset=n) for n, t in enumerate(moments)])
        yield rig


@pytest_asyncio.fixture(loop_scope="module")
async def client(forecast, connect):
    async with connect(forecast) as client:
        yield client


async def read(
    client: Client, node: ua.NodeId, details: object, point: bytes | None = None
) -> ua.HistoryReadResult:
    request = ua.HistoryReadParameters()
    request.HistoryReadDetails = details
    request.TimestampsToReturn = ua.TimestampsToReturn.Both
    request.ReleaseContinuationPoints = False
    asked = ua.HistoryReadValueId()
    asked.NodeId, asked.ContinuationPoint = node, point
    request.NodesToRead = [asked]
    (answer,) = await client.uaclient.history_read(request)
    return answer


def raw(start: datetime, end: datetime, count: int = 0, **more: bool) -> ua.ReadRawModifiedDetails:
    details = ua.ReadRawModifiedDetails()
    details.IsReadModified = more.get("modified", False)
    details.ReturnBounds = more.get("bounds", False)
    details.StartTime, details.EndTime, details.NumValuesPerNode = start, end, count
    return details


async def test_a_range_in_the_future_is_the_newest_forecast(forecast, client: Client) -> None:
    for name, offset in (("", 0), ("_lower", -10), ("_upper", 10)):
        node = (await forecast.node(client, f"{KEY}{name}")).nodeid
        answer = await read(client, node, raw(to_datetime(forecast.newest), FAR))
        assert answer.StatusCode.is_good()
        values = answer.HistoryData.DataValues
        assert [v.Value.Value for v in values] == [offset + n for n in range(STEPS)]
        first = forecast.newest // QUARTER + LEAD
        times = [to_datetime((first + n) * QUARTER) for n in range(STEPS)]
        assert [v.SourceTimestamp for v in values] == times
        assert {v.StatusCode.value for v in values} == {UNCERTAIN}
    # Backwards from the far end, in pages.
    answer = await read(client, node, raw(NOT_GIVEN, FAR, 3))
    assert [v.Value.Value for v in answer.HistoryData.DataValues] == [201, 200, 199]


async def test_aggregates_and_values_at_times_of_the_future(forecast, client: Client) -> None:
    node = (await forecast.node(client, KEY)).nodeid
    first = forecast.newest // QUARTER + LEAD
    begin = to_datetime((first + 4) * QUARTER)
    processed = ua.ReadProcessedDetails()
    processed.StartTime, processed.EndTime = begin, begin + timedelta(hours=2)
    processed.ProcessingInterval = 3_600_000.0
    processed.AggregateType = [ua.NodeId(IDS.AggregateFunction_TimeAverage2)]
    processed.AggregateConfiguration.UseServerCapabilitiesDefaults = True
    answer = await read(client, node, processed)
    assert [v.Value.Value for v in answer.HistoryData.DataValues] == [6, 10]
    at_times = ua.ReadAtTimeDetails()
    at_times.ReqTimes = [begin, begin + timedelta(seconds=450)]
    answer = await read(client, node, at_times)
    assert [v.Value.Value for v in answer.HistoryData.DataValues] == [4, 4.5]


async def test_the_variable_of_forecasts_describes_itself(forecast, client: Client) -> None:
    for name in ("", "_lower", "_upper"):
        variable = await forecast.node(client, f"{KEY}{name}.Forecast")
        parent = await variable.get_parent()
        assert parent.nodeid.Identifier == f"{KEY}{name}"
        browse_name = await variable.read_browse_name()
        types = (await forecast.namespaces(client))["types"]
        assert browse_name == ua.QualifiedName("Forecast", types)
        declared = [
            (await variable.read_attribute(attribute)).Value.Value
            for attribute in (A.DataType, A.ValueRank, A.AccessLevel, A.Historizing)
        ]
        reads = ua.AccessLevel.CurrentRead.mask | ua.AccessLevel.HistoryRead.mask
        assert declared == [ua.NodeId(IDS.DataValue), 1, reads, True]
    # A point that no model forecasts does not say that one does.
    other = await forecast.node(client, "hp1.supply_temperature.Forecast")
    with pytest.raises(ua.uaerrors.BadNodeIdUnknown):
        await other.read_node_class()


def about(value: ua.DataValue) -> tuple[datetime, float, datetime]:
    """When a forecast was issued, and of its first value what and when."""
    first = value.Value.Value[0]
    return value.SourceTimestamp, first.Value.Value, first.SourceTimestamp


async def test_its_value_is_the_newest_and_its_history_those_before(forecast, client) -> None:
    variable = await forecast.node(client, f"{KEY}_upper.Forecast")
    value = await variable.read_data_value(raise_on_bad_status=False)  # it is Uncertain
    moment = to_datetime(forecast.newest)
    assert about(value)[:2] == (moment, 10)
    assert len(value.Value.Value) == STEPS
    assert value.StatusCode.value == UNCERTAIN

    node, early = variable.nodeid, moment - timedelta(hours=99)
    answer = await read(client, node, raw(early, FAR))
    issued = [about(v) for v in answer.HistoryData.DataValues]
    quarter = timedelta(minutes=15)
    assert [one[0] for one in issued] == [moment - n * quarter for n in range(BEHIND, -1, -1)]
    assert [one[1] for one in issued] == [10 + n for n in range(BEHIND, -1, -1)]
    assert all(first > issue for issue, _, first in issued)
    # What was known at a time: one issue backwards from it.
    then = moment - 3 * quarter + timedelta(seconds=7)
    (known,) = (await read(client, node, raw(NOT_GIVEN, then, 1))).HistoryData.DataValues
    assert about(known)[:2] == (moment - 3 * quarter, 13)
    nothing = await read(client, node, raw(early, early + quarter))
    assert nothing.StatusCode.value == CODES.GoodNoData


@pytest.mark.parametrize("backwards", [False, True])
async def test_issues_come_in_pages(forecast, client, monkeypatch, backwards: bool) -> None:
    monkeypatch.setattr(limits, "MAX_HISTORY_ISSUES", 4)
    node = (await forecast.node(client, f"{KEY}.Forecast")).nodeid
    early = to_datetime(forecast.newest - 99 * QUARTER)
    whole, some = raw(early, FAR), raw(early, NOT_GIVEN, 9)
    if backwards:
        whole, some = raw(FAR, early), raw(NOT_GIVEN, FAR, 9)
    for details in (whole, some):
        found, place = [], None
        while place is not None or not found:
            answer = await read(client, node, details, place)
            found += [about(v)[1] for v in answer.HistoryData.DataValues]
            place = answer.ContinuationPoint
        wanted = list(range(BEHIND + 1)) if backwards else list(range(BEHIND, -1, -1))
        assert found == wanted[: details.NumValuesPerNode or None]


async def test_what_forecasts_cannot_be_asked(forecast, client, connect) -> None:
    node = (await forecast.node(client, f"{KEY}.Forecast")).nodeid
    now = to_datetime(forecast.newest)
    processed, at_time = ua.ReadProcessedDetails(), ua.ReadAtTimeDetails()
    processed.AggregateType, at_time.ReqTimes = [ua.NodeId(IDS.AggregateFunction_Average)], [now]
    unsupported = CODES.BadHistoryOperationUnsupported
    for details, code in (
        (processed, unsupported),
        (at_time, unsupported),
        (raw(now, FAR, modified=True), unsupported),
        (raw(now, FAR, bounds=True), CODES.BadInvalidArgument),
        (raw(now, NOT_GIVEN), CODES.BadHistoryOperationInvalid),
    ):
        assert (await read(client, node, details)).StatusCode.value == code
    # Nobody corrects a forecast, nor what has not come yet.
    async with connect(forecast, "erik") as engineer:
        value = ua.DataValue(ua.Variant(1.0), ua.StatusCode(0), now + timedelta(hours=1))
        written = ua.UpdateDataDetails()
        written.PerformInsertReplace, written.UpdateValues = ua.PerformUpdateType.Insert, [value]
        written.NodeId = node
        (result,) = await update(engineer, written)
        assert result.StatusCode.value == unsupported
        written.NodeId = (await forecast.node(engineer, KEY)).nodeid
        (result,) = await update(engineer, written)
        assert [one.value for one in result.OperationResults] == [CODES.BadOutOfRange]


async def test_a_forecast_that_is_issued_is_published(forecast, client, eventually) -> None:
    heard = []

    class Listener:
        def datachange_notification(self, _node, _value, data) -> None:
            heard.append(data.monitored_item.Value)

    variable = await forecast.node(client, f"{KEY}.Forecast")
    subscription = await client.create_subscription(50, Listener())
    await subscription.subscribe_data_change(variable)
    await eventually(lambda: len(heard) == 1)
    moment = forecast.clock.now()
    await forecast.trajectories.write([simulated(KEY, moment, offset=4000)])
    # The value for now comes with it, as of every prediction.
    forecast.feed(KEY, 4000.0, UNCERTAIN)
    await eventually(lambda: len(heard) > 1)
    assert about(heard[-1])[:2] == (to_datetime(moment), 4000)
    await subscription.delete()
    forecast.newest = moment


async def test_before_the_first_forecast_there_is_none(start_rig, connect) -> None:
    async with start_rig(forecasts=[KEY]) as rig, connect(rig) as client:
        variable = await rig.node(client, f"{KEY}.Forecast")
        value = await variable.read_data_value(raise_on_bad_status=False)
        assert (value.StatusCode.value, value.Value.Value) == (BAD_WAITING_FOR_INITIAL_DATA, None)
        for node in (variable.nodeid, (await rig.node(client, KEY)).nodeid):
            answer = await read(client, node, raw(datetime.now(UTC), FAR))
            assert answer.StatusCode.value == CODES.GoodNoData
