"""When a learnt remainder counts as drifted: ``python -m bench.remainder_drift DIR``.

``bench.forecast_seasons`` has made the seasons. Of each a remainder is learnt after ten weeks, and
looked at each week of the ten after them as a twin does each day: as the season went on, and with
the record changed from three weeks after the training on. Prints both signs of drift, and in how
many weeks they passed their limits.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

from bench.forecast_seasons import season
from bench.forecasts import learnt_course
from bench.learnt_remainders import FIRST, KnownOutlook
from heatpump_twin.drivers.frame import Values
from heatpump_twin.forecasting.drift_watch import drifts
from heatpump_twin.twin_engine.forecasting.course import PumpCourse
from heatpump_twin.twin_engine.forecasting.method import (
    BaseMethod,
    Method,
    MethodOutlook,
    baselines,
)
from heatpump_twin.twin_engine.forecasting.mixture import MixedMethod, RememberedMethod
from heatpump_twin.twin_engine.forecasting.quarter_hours import DAY
from heatpump_twin.twin_engine.forecasting.remainder.drift import DriftState
from heatpump_twin.twin_engine.forecasting.remainder.features import FeatureSource
from heatpump_twin.twin_engine.forecasting.remainder.learnt_method import LearntMethod
from heatpump_twin.twin_engine.forecasting.remainder.remainder_model import RemainderModel
from heatpump_twin.twin_engine.forecasting.remainder.remainder_training import Learner, learn
from heatpump_twin.twin_engine.forecasting.remainder.usual_base import UsualBase
from heatpump_twin.twin_engine.forecasting.rolling_origin import EVERY, LONGEST, judge, origins_of

_WEEK = 13 * EVERY
"""A week and an hour, so that each looks at the forecasts that the one before made.
[quarter-hours]"""
_WEEKS = 10
_CHANGED = (FIRST + 21) * DAY
"""From then on the record is another one, where it is changed."""
Change = Callable[[str, Values], Values]


def _same(_point: str, values: Values) -> Values:
    return values


def _warmer(point: str, values: Values) -> Values:
    """A curve that is set higher: supply by 4 K, power by a tenth."""
    if point == "supply_temperature":
        return values + 4.0
    return values * 1.1 if point == "electrical_power" else values


def _away(point: str, values: Values) -> Values:
    """People who have left: the tank cools by itself, the room is kept 3 K lower."""
    if point == "room_temperature":
        return values - 3.0
    return values - 5.0 if point == "dhw_temperature" else values


def _worn(point: str, values: Values) -> Values:
    """A machine that takes a quarter more power for the same heat."""
    return values * 1.25 if point == "electrical_power" else values


CHANGES: Mapping[str, Change] = {
    "as it was": _same,
    "curve +4 K": _warmer,
    "power +25 %": _worn,
    "room −3 K, tank −5 K": _away,
}


def main() -> None:
    """Print a line for each seed and change, and the sums."""
    parser = argparse.ArgumentParser(prog="python -m bench.remainder_drift", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seeds", type=int, nargs="+", default=list(range(1, 9)))
    arguments = parser.parse_args()
    told = {name: Counter[tuple[bool, str]]() for name in CHANGES}
    for seed in arguments.seeds:
        begin = time.process_time()
        for name, weeks in _seed(seed, arguments.folder).items():
            for week, (state, words) in weeks.items():
                changed = (FIRST * DAY + week * _WEEK) > _CHANGED
                told[name][changed, state.name] += 1
                print(f"seed {seed} {name}, week {week}: {state.name} {words}", flush=True)
        print(f"seed {seed}: {time.process_time() - begin:.0f} s of a core", flush=True)
    for name, counts in told.items():
        print(f"{name}: {dict(counts)}")


def _seed(seed: int, folder: Path) -> Mapping[str, Mapping[int, tuple[DriftState, str]]]:
    course, method = learnt_course(season(seed, folder))
    usual = RememberedMethod(UsualBase())
    source = FeatureSource(usual, ZoneInfo("UTC"))
    base = KnownOutlook(method, course, {})
    learner = Learner("hp1", True, base, _others(base, usual), source, "bench")
    one = learn(learner, course.past(FIRST * DAY))
    if not one.verdict.promoted:
        print(f"seed {seed}: nothing is promoted: {one.verdict.reason}")
        return {}
    model = RemainderModel(one.content, one.card)
    found = {}
    known: dict[int, MethodOutlook] = {}
    for name, change in CHANGES.items():
        asked = KnownOutlook(method, _changed(course, change), dict(known))
        found[name] = _weeks(model, asked)
        known = {origin: said for origin, said in asked.known.items() if origin <= _CHANGED}
    return found


def _others(base: BaseMethod, usual: RememberedMethod) -> list[Method]:
    return [*baselines(), base, MixedMethod(base, usual)]


def _changed(course: PumpCourse, change: Change) -> PumpCourse:
    points = {
        point: np.concatenate([values[:_CHANGED], change(point, values[_CHANGED:])])
        for point, values in course.points.items()
    }
    return PumpCourse(course.start, points, course.weather)


def _weeks(model: RemainderModel, base: KnownOutlook) -> dict[int, tuple[DriftState, str]]:
    """Return the state in each week, with both signs of each target."""
    usual = RememberedMethod(UsualBase())
    learnt = LearntMethod(base, model, FeatureSource(usual, ZoneInfo("UTC")))
    methods = [*_others(base, usual), learnt]
    found = {}
    for week in range(1, _WEEKS + 1):
        past = base.whole.past(FIRST * DAY + week * _WEEK)
        judged = judge(past, methods, origins_of(past, LONGEST))
        drifted = drifts(methods, past, judged)
        state = max((one.state for one in drifted.values()), default=DriftState.AS_LEARNT)
        words = ", ".join(
            f"{point.removeprefix('forecast_')} psi {one.psi:.2f} cusum {one.cusum:.1f}"
            for point, one in drifted.items()
        )
        found[week] = state, words
    return found


if __name__ == "__main__":
    main()
