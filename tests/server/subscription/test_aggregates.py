"""Items with an AggregateFilter: one value for each interval (OPC 10000-4, 7.22.4; 10000-13)."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pytest
from asyncua import ua

from heatpump_twin.twin_engine.history import Samples

pytestmark = pytest.mark.asyncio(loop_scope="module")

KEY, STATE, SWITCH = "hp1.supply_temperature", "hp1.operating_mode", "hp1.unit_enabled"
RUNNING = ua.NodeId(ua.ObjectIds.Server_ServerStatus_State)
SECOND = 1_000_000
LONG = 3_600_000.0
IDS = ua.ObjectIds
PARTIAL, CALCULATED = 0x404, 0x401


def moment(time: int) -> dt.datetime:
    return dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(microseconds=time)


def micros(time: dt.datetime) -> int:
    return (time.replace(tzinfo=dt.UTC) - moment(0)) // dt.timedelta(microseconds=1)


def aggregate(
    number: int, start: int, interval: float = 10_000.0, **configuration: Any
) -> ua.AggregateFilter:
    own = ua.AggregateConfiguration(True, False, ua.Byte(100), ua.Byte(100), False)
    for name, value in configuration.items():
        setattr(own, name, value)
    return ua.AggregateFilter(moment(start), ua.NodeId(number), interval, own)


async def told(session: Any) -> list[Any]:
    return [item.Value for item in await session.news()]


async def fed(rig, client, session, filters, samples, **settings: Any) -> list[list[Any]]:
    """Have samples sampled, each with its time; return what each filter's item has of them."""
    quiet = (await session.subscribe(LONG)).SubscriptionId
    node = (await rig.node(client, settings.pop("key", KEY))).nodeid
    settings = {"QueueSize": 100, **settings}
    results = []
    for wanted in filters:
        results += await session.monitor(quiet, [node], Filter=wanted, **settings)
    assert [r.StatusCode.name for r in results] == ["Good"] * len(filters)
    for time, value, status in samples:
        rig.feed(str(node.Identifier), value, status, time)
    # Only now is it looked at: until then the cycle takes an hour.
    faster = ua.ModifySubscriptionParameters(quiet, 100.0, 3000, 1000, 0, 0)
    await session.ask("ModifySubscription", faster)
    found: dict[int, list[Any]] = {}
    for item in await session.news():
        found.setdefault(item.ClientHandle, []).append(item.Value)
    return [found.get(handle, []) for handle in sorted(found)]


