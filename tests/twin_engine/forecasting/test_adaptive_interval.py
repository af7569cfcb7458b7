"""Intervals hold what they promise, also where the errors grow, and say when nothing is known."""

from __future__ import annotations

import numpy as np
import pytest

from heatpump_twin.twin_engine.forecasting.adaptive_interval import Adapted, adapted, shifted
from heatpump_twin.twin_engine.forecasting.quarter_hours import STEPS

ORIGINS = np.arange(96, 96 + 60 * 52, 52)
NOW = int(ORIGINS[-1]) + STEPS


def forecasts(growth: float, offset: float = 0.0, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Return point forecasts and what came: errors that grow from one origin to the next."""
    chance = np.random.default_rng(seed)
    size = 1.0 + growth * np.arange(len(ORIGINS)) / len(ORIGINS)
    truth = offset + size[:, np.newaxis] * chance.normal(0.0, 1.0, (len(ORIGINS), STEPS))
    return np.zeros((len(ORIGINS), 3, STEPS)), truth


def alone(
    raw: np.ndarray, truth: np.ndarray, origins: np.ndarray, now: int, *, centred: bool
) -> Adapted:
    """Return what is found of a single method."""
    found = adapted(raw[np.newaxis], truth, origins, now, [centred])
    return Adapted(found.online[0], found.offsets[0])


@pytest.mark.parametrize("growth", [0.0, 2.0])
@pytest.mark.parametrize("offset", [0.0, 3.0])
def test_four_fifths_of_what_came_are_within(growth: float, offset: float) -> None:
    raw, truth = forecasts(growth, offset)
    found = alone(raw, truth, ORIGINS, NOW, centred=True)
    late = slice(15, None)
    low, _, high = found.online[late].swapaxes(0, 1)
    inside = (truth[late] >= low) & (truth[late] <= high)
    assert inside.mean() == pytest.approx(0.8, abs=0.05)


def test_the_median_follows_what_it_has_been_off_where_it_may() -> None:
    raw, truth = forecasts(0.0, 3.0)
    for centred, middle in ((True, 3.0), (False, 0.0)):
        found = alone(raw, truth, ORIGINS, NOW, centred=centred)
        assert found.offsets[1] == pytest.approx(middle, abs=0.3)


def test_what_is_to_come_moves_no_interval_before() -> None:
    raw, truth = forecasts(0.0)
    before = alone(raw, truth, ORIGINS, NOW, centred=True)
    k = 30
    later = np.where(ORIGINS[:, np.newaxis] + np.arange(STEPS) >= ORIGINS[k], truth + 50.0, truth)
    after = alone(raw, later, ORIGINS, NOW, centred=True)
    assert np.array_equal(before.online[: k + 1], after.online[: k + 1])
    assert not np.allclose(before.offsets, after.offsets)


def test_without_a_record_the_interval_is_as_wide_as_the_doubt_and_grows() -> None:
    raw, truth = forecasts(0.0)
    nothing = alone(raw[:0], truth[:0], ORIGINS[:0], int(ORIGINS[0]), centred=True)
    low, middle, high = shifted(np.full((3, STEPS), 20.0), nothing.offsets, 3.0)
    assert (middle == 20.0).all()
    assert high[-1] == pytest.approx(23.0)
    assert low[-1] == pytest.approx(17.0)
    assert (np.diff(high - low) > 0.0).all()


def with_gaps(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return quantiles of three methods and what came, of which some is missing."""
    chance = np.random.default_rng(seed)
    raw = np.sort(chance.normal(0.0, 2.0, (3, len(ORIGINS), 3, STEPS)), axis=2)
    truth = chance.normal(1.0, 1.0, (len(ORIGINS), STEPS))
    truth[chance.random(truth.shape) < 0.2] = np.nan
    truth[20:24] = np.nan
    raw[1, :15] = np.nan  # it is there only from a time on
    return raw, truth


def test_methods_that_are_adapted_together_are_so_as_each_alone() -> None:
    raw, truth = with_gaps(5)
    centred = [True, True, False]
    together = adapted(raw, truth, ORIGINS, NOW, centred)
    for k, moved in enumerate(centred):
        one = alone(raw[k], truth, ORIGINS, NOW, centred=moved)
        assert np.array_equal(together.online[k], one.online, equal_nan=True)
        assert np.array_equal(together.offsets[k], one.offsets, equal_nan=True)


def test_offsets_are_the_quantiles_of_the_errors_that_came() -> None:
    """Of the first hour, by one forecast after the other, with shares that follow the misses."""
    raw, truth = with_gaps(6)
    one = alone(raw[0], truth, ORIGINS, NOW, centred=True)
    alpha = np.array([0.1, 0.1])
    online = np.array(raw[0][:, :, :4])
    for k in range(len(ORIGINS) + 1):
        if k and np.isfinite(truth[k - 1, :4]).any():
            came = truth[k - 1, :4][np.isfinite(truth[k - 1, :4])]
            low, _, high = np.sort(online[k - 1], axis=0)[:, np.isfinite(truth[k - 1, :4])]
            missed = np.array([(came < low).mean(), (came > high).mean()])
            alpha = np.clip(alpha + 0.1 * (0.1 - missed), 0.01, 0.15)
        errors = (truth[:k, np.newaxis, :4] - raw[0][:k, :, :4]).transpose(1, 0, 2).reshape(3, -1)
        known = errors[:, np.isfinite(errors[0])]
        if known.shape[1] < 24:
            continue
        levels = (alpha[0], 0.5, 1.0 - alpha[1])
        expected = [np.quantile(row, level) for row, level in zip(known, levels, strict=True)]
        if k == len(ORIGINS):
            assert one.offsets[:, 0] == pytest.approx(expected, abs=1e-9)
        else:
            online[k] += np.array(expected)[:, np.newaxis]
            assert one.online[k][:, :4] == pytest.approx(np.sort(online[k], axis=0), abs=1e-9)


def test_when_forecasts_have_grown_better_worse_ones_find_the_interval_still_wide() -> None:
    raw, truth = forecasts(0.0)
    better = np.geomspace(3.0, 0.3, 30)
    truth *= np.concatenate([better, np.ones(len(ORIGINS) - 30)])[:, np.newaxis]
    found = alone(raw, truth, ORIGINS, NOW, centred=True)
    first = slice(30, 40)
    low, _, high = found.online[first].swapaxes(0, 1)
    assert ((truth[first] >= low) & (truth[first] <= high)).mean() > 0.65
