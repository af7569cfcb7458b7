"""What a learnt remainder adds on emulated seasons: ``python -m bench.learnt_remainders DIR``.

``bench.forecast_seasons`` has made the seasons. Of each, machine and house are learnt from the
first six weeks. After ten weeks, and every four weeks from then on, a remainder is learnt and
promoted as a twin does: from all that was recorded until then but the last two weeks, which judge
it. What would have been shown with it and without it in the days after the first training, every
thirteen hours, is held against what came.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np

from bench.forecast_seasons import season
from bench.forecasts import LEARNT, learnt_course, told_course
from heatpump_twin.drivers.frame import Values
from heatpump_twin.twin_engine.forecasting.course import PumpCourse
from heatpump_twin.twin_engine.forecasting.method import (
    BaseMethod,
    Method,
    MethodOutlook,
    Origins,
    baselines,
)
from heatpump_twin.twin_engine.forecasting.mixture import MixedMethod, RememberedMethod
from heatpump_twin.twin_engine.forecasting.quarter_hours import DAY
from heatpump_twin.twin_engine.forecasting.remainder.features import FeatureSource
from heatpump_twin.twin_engine.forecasting.remainder.learnt_method import LearntMethod
from heatpump_twin.twin_engine.forecasting.remainder.remainder_model import RemainderModel
from heatpump_twin.twin_engine.forecasting.remainder.remainder_training import (
    HELD_OUT,
    Learner,
    learn,
)
from heatpump_twin.twin_engine.forecasting.remainder.usual_base import UsualBase
from heatpump_twin.twin_engine.forecasting.rolling_origin import judge, origins_of
from heatpump_twin.twin_engine.forecasting.skill import Scores, scores
from heatpump_twin.twin_engine.forecasting.targets import ForecastTarget

FIRST = LEARNT + 28
"""Day of the first training."""
EVERY = 28
"""Days between two trainings."""


@dataclass(slots=True)
class KnownOutlook:
    """A base that is asked once for each moment of a course, however much of it is known."""

    inner: BaseMethod
    whole: PumpCourse
    known: dict[int, MethodOutlook]
    centred: bool = True

    @property
    def name(self) -> str:
        """Name of the base."""
        return self.inner.name

    def forecast(self, course: PumpCourse, origins: Origins) -> Mapping[ForecastTarget, Values]:
        """Return what the base says."""
        return self.outlook(course, origins).quantiles

    def outlook(self, course: PumpCourse, origins: Origins) -> MethodOutlook:
        """Return the same, with how it has done in the day before."""
        point = next(iter(course.points))
        # An audit changes what came: then it is asked anew.
        if not np.shares_memory(course.points[point], self.whole.points[point]):
            return self.inner.outlook(course, origins)
        for origin in set(origins.tolist()) - set(self.known):
            self.known[origin] = self.inner.outlook(self.whole, np.array([origin]))
        found = [self.known[origin] for origin in origins.tolist()]
        return MethodOutlook(
            {t: np.concatenate([one.quantiles[t] for one in found]) for t in found[0].quantiles},
            {t: np.concatenate([one.recent[t] for one in found]) for t in found[0].recent},
        )


class Shown(NamedTuple):
    """What was shown of one target in one season, without a learnt remainder and with it."""

    without: Scores
    together: Scores
    own: Scores | None
    """Of the learnt remainder alone; None: it was not asked."""
    chosen: str
    """The method that would be shown next."""


@dataclass(slots=True)
class Succession:
    """The versions that were in use, each from its promotion on."""

    versions: Sequence[tuple[int, LearntMethod]]
    name: str
    centred: bool = True

    def forecast(self, course: PumpCourse, origins: Origins) -> Mapping[ForecastTarget, Values]:
        """Return what was said with the version that was in use at each origin."""
        found: dict[ForecastTarget, Values] = {}
        for since, method in self.versions:
            for target, values in method.forecast(course, origins).items():
                before = found.setdefault(target, np.full_like(values, np.nan))
                before[origins >= since] = np.nan
                later = (origins >= since)[:, np.newaxis, np.newaxis]
                found[target] = np.where(later, values, before)
        return found


def main() -> None:
    """Print a line for each seed and target."""
    parser = argparse.ArgumentParser(prog="python -m bench.learnt_remainders", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seeds", type=int, nargs="+", default=list(range(1, 9)))
    parser.add_argument("--days", type=int, default=28, help="that are judged")
    parser.add_argument("--no-house", action="store_true", help="the climatology is the base")
    arguments = parser.parse_args()
    print("| seed | quantity | MAE without | with | loss without | with | less loss | within | "
          "shown by |")  # fmt: skip
    print("|--:|---|--:|--:|--:|--:|--:|--:|---|")
    found: dict[ForecastTarget, list[Shown]] = {}
    for seed in arguments.seeds:
        one = _season(seed, arguments.folder, arguments.days, house=not arguments.no_house)
        for target, shown in one.items():
            found.setdefault(target, []).append(shown)
    _print_means(found)


def _season(seed: int, folder: Path, days: int, *, house: bool) -> Mapping[ForecastTarget, Shown]:
    begin = time.process_time()
    found = season(seed, folder)
    usual = RememberedMethod(UsualBase())
    base: BaseMethod = usual
    others: list[Method] = [*baselines()]
    course = told_course(found)
    if house:
        course, method = learnt_course(found)
    last = (FIRST + days) * DAY
    course = PumpCourse(course.start, {p: v[:last] for p, v in course.points.items()},
                        course.weather)  # fmt: skip
    if house:
        base = KnownOutlook(method, course, {})
        others += [base, MixedMethod(base, usual)]
    source = FeatureSource(usual, ZoneInfo("UTC"))
    learner = Learner("hp1", True, base, others, source, "bench")
    versions: list[tuple[int, LearntMethod]] = []
    champion: RemainderModel | None = None
    for day in range(FIRST, FIRST + days, EVERY):
        one = learn(learner, course.past(day * DAY), champion)
        print(f"seed {seed} day {day}: {one.verdict.promoted}: {one.verdict.reason}; "
              f"{ {p: t.family for p, t in one.card.targets.items()} }", flush=True)  # fmt: skip
        if one.verdict.promoted:
            champion = RemainderModel(one.content, one.card)
            versions.append((day * DAY, LearntMethod(base, champion, source)))
    # Intervals and choice find themselves in the two weeks before, as they would have.
    origins = origins_of(course, days * DAY + HELD_OUT)
    late = origins >= FIRST * DAY
    without = judge(course, others, origins)
    learnt = Succession(versions, versions[0][1].name) if versions else None
    together = without if learnt is None else judge(course, [*others, learnt], origins)
    shown = {}
    for target, one in together.items():
        before, after = (
            scores(judged.shown[late], judged.truth[late]) for judged in (without[target], one)
        )
        own = one.methods.get(learnt.name) if learnt else None
        alone = scores(own.online[late], one.truth[late]) if own else None
        shown[target] = Shown(before, after, alone, one.chosen)
        print(_line(seed, target, shown[target]), flush=True)
    print(f"seed {seed}: {time.process_time() - begin:.0f} s of a core", flush=True)
    return shown


def _line(seed: int, target: ForecastTarget, shown: Shown) -> str:
    before, after = shown.without, shown.together
    return (
        f"| {seed} | {target.point} | {before.mae:.4g} | {after.mae:.4g} | {before.loss:.4g} | "
        f"{after.loss:.4g} | {1.0 - after.loss / before.loss:.1%} | {after.coverage:.0%} | "
        f"{shown.chosen} |"
    )


def _print_means(found: Mapping[ForecastTarget, Sequence[Shown]]) -> None:
    """Print what it changed over all seasons, and of those in which it was asked."""
    print("\n| quantity | asked in | less loss there | least, most | within, its own | "
          "within, shown | without it |")  # fmt: skip
    print("|---|--:|--:|--:|--:|--:|--:|")
    for target, seasons in found.items():
        asked = [one for one in seasons if one.own is not None and one.own.count]
        less = [1.0 - one.together.loss / one.without.loss for one in asked]
        gain = f"{np.mean(less):.1%} | {min(less):.1%}, {max(less):.1%}" if less else "|"
        own = f"{np.mean([one.own.coverage for one in asked if one.own]):.0%}" if less else ""
        shown, without = (
            f"{np.mean([getattr(one, which).coverage for one in seasons]):.0%}"
            for which in ("together", "without")
        )
        print(f"| {target.point} | {len(asked)} of {len(seasons)} | {gain} | {own} | {shown} | "
              f"{without} |")  # fmt: skip


if __name__ == "__main__":
    main()
