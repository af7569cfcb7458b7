"""What conditions remember, against what a person works out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.rules.grammar.errors import ExpressionError
from heatpump_twin.rules.grammar.expression import Expression
from heatpump_twin.rules.grammar.parser import Inputs

NAN = math.nan
MIN, HOUR, DAY = 60, 3600, 86_400


class Watched:
    """The value of a call over time, of one asset or of several."""

    def __init__(self, call: str, assets: int = 1) -> None:
        self.expression = Expression.parse(f"{call} > 0")
        self.memory = {t: r.make(assets) for t, r in self.expression.recipes.items()}
        self.text = next(reversed(self.memory))
        self.assets = assets
        self.values: dict[str, float | list[float]] = {}
        self.passed = 0.0

    def at(self, seconds: float = 0.0, **values: float | list[float]) -> list[float]:
        """Let time pass with the inputs of before, in looks of a minute; then take others."""
        while True:
            step = min(seconds, 60.0)
            seconds -= step
            if seconds <= 0:
                self.values |= values
            held = {
                point: np.broadcast_to(np.asarray(value, float), self.assets)
                for point, value in self.values.items()
            }
            inputs = Inputs(held, {}, round(step * MICROSECONDS), self.memory)
            self.expression.evaluate(inputs)
            if seconds <= 0:
                return inputs.told[self.text].tolist()

    def one(self, seconds: float = 0.0, **values: float) -> float:
        return self.at(seconds, **values)[0]


# ── windows ──────────────────────────────────────────────────────────────────────────────────────
def test_a_mean_is_known_when_its_window_has_passed() -> None:
    watched = Watched("mean(electrical_power, '1 h')")
    assert math.isnan(watched.one(electrical_power=600))
    assert math.isnan(watched.one(59 * MIN))
    assert watched.one(MIN, electrical_power=1200) == 600
    # The oldest minute gives way to each new one; the window is a bucket shorter at most.
    assert watched.one(30 * MIN) == pytest.approx(900, abs=15)
    assert watched.one(30 * MIN) == 1200


def test_what_is_unknown_adds_nothing_and_too_little_is_unknown() -> None:
    watched = Watched("mean(electrical_power, '1 h')")
    watched.one(electrical_power=600)
    watched.one(HOUR, electrical_power=NAN)
    assert watched.one(29 * MIN, electrical_power=NAN) == 600
    assert math.isnan(watched.one(5 * MIN))
    watched.one(electrical_power=900)
    assert watched.one(HOUR) == 900


def test_extremes_are_those_of_the_window() -> None:
    low = Watched("min(electrical_power, '10 min')")
    high = Watched("max(electrical_power, '10 min')")
    for watched in (low, high):
        watched.one(electrical_power=500)
        watched.one(5 * MIN, electrical_power=100)
        watched.one(MIN, electrical_power=900)
        watched.one(MIN, electrical_power=500)
    assert (low.one(4 * MIN), high.one(4 * MIN)) == (100, 900)
    assert (low.one(11 * MIN), high.one(11 * MIN)) == (500, 500)


def test_a_trend_is_the_rise_over_the_window_in_the_unit_of_its_input() -> None:
    watched = Watched("trend(water_pressure, '7 d')")
    watched.one(water_pressure=1.8)
    for hour in range(1, 8 * 24):
        got = watched.one(HOUR, water_pressure=1.8 - 0.1 * hour / (7 * 24))
    assert got == pytest.approx(-0.1, rel=0.03)
    assert math.isnan(Watched("trend(water_pressure, '7 d')").one(water_pressure=1))


def test_count_duration_and_changes_are_known_at_once_as_what_they_are_at_least() -> None:
    count = Watched("count(compressor_on, '1 h')")
    duration = Watched("duration(compressor_on, '1 h')")
    changes = Watched("changes(operating_mode, '1 h')")
    for watched, point in ((count, "compressor_on"), (duration, "compressor_on"),
                           (changes, "operating_mode")):  # fmt: skip
        assert watched.one(**{point: 0}) == 0
        for _ in range(3):
            watched.one(4 * MIN, **{point: 1})
            watched.one(6 * MIN, **{point: 0})
    assert (count.one(), duration.one(), changes.one()) == (3, 18 * MIN, 6)
    assert (count.one(HOUR), duration.one(HOUR), changes.one(HOUR)) == (0, 0, 0)


def test_a_short_unknown_is_no_start_and_a_long_one_hides_one() -> None:
    watched = Watched("count(compressor_on, '1 h')")
    watched.one(compressor_on=1)
    watched.one(MIN, compressor_on=NAN)
    assert watched.one(MIN, compressor_on=1) == 0
    watched.one(MIN, compressor_on=0)
    watched.one(MIN, compressor_on=NAN)
    assert watched.one(MIN, compressor_on=1) == 1  # it was off, a minute is bridged
    watched.one(MIN, compressor_on=0)
    watched.one(MIN, compressor_on=NAN)
    assert watched.one(10 * MIN, compressor_on=1) == 1


def test_during_counts_only_the_time_in_which_it_holds() -> None:
    watched = Watched("mean(electrical_power, '3 d', during=compressor_on)")
    # Six hours a day: three days of running are twelve days of wall time.
    for day in range(13):
        watched.one(electrical_power=1000, compressor_on=1)
        watched.one(6 * HOUR, electrical_power=20, compressor_on=0)
        known = watched.one(18 * HOUR)
        assert math.isnan(known) == (day < 11), day
    assert known == 1000


def test_whether_it_runs_may_be_unknown_for_long() -> None:
    watched = Watched("mean(electrical_power, '1 h', during=compressor_on)")
    watched.one(electrical_power=1000, compressor_on=1)
    watched.one(40 * MIN, electrical_power=5000, compressor_on=NAN)
    watched.one(DAY, electrical_power=1000, compressor_on=1)
    assert watched.one(20 * MIN) == 1000


def test_assets_have_axes_of_their_own() -> None:
    watched = Watched("mean(electrical_power, '1 h', during=compressor_on)", assets=3)
    watched.at(electrical_power=[100.0, 200.0, 300.0], compressor_on=[1.0, 0.0, NAN])
    got = watched.at(HOUR)
    assert got[0] == 100
    assert math.isnan(got[1])
    assert math.isnan(got[2])
    watched.memory[watched.text].keep(np.array([True, False, True]))
    watched.assets = 2
    watched.values = {"electrical_power": [100.0, 300.0], "compressor_on": [0.0, 1.0]}
    assert watched.at()[0] == 100
    assert watched.at(HOUR) == [100, 300]


# ── runs ─────────────────────────────────────────────────────────────────────────────────────────
def test_the_cop_of_a_run_is_that_of_this_one_and_then_of_the_last() -> None:
    heat = Watched("mean(thermal_power, 'run', during=compressor_on)")
    assert math.isnan(heat.one(thermal_power=4000, compressor_on=1))  # it began before we came
    assert math.isnan(heat.one(HOUR, thermal_power=0, compressor_on=0))
    heat.one(HOUR, thermal_power=5000, compressor_on=1)
    assert heat.one(10 * MIN, thermal_power=3000) == 5000
    assert heat.one(10 * MIN) == 4000
    heat.one(thermal_power=0, compressor_on=0)
    assert heat.one(5 * HOUR) == 4000
    heat.one(thermal_power=1000, compressor_on=1)
    assert heat.one(MIN) == 1000


def test_a_run_that_was_lost_for_long_is_not_known() -> None:
    watched = Watched("duration(backup_heater_on, 'run', during=compressor_on)")
    watched.one(backup_heater_on=1, compressor_on=0)
    watched.one(MIN, compressor_on=1)
    assert watched.one(10 * MIN, compressor_on=NAN) == 10 * MIN
    assert watched.one(MIN, compressor_on=1) == 10 * MIN  # bridged, and not counted
    watched.one(MIN, compressor_on=NAN)
    assert math.isnan(watched.one(10 * MIN, compressor_on=1))
    assert math.isnan(watched.one(10 * MIN))


# ── episodes ─────────────────────────────────────────────────────────────────────────────────────
def test_the_longest_and_the_shortest_of_the_last_runs() -> None:
    longest = Watched("longest_run(compressor_on, 3)")
    shortest = Watched("shortest_run(compressor_on, 3)")
    for watched, expected in (
        (longest, [NAN, NAN, 9, 9, 9, 4]),
        (shortest, [NAN, NAN, 5, 4, 4, 3]),
    ):
        watched.one(compressor_on=0)
        got = []
        for minutes in (5, 7, 9, 4, 4, 3):
            watched.one(20 * MIN, compressor_on=1)
            got.append(watched.one(minutes * MIN, compressor_on=0) / MIN)
        np.testing.assert_array_equal(got, expected)


def test_intervals_are_from_start_to_start() -> None:
    watched = Watched("longest_interval(defrost_active, 3)")
    watched.one(defrost_active=0)
    for wait, expected in ((50, NAN), (30, NAN), (20, NAN), (25, 35), (25, 30), (25, 30)):
        got = watched.one(wait * MIN, defrost_active=1)
        np.testing.assert_equal(got / MIN, expected)
        watched.one(5 * MIN, defrost_active=0)


def test_an_episode_that_was_lost_is_none() -> None:
    watched = Watched("longest_run(compressor_on, 1)")
    watched.one(compressor_on=0)
    watched.one(MIN, compressor_on=1)
    watched.one(5 * MIN, compressor_on=NAN)
    assert math.isnan(watched.one(5 * MIN, compressor_on=0))
    watched.one(MIN, compressor_on=1)
    watched.one(5 * MIN, compressor_on=NAN)
    watched.one(MIN, compressor_on=1)
    assert watched.one(5 * MIN, compressor_on=0) == 11 * MIN


def test_since_counts_from_the_last_time_and_before_it_from_the_first_look() -> None:
    watched = Watched("since(dhw_heating)")
    assert watched.one(dhw_heating=0) == 0
    assert watched.one(DAY) == DAY
    assert watched.one(HOUR, dhw_heating=1) == 0
    assert watched.one(HOUR, dhw_heating=0) == 0
    assert watched.one(HOUR, dhw_heating=NAN) == HOUR
    assert watched.one(DAY, dhw_heating=0) == HOUR
    assert watched.one(HOUR) == 2 * HOUR


# ── filters ──────────────────────────────────────────────────────────────────────────────────────
def test_an_average_forgets_at_its_time_constant() -> None:
    watched = Watched("ewma(cop_residual, '6 h', during=compressor_on)")
    watched.one(cop_residual=0.0, compressor_on=1)
    assert math.isnan(watched.one(5 * HOUR))
    assert watched.one(HOUR, cop_residual=-1.0) == 0
    assert watched.one(6 * HOUR) == pytest.approx(math.exp(-1) - 1, abs=1e-9)
    watched.one(compressor_on=0, cop_residual=NAN)
    assert watched.one(10 * DAY) == pytest.approx(math.exp(-1) - 1, abs=1e-9)


def test_a_sum_grows_by_what_is_much_and_never_falls_below_zero() -> None:
    watched = Watched("cusum(-cop_residual, 0.2, during=compressor_on)")
    watched.one(cop_residual=0.1, compressor_on=1)
    assert watched.one(10 * HOUR, cop_residual=-0.5) == 0
    assert watched.one(10 * HOUR) == pytest.approx(3.0)
    watched.one(compressor_on=0)
    assert watched.one(10 * HOUR) == pytest.approx(3.0)
    watched.one(compressor_on=1, cop_residual=-0.1)
    assert watched.one(10 * HOUR) == pytest.approx(2.0)


# ── how it is written ────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("mean(electrical_power) > 3", "is written mean"),
        ("mean(electrical_power, 3600) > 3", "is written mean"),
        ("mean(electrical_power, 'soon') > 3", "'soon' is not a duration"),
        ("mean(electrical_power, '0 s') > 3", "not between '1 s' and '400 d'"),
        ("mean(electrical_power, '500 d') > 3", "not between '1 s' and '400 d'"),
        ("mean(electrical_power, 'run') > 3", "needs `during`"),
        ("trend(supply_temperature, 'run', during=compressor_on) > 3", "no trend.. of a run"),
        ("mean(electrical_power, '1 h', while_=compressor_on) > 3", "takes no `while_`"),
        ("abs(electrical_power, during=compressor_on) > 3", "takes no `during`"),
        ("longest_run(compressor_on) > 3", "is written longest_run"),
        ("longest_run(compressor_on, 0) > 3", "1 to 20"),
        ("longest_run(compressor_on, 3, during=dhw_heating) > 3", "is written longest_run"),
        ("since(compressor_on, '1 h') > 3", "is written since"),
        ("ewma(cop, 3) > 3", "is written ewma"),
        ("cusum(cop) > 3", "is written cusum"),
        ("compressor_on > 'eval(1)'", "not a duration"),
        ("median(cop, '1 h') > 3", "no function median.*mean"),
    ],
)
def test_what_is_written_otherwise_is_refused_with_the_form(text: str, words: str) -> None:
    with pytest.raises(ExpressionError, match=words):
        Expression.parse(text)


def test_one_part_remembers_once_for_both_conditions() -> None:
    raised = Expression.parse("mean(electrical_power, '1 h') > 900")
    cleared = Expression.parse("mean( electrical_power, '1 h' ) < 800")
    assert raised.recipes.keys() == cleared.recipes.keys()
