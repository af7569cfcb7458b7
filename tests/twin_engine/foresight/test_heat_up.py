"""The heat-up model: what a run is, what is known before it, and what is served."""

from __future__ import annotations

import asyncio
import hashlib
from pathlib import Path

import numpy as np
import pytest
from heat_up_history import MINUTE, constant, history, samples
from structlog.testing import capture_logs

from heatpump_twin.config.catalogue import CATALOGUE, PointTable
from heatpump_twin.config.load import load_site
from heatpump_twin.drivers.clock import ManualClock
from heatpump_twin.drivers.frame import Frame
from heatpump_twin.drivers.status import (
    BAD_INTERNAL_ERROR,
    BAD_NO_COMMUNICATION,
    BAD_NO_DATA,
    BAD_OUT_OF_SERVICE,
    GOOD,
    UNCERTAIN,
    UNCERTAIN_SUB_NORMAL,
)
from heatpump_twin.twin_engine.foresight.heat_up_inputs import FEATURES, SWITCH
from heatpump_twin.twin_engine.foresight.heat_up_training import find_runs, train
from heatpump_twin.twin_engine.foresight.model_card import (
    ModelError,
    card_path,
    read_card,
    save_model,
)
from heatpump_twin.twin_engine.foresight.model_shelf import ModelShelf
from heatpump_twin.twin_engine.foresight.prediction import (
    PREDICTED,
    Forecaster,
    HeatUpModel,
    find_model,
    predicted_points,
)
from heatpump_twin.twin_engine.history import Samples
from heatpump_twin.twin_engine.image import Image

DAY = 1440 * MINUTE


def one_run(**changes: Samples) -> dict[str, Samples]:
    """Switch on at minute 10 with water at 30 °C that gains 0.5 K a minute towards 45 °C."""
    series = {
        SWITCH: samples([(0, 0), (10, 1), (300, 0)]),
        "supply_temperature": samples([(0, 30)] + [(10 + i, 30 + 0.5 * i) for i in range(40)]),
        "supply_setpoint": constant(45),
        "outdoor_temperature": samples([(0, 7), (11, -20)]),
        "room_temperature": constant(20),
        "dhw_temperature": constant(48),
    }
    return {**series, **changes}


def test_a_run_ends_where_the_water_first_comes_within_half_a_kelvin() -> None:
    runs = find_runs(one_run())
    assert runs.minutes == [29.0]  # 30 + 0.5 · 29 = 44.5


def test_features_are_what_was_known_at_the_start() -> None:
    # The outdoor temperature of one minute later must not leak in.
    assert find_runs(one_run()).features == [[30, 45, 7, 20, 48]]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"supply_temperature": samples([(0, 44), (20, 45)])}, "the water was warm already"),
        (
            {"outdoor_temperature": samples([(0, np.nan)], BAD_NO_COMMUNICATION)},
            "an input was not known at the start",
        ),
        (
            {"supply_setpoint": samples([(0, 45), (12, 55)])},
            "the setpoint was not reached, or was changed",
        ),
        (
            {SWITCH: samples([(0, 0), (10, 1), (15, 0)])},
            "the setpoint was not reached, or was changed",
        ),
    ],
)
def test_what_is_no_run_is_counted(change: dict[str, Samples], reason: str) -> None:
    runs = find_runs(one_run(**change))
    assert runs.minutes == []
    assert runs.left_out == {reason: 1}


def test_a_switch_that_comes_back_from_an_outage_is_no_start() -> None:
    switch = samples([(0, 0), (10, np.nan), (20, 1)])
    switch.status[1] = BAD_NO_COMMUNICATION
    assert find_runs(one_run(**{SWITCH: switch})).minutes == []


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    content, card = train(
        find_runs(history(160)), asset="hp1", heat_pump_model="M", source="site history"
    )
    path = tmp_path_factory.mktemp("model") / "heat_up_time-hp1.onnx"
    save_model(content, card, path)
    return path


def test_the_model_beats_every_baseline_on_runs_it_has_not_seen(model: Path) -> None:
    card = HeatUpModel(model).card
    assert card.held_out.start > card.training.end
    worst = {baseline.name: baseline.score.mae for baseline in card.baselines}
    assert card.score.mae < worst["median of the last five runs"]
    assert card.score.mae < worst["mean of the training runs"]
    assert 0.5 < card.interval_coverage <= 1.0


def test_onnx_gives_what_was_trained(model: Path) -> None:
    served = HeatUpModel(model)
    runs = find_runs(history(160))
    cut = served.card.training.runs
    predicted = served.predict(np.array(runs.features[cut:]))
    error = np.abs(predicted - np.array(runs.minutes[cut:])).mean()
    assert error == pytest.approx(served.card.score.mae, abs=0.05)


def test_too_little_history_is_an_error_with_the_count() -> None:
    with pytest.raises(ModelError, match="10 heat-up runs"):
        train(find_runs(history(10)), asset="hp1", heat_pump_model="M", source="site history")


def test_a_changed_file_is_not_served(model: Path, tmp_path: Path) -> None:
    copy = tmp_path / model.name
    copy.write_bytes(model.read_bytes() + b"\0")
    card_path(copy).write_bytes(card_path(model).read_bytes())
    with pytest.raises(ModelError, match="sha256"):
        HeatUpModel(copy)


def test_a_pair_whose_replacing_was_broken_off_is_mended(model: Path, tmp_path: Path) -> None:
    """The power goes after the new model is there and before its card is; or before either."""
    copy = tmp_path / model.name
    card = read_card(model)
    save_model(model.read_bytes(), card, copy)
    new = model.read_bytes() + b" "
    digest = hashlib.sha256(new).hexdigest()
    waiting = copy.with_suffix(".card.json.next")
    waiting.write_text(card.model_copy(update={"sha256": digest, "version": "2"}).model_dump_json())
    assert read_card(copy).version == card.version
    copy.write_bytes(new)
    assert read_card(copy).version == "2"
    assert sorted(path.name for path in tmp_path.iterdir()) == [card_path(copy).name, copy.name]


