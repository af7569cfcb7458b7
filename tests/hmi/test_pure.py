"""The parts that need no browser: decimation, texts of values, alarm states."""

from __future__ import annotations

import asyncio
import math
import random
from datetime import UTC, datetime
from typing import cast
from zoneinfo import ZoneInfo

import pytest
from asyncua import ua
from nicegui import Client

from heatpump_twin.hmi import presentation
from heatpump_twin.hmi.alarms.alarm_list import AlarmList
from heatpump_twin.hmi.alarms.condition_report import Alarm, alarm_of
from heatpump_twin.hmi.elements.spark import Sparks
from heatpump_twin.hmi.heat_pump_model import Variable
from heatpump_twin.hmi.measure import AS_SENT
from heatpump_twin.hmi.pages.news import News
from heatpump_twin.hmi.person import Person
from heatpump_twin.hmi.presentation import DisplayedValue
from heatpump_twin.hmi.spoken import wanted
from heatpump_twin.hmi.trends.decimation import Envelope, Silence


def variable(**changes: object) -> Variable:
    values: dict[str, object] = {
        "node": ua.NodeId("hp1.x", 2), "id": "x", "key": "hp1.x", "name": "X", "title": "X",
        "text": "", "group": "Operational", "unit": "°C", "span": (20.0, 60.0),
    }  # fmt: skip
    return Variable(**(values | changes))  # type: ignore[arg-type]


# ── decimation ───────────────────────────────────────────────────────────────────────────────────
def test_a_short_series_is_drawn_as_it_was_recorded() -> None:
    envelope = Envelope(0, 1000, limit=10, silence=Silence(10_000))
    envelope.feed([(100, 1.0), (200, None), (300, 2.0)])
    assert envelope.points() == [(100, 1.0), (200, None), (300, 2.0)]
    assert envelope.exact


def test_peaks_survive_and_the_limit_holds() -> None:
    rng = random.Random(1)
    samples = [(i, rng.gauss(20, 1)) for i in range(100_000)]
    samples[54_321] = (54_321, 99.0)
    samples[12_345] = (12_345, -99.0)
    envelope = Envelope(0, 100_000, limit=600, silence=Silence(1000))
    for start in range(0, len(samples), 2000):
        envelope.feed(samples[start : start + 2000])
    points = envelope.points()
    assert len(points) <= 600
    assert (54_321, 99.0) in points
    assert (12_345, -99.0) in points
    assert points == sorted(points)
    assert envelope.fed == 100_000


def test_gaps_stay_gaps_after_decimation() -> None:
    envelope = Envelope(0, 10_000, limit=300, silence=Silence(500))
    envelope.feed([(i, 1.0) for i in range(4000)])
    envelope.feed([(4000, None)])
    envelope.feed([(i, 2.0) for i in range(5000, 8000)])
    envelope.feed([(i, 3.0) for i in range(9000, 10_000)])  # silence without a word
    points = envelope.points()
    assert len(points) <= 300
    breaks = [time for time, value in points if value is None]
    assert any(4000 <= time < 5000 for time in breaks)
    assert any(8000 <= time < 9000 for time in breaks)


def test_not_a_number_is_a_gap() -> None:
    envelope = Envelope(0, 10, limit=10, silence=Silence(100))
    envelope.feed([(1, math.nan)])
    assert envelope.points() == [(1, None)]


# ── texts ────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("changes", "value", "text"),
    [
        ({}, 41.04, "41.0"),
        ({}, -0.04, "0.0"),
        ({}, -3.25, "−3.2"),
        ({"unit": "W"}, 12_345.6, "12\u202f346"),
        ({"unit": "W", "decimals": 1}, 12_345.6, "12\u202f345.6"),
        ({"unit": "kWh", "decimals": 3}, 20.125, "20.125"),
        ({"decimals": 0}, 41.04, "41"),
        ({"unit": ""}, 3.456, "3.46"),
        ({"unit": "", "group": "Diagnostics"}, 62.0, "62"),
        ({"states": {0: "Off", 1: "On"}}, 1.0, "On"),
        ({"states": {0: "Off", 1: "On"}}, 7.0, "7"),
        ({}, None, "—"),
    ],
)
def test_values_are_written_for_people(
    changes: dict[str, object], value: float | None, text: str
) -> None:
    assert presentation.value_text(variable(**changes), value, ".") == text


def test_quality_comes_from_the_status_and_a_bad_value_is_not_shown() -> None:
    good = ua.DataValue(ua.Variant(1.0), ua.StatusCode(0), datetime(2026, 1, 1, tzinfo=UTC))
    bad = ua.DataValue(ua.Variant(1.0), ua.StatusCode(ua.StatusCodes.BadNoCommunication))
    unsure = ua.DataValue(ua.Variant(1.0), ua.StatusCode(ua.StatusCodes.UncertainSubNormal))
    broken = ua.DataValue(ua.Variant(math.nan), ua.StatusCode(0))
    assert [DisplayedValue.of(data, AS_SENT).quality for data in (good, bad, unsure, broken)] == [
        "good", "bad", "uncertain", "bad",
    ]  # fmt: skip
    assert DisplayedValue.of(bad, AS_SENT).value is None
    assert DisplayedValue.of(unsure, AS_SENT).value == 1.0
    shown = presentation.message(
        variable(), DisplayedValue.of(good, AS_SENT), ZoneInfo("Europe/Madrid"), "."
    )
    assert shown[2:4] == ["Good", "01:00:00"]


def test_numbers_have_the_decimal_sign_of_the_language() -> None:
    assert presentation.number_text(-12_345.6, 1, ",") == "−12\u202f345,6"
    assert presentation.number_text(-0.04, 1, ",") == "0,0"


