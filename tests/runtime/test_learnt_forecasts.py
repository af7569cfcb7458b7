"""The life of a learnt remainder in a twin: real child processes on a real history."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from biased_house import biased, learnt
from recorded_site import recorded_site
from repeating_house import as_record, repeating
from structlog.testing import capture_logs

from heatpump_twin.config.catalogue import PointTable
from heatpump_twin.config.data_directory import DataDirectory
from heatpump_twin.config.load import load_site
from heatpump_twin.drivers.clock import SystemClock
from heatpump_twin.drivers.status import BAD_INVALID_STATE, BAD_OUT_OF_RANGE, GOOD
from heatpump_twin.runtime.learning.learnt_forecasts import LearntForecasts
from heatpump_twin.twin_engine.commands.audit import AuditLog
from heatpump_twin.twin_engine.commands.journal import Journal
from heatpump_twin.twin_engine.forecasting.forecast_card import read_forecast_card
from heatpump_twin.twin_engine.forecasting.remainder.drift import (
    DriftState,
    TargetDrift,
    write_drift,
)
from heatpump_twin.twin_engine.forecasting.remainder.remainder_versions import RemainderVersions
from heatpump_twin.twin_engine.forecasting.targets import (
    MODEL_DRIFT,
    MODEL_VERSION,
    forecast_entries,
)
from heatpump_twin.twin_engine.image import Image
from heatpump_twin.twin_engine.model.calibration.model_versions import ModelVersions
from heatpump_twin.twin_engine.programs.forecast_models import ForecastModelState

WHO = {"user": "erik", "origin": "test client"}
POINTS = ("electrical_power", "room_temperature")


@dataclass
class Rig:
    """A heat pump of the default site, with its data directory, image and journal."""

    data: DataDirectory
    audit: AuditLog
    image: Image
    models: LearntForecasts

    @property
    def versions(self) -> RemainderVersions:
        return RemainderVersions(self.data.models, "hp1")

    def value(self, point: str) -> float:
        return float(self.image.value[self.image.table.by_asset["hp1"][point].index])


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    data = DataDirectory.open(tmp_path / "data")
    audit = AuditLog(f"sqlite:///{data.database}")
    await audit.start()
    image = Image(PointTable.build(forecast_entries("hp1", POINTS, tariff=False)), 0)
    pumps = load_site("default").heat_pumps[:1]
    models = LearntForecasts(
        image, SystemClock(), data, lambda: pumps, ["--site", "default"],
        Journal(audit, SystemClock()), 0.0,
    )  # fmt: skip
    task = asyncio.create_task(models.run(look=0.2))
    yield Rig(data, audit, image, models)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await audit.stop()


async def test_what_days_held_out_speak_for_is_put_to_use_and_taken_back(rig, eventually) -> None:
    recorded_site(rig.data.root, as_record(biased()))
    verdict = await rig.models.train("hp1", **WHO)
    assert verdict.status == GOOD
    second = await rig.models.train("hp1", user="olga", origin="test")
    assert second.status == BAD_INVALID_STATE
    await eventually(lambda: rig.models.of("hp1").state is not ForecastModelState.RUNNING)
    standing = rig.models.of("hp1")
    assert standing.state is ForecastModelState.PROMOTED, standing.message
    assert "version 1, in use: it did better on" in standing.message
    await eventually(lambda: rig.value(MODEL_VERSION) == 1.0)
    assert rig.models.of("hp1").card
    # The training has judged it beside all others: it is shown where it did best.
    card = read_forecast_card(rig.data.models, "hp1")
    assert "learnt remainder" in card.targets["forecast_electrical_power"].chosen
    assert rig.value(MODEL_DRIFT) in (DriftState.AS_LEARNT, DriftState.INPUTS_DIFFER)
    taken = await rig.models.roll_back("hp1", **WHO)
    assert taken.message == "No learnt part is in use."
    await eventually(lambda: rig.value(MODEL_VERSION) == 0.0)

    def judged_without() -> bool:
        chosen = read_forecast_card(rig.data.models, "hp1").targets["forecast_electrical_power"]
        return "learnt remainder" not in chosen.chosen

    await eventually(judged_without)
    assert (await rig.models.roll_back("hp1", **WHO)).status == BAD_INVALID_STATE
    again = await rig.models.promote("hp1", 1, **WHO)
    assert again.status == GOOD
    missing = await rig.models.promote("hp1", 9, **WHO)
    assert (missing.status, missing.argument) == (BAD_OUT_OF_RANGE, "Version")
    told = [row.key for row in reversed(await rig.audit.tail(20))]
    assert told == [
        "hp1.Train", "hp1.Train", "hp1.Train", "hp1.Rollback", "hp1.Rollback", "hp1.Promote",
        "hp1.Promote",
    ]  # fmt: skip


async def test_a_record_that_is_too_short_is_refused_with_the_reason(rig, eventually) -> None:
    recorded_site(rig.data.root, as_record(repeating(10)))
    await rig.models.train("hp1", **WHO)
    await eventually(lambda: rig.models.of("hp1").state is not ForecastModelState.RUNNING)
    standing = rig.models.of("hp1")
    assert standing.state is ForecastModelState.FAILED
    assert "10.0 days are recorded" in standing.message
    assert rig.versions.numbers == []


async def test_damage_and_drift_are_noticed_and_go_with_a_rollback(rig, eventually) -> None:
    for _ in range(2):
        rig.versions.promote(rig.versions.keep(learnt().content, learnt().card))
    await eventually(lambda: rig.value(MODEL_VERSION) == 2.0)
    assert (rig.models.damaged, rig.models.drifted) == (0, 0)
    found = {"forecast_electrical_power": TargetDrift(0.1, "lead", 99.0)}
    write_drift(rig.data.models, "hp1", found)
    await eventually(lambda: rig.models.drifted == 1)
    assert rig.value(MODEL_DRIFT) == DriftState.ERRORS_GROW
    (rig.versions.folder / "0002.onnx").write_bytes(b"cut off")
    await eventually(lambda: rig.models.damaged == 1)
    assert rig.value(MODEL_VERSION) == 0.0
    await rig.models.roll_back("hp1", **WHO)
    await eventually(lambda: rig.value(MODEL_VERSION) == 1.0)
    assert (rig.models.damaged, rig.models.drifted) == (0, 0)


async def test_a_version_of_another_base_is_left_out_named_and_comes_back_with_its_base(
    rig, eventually
) -> None:
    rig.versions.promote(rig.versions.keep(learnt().content, learnt().card))
    await eventually(lambda: rig.value(MODEL_VERSION) == 1.0)
    houses = ModelVersions(rig.data.models, "hp1")
    houses.folder.mkdir(parents=True)
    with capture_logs() as told:
        houses.promote(1, machine=False, house=True)
        await eventually(lambda: rig.models.damaged == 1)
    assert rig.value(MODEL_VERSION) == 0.0
    (warning,) = [line for line in told if line["event"] == "a learnt remainder is left out"]
    assert "hp1: version 1 of its learnt remainder" in warning["reason"]
    assert "hptwin train --of forecasts --heat-pump hp1" in warning["reason"]
    refused = await rig.models.promote("hp1", 1, **WHO)
    assert refused.status == BAD_OUT_OF_RANGE
    assert "what remains after the climatology" in refused.message
    houses.roll_back()
    await eventually(lambda: rig.value(MODEL_VERSION) == 1.0)
    assert rig.models.damaged == 0
