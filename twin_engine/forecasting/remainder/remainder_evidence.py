"""Whether a learnt remainder is worth asking, by days that it has not seen."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from heatpump_twin.drivers.frame import Values
from heatpump_twin.twin_engine.forecasting.course import PumpCourse
from heatpump_twin.twin_engine.forecasting.leakage import leaks
from heatpump_twin.twin_engine.forecasting.method import Method, Origins
from heatpump_twin.twin_engine.forecasting.rolling_origin import JudgedTarget
from heatpump_twin.twin_engine.forecasting.targets import ForecastTarget

_OVERLAP = 2.0
"""Forecasts of two days, made each thirteen hours, err together: four tell as much as one."""
_FEWEST = 8
_AUDITED = 2
"""Origins at which it is looked whether a method knows the future."""


@dataclass(frozen=True, slots=True)
class Proof:
    """How a learnt remainder did on one target, beside all that anybody could show without it."""

    losses: Mapping[str, float]
    maes: Mapping[str, float]
    spread: float
    proved: bool
    reason: str

    def shown(self, learnt: str, *, asked: bool) -> float:
        """Return the loss of what is shown: its own where it is asked, else the best other."""
        return self.losses[learnt] if asked else min(_others(self.losses, learnt).values())


class RemainderPromotion(NamedTuple):
    """Whether a learnt remainder is put to use, and why."""

    promoted: bool
    reason: str


def proof(judged: JudgedTarget, learnt: str) -> Proof:
    """Return how a learnt remainder did where all methods were judged.

    It has proved itself where its loss is less than that of the best other by more than the
    standard error of the difference.
    """
    every = _comparable({name: one.loss for name, one in judged.methods.items()}, learnt)
    known = np.isfinite(np.sum(list(every.values()), axis=0))
    whole = known.sum(axis=1) > 0
    if learnt not in every or len(every) < 2 or whole.sum() < _FEWEST:
        return Proof({}, {}, 0.0, False, f"{int(whole.sum())} forecasts were held out: too few")
    means = {
        name: np.where(known, loss, 0.0).sum(axis=1)[whole] / known.sum(axis=1)[whole]
        for name, loss in every.items()
    }
    losses = {name: float(one.mean()) for name, one in means.items()}
    maes = {
        name: float(np.abs(judged.truth - judged.methods[name].online[:, 1])[known].mean())
        for name in every
    }
    others = _others(losses, learnt)
    best = min(others, key=lambda name: others[name])
    less = means[best] - means[learnt]
    error = _OVERLAP * float(less.std(ddof=1)) / np.sqrt(len(less))
    gain = float(less.mean())
    words = (
        f"on {len(less)} forecasts held out its loss is that of the {best} less "
        f"{gain / losses[best]:.1%}, with a standard error of {error / losses[best]:.1%}"
    )
    return Proof(losses, maes, float(means[learnt].std(ddof=1)), gain > error, words)


def promotion_of(
    proofs: Mapping[str, Proof],
    learnt: str,
    champion: tuple[Collection[str], Mapping[str, Proof]] | None,
) -> RemainderPromotion:
    """Judge a candidate against the version in use, on days that neither was learnt from.

    Parameters
    ----------
    champion
        Targets that the version in use is asked for, and how it did on the same days; None: there
        is none.
    """
    proved = [point for point, one in proofs.items() if one.proved]
    if not proved:
        return RemainderPromotion(
            False, "on no quantity it did better than what is shown without it"
        )
    if champion is None:
        return RemainderPromotion(True, f"it did better on {_listed(proved)}")
    asked, theirs = champion
    both = [point for point, one in proofs.items() if one.losses and theirs[point].losses]
    own = [proofs[point].shown(learnt, asked=point in proved) for point in both]
    other = [theirs[point].shown(learnt, asked=point in asked) for point in both]
    if not both:
        return RemainderPromotion(True, f"it did better on {_listed(proved)}")
    change = float(np.log(np.array(own) / np.array(other)).mean())
    words = (
        f"the mean loss over all quantities is {np.expm1(change):+.1%} beside that of the version "
        "in use"
    )
    return RemainderPromotion(change < 0.0, words)


def knows_future(method: Method, course: PumpCourse, origins: Origins) -> str:
    """Return how a method was found to use what came later; empty: it does not."""
    audited = origins[np.linspace(0, len(origins) - 1, _AUDITED).round().astype(int)]
    found = leaks([method], course, audited)[method.name]
    return f"its {found[0].target} changes with the future ({found[0].future})" if found else ""


def proofs_of(judged: Mapping[ForecastTarget, JudgedTarget], learnt: str) -> dict[str, Proof]:
    """Return the proof of each target, by its point."""
    return {target.point: proof(one, learnt) for target, one in judged.items()}


def _comparable(losses: Mapping[str, Values], learnt: str) -> dict[str, Values]:
    """Return the losses of those that say something at most places of which this one does."""
    told = {name: int(np.isfinite(loss).sum()) for name, loss in losses.items()}
    fewest = max(told.get(learnt, 0) // 2, 1)
    return {name: loss for name, loss in losses.items() if told[name] >= fewest}


def _others(losses: Mapping[str, float], learnt: str) -> dict[str, float]:
    return {name: loss for name, loss in losses.items() if name != learnt}


def _listed(points: Sequence[str]) -> str:
    return ", ".join(point.removeprefix("forecast_").replace("_", " ") for point in points)
