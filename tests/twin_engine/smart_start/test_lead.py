"""How long before it shall be warm heating has to start: by properties, and by known courses."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.twin_engine.smart_start.heat_ups import HeatUps, HeatUpStart
from heatpump_twin.twin_engine.smart_start.lead import lead_model
from heatpump_twin.twin_engine.smart_start.lead_methods import METHODS
from heatpump_twin.twin_engine.smart_start.regime import regimes
from heatpump_twin.twin_engine.smart_start.start_plan import LONGEST, Ahead, planned

NAN = float("nan")
DAY = 86_400 * MICROSECONDS
minutes = st.lists(st.floats(1.0, 600.0), min_size=1, max_size=15)


def heat_ups(took, initial=None, outdoor=NAN, told=NAN, reached=True) -> HeatUps:
    """Return heat-ups to 45 °C, one a day, from minutes."""
    initial = np.broadcast_to(25.0 if initial is None else initial, len(took))
    outdoor = np.broadcast_to(outdoor, len(took))
    return HeatUps.of(
        (HeatUpStart(k * DAY, float(initial[k]), 45.0, float(outdoor[k]), told), 60.0 * m, reached)
        for k, m in enumerate(took)
    )


START = HeatUpStart(1000 * DAY, 25.0, 45.0, NAN)


@settings(deadline=None, max_examples=40)
@given(minutes, st.floats(0.5, 0.9))
@example([73.0, 87.0, 96.0, 1.0, 1.0, 1.0, 5.0, 13.0, 1.0, 24.0], 0.75)
def test_a_higher_probability_never_starts_later(took, probability) -> None:
    past = heat_ups(took)
    low, high = (lead_model(past, p).lead(START) for p in (probability, probability + 0.09))
    assert 0.0 <= low <= high + 1e-6


@settings(deadline=None, max_examples=40)
@given(minutes)
@example([1.0, 443.0])
def test_a_lead_is_bounded_by_what_came(took) -> None:
    model = lead_model(heat_ups(took), 0.99)
    assert model.lead(START) <= 4.0 * (60.0 * max(took) * 1.5 + 300.0)
    shares = [model.probability(START, seconds) for seconds in (0.0, 600.0, 6000.0, 1e9)]
    assert shares == sorted(shares)
    assert shares[-1] == pytest.approx(1.0)


def test_without_heat_ups_and_models_nothing_is_known() -> None:
    model = lead_model(heat_ups([]), 0.9)
    assert np.isnan(model.expected(START))
    assert np.isnan(model.lead(START))
    assert planned(model, START.begin + DAY, START, Ahead.constant(START), 600.0) is None


def test_one_heat_up_is_expected_again_with_a_reserve() -> None:
    model = lead_model(heat_ups([60.0]), 0.9)
    assert model.expected(START) == pytest.approx(3600.0)
    assert 1.1 * 3600 < model.lead(START) < 1.8 * 3600


@pytest.mark.parametrize("after", [160.0, 14.0])
def test_a_change_of_regime_is_noticed_within_three(after: float) -> None:
    noise = np.random.default_rng(1).uniform(0.9, 1.1, 20)
    before = 45.0 * noise[:12]
    begun = regimes(heat_ups([*before, *(after * noise[12:15])]))
    assert list(begun[:13]) == [0] * 13
    assert begun[15] == 12
    model = lead_model(heat_ups([*before, *(after * noise[12:15])]), 0.9)
    assert model.expected(START) == pytest.approx(60 * after, rel=0.15)


def test_one_odd_morning_is_no_regime() -> None:
    took = [45.0, 47.0, 44.0, 46.0, 45.0, 43.0, 160.0, 45.0, 46.0, 44.0]
    assert not regimes(heat_ups(took)).any()
    assert lead_model(heat_ups(took), 0.9).expected(START) == pytest.approx(2700, rel=0.05)


def test_what_was_not_reached_counts_as_longer() -> None:
    ended = HeatUps.of([*_rows(heat_ups([60.0] * 6)), *_rows(heat_ups([200.0], reached=False))])
    assert lead_model(ended, 0.9).errors[-1] > 0.9
    short = HeatUps.of([*_rows(heat_ups([60.0] * 6)), *_rows(heat_ups([20.0], reached=False))])
    assert len(lead_model(short, 0.9).errors) == 5


def _rows(past: HeatUps):
    return [
        (past.start(k), float(past.seconds[k]), bool(past.reached[k])) for k in range(len(past))
    ]


def test_what_depends_on_lift_and_air_is_learnt() -> None:
    draw = np.random.default_rng(2)
    initial, outdoor = draw.uniform(25, 40, 60), draw.uniform(-10, 15, 60)
    took = 3.0 * (45.0 - initial) * np.exp(-0.03 * outdoor) * draw.lognormal(0, 0.03, 60)
    model = lead_model(heat_ups(took, initial, outdoor), 0.9)
    assert model.method in ("regression on lift and outdoor air", "heat-ups that began alike")
    cold = model.expected(HeatUpStart(DAY * 99, 30.0, 45.0, -8.0))
    assert cold == pytest.approx(60 * 3.0 * 15.0 * np.exp(0.24), rel=0.1)


def test_a_model_that_is_always_off_by_the_same_is_scaled() -> None:
    draw = np.random.default_rng(3)
    told = draw.uniform(600, 6000, 20)
    past = HeatUps.of(
        (HeatUpStart(k * DAY, 25.0, 45.0, NAN, float(t)), 3.0 * float(t), True)
        for k, t in enumerate(told)
    )
    model = lead_model(past, 0.9)
    assert model.method == "model"
    start = HeatUpStart(99 * DAY, 25.0, 45.0, NAN, 1800.0)
    assert model.expected(start) == pytest.approx(5400, rel=0.1)


@pytest.mark.parametrize(
    ("kind", "probability"), [("normal", 0.7), ("normal", 0.9), ("heavy", 0.9), ("drifting", 0.9)]
)
def test_the_asked_share_is_in_time(kind: str, probability: float) -> None:
    draw = np.random.default_rng(4)
    count = 160
    spread = {"normal": draw.normal(0, 0.2, count), "heavy": 0.1 * draw.standard_t(3, count)}
    log = spread.get(kind, draw.normal(0, 0.15, count) + np.sin(np.arange(count) / 30) / 3)
    took = 60.0 * np.exp(log)
    kept = []
    for k in range(5, count):
        past = heat_ups(took[max(k - 40, 0) : k])
        kept.append(lead_model(past, probability).lead(START) >= 60 * took[k])
    assert np.mean(kept) == pytest.approx(probability, abs=0.06)


def test_starts_that_come_too_late_are_learnt_from_though_heat_ups_are_as_ever() -> None:
    """Each takes an hour, but one in four begins too late: somebody draws hot water."""
    rows = _rows(heat_ups([60.0] * 40))
    kept = lead_model(HeatUps.of(rows, [4200.0] * 40), 0.9)
    promised = [4200.0 if k % 4 else 3000.0 for k in range(40)]
    broken = lead_model(HeatUps.of(rows, promised), 0.9)
    assert broken.errors == pytest.approx(kept.errors)
    assert broken.lead(START) > kept.lead(START) + 600.0
    assert broken.margin <= 3600.0
    assert broken.probability(START, broken.lead(START)) >= 0.9


def test_what_is_promised_is_kept_late_or_unknown() -> None:
    rows = [*_rows(heat_ups([60.0] * 3)), *_rows(heat_ups([60.0], reached=False))]
    past = HeatUps.of(rows, [3600.0, 3599.0, NAN, 9999.0])
    assert past.late == pytest.approx([0.0, 1.0, NAN, 1.0], nan_ok=True)
    assert past.part(1, 3).late == pytest.approx([1.0, NAN], nan_ok=True)


@settings(deadline=None, max_examples=40)
@given(minutes, st.floats(0.2, 20.0), st.floats(0.0, 1800.0))
def test_a_start_is_neither_before_now_nor_later_than_the_shortest(took, hours, shortest) -> None:
    model = lead_model(heat_ups(took), 0.9)
    ready_at = START.begin + round(hours * 3600 * MICROSECONDS)
    plan = planned(model, ready_at, START, Ahead.constant(START), shortest)
    assert plan is not None
    assert START.begin <= plan.start_at
    assert plan.start_at <= max(ready_at - round(shortest * MICROSECONDS), START.begin)
    assert plan.start_at >= ready_at - round(LONGEST * MICROSECONDS) - 1
    # The latest that is long enough: a little later it is not.
    lead = model.lead(START)
    early = max((ready_at - plan.start_at) / MICROSECONDS, shortest)
    assert early <= max(lead, shortest) + 1.0 or plan.start_at == START.begin


def test_a_tank_that_cools_is_started_for_what_it_will_be() -> None:
    initial = np.array([25.0, 35.0] * 15)
    past = heat_ups(3.0 * (45.0 - initial), initial)
    model = lead_model(past, 0.9)
    now = HeatUpStart(1000 * DAY, 40.0, 45.0, NAN)
    ready_at = now.begin + 6 * 3600 * MICROSECONDS
    time = np.array([now.begin, ready_at], np.int64)
    cooling = Ahead(time, np.array([40.0, 30.0]), np.array([NAN, NAN]))
    same = planned(model, ready_at, now, Ahead.constant(now), 0.0)
    later = planned(model, ready_at, now, cooling, 0.0)
    assert same is not None
    assert later is not None
    assert later.start_at < same.start_at


def test_methods_agree_where_all_is_alike() -> None:
    past = heat_ups([60.0] * 10, told=3600.0)
    start = HeatUpStart(99 * DAY, 25.0, 45.0, NAN, 3600.0)
    for method in METHODS.values():
        assert method(past)(start) == pytest.approx(3600, rel=0.02)
