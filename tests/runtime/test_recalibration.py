"""A twin calibrates by itself, in a child process, and compares with what was promoted."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest
from known_machine import KnownMachine
from patience import PATIENCE

from heatpump_twin.calibrating.calibrated_site import roll_back
from heatpump_twin.config.data_directory import DataDirectory
from heatpump_twin.config.load import load_site
from heatpump_twin.drivers.clock import ManualClock
from heatpump_twin.drivers.frame import Frame
from heatpump_twin.drivers.status import GOOD
from heatpump_twin.runtime.assembly import assemble
from heatpump_twin.runtime.learning import recalibration
from heatpump_twin.runtime.learning.calibrated_models import calibrated_models
from heatpump_twin.runtime.learning.recalibration import Recalibration
from heatpump_twin.twin_engine.historian.database.database_access import database_url
from heatpump_twin.twin_engine.historian.historian import Historian
from heatpump_twin.twin_engine.model.calibration.model_versions import ModelVersions


@pytest.fixture
async def recorded(tmp_path) -> DataDirectory:
    """A data directory of the default site with ten recorded days of a known machine."""
    data, site = DataDirectory.open(tmp_path / "data"), load_site("default", environment={})
    record = KnownMachine(days=10, step=600.0).record()
    clock = ManualClock(int(record.time[-1]))
    table = assemble(site, None).table
    historian = Historian(table, database_url(site.historian, data), site.historian, clock)
    await historian.start()
    own = table.by_asset["hp1"]
    points = [point for point in record.columns if point in own]
    index = [own[point].index for point in points]
    columns = np.stack([record.columns[point] for point in points])
    for step, time in enumerate(record.time.tolist()):
        historian.take(Frame.of(index, columns[:, step], GOOD, time))
    await historian.stop()
    return data


async def test_it_calibrates_in_a_child_and_uses_what_was_promoted(recorded, monkeypatch):
    site = load_site("default", environment={})
    adopted: asyncio.Queue[object] = asyncio.Queue()
    monkeypatch.setattr(recalibration, "_AGAIN", 0.0)
    schedule = Recalibration(
        lambda: site.heat_pumps,
        recorded,
        ["--site", "default"],
        3600.0,
        lambda asset, model: adopted.put_nowait((asset, model)),
    )
    running = asyncio.create_task(schedule.run(look=0.05))
    try:
        async with asyncio.timeout(10 * PATIENCE):
            asset, model = await adopted.get()
        assert asset == "hp1"
        assert model is not None
        # Not again before it is an hour old.
        assert ModelVersions(recorded.models, "hp1").numbers == [1]
        found = calibrated_models(site, recorded.models)["hp1"]
        assert found.machine.power.theta == pytest.approx(model.machine.power.theta)
        list(roll_back(site, recorded, None))
        async with asyncio.timeout(PATIENCE):
            assert await adopted.get() == ("hp1", None)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


def test_a_model_that_cannot_be_used_leaves_the_plate(tmp_path):
    site = load_site("default", environment={})
    folder = tmp_path / "calibration" / "hp1"
    folder.mkdir(parents=True)
    (folder / "0001.json").write_text("{}")
    (folder / "promoted.json").write_text('{"versions": [1]}')
    assert calibrated_models(site, tmp_path) == {}
