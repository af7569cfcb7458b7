"""What a trend shows, as its address says it; its panes; breaks of its lines; views by name."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from asyncua import ua

from heatpump_twin.hmi.heat_pump_model import Variable
from heatpump_twin.hmi.presentation import DisplayedValue
from heatpump_twin.hmi.trends.decimation import Silence
from heatpump_twin.hmi.trends.saved_views import MOST_VIEWS, SavedViews
from heatpump_twin.hmi.trends.trend_reader import join_extremes
from heatpump_twin.hmi.trends.trend_series import panes_of
from heatpump_twin.hmi.trends.trend_view import (
    MOST_POINTS,
    Placed,
    TrendView,
    earlier_by,
    view_of,
)

MADRID = ZoneInfo("Europe/Madrid")
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SILENCE = Silence(1800_000)


def variable(key: str, unit: str) -> Variable:
    return Variable(ua.NodeId(key, 2), key, f"hp1.{key}", key, key, "", "Operational", unit)


# ── the view in the address ──────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    "view",
    [
        TrendView(),
        TrendView((Placed("hp1.supply_temperature"), Placed("hp2.cop", 3)), hours=168),
        TrendView((Placed("site.cop"),), earlier="week", ahead=True, marks=True),
        TrendView(start=NOW - timedelta(days=40), end=NOW),
    ],
)
def test_a_view_is_the_same_after_its_address(view: TrendView) -> None:
    assert view_of(view.query(MADRID), MADRID) == view


def test_times_of_an_address_are_those_of_the_site() -> None:
    view = view_of("from=2026-07-01T00:00&to=2026-07-02T00:00", MADRID)
    assert view.start == datetime(2026, 6, 30, 22, tzinfo=UTC)
    # A day of 23 hours is one, too.
    view = view_of("from=2026-03-29T00:00&to=2026-03-30T00:00", MADRID)
    assert view.start is not None
    assert view.end is not None
    assert view.end - view.start == timedelta(hours=23)


@pytest.mark.parametrize(
    "query",
    [
        "h=5", "h=-1", "h=x", "from=2026-07-01T00:00", "from=x&to=y", "with=decade", "p=&p=@1",
        "from=2026-07-02T00:00&to=2026-07-01T00:00", "from=0001-01-01T00:00&to=2026-07-01T00:00",
        "from=1990-01-01T00:00&to=2026-07-01T00:00", "ahead=yes", "%%%=%zz", "p=" + "x" * 300,
    ],
)  # fmt: skip
def test_what_has_no_meaning_is_left_out(query: str) -> None:
    assert view_of(query, MADRID) == TrendView()


def test_an_address_has_a_bounded_number_of_points_and_none_twice() -> None:
    found = view_of("&".join(f"p=hp1.p{n % 40}@9" for n in range(99)), MADRID).points
    assert len(found) == MOST_POINTS == len(set(found))
    # There is no ninth pane.
    assert {point.pane for point in found} == {0}


def test_a_range_follows_the_time_or_stands() -> None:
    assert TrendView(hours=6).range(NOW) == (NOW - timedelta(hours=6), NOW)
    view = TrendView(start=NOW - timedelta(days=2), end=NOW - timedelta(days=1))
    assert view.range(NOW) == (view.start, view.end)


def test_seven_in_the_morning_lies_on_seven_in_the_morning() -> None:
    # The clock was changed on 29 March.
    seven = datetime(2026, 4, 1, 7, tzinfo=MADRID)
    before = earlier_by(TrendView(earlier="week"), seven, MADRID)
    assert before == datetime(2026, 3, 25, 7, tzinfo=MADRID)
    assert seven.timestamp() - before.timestamp() == 167 * 3600


# ── panes ────────────────────────────────────────────────────────────────────────────────────────
def test_points_of_a_unit_share_a_pane_and_a_pane_has_two_scales() -> None:
    known = {
        v.key: v
        for v in (
            variable("supply", "°C"), variable("return", "°C"), variable("power", "W"),
            variable("flow", "l/min"),
        )
    }  # fmt: skip
    panes = panes_of([Placed(key) for key in known], known)
    assert panes["hp1.supply"] == panes["hp1.return"]
    assert len(set(panes.values())) == 3
    panes = panes_of([Placed(key, 1) for key in known], known)
    assert panes["hp1.supply"] == panes["hp1.return"] == panes["hp1.power"]
    assert panes["hp1.flow"] != panes["hp1.power"]


# ── lines of extremes ────────────────────────────────────────────────────────────────────────────
def sample(minute: float, value: float | None) -> DisplayedValue:
    status = ua.StatusCodes.Good if value is not None else ua.StatusCodes.BadNoData
    return DisplayedValue(value, status, datetime.fromtimestamp(60 * minute, UTC))


def test_a_line_has_the_extremes_of_each_interval_in_their_order() -> None:
    least = [sample(3, 20.0), sample(17, 21.0)]
    greatest = [sample(1, 25.0), sample(17, 21.0)]
    fine = [sample(0, 0.0)] * 2
    assert join_extremes(least, greatest, fine, silence=SILENCE) == [
        (60_000, 25.0), (180_000, 20.0), (1_020_000, 21.0),
    ]  # fmt: skip


def test_a_line_goes_on_over_an_unchanged_value_and_breaks_over_silence() -> None:
    times = (1, None, 25, None, None, None, 95)
    some = [sample(10 * i if t is None else t, None if t is None else 20.0)
            for i, t in enumerate(times)]  # fmt: skip
    drawn = join_extremes(some, some, [sample(0, 0.0)] * len(some), silence=SILENCE)
    assert drawn == [(60_000, 20.0), (1_500_000, 20.0), (1_500_001, None), (5_700_000, 20.0)]


def test_simulated_history_has_no_gaps_and_what_follows_it_has() -> None:
    some = [sample(minute, 20.0) for minute in (1, 90, 200, 205)]
    fine = [sample(0, 0.0)] * len(some)
    drawn = join_extremes(some, some, fine, silence=Silence(1800_000, since=100 * 60_000))
    assert [value for _, value in drawn] == [20.0, 20.0, None, 20.0, 20.0]


def test_a_line_breaks_where_what_stands_is_bad() -> None:
    some = [sample(1, 20.0), sample(10, None), sample(21, 20.0)]
    bad = [sample(0, 0.0), sample(10, 100.0), sample(20, 5.0)]
    drawn = join_extremes(some, some, bad, silence=SILENCE)
    assert drawn == [(60_000, 20.0), (600_000, None), (1_260_000, 20.0)]


# ── views by name ────────────────────────────────────────────────────────────────────────────────
def test_views_are_kept_for_each_person(tmp_path: Path) -> None:
    path = tmp_path / "views.json"
    views = SavedViews(path)
    assert views.of("olga") == {}
    assert views.save("olga", "  West   wing ", "p=hp1.cop&h=24")
    assert views.save("olga", "All", "h=6")
    assert not views.save("olga", "   ", "h=6")
    assert SavedViews(path).of("olga") == {"All": "h=6", "West wing": "p=hp1.cop&h=24"}
    assert views.of("victor") == {}
    views.forget("victor", "All")
    views.forget("olga", "All")
    assert list(views.of("olga")) == ["West wing"]
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_person_has_a_bounded_number_of_views(tmp_path: Path) -> None:
    views = SavedViews(tmp_path / "views.json")
    assert all(views.save("olga", f"v{n}", "h=6") for n in range(MOST_VIEWS))
    assert not views.save("olga", "one more", "h=6")
    assert views.save("olga", "v0", "h=24")
    assert views.of("olga")["v0"] == "h=24"


@pytest.mark.parametrize("content", ["", "[]", "{", '{"olga": 3}', "\x00"])
def test_a_file_that_is_none_costs_the_views_and_not_the_page(tmp_path: Path, content: str) -> None:
    path = tmp_path / "views.json"
    path.write_text(content)
    views = SavedViews(path)
    assert views.of("olga") == {}
    assert views.save("olga", "new", "h=6")
    assert views.of("olga") == {"new": "h=6"}
