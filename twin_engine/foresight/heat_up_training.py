"""Train the heat-up model on recorded history, on runs and features known at their start.

A *run* begins when the unit is switched on with the water below its setpoint. Its features are
what was known at that moment (nothing of the future: no leak), its target is the time until the
water first came within ``REACHED`` of the setpoint.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Protocol

import numpy as np
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import KFold, cross_val_predict

from heatpump_twin.config.catalogue import CATALOGUE
from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.drivers.frame import Values
from heatpump_twin.drivers.status import is_bad
from heatpump_twin.twin_engine.foresight.heat_up_inputs import FEATURES, SWITCH
from heatpump_twin.twin_engine.foresight.model_card import (
    HORIZON,
    Baseline,
    Feature,
    ModelCard,
    ModelError,
    Score,
    TimeSpan,
)
from heatpump_twin.twin_engine.foresight.prediction import HEAT_UP
from heatpump_twin.twin_engine.history import HistoryReader, Samples

REACHED = 0.5
"""The setpoint counts as reached when the water is within this. [K]"""
LEAST_LIFT = 2.0
"""A start with less to heat than this is not a heat-up. [K]"""
LEAST_RUNS = 40
_PAGE = 100_000


@dataclass(slots=True)
class Runs:
    """Heat-up runs in order of time: features (n, f), minutes (n,), start times (n,) [µs]."""

    features: list[list[float]] = field(default_factory=list)
    minutes: list[float] = field(default_factory=list)
    start: list[int] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)


async def read_all(history: HistoryReader, key: str) -> Samples:
    """Read the whole recorded history of a point."""
    # In pages: a year at one sample a second is 30 million rows, which no query should hold at
    # once.
    pages: list[Samples] = []
    start = 0
    while True:
        page = await history.read_raw(key, start, 2**62, limit=_PAGE)
        pages.append(page)
        if len(page) < _PAGE:
            break
        start = int(page.time[-1]) + 1
    return Samples.concat(pages)


async def collect_runs(history: HistoryReader, asset: str) -> Runs:
    """Find every heat-up in the recorded history of a heat pump."""
    series = {p: await read_all(history, f"{asset}.{p}") for p in (*FEATURES, SWITCH)}
    missing = [point for point, samples in series.items() if not len(samples)]
    if missing:
        raise ModelError(
            f"{asset}: no history of {', '.join(missing)}; record some first. Of a log without "
            "them, hptwin heatups --keep lets smart start learn"
        )
    return find_runs(series)


def find_runs(series: dict[str, Samples]) -> Runs:
    """Find the heat-ups in recorded series of `FEATURES` and `SWITCH`."""
    runs = Runs()
    switch, supply = series[SWITCH], series["supply_temperature"]
    on = np.nan_to_num(switch.value) > 0
    known = np.array([not is_bad(int(s)) for s in switch.status])
    # Both sides known: a gap before the switch reads 'on' would make a start of every restart of
    # the twin.
    starts = np.flatnonzero(~on[:-1] & on[1:] & known[:-1] & known[1:]) + 1
    for index in starts:
        time = int(switch.time[index])
        row = [_at(series[point], time) for point in FEATURES]
        if any(value is None for value in row):
            runs.left_out["an input was not known at the start"] += 1
            continue
        # The values at the start and nothing later. A regression on the outdoor temperature at
        # the moment the target was reached looks good in a table, and starts far too early in
        # use.
        features = [float(value) for value in row if value is not None]
        target = features[1] - REACHED
        if target - features[0] < LEAST_LIFT:
            runs.left_out["the water was warm already"] += 1
            continue
        # The run ends when somebody switches off or moves the target: what came after is not this
        # heat-up.
        off = switch.time[index + 1 :][~on[index + 1 :]]
        changed = _next_change(series["supply_setpoint"], time)
        end = min(time + round(HORIZON * MICROSECONDS), *off[:1].tolist(), changed)
        inside = (supply.time > time) & (supply.time <= end) & (supply.value >= target)
        if not inside.any():
            runs.left_out["the setpoint was not reached, or was changed"] += 1
            continue
        reached = int(supply.time[int(np.argmax(inside))])
        runs.features.append(features)
        runs.minutes.append((reached - time) / (60 * MICROSECONDS))
        runs.start.append(time)
    return runs


def _at(samples: Samples, time: int) -> float | None:
    """Return the value that was known at a time; None if there was none."""
    index = int(np.searchsorted(samples.time, time, side="right")) - 1
    if index < 0 or is_bad(int(samples.status[index])):
        return None
    return float(samples.value[index])


def _next_change(samples: Samples, time: int) -> int:
    index = int(np.searchsorted(samples.time, time, side="right"))
    later = samples.value[index:]
    if index == 0 or not later.size:
        return 2**62
    different = np.abs(later - samples.value[index - 1]) > REACHED
    return int(samples.time[index:][int(np.argmax(different))]) if different.any() else 2**62


def train(runs: Runs, *, asset: str, heat_pump_model: str, source: str) -> tuple[bytes, ModelCard]:
    """Train on the first three quarters of the runs, test on the rest; return model and card."""
    if len(runs.minutes) < LEAST_RUNS:
        raise ModelError(
            f"{asset}: {len(runs.minutes)} heat-up runs in the history, at least {LEAST_RUNS} are "
            f"needed (left out: {dict(runs.left_out) or 'none'}); record longer"
        )
    features, minutes = np.array(runs.features), np.array(runs.minutes)
    # Split in time and not at random: in use the model is always asked about days after its
    # training.
    cut = len(minutes) * 3 // 4
    # Folds are blocks in time: shuffled ones would test a run on its neighbours' weather.
    folds = KFold(5)
    out_of_fold: Values = cross_val_predict(_estimator(), features[:cut], minutes[:cut], cv=folds)
    # Relative: a heat-up of three hours is off by more minutes than one of half an hour. From
    # out-of-fold predictions, because errors on data it was fitted to are too small.
    error = minutes[:cut] / np.maximum(out_of_fold, 1.0) - 1
    low, high = (float(q) for q in np.quantile(error, [0.1, 0.9]))
    model = _estimator()
    model.fit(features[:cut], minutes[:cut])
    predicted = model.predict(features[cut:])
    truth = minutes[cut:]
    inside = (truth >= predicted * (1 + low)) & (truth <= predicted * (1 + high))
    content = _to_onnx(model)
    digest = hashlib.sha256(content).hexdigest()
    catalogue = CATALOGUE["heat_pump"]
    card = ModelCard(
        name=HEAT_UP,
        version=f"{_iso(runs.start[cut - 1])[:10]}-{digest[:8]}",
        sha256=digest,
        target=HEAT_UP,
        unit=catalogue[HEAT_UP].unit or "",
        definition=(
            f"time from switching on until the supply temperature is within {REACHED} K of the "
            f"supply setpoint; only starts at least {LEAST_LIFT} K below it"
        ),
        reached=REACHED,
        heat_pump_model=heat_pump_model,
        features=tuple(
            Feature(
                point=point,
                unit=catalogue[point].unit or "",
                low=float(features[:cut, column].min()),
                high=float(features[:cut, column].max()),
            )
            for column, point in enumerate(FEATURES)
        ),
        source=source,
        training=TimeSpan(start=_iso(runs.start[0]), end=_iso(runs.start[cut - 1]), runs=cut),
        held_out=TimeSpan(
            start=_iso(runs.start[cut]), end=_iso(runs.start[-1]), runs=len(minutes) - cut
        ),
        score=_score(predicted, truth),
        baselines=_baselines(features, minutes, cut),
        interval=(low, high),
        interval_coverage=float(inside.mean()),
        runs_left_out=dict(runs.left_out),
        limits=(
            "Valid for the heat pump and building it was trained on, and within the span of each "
            "feature. Does not know of open windows, hot water draws or defrosts to come."
        ),
        software={name: version(name) for name in ("scikit-learn", "skl2onnx", "onnx", "numpy")},
    )
    return content, card


class _Regressor(Protocol):
    """What is used of an estimator of scikit-learn, which says no types."""

    def fit(self, features: Values, target: Values, /) -> object: ...

    def predict(self, features: Values, /) -> Values: ...


def _estimator() -> _Regressor:
    estimator: _Regressor = GradientBoostingRegressor(
        # Huber: an open window or a hot bath in one run must not bend all others. A fixed seed,
        # so that the same history makes the same model.
        loss="huber",
        n_estimators=200,
        max_depth=3,
        learning_rate=0.05,
        subsample=0.8,
        random_state=0,
    )
    return estimator


def _score(predicted: Values, truth: Values) -> Score:
    error = np.abs(predicted - truth)
    return Score(
        mae=float(error.mean()),
        rmse=float(np.sqrt((error**2).mean())),
        p90_absolute=float(np.quantile(error, 0.9)),
    )


def _baselines(features: Values, minutes: Values, cut: int) -> tuple[Baseline, ...]:
    truth = minutes[cut:]
    # Walk-forward: each run is predicted from the five before it, as somebody at the unit would.
    last_five = np.array([np.median(minutes[i - 5 : i]) for i in range(cut, len(minutes))])
    linear: _Regressor = LinearRegression()
    linear.fit(features[:cut], minutes[:cut])
    return (
        Baseline(
            name="mean of the training runs",
            score=_score(np.full(len(truth), minutes[:cut].mean()), truth),
        ),
        Baseline(name="median of the last five runs", score=_score(last_five, truth)),
        Baseline(
            name="linear regression on the same features",
            score=_score(linear.predict(features[cut:]), truth),
        ),
    )


def _to_onnx(model: _Regressor) -> bytes:
    # Heavy and needed by nobody else: the twin process never trains.
    from skl2onnx import to_onnx

    content: bytes = to_onnx(
        model, np.zeros((1, len(FEATURES)), dtype=np.float32), target_opset=17
    ).SerializeToString()
    return content


def _iso(time: int) -> str:
    return datetime.fromtimestamp(time / MICROSECONDS, tz=UTC).isoformat(timespec="seconds")
