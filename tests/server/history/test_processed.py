"""ReadProcessed and ReadAtTime over the wire (OPC 10000-11, 6.5.4 and 6.5.5; OPC 10000-13)."""

from __future__ import annotations

import pytest
from asyncua import ua
from processed_history import Processed, codes, values

from heatpump_twin.drivers.status import BAD_NO_COMMUNICATION, UNCERTAIN
from heatpump_twin.twin_engine.aggregates.aggregate_records import BY_NAME, RECORDS

pytestmark = pytest.mark.asyncio(loop_scope="module")
KEY = "hp1.supply_temperature"
CODES = ua.StatusCodes
NAN = float("nan")


@pytest.fixture
def ramp(rig):
    """0 to 99, one a second."""
    rig.records.put(KEY, [float(n) for n in range(100)])
    return rig


@pytest.mark.parametrize(
    ("aggregate", "expected"),
    [
        ("Average", [4.5, 14.5, 24.5]),
        ("Minimum", [0, 10, 20]),
        ("Maximum", [9, 19, 29]),
        ("Count", [10, 10, 10]),
        ("Start", [0, 10, 20]),
        ("End", [9, 19, 29]),
        ("TimeAverage", [5, 15, 25]),
        ("Total", [50, 150, 250]),
        ("DurationGood", [10_000, 10_000, 10_000]),
        ("PercentBad", [0, 0, 0]),
        ("Range", [9, 9, 9]),
        ("Delta", [9, 9, 9]),
        ("DeltaBounds", [10, 10, 10]),
        ("Interpolative", [0, 10, 20]),
    ],
)
async def test_aggregates(ramp, connect, aggregate: str, expected: list[float]) -> None:
    async with connect(ramp) as client:
        answer = await Processed(ramp, client).read(KEY, 0, 30, 10, aggregate)
        assert answer.StatusCode.is_good()
        assert values(answer) == pytest.approx(expected)
        assert not answer.ContinuationPoint


async def test_every_aggregate_that_is_listed_is_computed(ramp, connect) -> None:
    async with connect(ramp) as client:
        reads = Processed(ramp, client)
        for folder in (
            ua.ObjectIds.HistoryServerCapabilities_AggregateFunctions,
            ua.ObjectIds.Server_ServerCapabilities_AggregateFunctions,
        ):
            listed = await client.get_node(ua.NodeId(folder)).get_children()
            assert {node.nodeid.Identifier for node in listed} == {r.number for r in RECORDS}
            names = [(await node.read_browse_name()).Name for node in listed]
            assert {name: BY_NAME[name].number for name in names} == {
                name: node.nodeid.Identifier for name, node in zip(names, listed, strict=True)
            }
        details = reads.details(0, 90, 30, *names)
        answers = await reads.ask(details, *[KEY] * len(names))
        for answer in answers:
            assert answer.StatusCode.is_good()
            assert len(answer.HistoryData.DataValues) == 3
            assert all(v.StatusCode.is_good() for v in answer.HistoryData.DataValues)


async def test_results_have_their_types(rig, connect) -> None:
    rig.records.put("hp1.defrost_active", [0.0, 1.0, 1.0, 0.0])
    rig.records.put("hp1.operating_mode", [3.0, 2.0, 2.0, 3.0])
    rig.records.put(KEY, [1.0, 2.0, 3.0, 4.0])
    types = ua.VariantType
    expected = {
        ("hp1.defrost_active", "Maximum"): (True, types.Boolean),
        ("hp1.defrost_active", "Interpolative"): (False, types.Boolean),
        ("hp1.defrost_active", "TimeAverage2"): (1 / 2, types.Double),
        ("hp1.defrost_active", "DurationInStateNonZero"): (1000.0, types.Double),
        ("hp1.operating_mode", "Start"): (3, types.Int32),
        ("hp1.operating_mode", "NumberOfTransitions"): (2, types.Int32),
        (KEY, "Count"): (2, types.Int32),
        (KEY, "WorstQuality"): (ua.StatusCode(0), types.StatusCode),
        (KEY, "Average"): (1.5, types.Double),
    }
    async with connect(rig) as client:
        for (name, aggregate), (value, kind) in expected.items():
            answer = await Processed(rig, client).read(name, 0, 2, 0, aggregate)
            (found,) = answer.HistoryData.DataValues
            assert (found.Value.Value, found.Value.VariantType) == (value, kind), aggregate


