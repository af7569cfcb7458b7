"""Learn the remainder of a heat pump's forecasts, and judge it by days that it has not seen."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version

import numpy as np

from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.drivers.frame import Values
from heatpump_twin.twin_engine.errors import ForecastError
from heatpump_twin.twin_engine.forecasting.course import PumpCourse, came
from heatpump_twin.twin_engine.forecasting.method import BaseMethod, Method, MethodOutlook, Origins
from heatpump_twin.twin_engine.forecasting.quarter_hours import DAY, STEPS
from heatpump_twin.twin_engine.forecasting.remainder.features import FEATURES, FeatureSource
from heatpump_twin.twin_engine.forecasting.remainder.learnt_method import LearntMethod
from heatpump_twin.twin_engine.forecasting.remainder.remainder_card import (
    OPSET,
    RemainderCard,
    RemainderFeature,
    RemainderSpan,
    RemainderTarget,
)
from heatpump_twin.twin_engine.forecasting.remainder.remainder_evidence import (
    Proof,
    RemainderPromotion,
    knows_future,
    promotion_of,
    proofs_of,
)
from heatpump_twin.twin_engine.forecasting.remainder.remainder_fit import (
    Examples,
    FittedRemainder,
    fit_remainder,
)
from heatpump_twin.twin_engine.forecasting.remainder.remainder_model import RemainderModel
from heatpump_twin.twin_engine.forecasting.remainder.remainder_onnx import joined
from heatpump_twin.twin_engine.forecasting.rolling_origin import judge, origins_of
from heatpump_twin.twin_engine.forecasting.targets import ForecastTarget

HELD_OUT = 14 * DAY
"""The newest days, from which nothing is learnt: they judge. [quarter-hours]"""
LEAST_LEARNT = 14 * DAY
"""Of less before them nothing is learnt. [quarter-hours]"""
LONGEST_LEARNT = 90 * DAY
"""So much before them is learnt from. [quarter-hours]"""
EVERY = 28
"""Seven hours between two forecasts that are learnt from: all times of day. [quarter-hours]"""
_FEWEST_ROWS = 500
_SOFTWARE = ("scikit-learn", "skl2onnx", "onnx", "onnxruntime", "numpy")


@dataclass(frozen=True, slots=True)
class Learner:
    """The heat pump whose remainder is learnt, and by what else it could be forecast."""

    heat_pump: str
    emulated: bool
    base: BaseMethod
    others: Sequence[Method]
    """Everything that is shown without it, the base among them."""
    source: FeatureSource
    software: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """A remainder that was learnt, and what days held out say of it."""

    content: bytes
    card: RemainderCard
    verdict: RemainderPromotion


def learn(
    learner: Learner, course: PumpCourse, champion: RemainderModel | None = None
) -> Candidate:
    """Learn a remainder from all but the newest days of a course, and judge it by these.

    Raises
    ------
    ForecastError
        The record is too short, or tells nothing.
    """
    cut = len(course) - HELD_OUT
    if cut < LEAST_LEARNT:
        least = (LEAST_LEARNT + HELD_OUT) // DAY
        raise ForecastError(
            f"{learner.heat_pump}: {len(course) / DAY:.1f} days are recorded; a remainder is "
            f"learnt from {least} days on"
        )
    # What comes later is not there at all: nothing can be learnt from it by mistake.
    past = course.past(cut)
    origins = np.arange(max(cut - LONGEST_LEARNT, 2 * DAY), cut, EVERY, dtype=np.int64)
    found, scales = _fits(learner, past, origins)
    if not found:
        raise ForecastError(
            f"{learner.heat_pump}: too little is known of the weather and of what came to learn "
            "a remainder"
        )
    content = joined({target.point: one.estimators for target, one in found.items()})
    held_out = origins_of(course, HELD_OUT - STEPS)
    card = _card(learner, course, content, (origins, held_out), found, scales)
    return _judged(learner, course, content, card, champion)


def _fits(
    learner: Learner, past: PumpCourse, origins: Origins
) -> tuple[dict[ForecastTarget, FittedRemainder], dict[str, float]]:
    said = learner.base.outlook(past, origins)
    remained = _remained(past, origins, said)
    scales = {}
    for target, values in remained.items():
        known = values[np.isfinite(values)]
        spread = float(known.std()) if len(known) else 0.0
        if spread > 0.0:
            scales[target.point] = float(f"{spread:.4g}")
    found = {}
    for target, rows in learner.source.rows(past, origins, said, scales).items():
        told = Examples(origins, rows, remained[target] / scales[target.point])
        one = fit_remainder(told, _FEWEST_ROWS)
        if one is not None:
            found[target] = one
    return found, scales


def _remained(
    past: PumpCourse, origins: Origins, said: MethodOutlook
) -> dict[ForecastTarget, Values]:
    """Return what came less the median that was said, shape (o, STEPS)."""
    found = {}
    for target, quantiles in said.quantiles.items():
        values = past.of(target)
        truth = np.array([came(values, origin) for origin in origins.tolist()])
        found[target] = truth - quantiles[:, 1]
    return found


def _judged(
    learner: Learner,
    course: PumpCourse,
    content: bytes,
    card: RemainderCard,
    champion: RemainderModel | None,
) -> Candidate:
    origins = origins_of(course, HELD_OUT - STEPS)
    method = _method(learner, RemainderModel(content, card))
    leak = knows_future(method, course, origins)
    proofs = _proofs(learner, course, method, origins)
    targets = {point: _with_proof(one, proofs[point], leak) for point, one in card.targets.items()}
    card = card.model_copy(update={"targets": targets})
    if leak:
        return Candidate(content, card, RemainderPromotion(False, leak))
    theirs = None
    if champion is not None and champion.card.base == card.base:
        theirs = champion.card.proved, _proofs(learner, course, _method(learner, champion), origins)
    return Candidate(content, card, promotion_of(proofs, method.name, theirs))


def _method(learner: Learner, model: RemainderModel) -> LearntMethod:
    return LearntMethod(learner.base, model, learner.source, only_proved=False)


def _proofs(
    learner: Learner, course: PumpCourse, method: Method, origins: Origins
) -> dict[str, Proof]:
    return proofs_of(judge(course, [*learner.others, method], origins), method.name)


def _card(
    learner: Learner,
    course: PumpCourse,
    content: bytes,
    origins: tuple[Origins, Origins],
    found: Mapping[ForecastTarget, FittedRemainder],
    scales: Mapping[str, float],
) -> RemainderCard:
    learnt, held_out = origins
    cut = len(course) - HELD_OUT
    software = {"heatpump-twin": learner.software}
    return RemainderCard(
        heat_pump=learner.heat_pump,
        base=learner.base.name,
        connection="emulated" if learner.emulated else "real",
        zone=learner.source.zone.key,
        made=datetime.now(UTC).isoformat(timespec="seconds"),
        sha256=hashlib.sha256(content).hexdigest(),
        opset=OPSET,
        trained=RemainderSpan(
            start=_iso(course.time_of(int(learnt[0]))),
            end=_iso(course.time_of(cut)),
            origins=len(learnt),
        ),
        held_out=RemainderSpan(
            start=_iso(course.time_of(int(held_out[0]))),
            end=_iso(course.end),
            origins=len(held_out),
        ),
        features=tuple(RemainderFeature(name=name, unit=unit) for name, unit in FEATURES),
        targets={target.point: _target(one, scales[target.point]) for target, one in found.items()},
        software=software | {name: version(name) for name in _SOFTWARE},
    )


def _target(one: FittedRemainder, scale: float) -> RemainderTarget:
    lows, highs, deciles = one.spans()
    return RemainderTarget(
        family="linear" if one.family == "linear" else "boosting",
        families={name: round(loss, 5) for name, loss in one.families.items()},
        scale=scale,
        lows=lows,
        highs=highs,
        deciles=deciles,
        bounds=one.bounds,
        losses={},
        maes={},
        spread=0.0,
        proved=False,
        reason="not judged yet",
    )


def _with_proof(one: RemainderTarget, found: Proof, leak: str) -> RemainderTarget:
    losses, maes = (
        {name: float(f"{value:.6g}") for name, value in scores.items()}
        for scores in (found.losses, found.maes)
    )
    return one.model_copy(
        update={
            "losses": losses,
            "maes": maes,
            "spread": float(f"{found.spread:.6g}"),
            "proved": found.proved and not leak,
            "reason": leak or found.reason,
        }
    )


def _iso(time: int) -> str:
    return datetime.fromtimestamp(time / MICROSECONDS, UTC).isoformat(timespec="seconds")
