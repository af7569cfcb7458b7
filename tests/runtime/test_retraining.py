"""Training on request: a real child process over a real history, and what becomes of its model."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import processes
import pytest
from heat_up_history import history
from patience import PATIENCE

from heatpump_twin.config.catalogue import CATALOGUE, PointTable
from heatpump_twin.config.data_directory import DataDirectory
from heatpump_twin.drivers.clock import SystemClock
from heatpump_twin.drivers.frame import Frame
from heatpump_twin.drivers.status import BAD_INVALID_STATE, GOOD
from heatpump_twin.runtime.learning.retraining import Retraining
from heatpump_twin.twin_engine.commands.audit import AuditLog
from heatpump_twin.twin_engine.commands.journal import Journal
from heatpump_twin.twin_engine.foresight.heat_up_inputs import FEATURES, SWITCH
from heatpump_twin.twin_engine.foresight.prediction import HeatUpModel
from heatpump_twin.twin_engine.historian.database.database_access import open_engine
from heatpump_twin.twin_engine.historian.sample_store import SampleStore
from heatpump_twin.twin_engine.programs.training_request import TrainingState

WHO = {"user": "erik", "origin": "test client"}
SITE = ["--site", "default"]


@dataclass
class Bench:
    """A data directory with a history, and somebody who takes new models."""

    data: DataDirectory
    audit: AuditLog
    journal: Journal
    table: PointTable
    adopted: list[HeatUpModel] = field(default_factory=list)
    takes: bool = True
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    def record(self, days: int, *, law: bool = True) -> None:
        store = SampleStore(open_engine(f"sqlite:///{self.data.database}"))
        series = history(days, law=law)
        rows = store.prepare([f"hp1.{point}" for point in series])
        for point, samples in series.items():
            index = np.full(len(samples), rows[f"hp1.{point}"])
            store.write(Frame.of(index, samples.value, samples.status, samples.time))
        store.close()

    def trainer(self, limit: float = PATIENCE) -> Retraining:
        trainer = Retraining(
            self.table, self.data, SITE, self.journal, self.adopt, SystemClock(), limit
        )
        self.tasks.append(asyncio.create_task(trainer.run()))
        return trainer

    async def adopt(self, asset: str, model: HeatUpModel) -> bool:
        self.adopted.append(model)
        return self.takes

    @property
    def models(self) -> list[str]:
        return sorted(path.name for path in self.data.models.iterdir())


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    data = DataDirectory.open(tmp_path / "data")
    audit = AuditLog(f"sqlite:///{data.database}")
    await audit.start()
    specs = CATALOGUE["heat_pump"]
    table = PointTable.build(("hp1", name, specs[name], None) for name in (*FEATURES, SWITCH))
    bench = Bench(data, audit, Journal(audit, SystemClock()), table)
    yield bench
    for task in bench.tasks:
        task.cancel()
    await asyncio.gather(*bench.tasks, return_exceptions=True)
    await audit.stop()


async def ended(trainer: Retraining, eventually: Callable[..., object]) -> TrainingState:
    await eventually(lambda: trainer.of("hp1").state is not TrainingState.RUNNING)
    return trainer.of("hp1").state


async def test_a_better_model_is_put_to_use_while_the_loop_goes_on(bench, eventually) -> None:
    bench.record(120)
    trainer = bench.trainer()
    verdict = await trainer.start("hp1", **WHO)
    assert (verdict.status, verdict.message) == (
        GOOD, "Training has started; it takes 10 min at the most.",
    )  # fmt: skip
    second = await trainer.start("hp1", user="olga", origin="test")
    assert second.status == BAD_INVALID_STATE
    assert "being trained for erik; one is trained at a time" in second.message
    assert await ended(trainer, eventually) is TrainingState.IN_USE
    assert bench.models == ["heat_up_time-hp1.card.json", "heat_up_time-hp1.onnx"]
    (model,) = bench.adopted
    card = json.loads((bench.data.models / bench.models[0]).read_text("utf-8"))
    assert model.card.sha256 == card["sha256"]
    message = trainer.of("hp1").message
    assert message.startswith(f"Model {model.card.version} was trained on 90 heat-ups")
    assert message.endswith("It is in use.")
    told = [row.message for row in reversed(await bench.audit.tail(10))]
    assert told == [verdict.message, second.message, message]
    assert (await trainer.start("hp1", **WHO)).status == GOOD  # the next one may begin


async def test_where_there_was_no_model_it_serves_from_the_next_start(bench, eventually) -> None:
    bench.record(120)
    bench.takes = False
    trainer = bench.trainer()
    await trainer.start("hp1", **WHO)
    assert await ended(trainer, eventually) is TrainingState.FROM_NEXT_START
    assert "used from the next start" in trainer.of("hp1").message


async def test_a_model_that_is_no_better_than_a_simple_rule_is_not_used(bench, eventually) -> None:
    bench.record(120, law=False)
    (bench.data.models / "heat_up_time-hp1.onnx").write_bytes(b"the one in use")
    trainer = bench.trainer()
    await trainer.start("hp1", **WHO)
    assert await ended(trainer, eventually) is TrainingState.REJECTED
    assert "its mean error on held-out runs is" in trainer.of("hp1").message
    assert bench.adopted == []
    assert bench.models == ["heat_up_time-hp1.onnx"]


async def test_a_failure_says_why(bench, eventually) -> None:
    bench.record(10)
    trainer = bench.trainer()
    await trainer.start("hp1", **WHO)
    assert await ended(trainer, eventually) is TrainingState.FAILED
    assert "10 heat-up runs in the history, at least 40 are needed" in trainer.of("hp1").message
    assert bench.models == []


async def test_a_training_that_takes_too_long_is_stopped(bench, eventually) -> None:
    trainer = bench.trainer(limit=0.2)
    await trainer.start("hp1", **WHO)
    assert await ended(trainer, eventually) is TrainingState.FAILED
    assert "took longer than 0 s" in trainer.of("hp1").message


async def test_it_is_offered_where_all_inputs_are(bench) -> None:
    trainer = bench.trainer()
    assert trainer.offered("hp1")
    assert not trainer.offered("hp2")
    rest = [point for point in bench.table if point.id != "room_temperature"]
    bench.table = PointTable.build((p.asset, p.id, p.spec, None) for p in rest)
    assert not bench.trainer().offered("hp1")


def test_the_twin_does_not_load_what_trains_nor_what_knows_the_sun() -> None:
    unused = {"sklearn", "pandas", "pvlib", "scipy.stats"}
    code = f"import heatpump_twin.runtime.twin_process, sys; print(*{unused} & sys.modules.keys())"
    assert processes.run(sys.executable, "-c", code).stdout == "\n"