@pytest.mark.parametrize(
    ("header", "codes"),
    [
        ("es", ["es"]),
        ("fr-FR,de;q=0.3,ca-ES;q=0.8", ["fr", "ca", "de"]),
        ("de;q=0, en;q=oops, *", ["*"]),
        ("", [""]),
    ],
)
def test_a_browser_says_which_languages_it_likes_best(header: str, codes: list[str]) -> None:
    assert wanted(header) == codes


# ── alarms ───────────────────────────────────────────────────────────────────────────────────────
def report(
    name: str, severity: int, *, active: bool, acked: bool, retain: bool, **more: object
) -> Alarm:
    alarm = alarm_of(
        {
            "ConditionId": ua.NodeId(f"hp1.alarms.{name}", 2),
            "SourceNode": ua.NodeId("hp1", 2),
            "SourceName": "Aquarea",
            "Message": ua.LocalizedText(name),
            "Severity": severity,
            "Time": datetime(2026, 1, 1, tzinfo=UTC),
            "ActiveState/Id": active,
            "AckedState/Id": acked,
            "Retain": retain,
            **more,
        }
    )
    assert alarm is not None
    return alarm


def test_what_nobody_acknowledged_comes_first_and_what_is_over_comes_last() -> None:
    alarms = AlarmList()
    alarms.take(report("low", 300, active=True, acked=False, retain=True))
    alarms.take(report("high", 700, active=True, acked=True, retain=True))
    alarms.take(report("urgent", 900, active=False, acked=False, retain=True))
    alarms.take(report("gone", 900, active=True, acked=False, retain=True))
    alarms.take(report("gone", 900, active=False, acked=True, retain=False))
    assert [alarm.message for alarm in alarms.rows()] == ["low", "urgent", "high", "gone"]
    assert [alarm.state for alarm in alarms.rows()] == [
        "unacknowledged", "returned", "acknowledged", "normal",
    ]  # fmt: skip
    assert len(alarms.active()) == 3
    assert alarms.rows()[0].unit == "hp1"


def test_a_condition_that_never_was_abnormal_is_not_listed() -> None:
    alarms = AlarmList()
    alarms.take(report("calm", 500, active=False, acked=True, retain=False))
    assert alarms.rows() == []


def test_an_earlier_occurrence_stands_beside_the_present_one() -> None:
    alarms = AlarmList()
    branch = {"BranchId": ua.NodeId("hp1.alarms.flow.branches.1", 2)}
    alarms.take(report("flow", 700, active=False, acked=False, retain=True, **branch))
    alarms.take(report("flow", 700, active=True, acked=True, retain=True))
    assert [alarm.state for alarm in alarms.rows()] == ["returned", "acknowledged"]
    assert len({alarm.key for alarm in alarms.rows()}) == 2
    alarms.take(report("flow", 700, active=False, acked=True, retain=False, **branch))
    assert [alarm.active for alarm in alarms.active()] == [True]


@pytest.mark.parametrize(
    ("active", "acked", "more", "state", "wants"),
    [
        (True, False, {}, "unacknowledged", "acknowledge"),
        (True, True, {"ConfirmedState/Id": False}, "acknowledged", "confirm"),
        (False, True, {"ConfirmedState/Id": False}, "confirm", "confirm"),
        (False, True, {"LatchedState/Id": True}, "reset", "reset"),
        (True, True, {"LatchedState/Id": True}, "acknowledged", ""),
        (True, False, {"SuppressedOrShelved": True}, "shelved", "acknowledge"),
        (
            True,
            False,
            {"SuppressedOrShelved": True, "SuppressedState/Id": True},
            "suppressed",
            "acknowledge",
        ),
        (
            False,
            True,
            {"SuppressedOrShelved": True, "OutOfServiceState/Id": True},
            "out_of_service",
            "",
        ),
    ],
)
def test_an_alarm_tells_what_it_wants(active, acked, more, state, wants) -> None:
    alarm = report("x", 900, active=active, acked=acked, retain=True, **more)
    assert (alarm.state, alarm.wants) == (state, wants)
    assert alarm.waits is not alarm.quiet


def test_other_events_are_no_alarms() -> None:
    assert alarm_of({"Message": ua.LocalizedText("refresh starts")}) is None


# ── spark lines ──────────────────────────────────────────────────────────────────────────────────
class Unreachable:
    """A person whose twin does not answer."""

    def now(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC)

    @property
    def client(self) -> Client:
        raise TimeoutError


async def test_a_twin_that_does_not_answer_is_asked_less_and_less(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pauses: list[float] = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 8:
            raise asyncio.CancelledError

    monkeypatch.setattr(asyncio, "sleep", sleep)
    page = cast("Client", None)
    sparks = Sparks(cast("Person", Unreachable()), page)
    sparks.look([variable()])
    with pytest.raises(asyncio.CancelledError):
        await sparks.run()
    assert pauses == [10.0, 20.0, 40.0, 80.0, 160.0, 320.0, 600.0, 600.0]


# ── pages that are closed ────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("turns", range(4))
def test_a_page_that_is_closed_in_the_moment_of_news_is_pushed_to_no_more(turns: int) -> None:
    async def close_as_a_value_comes() -> None:
        news = News(cast("Person", None), [variable()], ZoneInfo("UTC"))

        async def push() -> None:
            while True:
                await news.wait()
                news.values.take()

        page = asyncio.create_task(push())
        for _ in range(3):
            await asyncio.sleep(0)
        news.values.put("hp1.x", DisplayedValue(1.0, 0, None))
        for _ in range(turns):
            await asyncio.sleep(0)
        page.cancel()
        for _ in range(10):
            await asyncio.sleep(0)
        assert page.cancelled()

    asyncio.run(close_as_a_value_comes())