async def test_every_aggregate_is_computed_of_what_comes(rig, connect, raw) -> None:
    """0, 1, … 29 at whole seconds: ten in each interval."""
    start = (rig.clock.now() // SECOND - 40) * SECOND
    rig.feed(KEY, -1.0, time=start - SECOND)
    samples = [(start + n * SECOND, float(n), 0) for n in range(31)]
    numbers = (IDS.AggregateFunction_Average, IDS.AggregateFunction_Maximum,
               IDS.AggregateFunction_Count, IDS.AggregateFunction_TimeAverage,
               IDS.AggregateFunction_WorstQuality, IDS.AggregateFunction_End)  # fmt: skip
    async with connect(rig) as client:
        wanted = [aggregate(number, start) for number in numbers]
        average, most, count, weighed, worst, last = await fed(
            rig, client, raw(client), wanted, samples
        )
    assert [v.Value.Value for v in average[:3]] == [4.5, 14.5, 24.5]
    assert [v.StatusCode.value for v in average[:3]] == [CALCULATED] * 3
    assert [micros(v.SourceTimestamp) for v in average[:3]] == [
        start + n * 10 * SECOND for n in range(3)
    ]
    assert [v.Value.Value for v in most[:3]] == [9.0, 19.0, 29.0]
    assert [(v.Value.Value, v.Value.VariantType) for v in count[:3]] == [
        (10, ua.VariantType.Int32)
    ] * 3
    # A line from each sample to the next, that of the end being the first of the next interval.
    assert [v.Value.Value for v in weighed[:3]] == [5.0, 15.0, 25.0]
    assert [v.Value.VariantType for v in worst[:3]] == [ua.VariantType.StatusCode] * 3
    assert [v.Value.Value for v in last[:3]] == [9.0, 19.0, 29.0]


async def test_the_past_is_read_as_far_as_the_queue_is_long(rig, connect, raw) -> None:
    now = rig.clock.now() // SECOND * SECOND
    start = now - 1_000_000 * SECOND - 5 * SECOND
    times = np.arange(now - 100 * SECOND, now - 2 * SECOND, SECOND)
    rig.records.samples[KEY] = Samples(
        times / 1e6 - now / 1e6, np.zeros(len(times), np.uint32), times
    )
    rig.feed(KEY, 0.0, time=now)
    async with connect(rig) as client:
        session = raw(client)
        subscription = (await session.subscribe()).SubscriptionId
        node = (await rig.node(client, KEY)).nodeid
        wanted = aggregate(IDS.AggregateFunction_Minimum, start)
        (result,) = await session.monitor(subscription, [node], Filter=wanted, QueueSize=4)
        values = await told(session)
    revised = result.FilterResult
    begin = micros(revised.RevisedStartTime)
    # On the same grid, and no further back than what the queue can hold.
    assert (begin - start) % (10 * SECOND) == 0
    assert 40 * SECOND <= rig.clock.now() - begin < 60 * SECOND
    assert revised.RevisedProcessingInterval == 10_000.0
    assert [v.Value.Value for v in values] == [-45.0, -35.0, -25.0, -15.0]
    assert micros(values[0].SourceTimestamp) == now - 45 * SECOND


async def test_what_comes_goes_on_from_what_was_recorded(rig, connect, raw) -> None:
    start = (rig.clock.now() // SECOND - 30) * SECOND
    times = start + np.arange(5) * SECOND
    rig.records.samples[KEY] = Samples(np.full(5, 10.0), np.zeros(5, np.uint32), times)
    rig.feed(KEY, 20.0, time=start + 5 * SECOND)
    samples = [(start + n * SECOND, 20.0, 0) for n in range(6, 11)]
    async with connect(rig) as client:
        wanted = [aggregate(IDS.AggregateFunction_Average, start)]
        (average,) = await fed(rig, client, raw(client), wanted, samples)
    assert average[0].Value.Value == 15.0


@pytest.mark.parametrize(
    ("key", "number", "expected"),
    [
        (STATE, IDS.AggregateFunction_Start, [(2, ua.VariantType.Int32)]),
        (SWITCH, IDS.AggregateFunction_End, [(True, ua.VariantType.Boolean)]),
        (SWITCH, IDS.AggregateFunction_NumberOfTransitions, [(0, ua.VariantType.Int32)]),
    ],
)
async def test_results_have_the_type_of_the_standard(
    rig, connect, raw, key, number, expected
) -> None:
    start = (rig.clock.now() // SECOND - 3600) * SECOND
    value = 2.0 if key == STATE else 1.0
    rig.feed(key, value, time=start - SECOND)
    samples = [(start + n * 60 * SECOND, value, 0) for n in range(50)]
    async with connect(rig) as client:
        wanted = [aggregate(number, start, 600_000.0)]
        (found,) = await fed(rig, client, raw(client), wanted, samples, key=key)
    # The first sample has one before it: that is no transition.
    assert [(v.Value.Value, v.Value.VariantType) for v in found[1:2]] == expected


async def test_bad_samples_are_counted_as_the_configuration_says(rig, connect, raw) -> None:
    start = (rig.clock.now() // SECOND - 30) * SECOND
    rig.feed(KEY, 1.0, time=start - SECOND)
    bad = 0x80310000
    samples = [(start + n * SECOND, 1.0, bad if n < 6 else 0) for n in range(11)]
    lenient = {"UseServerCapabilitiesDefaults": False, "PercentDataGood": ua.Byte(40)}
    async with connect(rig) as client:
        number = IDS.AggregateFunction_PercentGood
        wanted = [
            aggregate(number, start),
            aggregate(IDS.AggregateFunction_Count, start),
            aggregate(
                IDS.AggregateFunction_Count, start, PercentDataBad=ua.Byte(60), **lenient
            ),
        ]  # fmt: skip
        share, strict, loose = await fed(rig, client, raw(client), wanted, samples)
    assert share[0].Value.Value == 40.0
    assert strict[0].StatusCode.name.startswith("Uncertain")
    assert loose[0].StatusCode.value == CALCULATED
    assert (strict[0].Value.Value, loose[0].Value.Value) == (4, 4)


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({}, "Good"),
        ({"number": 2341}, "Good"),
        ({"number": IDS.AggregateFunction_AnnotationCount}, "BadAggregateNotSupported"),
        ({"number": 0}, "BadAggregateNotSupported"),
        ({"percent": (90, 5)}, "BadAggregateConfigurationRejected"),
        ({"percent": (200, 100)}, "BadAggregateConfigurationRejected"),
        ({"node": RUNNING}, "Good"),
        ({"node": ua.NodeId(IDS.Server_NamespaceArray)}, "BadFilterNotAllowed"),
        ({"node": ua.NodeId(IDS.Server_ServerStatus_CurrentTime)}, "BadFilterNotAllowed"),
        ({"node": ua.NodeId("nothing", 1)}, "BadNodeIdUnknown"),
        ({"attribute": ua.AttributeIds.DisplayName}, "BadFilterNotAllowed"),
        ({"attribute": ua.AttributeIds.EventNotifier, "node": ua.NodeId(IDS.Server)},
         "BadFilterNotAllowed"),
        ({"attribute": ua.AttributeIds.InverseName}, "BadAttributeIdInvalid"),
        ({"range": "0:1"}, "BadIndexRangeNoData"),
        ({"range": "5:2"}, "BadIndexRangeInvalid"),
    ],
)  # fmt: skip
async def test_what_cannot_be_aggregated_is_refused(rig, connect, raw, changed, code) -> None:
    rig.feed(KEY, 1.0)
    async with connect(rig) as client:
        session = raw(client)
        subscription = (await session.subscribe()).SubscriptionId
        good, bad = changed.get("percent", (100, 100))
        own = {
            "UseServerCapabilitiesDefaults": "percent" not in changed,
            "PercentDataGood": ua.Byte(good), "PercentDataBad": ua.Byte(bad),
        }  # fmt: skip
        number = changed.get("number", IDS.AggregateFunction_Average)
        request = ua.MonitoredItemCreateRequest()
        node = changed.get("node") or (await rig.node(client, KEY)).nodeid
        attribute = changed.get("attribute", ua.AttributeIds.Value)
        request.ItemToMonitor = ua.ReadValueId(node, attribute, changed.get("range"))
        request.MonitoringMode = ua.MonitoringMode.Reporting
        request.RequestedParameters.Filter = aggregate(number, rig.clock.now(), **own)
        wanted = ua.CreateMonitoredItemsParameters(subscription)
        wanted.ItemsToCreate = [request]
        (result,) = (await session.ask("CreateMonitoredItems", wanted)).Results
        assert result.StatusCode.name == code


@pytest.mark.parametrize("interval", [0.0, -1.0, float("nan"), 1.0])
async def test_an_interval_is_at_least_two_samples_long(rig, connect, raw, interval) -> None:
    async with connect(rig) as client:
        session = raw(client)
        subscription = (await session.subscribe()).SubscriptionId
        node = (await rig.node(client, KEY)).nodeid
        wanted = aggregate(IDS.AggregateFunction_Average, rig.clock.now(), interval)
        (result,) = await session.monitor(subscription, [node], Filter=wanted)
        revised = result.FilterResult.RevisedProcessingInterval
        assert revised == 2 * result.RevisedSamplingInterval > 0.0
        told = result.FilterResult.RevisedAggregateConfiguration
        assert (told.TreatUncertainAsBad, told.PercentDataBad, told.PercentDataGood) == (
            True, 100, 100,
        )  # fmt: skip


async def test_a_long_interval_is_sampled_less_often(rig, connect, raw) -> None:
    async with connect(rig) as client:
        session = raw(client)
        subscription = (await session.subscribe()).SubscriptionId
        node = (await rig.node(client, KEY)).nodeid
        for interval in (86_400_000.0, float("inf")):
            wanted = aggregate(IDS.AggregateFunction_Average, rig.clock.now(), interval)
            (result,) = await session.monitor(subscription, [node], Filter=wanted)
            assert result.FilterResult.RevisedProcessingInterval == 86_400_000.0
            assert result.RevisedSamplingInterval == 17_280.0


async def test_no_start_asks_for_the_interval_that_is_under_way(rig, connect, raw) -> None:
    async with connect(rig) as client:
        session = raw(client)
        subscription = (await session.subscribe()).SubscriptionId
        node = (await rig.node(client, KEY)).nodeid
        wanted = aggregate(IDS.AggregateFunction_Average, -11_644_473_600_000_000, 60_000.0)
        (result,) = await session.monitor(subscription, [node], Filter=wanted, QueueSize=10)
        begin = micros(result.FilterResult.RevisedStartTime)
        assert begin % (60 * SECOND) == 0
        assert 0 <= rig.clock.now() - begin < 61 * SECOND


async def modified(session: Any, subscription: int, item: int, filter_: Any) -> Any:
    wanted = ua.ModifyMonitoredItemsParameters(subscription, ua.TimestampsToReturn.Both)
    own = ua.MonitoringParameters(7, 0.0, QueueSize=10)
    if filter_ is not None:
        own.Filter = filter_
    wanted.ItemsToModify = [ua.MonitoredItemModifyRequest(item, own)]
    (result,) = (await session.ask("ModifyMonitoredItems", wanted)).Results
    return result


async def test_a_filter_is_replaced_by_one_of_another_kind(rig, connect, raw) -> None:
    start = (rig.clock.now() // SECOND - 15) * SECOND
    times = start + np.arange(12) * SECOND
    rig.records.samples[KEY] = Samples(np.arange(12.0), np.zeros(12, np.uint32), times)
    rig.feed(KEY, 33.0)
    async with connect(rig) as client:
        session = raw(client)
        subscription = (await session.subscribe()).SubscriptionId
        node = (await rig.node(client, KEY)).nodeid
        (item,) = await session.monitor(subscription, [node])
        assert await session.values() == [33.0]
        wanted = aggregate(IDS.AggregateFunction_Average, start)
        changed = await modified(session, subscription, item.MonitoredItemId, wanted)
        assert changed.StatusCode.is_good()
        assert changed.FilterResult.RevisedProcessingInterval == 10_000.0
        (found,) = await session.news()
        assert (found.ClientHandle, found.Value.Value.Value) == (7, 4.5)
        # What is refused leaves it as it was; without a filter it is the value again.
        refused = await modified(
            session, subscription, item.MonitoredItemId, aggregate(0, rig.clock.now())
        )
        assert refused.StatusCode.name == "BadAggregateNotSupported"
        assert (await modified(session, subscription, item.MonitoredItemId, None)).StatusCode
        assert await session.values() == [33.0]
        rig.feed(KEY, 34.0)
        assert await session.values() == [34.0]
        delete = ua.DeleteMonitoredItemsParameters(subscription, [item.MonitoredItemId])
        (deleted,) = (await session.ask("DeleteMonitoredItems", delete)).Results
        assert deleted.is_good()


async def test_a_disabled_item_computes_nothing(rig, connect, raw) -> None:
    start = (rig.clock.now() // SECOND - 40) * SECOND
    rig.records.samples[KEY] = Samples(
        np.ones(40), np.zeros(40, np.uint32), start + np.arange(40) * SECOND
    )
    async with connect(rig) as client:
        session = raw(client)
        subscription = (await session.subscribe()).SubscriptionId
        node = (await rig.node(client, KEY)).nodeid
        wanted = aggregate(IDS.AggregateFunction_Count, start)
        mode = ua.MonitoringMode.Disabled
        (item,) = await session.monitor(
            subscription, [node], mode=mode, Filter=wanted, QueueSize=10
        )
        assert item.StatusCode.is_good()
        rig.feed(SWITCH, 1.0)
        await session.monitor(subscription, [(await rig.node(client, SWITCH)).nodeid])
        assert await session.values() == [True]
        await session.set_mode(subscription, [item.MonitoredItemId], ua.MonitoringMode.Reporting)
        rig.feed(SWITCH, 0.0)
        assert await session.values() == [False]


async def test_a_full_queue_says_so(rig, connect, raw) -> None:
    start = (rig.clock.now() // SECOND - 45) * SECOND
    rig.feed(KEY, 0.0, time=start - SECOND)
    samples = [(start + n * SECOND, float(n), 0) for n in range(41)]
    async with connect(rig) as client:
        wanted = [aggregate(IDS.AggregateFunction_Start, start)]
        (newest,) = await fed(rig, client, raw(client), wanted, samples, QueueSize=2)
    # What began before the queue was long enough was never asked for.
    assert [v.Value.Value for v in newest] == [20.0, 30.0]


async def test_a_state_of_the_server_is_sampled(rig, connect, raw) -> None:
    async with connect(rig) as client:
        session = raw(client)
        subscription = (await session.subscribe()).SubscriptionId
        wanted = aggregate(IDS.AggregateFunction_Maximum, rig.clock.now(), 200.0)
        (result,) = await session.monitor(
            subscription, [RUNNING], Filter=wanted, SamplingInterval=100.0
        )
        assert result.StatusCode.is_good()
        values = await told(session)
        assert values[0].Value.VariantType is ua.VariantType.Int32
        assert values[0].Value.Value == ua.ServerState.Running


async def test_a_percentage_follows_a_range_that_changes(rig, connect, raw) -> None:
    """As the range of a total does, when a heat pump comes."""
    rig.feed(KEY, 0.0)
    async with connect(rig) as client:
        session = raw(client)
        subscription = (await session.subscribe(PublishingEnabled=False)).SubscriptionId
        node = (await rig.node(client, KEY)).nodeid
        band = ua.DataChangeFilter(ua.DataChangeTrigger.StatusValue, ua.DeadbandType.Percent, 10.0)
        await session.monitor(subscription, [node], Filter=band, QueueSize=10)
        point = rig.table.by_key[KEY]
        spec = point.spec
        try:
            rig.table.redeclare(point, spec.model_copy(update={"range": (0.0, 10.0)}))
            await rig.server.follow_site([], [rig.table.by_key[KEY]])
            for value in (0.9, 1.1, 1.9, 2.2):
                rig.feed(KEY, value)
            await session.enable(subscription, True)
            assert await session.values() == [0.0, 1.1, 2.2]
        finally:
            rig.table.redeclare(rig.table.by_key[KEY], spec)
            await rig.server.follow_site([], [rig.table.by_key[KEY]])
