"""Versions are kept and put to use whole; what is damaged or from elsewhere is left out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from biased_house import learnt

from heatpump_twin.twin_engine.errors import ForecastError
from heatpump_twin.twin_engine.forecasting.baselines import CLIMATOLOGY
from heatpump_twin.twin_engine.forecasting.method import SIMULATION
from heatpump_twin.twin_engine.forecasting.remainder.features import FEATURES
from heatpump_twin.twin_engine.forecasting.remainder.remainder_model import RemainderModel
from heatpump_twin.twin_engine.forecasting.remainder.remainder_versions import (
    RemainderVersions,
    remainder_in_use,
)


def kept(models: Path, count: int) -> RemainderVersions:
    versions = RemainderVersions(models, "hp1")
    for _ in range(count):
        versions.keep(learnt().content, learnt().card)
    return versions


def test_a_version_is_in_use_from_its_promotion_until_it_is_taken_back(tmp_path: Path) -> None:
    versions = kept(tmp_path, 2)
    assert versions.numbers == [1, 2]
    assert remainder_in_use(tmp_path, "hp1", base=CLIMATOLOGY, emulated=True) is None
    versions.promote(1)
    versions.promote(2)
    assert versions.promoted == 2
    assert remainder_in_use(tmp_path, "hp1", base=CLIMATOLOGY, emulated=True) is not None
    assert versions.roll_back() == 1
    assert versions.roll_back() is None
    with pytest.raises(ForecastError, match="none to take back"):
        versions.roll_back()
    with pytest.raises(ForecastError, match="no version 7"):
        versions.promote(7)


def test_what_was_learnt_of_an_emulated_machine_is_not_used_on_a_real_one(tmp_path: Path) -> None:
    kept(tmp_path, 1).promote(1)
    with pytest.raises(ForecastError, match="is emulated, and this one is real"):
        remainder_in_use(tmp_path, "hp1", base=CLIMATOLOGY, emulated=False)


def test_what_remains_after_another_base_is_not_used_and_named_with_the_remedy(
    tmp_path: Path,
) -> None:
    kept(tmp_path, 2).promote(2)
    with pytest.raises(ForecastError) as told:
        remainder_in_use(tmp_path, "hp1", base=SIMULATION, emulated=True)
    for words in (
        "hp1: version 2 of its learnt remainder is what remains after the climatology",
        "forecasts are made from the simulation now",
        "hptwin train --of forecasts --heat-pump hp1 makes another",
    ):
        assert words in str(told.value)


def test_a_model_that_was_changed_or_lost_its_card_is_left_out(tmp_path: Path) -> None:
    versions = kept(tmp_path, 2)
    for number in (1, 2):
        versions.promote(number)
    model = versions.folder / "0002.onnx"
    model.write_bytes(model.read_bytes()[:-1] + b"x")
    with pytest.raises(ForecastError, match="it was changed"):
        remainder_in_use(tmp_path, "hp1", base=CLIMATOLOGY, emulated=True)
    with pytest.raises(ForecastError, match="it was changed"):
        versions.promote(2)
    (versions.folder / "0002.card.json").unlink()
    with pytest.raises(ForecastError, match="no card that can be used"):
        remainder_in_use(tmp_path, "hp1", base=CLIMATOLOGY, emulated=True)
    assert versions.roll_back() == 1
    assert remainder_in_use(tmp_path, "hp1", base=CLIMATOLOGY, emulated=True) is not None


def test_features_beyond_what_was_learnt_are_taken_at_its_edge() -> None:
    model = RemainderModel(learnt().content, learnt().card)
    point = next(iter(model.card.targets))
    told = model.card.targets[point]
    edge = np.array([told.highs])
    far = edge + np.array([1e6] * len(FEATURES))
    at_edge, beyond = (model.remainders({point: rows})[point] for rows in (edge, far))
    assert np.array_equal(at_edge, beyond)
    low, middle, high = at_edge[:, 0]
    assert low <= middle <= high
    assert np.isnan(model.remainders({point: edge * np.nan})[point]).all()