async def test_backwards_and_what_remains(ramp, connect) -> None:
    async with connect(ramp) as client:
        reads = Processed(ramp, client)
        answer = await reads.read(KEY, 25, 0, 10, "Maximum")
        # (15, 25], (5, 15], (0, 5]: each with the time of its begin, which is its late edge.
        assert reads.seconds(answer) == [25, 15, 5]
        assert values(answer) == [25, 15, 5]
        assert codes(answer) == ["0x0", "0x0", "0x404"]  # what remains is partial
        answer = await reads.read(KEY, 0, 25, 10, "Count")
        assert values(answer) == [10, 10, 5]
        answer = await reads.read(KEY, 0, 25, 0, "Count")
        assert values(answer) == [25]
        answer = await reads.read(KEY, 0, 25, 1e6, "Count")
        assert values(answer) == [25]


async def test_quality_follows_the_configuration(rig, connect) -> None:
    status = [0, 0, UNCERTAIN, 0, BAD_NO_COMMUNICATION, 0, 0, 0, 0, 0, 0]
    known = [NAN if s == BAD_NO_COMMUNICATION else 1.0 for s in status]
    rig.records.put(KEY, known, status)
    async with connect(rig) as client:
        reads = Processed(rig, client)

        async def count(**configuration: object) -> tuple[object, str]:
            answer = await reads.read(KEY, 0, 10, 0, "Count", **configuration)
            return values(answer)[0], codes(answer)[0]

        assert await count() == (8, "0x40a40401")
        assert await count(TreatUncertainAsBad=True, PercentDataGood=80) == (8, "0x401")
        bad = {"TreatUncertainAsBad": True, "PercentDataGood": 90}
        assert await count(**bad, PercentDataBad=20) == (None, "0x80000000")
        assert await count(**bad, PercentDataBad=30) == (8, "0x40a40401")
        answer = await reads.read(KEY, 0, 10, 0, "WorstQuality")
        assert values(answer) == [ua.StatusCode(BAD_NO_COMMUNICATION)]
        answer = await reads.read(KEY, 0, 10, 0, "DurationBad", TreatUncertainAsBad=False)
        assert values(answer) == [1000]


async def test_each_node_has_its_aggregate_and_its_refusal(ramp, connect) -> None:
    async with connect(ramp) as client:
        reads = Processed(ramp, client)
        details = reads.details(0, 10, 0, "Count", "Maximum", "Average", "AnnotationCount", "Start")
        names = (KEY, KEY, "hp1.Manufacturer", KEY, "hp1.nothing")
        answers = await reads.ask(details, *names)
        assert [a.StatusCode.value for a in answers] == [
            CODES.Good,
            CODES.Good,
            CODES.BadHistoryOperationUnsupported,
            CODES.BadAggregateNotSupported,
            CODES.BadNodeIdUnknown,
        ]
        assert [values(a) for a in answers[:2]] == [[10], [9]]
        # Fewer or more aggregates than nodes: nobody knows which is whose.
        for kinds in (["Count"], ["Count", "Count", "Count"], []):
            answers = await reads.ask(reads.details(0, 10, 0, *kinds), KEY, KEY)
            assert {a.StatusCode.value for a in answers} == {CODES.BadAggregateListMismatch}


@pytest.mark.parametrize(
    ("start", "end", "interval", "configuration", "code"),
    [
        (5, 5, 1, {}, CODES.BadInvalidArgument),
        (None, 5, 1, {}, CODES.BadInvalidArgument),
        (0, None, 1, {}, CODES.BadInvalidArgument),
        (0, 5, -1, {}, CODES.BadInvalidArgument),
        (0, 5, NAN, {}, CODES.BadInvalidArgument),
        (0, 5, 1e-7, {}, CODES.BadInvalidArgument),
        (0, 5, 1, {"PercentDataBad": 101}, CODES.BadAggregateConfigurationRejected),
        (0, 5, 1, {"PercentDataGood": 255}, CODES.BadAggregateConfigurationRejected),
        (
            0, 5, 1, {"PercentDataGood": 40, "PercentDataBad": 50},
            CODES.BadAggregateConfigurationRejected,
        ),
    ],
)  # fmt: skip
async def test_what_cannot_be_asked(
    ramp, connect, start, end, interval, configuration, code
) -> None:
    async with connect(ramp) as client:
        answer = await Processed(ramp, client).read(
            KEY, start, end, interval, "Average", **configuration
        )
        assert answer.StatusCode.value == code


async def test_many_intervals_come_in_pages(rig, connect) -> None:
    rig.records.put(KEY, [float(n % 7) for n in range(12_500)])
    async with connect(rig) as client:
        reads = Processed(rig, client)
        details = reads.details(0, 12_500, 0.5, "Interpolative")
        (answer,) = await reads.ask(details, KEY)
        found, pages = values(answer), 1
        assert len(found) == 10_000
        while answer.ContinuationPoint:
            (answer,) = await reads.ask(details, KEY, point=answer.ContinuationPoint)
            found += values(answer)
            pages += 1
        assert pages == 3
        assert found[::2] == [n % 7 for n in range(12_500)]
        assert found[1] == 0.5


