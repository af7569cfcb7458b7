"""The figures of ISA-18.2 against what can be counted by hand."""

from __future__ import annotations

import numpy as np
import pytest

from heatpump_twin.twin_engine.alarm import AlarmDefinition, AlarmTransition
from heatpump_twin.twin_engine.alarm_report.alarm_figures import alarm_figures, targets
from heatpump_twin.twin_engine.alarm_report.alarm_tally import AlarmTally
from heatpump_twin.twin_engine.alarm_report.episode import DAY, HOUR, MINUTE, Episode
from heatpump_twin.twin_engine.alarm_report.floods import Flood, chattering, first_outs, floods

START = 1_767_225_600_000_000
END = START + 30 * DAY
S = 1_000_000


def at(
    minutes: float, key: str = "hp1.a", lasts: float | None = 1.0, severity: int = 500
) -> Episode:
    """An alarm that is raised so many minutes after the start, and lasts so many."""
    raised = START + round(minutes * MINUTE)
    returned = None if lasts is None else raised + round(lasts * MINUTE)
    return Episode(key, severity, raised, returned)


def times(*minutes: float) -> np.ndarray:
    return START + (np.array(minutes) * MINUTE).astype(np.int64)


def test_eleven_in_ten_minutes_are_a_flood_and_ten_are_not() -> None:
    assert floods(times(*np.arange(0, 100, 1.0))) == []  # each ten minutes have ten
    (flood,) = floods(times(*np.arange(0, 100, 0.9)))
    assert (flood.begin, flood.alarms, flood.peak) == (START, 112, 12)


def test_a_flood_goes_from_its_first_alarm_until_few_are_left() -> None:
    (flood,) = floods(times(5, *np.arange(20, 23, 0.25)))
    # Twelve within three minutes. The last four of them are left ten minutes after the fifth last.
    assert flood == Flood(START + 20 * MINUTE, START + round(31.75 * MINUTE), 12, 12)


def test_a_flood_goes_on_while_five_are_in_the_window_and_two_are_two() -> None:
    burst = np.arange(0, 3, 0.25)
    slow = np.arange(4, 40, 1.9)  # five or six in ten minutes
    (flood,) = floods(times(*burst, *slow))
    assert flood.alarms == len(burst) + len(slow)
    assert len(floods(times(*burst, *(burst + 60)))) == 2


def test_three_times_in_a_minute_is_chatter() -> None:
    soon = [at(0, "hp1.a"), at(0.5, "hp1.a"), at(1.0, "hp1.a"), at(9, "hp1.a")]
    slow = [at(0, "hp1.b"), at(0.6, "hp1.b"), at(1.2, "hp1.b")]
    others = [at(0, "hp2.a"), at(0.1, "hp2.a")]
    assert chattering([*slow, *others, *soon]) == {"hp1.a": 1}


def test_the_first_of_several_of_one_heat_pump_is_its_first_out() -> None:
    found = first_outs(
        [
            at(0.5, "hp1.flow"), at(0, "hp1.pump"), at(1.2, "hp1.trip"),  # one after another
            at(0.2, "hp2.pump"),  # another heat pump, alone
            at(60, "hp1.flow"), at(60.5, "hp1.flow"),  # the same twice is no sequence
            at(90, "hp1.pump"), at(90.9, "hp1.trip"),
        ]
    )  # fmt: skip
    assert found == {"hp1.pump": 2}


def test_figures_of_a_month() -> None:
    burst = [at(1000 + 0.25 * i, f"hp1.b{i}", severity=300) for i in range(12)]
    stands = at(-2 * 1440, "hp2.old", lasts=None, severity=900)
    answered = Episode("hp1.c", 900, START + HOUR, START + 2 * HOUR, START + HOUR + 10 * MINUTE)
    hushed = Episode("hp1.d", 700, START + 3 * HOUR, hushed=True)
    later = at(31 * 1440)
    long = at(20 * 1440, "hp1.e", lasts=1441.0, severity=700)
    found = alarm_figures([*burst, stands, answered, hushed, later, long], START, END)
    assert (found.count, found.hushed, found.peak) == (14, 1, 12)
    assert found.priorities == {"urgent": 1, "high": 1, "medium": 0, "low": 12}
    assert [e.key for e in found.standing] == ["hp2.old", "hp1.d"]
    assert [e.key for e in found.stale] == ["hp2.old", "hp1.d", "hp1.e"]
    assert (found.unacknowledged, found.answer) == (13, 10 * MINUTE)
    assert found.a_day == pytest.approx(14 / 30)
    assert found.flooded == pytest.approx((11.75 * MINUTE) / (30 * DAY))
    assert found.frequent[0].share == pytest.approx(1 / 14)
    assert found.first_outs == [("hp1.b0", 1)]
    missed = [target.figure for target in targets(found) if not target.met]
    assert missed == ["peak"]


