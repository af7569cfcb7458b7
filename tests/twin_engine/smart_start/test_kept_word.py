"""Figures of promises, and what is learnt from their records."""

from __future__ import annotations

import math

import pytest

from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.twin_engine.smart_start.kept_word import (
    HeatUpOutcome,
    HeatUpRecord,
    figures,
    past_of,
)
from heatpump_twin.twin_engine.smart_start.ready_program import ReadyQuantity

MINUTE = 60 * MICROSECONDS


def record(outcome: HeatUpOutcome, early: float | None, energy: float | None = None):
    """Return a heat-up of an hour that was ready so many minutes too early."""
    ready_at = None if early is None else round((60 + early) * MINUTE)
    return HeatUpRecord(
        "hp1", ReadyQuantity.ROOM, 0, 60 * MINUTE, 18.0, 21.0, None, None, None, ready_at, 0.9,
        outcome, energy, "", "olga",
    )  # fmt: skip


def test_figures_are_of_promises_alone() -> None:
    found = figures([
        record(HeatUpOutcome.ON_TIME, 10.0, 100.0),
        record(HeatUpOutcome.ON_TIME, 20.0, 300.0),
        record(HeatUpOutcome.ON_TIME, 60.0, None),
        record(HeatUpOutcome.LATE, -8.0, 0.0),
        record(HeatUpOutcome.OVERRIDDEN, 30.0),
        record(HeatUpOutcome.OBSERVED, None),
        record(HeatUpOutcome.NOT_REACHED, None),
    ])  # fmt: skip
    assert (found.on_time, found.lateness, found.excess) == (0.75, 120.0, 1200.0)
    assert found.held_energy == pytest.approx(400 / 3)


def test_without_promises_there_are_none() -> None:
    found = figures([record(HeatUpOutcome.OBSERVED, None)])
    assert all(map(math.isnan, (found.on_time, found.lateness, found.excess, found.held_energy)))


def test_what_a_hand_has_ended_teaches_nothing() -> None:
    kinds = (HeatUpOutcome.OVERRIDDEN, HeatUpOutcome.NOT_REACHED, HeatUpOutcome.OBSERVED)
    past = past_of([record(one, 0.0) for one in kinds])
    assert past.reached.tolist() == [False, True]
    assert past.seconds.tolist() == [3600.0, 3600.0]


def test_a_broken_promise_is_learnt_from_whatever_it_took() -> None:
    past = past_of([record(HeatUpOutcome.ON_TIME, 10.0), record(HeatUpOutcome.LATE, -5.0)])
    assert past.promised.tolist() == [4200.0, 3300.0]
    assert past.late.tolist() == [0.0, 1.0]