@pytest.mark.parametrize(("start", "end"), [(0, 450_000), (450_000, 0)])
async def test_many_samples_come_in_pages_too(rig, connect, start: int, end: int) -> None:
    rig.records.put(KEY, [float(n) for n in range(450_001)])
    async with connect(rig) as client:
        reads = Processed(rig, client)
        details = reads.details(start, end, 3_600, "TimeAverage")
        (answer,) = await reads.ask(details, KEY)
        found, times, pages = values(answer), reads.seconds(answer), 1
        while answer.ContinuationPoint:
            (answer,) = await reads.ask(details, KEY, point=answer.ContinuationPoint)
            found += values(answer)
            times += reads.seconds(answer)
            pages += 1
        assert pages == 3
        assert times == list(range(start, end, 3_600 if end else -3_600))
        half = 1_800 if end else -1_800
        assert found == pytest.approx([second + half for second in times])


async def test_predictions_count_though_they_are_uncertain(rig, connect) -> None:
    rig.records.put("hp1.heat_up_time", [10.0, 20.0, 30.0], [UNCERTAIN] * 3)
    rig.records.put(KEY, [10.0, 20.0, 30.0], [UNCERTAIN] * 3)
    async with connect(rig) as client:
        reads = Processed(rig, client)
        assert values(await reads.read("hp1.heat_up_time", 0, 2, 0, "Maximum2")) == [30.0]
        assert values(await reads.read(KEY, 0, 2, 0, "Maximum2")) == [None]
        node = await rig.node(client, "hp1.heat_up_time")
        (configuration,) = await node.get_referenced_nodes(ua.ObjectIds.HasHistoricalConfiguration)
        rules = await configuration.get_child("0:AggregateConfiguration")
        flag = await rules.get_child("0:TreatUncertainAsBad")
        assert await flag.read_value() is False


async def at_times(reads: Processed, name: str, *seconds: float, simple: bool = False):
    details = ua.ReadAtTimeDetails()
    details.ReqTimes = [reads.at(second) for second in seconds]
    details.UseSimpleBounds = simple
    (answer,) = await reads.ask(details, name)
    return answer


async def test_at_time(rig, connect) -> None:
    rig.records.put(KEY, [0.0, 10.0, NAN, 30.0], [0, 0, BAD_NO_COMMUNICATION, 0])
    rig.records.put("hp1.operating_mode", [3.0, 2.0, 4.0, 4.0])
    async with connect(rig) as client:
        reads = Processed(rig, client)
        asked = (3, 0.5, 2, 1.5, 0, 0.5, 9, -1)
        answer = await at_times(reads, KEY, *asked)
        assert reads.seconds(answer) == list(asked)
        assert values(answer) == [30, 5, None, 15, 0, 5, 30, None]
        assert codes(answer) == [
            "0x0", "0x402", hex(BAD_NO_COMMUNICATION), "0x40a40402", "0x0", "0x402",
            "0x40a40402", hex(CODES.BadNoData),
        ]  # fmt: skip
        simple = await at_times(reads, KEY, 1.5, 2.5, 9, simple=True)
        assert values(simple) == [10, None, None]
        assert codes(simple)[0] == "0x40a40402"
        stepped = await at_times(reads, "hp1.operating_mode", 0.5, 1, 1.999)
        assert values(stepped) == [3, 2, 2]
        assert codes(stepped) == ["0x402", "0x0", "0x402"]
        nothing = await at_times(reads, KEY)
        assert nothing.StatusCode.value == CODES.BadInvalidArgument


async def test_many_times_come_in_pages(rig, connect) -> None:
    rig.records.put(KEY, [float(n) for n in range(5_000)])
    seconds = [(n * 1_237) % 4_990 + 0.25 for n in range(2_500)]
    async with connect(rig) as client:
        reads = Processed(rig, client)
        answer = await at_times(reads, KEY, *seconds)
        found = values(answer)
        assert len(found) == 1_000
        while answer.ContinuationPoint:
            details = ua.ReadAtTimeDetails()
            (answer,) = await reads.ask(details, KEY, point=answer.ContinuationPoint)
            found += values(answer)
        assert found == pytest.approx(seconds)


async def test_continuation_points_belong_to_their_node(rig, connect) -> None:
    rig.records.put(KEY, [float(n) for n in range(20_000)])
    async with connect(rig) as client:
        reads = Processed(rig, client)
        details = reads.details(0, 20_000, 1, "Start")
        (answer,) = await reads.ask(details, KEY)
        point = answer.ContinuationPoint
        (other,) = await reads.ask(details, "hp1.return_temperature", point=point)
        assert other.StatusCode.value == CODES.BadContinuationPointInvalid