def test_a_period_without_alarms_keeps_all_targets() -> None:
    found = alarm_figures([], START, END)
    assert (found.count, found.peak, found.flooded, found.top_share, found.answer) == (
        0,
        0,
        0,
        0,
        None,
    )
    assert all(target.met for target in targets(found))


def test_the_tally_of_now_counts_what_the_figures_count() -> None:
    tally = AlarmTally()
    alarms = [
        AlarmDefinition("hp1", f"a{i}", "T", 900 if i == 0 else 300, "c", "a", ())
        for i in range(12)
    ]
    for i, alarm in enumerate(alarms):
        tally.take(AlarmTransition(alarm, True, START + i * 15 * S, "m"))
    now = START + 3 * MINUTE
    assert tally.values(now) == {
        "alarms_standing": 12, "urgent_alarms_standing": 1, "stale_alarms": 0,
        "alarms_in_ten_minutes": 12, "alarms_in_a_day": 12, "alarm_flood": 1.0,
        "chattering_alarms": 0,
    }  # fmt: skip
    for alarm in alarms[1:]:
        tally.take(AlarmTransition(alarm, False, now, "m"))
    later = tally.values(START + 25 * HOUR)
    assert (later["alarms_standing"], later["stale_alarms"], later["alarms_in_a_day"]) == (1, 1, 0)
    assert later["alarm_flood"] == 0.0
    tally.forget("hp1")
    assert tally.values(START + 25 * HOUR)["alarms_standing"] == 0


def test_what_was_before_a_restart_is_counted_once() -> None:
    tally = AlarmTally()
    alarm = AlarmDefinition("hp1", "a", "T", 900, "c", "a", ())
    tally.take(AlarmTransition(alarm, True, START + HOUR, "m"))
    before = [
        Episode("hp1.a", 900, START, START + MINUTE),
        Episode("hp1.a", 900, START + HOUR),
        Episode("hp1.b", 500, START, hushed=True),
    ]
    tally.recall(before)
    found = tally.values(START + 2 * HOUR)
    assert (found["alarms_standing"], found["alarms_in_a_day"]) == (2, 2)


def test_what_returned_since_the_start_stands_no_more_and_what_is_hushed_is_not_shown() -> None:
    tally = AlarmTally()
    back = AlarmDefinition("hp1", "a", "T", 900, "c", "a", ())
    tally.take(AlarmTransition(back, False, START + HOUR, "m"))
    tally.recall([Episode("hp1.a", 900, START), Episode("hp1.b", 500, START)])
    now = START + 2 * HOUR
    assert tally.values(now)["alarms_standing"] == 1
    assert tally.values(now, {"hp1.b"})["alarms_standing"] == 0
    quiet = AlarmDefinition("hp1", "c", "T", 900, "c", "a", ())
    tally.take(AlarmTransition(quiet, True, now, "m"), hushed=True)
    assert tally.values(now)["alarms_in_ten_minutes"] == 0


def test_floods_do_not_overlap() -> None:
    # Eleven in five minutes; four of them are in the window still when ten come at once.
    found = floods(times(*np.arange(0, 5.5, 0.5), *np.linspace(13.1, 13.95, 10)))
    assert len(found) == 2
    assert found[0].end <= found[1].begin
    assert sum(flood.alarms for flood in found) == 21


def test_a_flood_over_the_end_of_a_month_is_one_and_counts_in_both() -> None:
    burst = [at(-1 + 0.25 * i, f"hp1.b{i}") for i in range(12)]
    before, here = alarm_figures(burst, START - DAY, START), alarm_figures(burst, START, END)
    assert before.floods == here.floods
    (flood,) = here.floods
    assert flood.alarms == 12
    inside = before.flooded * DAY + here.flooded * (END - START)
    assert inside == pytest.approx(flood.end - flood.begin)


@pytest.mark.parametrize(("apart", "most", "met"), [(2 * 1440, 1, True), (60, 5, False)])
def test_stale_alarms_of_different_days_are_not_added_up(apart: int, most: int, met: bool) -> None:
    stale = [at(i * apart, f"hp1.s{i}", lasts=2 * 1440 - 1) for i in range(5)]
    found = alarm_figures(stale, START, END)
    assert (len(found.stale), found.stale_at_once) == (5, most)
    assert next(t for t in targets(found) if t.figure == "stale").met == met
