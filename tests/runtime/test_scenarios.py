"""Simulations on request: a real child process over a real history, behind a real server."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import psutil
import pytest
from observed_house import observed
from patience import PATIENCE

from heatpump_twin.calibrating.calibrated_site import calibrate_site
from heatpump_twin.config.catalogue import CATALOGUE, PointTable
from heatpump_twin.config.data_directory import DataDirectory
from heatpump_twin.config.load import load_site
from heatpump_twin.drivers.clock import SystemClock
from heatpump_twin.drivers.frame import Frame
from heatpump_twin.drivers.status import BAD_INVALID_STATE, BAD_NOT_SUPPORTED, GOOD
from heatpump_twin.runtime.background.scenarios import Scenarios
from heatpump_twin.twin_engine.commands.audit import AuditLog
from heatpump_twin.twin_engine.commands.journal import Journal
from heatpump_twin.twin_engine.historian.database.database_access import open_engine
from heatpump_twin.twin_engine.historian.sample_store import SampleStore
from heatpump_twin.twin_engine.programs.scenario_request import ScenarioQuestion, ScenarioState

WHO = {"user": "olga", "origin": "test client"}
SITE = ["--site", "default"]
QUESTION = ScenarioQuestion(("curve.shift=-3",), 2.0, 7)


@dataclass
class Bench:
    """A data directory with a history, and whoever simulates it."""

    data: DataDirectory
    audit: AuditLog
    journal: Journal
    table: PointTable
    changed: list[str] = field(default_factory=list)
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    def record(self) -> None:
        seen = observed()
        store = SampleStore(open_engine(f"sqlite:///{self.data.database}"))
        points = [point for point in seen.columns if "=" not in point]
        rows = store.prepare([f"hp1.{point}" for point in points])
        for point in points:
            index = np.full(len(seen), rows[f"hp1.{point}"])
            store.write(Frame.of(index, seen.columns[point], 0, seen.time))
        store.close()

    def simulator(self, limit: float = PATIENCE) -> Scenarios:
        found = Scenarios(self.table, self.data, SITE, self.journal, limit)
        self.tasks.append(asyncio.create_task(found.run()))
        return found


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    data = DataDirectory.open(tmp_path / "data")
    audit = AuditLog(f"sqlite:///{data.database}")
    await audit.start()
    specs = CATALOGUE["heat_pump"]
    points = ("outdoor_temperature", "electrical_power")
    table = PointTable.build(("hp1", name, specs[name], None) for name in points)
    bench = Bench(data, audit, Journal(audit, SystemClock()), table)
    yield bench
    for task in bench.tasks:
        task.cancel()
    await asyncio.gather(*bench.tasks, return_exceptions=True)
    await audit.stop()


def _simulating() -> bool:
    """Tell whether a child of ours simulates."""
    children = psutil.Process().children(recursive=True)
    return any("simulate" in child.cmdline() for child in children if child.is_running())


async def test_the_result_is_there_and_the_loop_was_free(bench: Bench, eventually) -> None:
    bench.record()
    site = load_site("default", environment={})
    await calibrate_site(site, bench.data, None, None, None, keep=True)
    simulator = bench.simulator()
    assert simulator.of("hp1").state is ScenarioState.NEVER
    verdict = await simulator.start("hp1", QUESTION, **WHO)
    assert verdict.status == GOOD
    assert simulator.of("hp1").state is ScenarioState.RUNNING
    refused = await simulator.start("hp1", QUESTION, **WHO)
    assert refused.status == BAD_INVALID_STATE
    shares: list[float] = []

    def ended() -> bool:
        shares.append(simulator.of("hp1").share)
        return simulator.of("hp1").state is not ScenarioState.RUNNING

    await eventually(ended)
    found = simulator.of("hp1")
    assert found.state is ScenarioState.DONE, found.message
    assert any(0.0 < share < 1.0 for share in shares)
    figures = json.loads(found.figures)
    assert figures["origin"] == "simulated"
    assert figures["changes"] == ["curve.shift=-3"]
    assert any("house: version 1, learnt" in note for note in figures["notes"])
    assert figures["figures"]["electricity"]["difference"] < 0.0
    rows = list(csv.DictReader(io.StringIO(found.table)))
    assert len(rows) == 2 * 5 * 48
    assert {row["origin"] for row in rows} == {"simulated"}


async def test_it_can_be_stopped(bench: Bench, eventually) -> None:
    bench.record()
    simulator = bench.simulator()
    nothing = await simulator.cancel("hp1", **WHO)
    assert nothing.status == BAD_INVALID_STATE
    await simulator.start("hp1", QUESTION, **WHO)
    await eventually(lambda: _simulating())
    assert (await simulator.cancel("hp1", **WHO)).status == GOOD
    await eventually(lambda: simulator.of("hp1").state is ScenarioState.CANCELLED)
    await eventually(lambda: not _simulating())
    # Another one may run afterwards.
    assert (await simulator.start("hp1", QUESTION, **WHO)).status == GOOD


async def test_what_cannot_be_answered_says_why(bench: Bench, eventually) -> None:
    simulator = bench.simulator()
    await simulator.start("hp1", ScenarioQuestion(("curve.shft=1",), 0.0, 1), **WHO)
    await eventually(lambda: simulator.of("hp1").state is ScenarioState.FAILED)
    assert "nothing is recorded" in simulator.of("hp1").message


@pytest.mark.parametrize("word", ["machine=/etc/passwd", " machine = plate.yaml"])
async def test_nobody_far_away_names_a_file_of_the_server(bench: Bench, word: str) -> None:
    simulator = bench.simulator()
    verdict = await simulator.start("hp1", ScenarioQuestion((word,), 0.0, 1), **WHO)
    assert verdict.status == BAD_NOT_SUPPORTED
    assert simulator.of("hp1").state is ScenarioState.NEVER


async def test_who_asked_is_on_record(bench: Bench, eventually) -> None:
    simulator = bench.simulator()
    await simulator.start("hp1", QUESTION, **WHO)
    await eventually(lambda: simulator.of("hp1").state is ScenarioState.FAILED)
    report = bench.journal.latest("hp1")
    assert report is not None
    assert report.message.startswith("curve.shift=-3: ")


def test_a_heat_pump_without_meters_has_no_simulation(tmp_path: Path) -> None:
    specs = CATALOGUE["heat_pump"]
    table = PointTable.build([("hp1", "supply_temperature", specs["supply_temperature"], None)])
    audit = AuditLog(f"sqlite:///{tmp_path / 'audit.sqlite'}")
    simulator = Scenarios(
        table, DataDirectory.open(tmp_path / "data"), SITE, Journal(audit, SystemClock())
    )
    assert not simulator.offered("hp1")
