"""Records of heat-ups: what was promised, and whether it was kept; figures of the last ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.twin_engine.smart_start.heat_ups import HeatUps, HeatUpStart
from heatpump_twin.twin_engine.smart_start.ready_program import ReadyQuantity

KEPT = 60
"""So many of the last heat-ups are looked at: a winter's, less than a year's."""
FIGURES = ("start_on_time", "start_lateness", "start_excess", "start_holding_energy")
"""Points of a heat pump that say how well its programs keep their word."""


class HeatUpOutcome(StrEnum):
    """What became of a heat-up."""

    ON_TIME = "on time"
    LATE = "late"
    NOT_REACHED = "not reached"
    OVERRIDDEN = "overridden"
    OBSERVED = "observed"
    """Found in the history: nobody had promised anything."""


@dataclass(frozen=True, slots=True)
class HeatUpRecord:
    """One heat-up, as the database keeps it."""

    asset: str
    quantity: ReadyQuantity
    begin: int
    """[µs since the Unix epoch, UTC]"""
    ended: int
    """When the target was reached, or it ended without. [µs since the Unix epoch, UTC]"""
    initial: float | None
    target: float
    """[°C]"""
    outdoor: float | None
    """[°C]"""
    told: float | None
    """How long a model said at the start that it takes. [s]"""
    expected: float | None
    """How long it was then thought to take. [s]"""
    ready_at: int | None
    """When it was to be ready. [µs since the Unix epoch, UTC]"""
    probability: float | None
    """With which probability. [0 to 1]"""
    outcome: HeatUpOutcome
    held_energy: float | None
    """Electricity from when it was warm until it had to be; None: not known. [Wh]"""
    reason: str
    """Why it was started then."""
    user: str
    tank: float | None = None
    """Hot water at the start. [°C]"""
    lately: float | None = None
    """Mean of a room over the day before. [°C]"""

    @property
    def excess(self) -> float:
        """How much too early it was ready; negative: late; NaN: nothing was promised. [s]"""
        if self.ready_at is None:
            return np.nan
        return (self.ready_at - self.ended) / MICROSECONDS


@dataclass(frozen=True, slots=True)
class WordFigures:
    """How well promises were kept; NaN: there was none."""

    on_time: float
    """Share of the heat-ups. [0 to 1]"""
    lateness: float
    """Mean over all, those in time with none. [s]"""
    excess: float
    """Median of how much too early those in time were. [s]"""
    held_energy: float
    """Mean of each. [Wh]"""


def past_of(records: Sequence[HeatUpRecord]) -> HeatUps:
    """Return what can be learnt from records, in order of time."""
    told = [
        one
        for one in records
        if one.initial is not None and one.outcome is not HeatUpOutcome.OVERRIDDEN
    ]
    return HeatUps.of(
        (
            (
                HeatUpStart(
                    one.begin, one.initial or 0.0, one.target,
                    *map(_known, (one.outdoor, one.told, one.tank, one.lately)),
                ),
                (one.ended - one.begin) / MICROSECONDS,
                one.outcome is not HeatUpOutcome.NOT_REACHED,
            )
            for one in told
        ),
        [np.nan if one.ready_at is None else (one.ready_at - one.begin) / MICROSECONDS
         for one in told],
    )  # fmt: skip


def _known(value: float | None) -> float:
    return np.nan if value is None else value


def figures(records: Sequence[HeatUpRecord]) -> WordFigures:
    """Return how well the promises of records were kept."""
    judged = (HeatUpOutcome.ON_TIME, HeatUpOutcome.LATE, HeatUpOutcome.NOT_REACHED)
    promised = [one for one in records if one.outcome in judged and one.ready_at is not None]
    excess = np.array([one.excess for one in promised])
    kept = np.array([one.outcome is HeatUpOutcome.ON_TIME for one in promised], bool)
    energy = np.array([one.held_energy for one in promised if one.held_energy is not None])
    return WordFigures(
        float(kept.mean()) if len(kept) else np.nan,
        float(np.where(kept, 0.0, -excess).mean()) if len(kept) else np.nan,
        float(np.median(excess[kept])) if kept.any() else np.nan,
        float(energy.mean()) if len(energy) else np.nan,
    )
