"""Intervals hold what they promise, also where the errors grow, and say when nothing is known."""

from __future__ import annotations

import numpy as np
import pytest

from heatpump_twin.twin_engine.forecasting.adaptive_interval import adapted, shifted
from heatpump_twin.twin_engine.forecasting.quarter_hours import STEPS

ORIGINS = np.arange(96, 96 + 60 * 52, 52)
NOW = int(ORIGINS[-1]) + STEPS


def forecasts(growth: float, offset: float = 0.0, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Return point forecasts and what came: errors that grow from one origin to the next."""
    chance = np.random.default_rng(seed)
    size = 1.0 + growth * np.arange(len(ORIGINS)) / len(ORIGINS)
    truth = offset + size[:, np.newaxis] * chance.normal(0.0, 1.0, (len(ORIGINS), STEPS))
    return np.zeros((len(ORIGINS), 3, STEPS)), truth


@pytest.mark.parametrize("growth", [0.0, 2.0])
@pytest.mark.parametrize("offset", [0.0, 3.0])
def test_four_fifths_of_what_came_are_within(growth: float, offset: float) -> None:
    raw, truth = forecasts(growth, offset)
    found = adapted(raw, truth, ORIGINS, NOW, centred=True)
    late = slice(15, None)
    low, _, high = found.online[late].swapaxes(0, 1)
    inside = (truth[late] >= low) & (truth[late] <= high)
    assert inside.mean() == pytest.approx(0.8, abs=0.05)


def test_the_median_follows_what_it_has_been_off_where_it_may() -> None:
    raw, truth = forecasts(0.0, 3.0)
    for centred, middle in ((True, 3.0), (False, 0.0)):
        found = adapted(raw, truth, ORIGINS, NOW, centred=centred)
        assert found.offsets[1] == pytest.approx(middle, abs=0.3)


def test_what_is_to_come_moves_no_interval_before() -> None:
    raw, truth = forecasts(0.0)
    before = adapted(raw, truth, ORIGINS, NOW, centred=True)
    k = 30
    later = np.where(ORIGINS[:, np.newaxis] + np.arange(STEPS) >= ORIGINS[k], truth + 50.0, truth)
    after = adapted(raw, later, ORIGINS, NOW, centred=True)
    assert np.array_equal(before.online[: k + 1], after.online[: k + 1])
    assert not np.allclose(before.offsets, after.offsets)


def test_without_a_record_the_interval_is_as_wide_as_the_doubt_and_grows() -> None:
    raw, truth = forecasts(0.0)
    nothing = adapted(raw[:0], truth[:0], ORIGINS[:0], int(ORIGINS[0]), centred=True)
    low, middle, high = shifted(np.full((3, STEPS), 20.0), nothing.offsets, 3.0)
    assert (middle == 20.0).all()
    assert high[-1] == pytest.approx(23.0)
    assert low[-1] == pytest.approx(17.0)
    assert (np.diff(high - low) > 0.0).all()