def test_a_damaged_model_has_points_and_no_prediction(model: Path) -> None:
    catalogue = CATALOGUE["heat_pump"]
    points = (*FEATURES, *predicted_points(True, FEATURES))
    table = PointTable.build(("hp1", point, catalogue[point], None) for point in points)
    image = Image(table, 5 * DAY)
    shelf = ModelShelf({}, {"hp1": "cut off"})
    forecaster = Forecaster(table, image, shelf, ManualClock(5 * DAY))
    index = [table.by_asset["hp1"][point].index for point in FEATURES]
    image.ingest(Frame.of(index, [25, 45, 5, 19, 48], GOOD, 5 * DAY))
    forecaster.issue()
    predicted = table.by_asset["hp1"][PREDICTED[0]].index
    assert image.status[predicted] == BAD_OUT_OF_SERVICE
    assert asyncio.run(shelf.adopt("hp1", HeatUpModel(model)))
    assert shelf.damaged == {}
    forecaster.issue()
    assert image.status[predicted] == UNCERTAIN


def test_a_packaged_model_serves_only_the_machine_it_was_trained_on(tmp_path: Path) -> None:
    (pump,) = load_site("default", environment={}).heat_pumps
    other = pump.model_copy(update={"plate": pump.plate.model_copy(update={"model": "other"})})
    packaged = find_model(pump, tmp_path)
    assert packaged is not None
    assert packaged.card.source == "emulated plant"
    assert find_model(other, tmp_path) is None


class Served:
    """A forecaster with the image that it looks at."""

    def __init__(self, model: Path) -> None:
        catalogue = CATALOGUE["heat_pump"]
        heat_up = HeatUpModel(model)
        points = (*FEATURES, *predicted_points(heat_up, FEATURES))
        self.table = PointTable.build(("hp1", point, catalogue[point], None) for point in points)
        self.clock = ManualClock(5 * DAY)
        self.image = Image(self.table, self.clock.now())
        self.forecaster = Forecaster(self.table, self.image, {"hp1": heat_up}, self.clock)

    def measure(self, *values: float, status: int = GOOD) -> None:
        self.image.ingest(Frame.of(range(len(FEATURES)), values, status, self.clock.now()))

    def predicted(self) -> tuple[list[float], set[int]]:
        self.forecaster.issue()
        index = [self.table.by_key[f"hp1.{point}"].index for point in PREDICTED]
        return self.image.value[index].tolist(), set(self.image.status[index].tolist())


def test_a_prediction_is_uncertain_and_has_its_interval(model: Path) -> None:
    served = Served(model)
    served.measure(25, 45, 5, 19, 48)
    (median, low, high), status = served.predicted()
    assert status == {UNCERTAIN}
    assert low < median < high
    served.measure(25, 45, -4, 19, 48)
    assert served.predicted()[0][0] > median  # it is colder, so it takes longer


def test_outside_its_training_a_prediction_says_so(model: Path) -> None:
    served = Served(model)
    served.measure(25, 45, -30, 19, 48)
    assert served.predicted()[1] == {UNCERTAIN_SUB_NORMAL}


def test_at_its_setpoint_there_is_nothing_to_heat(model: Path) -> None:
    served = Served(model)
    served.measure(48, 45, 5, 19, 48)
    assert served.predicted() == ([0, 0, 0], {UNCERTAIN})


def test_without_an_input_there_is_no_prediction(model: Path) -> None:
    served = Served(model)
    served.measure(*[np.nan] * len(FEATURES), status=BAD_NO_COMMUNICATION)
    values, status = served.predicted()
    assert status == {BAD_NO_DATA}
    assert np.isnan(values).all()


class Flawed(HeatUpModel):
    """A model that cannot reckon with frost."""

    def predict(self, features):
        assert features[0][2] > 0
        return super().predict(features)


def test_a_model_that_fails_costs_its_own_heat_pump_its_prediction(model: Path) -> None:
    catalogue = CATALOGUE["heat_pump"]
    points = (*FEATURES, *PREDICTED)
    table = PointTable.build(
        (asset, point, catalogue[point], None) for asset in ("hp1", "hp2") for point in points
    )
    clock = ManualClock(5 * DAY)
    image = Image(table, clock.now())
    models = {"hp1": Flawed(model), "hp2": HeatUpModel(model)}
    forecaster = Forecaster(table, image, models, clock)

    def issue(outdoor: float) -> list[tuple[str, int]]:
        for asset in models:
            index = [table.by_asset[asset][point].index for point in FEATURES]
            image.ingest(Frame.of(index, [25, 45, outdoor, 19, 48], GOOD, clock.now()))
        with capture_logs() as logs:
            forecaster.issue()
        return [(log["asset"], log["log_level"]) for log in logs]

    def status(asset: str) -> int:
        return int(image.status[table.by_asset[asset][PREDICTED[0]].index])

    assert issue(5) == []
    assert issue(-4) == [("hp1", "error")]
    assert (status("hp1"), status("hp2")) == (BAD_INTERNAL_ERROR, UNCERTAIN)
    assert issue(-4) == []
    assert issue(5) == [("hp1", "info")]
    assert status("hp1") == UNCERTAIN
    assert issue(-4) == [("hp1", "error")]


def test_no_predicted_points_where_an_input_is_missing(model: Path) -> None:
    assert predicted_points(HeatUpModel(model), ["supply_temperature"]) == ()
    assert predicted_points(None, FEATURES) == ()
