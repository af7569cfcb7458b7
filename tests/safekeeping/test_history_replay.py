"""``hptwin replay``: what comes out of recorded history is what came out live."""

from __future__ import annotations

import asyncio
import csv
import io
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from hptwin import Ran, here

from heatpump_twin.config.data_directory import DataDirectory
from heatpump_twin.config.load import load_site
from heatpump_twin.config.settings import Site
from heatpump_twin.drivers.clock import MICROSECONDS, ManualClock
from heatpump_twin.drivers.frame import Frame
from heatpump_twin.drivers.plant.devices.plant import Plant
from heatpump_twin.plant.past import device_looks
from heatpump_twin.rules.engine import RuleEngine
from heatpump_twin.rules.pack import load_packs
from heatpump_twin.runtime.assembly import assemble
from heatpump_twin.twin_engine.engine import Engine
from heatpump_twin.twin_engine.happening import PhaseChange
from heatpump_twin.twin_engine.historian.database.database_access import database_url, open_engine
from heatpump_twin.twin_engine.historian.historian import Historian
from heatpump_twin.twin_engine.historian.sample_store import SampleStore
from heatpump_twin.twin_engine.historian.stored_history import StoredHistory
from heatpump_twin.twin_engine.history import Samples

START = 1_768_460_400_000_000
"""2026-01-15 08:00 in Madrid."""
MINUTE = 60 * MICROSECONDS
POLL = 4 * MICROSECONDS
MINUTES = 15
BROKEN, REPAIRED = 4, 9
"""When the strainer is clogged, and cleaned. [min]"""
FAILED, MENDED = 11, 12
"""When the controller reports an error, with which nothing runs, and when it is gone. [min]"""
DERIVED = (
    "thermal_power", "cop", "operating_state", "electrical_energy_today", "heat_energy_today",
)  # fmt: skip


def site() -> Site:
    return load_site("default", [], {})


@dataclass(frozen=True)
class Live:
    """A stretch that was lived through: where it is recorded, and its alarms."""

    data: Path
    alarms: list[tuple[str, bool, int]]
    events: list[tuple[str, bool, int]]


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Live:
    data = DataDirectory.open(tmp_path_factory.mktemp("live"))
    return Live(data.root, *asyncio.run(_lived(data)))


Told = list[tuple[str, bool, int]]


async def _lived(data: DataDirectory) -> tuple[Told, Told]:
    """Poll an emulated plant, whose strainer is clogged for a while, as a live twin does."""
    here, clock = site(), ManualClock(START)
    assembly = assemble(here, None)
    plant = Plant(here, clock)
    looks = device_looks(here, plant, assembly.plans, assembly.table)
    historian = Historian(assembly.table, database_url(here.historian, data), here.historian, clock)
    await historian.start()
    engine = Engine(here, assembly.table, clock, historian.append)
    rules = RuleEngine(load_packs(here.rules.packs), here, assembly.table)
    rules.follow(engine.image)
    alarms: Told = []
    events: Told = []

    def evaluate() -> None:
        changes = rules.advance(clock.now())
        alarms.extend((change.alarm.key, change.active, change.time) for change in changes)
        for phase in rules.happened():
            assert isinstance(phase, PhaseChange)
            events.append((f"{phase.asset}.{phase.phase}", phase.begins, phase.time))

    pump = plant.heat_pumps["hp1"]
    for now in range(START, START + MINUTES * MINUTE, POLL):
        clock.set(now)
        match (now - START) / MINUTE:
            case minutes if minutes == BROKEN:
                pump.disturbances.start("strainer_clogged", 0.5, None)
            case minutes if minutes in (REPAIRED, MENDED):
                pump.disturbances.stop()
            case minutes if minutes == FAILED:
                pump.disturbances.start("controller_error", 62.0)
        plant.advance()
        for look in looks:
            engine.take(look(now, True))
        evaluate()
        # The rules are looked at between two polls as well.
        clock.set(now + POLL // 2)
        evaluate()
    await historian.stop()
    return alarms, events


@pytest.fixture
def replay(live: Live, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """Return a function that replays the stretch into a new directory."""

    def run(*arguments: object) -> tuple[Ran, Path]:
        into = tmp_path / "replayed"
        ran = here(
            capsys, "replay", "--site", "default", "--data", live.data, "--into", into, *arguments
        )
        return ran, into

    return run


def recorded(data: Path, point: str) -> Samples:
    async def read() -> Samples:
        history = StoredHistory(database_url(site().historian, DataDirectory.at(data)))
        await history.start()
        try:
            return (await history.read_raw(f"hp1.{point}", 0, 2**62, limit=10**6)).usable
        finally:
            await history.stop()

    return asyncio.run(read())


def test_derived_points_and_alarms_are_those_of_live(live: Live, replay) -> None:
    ran, into = replay()
    assert ran.code == 0, ran.err
    told = [
        (row["alarm"], row["state"] == "raised", datetime.fromisoformat(row["time"]).timestamp())
        for row in csv.DictReader(io.StringIO(ran.out))
    ]
    assert ("hp1.low_water_flow", True) in [(key, active) for key, active, _ in told]
    assert [alarm[:2] for alarm in told] == [alarm[:2] for alarm in live.alarms]
    for (_, _, replayed), (key, _, lived) in zip(told, live.alarms, strict=True):
        # What a dead band has left out, and the pause between two looks of the live rules.
        assert replayed == pytest.approx(lived / 1e6, abs=4.5), key
    points = assemble(site(), None).table.by_asset["hp1"]
    for point in DERIVED:
        once, again = recorded(live.data, point), recorded(into, point)
        assert len(once) > 3, point
        # As both show them at each half minute. The inputs are known to within their dead bands.
        times = np.arange(START + 2 * MINUTE, START + MINUTES * MINUTE, MINUTE // 2)
        shown = [
            samples.value[np.searchsorted(samples.time, times, side="right") - 1]
            for samples in (once, again)
        ]
        low, high = points[point].spec.range or (0.0, 0.0)  # a state is the same or is not
        near = np.abs(shown[0] - shown[1]) <= 0.01 * (high - low)
        assert near.mean() > 0.95, point
    for energy in ("electrical_energy_today", "heat_energy_today"):
        lived, again = (recorded(d, energy).value[-1] for d in (live.data, into))
        assert again == pytest.approx(lived, abs=0.011), energy


def test_events_are_those_of_live(live: Live, replay, tmp_path: Path) -> None:
    ran, _ = replay("--events", tmp_path / "events.csv", "--output", tmp_path / "alarms.csv")
    assert ran.code == 0, ran.err
    told = [
        (row["event"], row["state"] == "began", datetime.fromisoformat(row["time"]).timestamp())
        for row in csv.DictReader(io.StringIO((tmp_path / "events.csv").read_text("utf-8")))
    ]
    assert ("hp1.run", False) in [event[:2] for event in told]
    assert [event[:2] for event in told] == [event[:2] for event in live.events]
    for (_, _, replayed), (key, _, lived) in zip(told, live.events, strict=True):
        assert replayed == pytest.approx(lived / 1e6, abs=4.5), key


def test_a_part_is_replayed_with_what_was_known_before_it(live: Live, replay) -> None:
    begin = datetime.fromtimestamp((START + 6 * MINUTE) / 1e6).astimezone().isoformat()
    ran, into = replay("--from", begin)
    assert ran.code == 0, ran.err
    # Clogged already, and the flow did not change since: the alarm is raised after its delay.
    assert "hp1.low_water_flow,raised" in ran.out
    energy = recorded(into, "electrical_energy_today").value
    whole = recorded(live.data, "electrical_energy_today").value
    assert energy[-1] == pytest.approx(whole[-1], abs=0.011)


def test_measured_values_keep_their_times(live: Live, replay) -> None:
    _, into = replay()
    once, again = (recorded(d, "supply_temperature") for d in (live.data, into))
    assert set(again.time.tolist()) <= set(once.time.tolist())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--from", "2030-01-01"), "the end of the range is not behind its begin"),
        (("--from", "noon"), "--from noon: write an ISO time"),
    ],
)
def test_what_cannot_be_is_told(replay, arguments: tuple[str, ...], said: str) -> None:
    ran, _ = replay(*arguments)
    assert ran.code != 0
    assert said in ran.err


def test_history_is_not_replayed_into_itself(live: Live, capsys) -> None:
    ran = here(capsys, "replay", "--site", "default", "--data", live.data, "--into", live.data)
    assert ran.code != 0
    assert "name another directory" in ran.err


def test_nothing_recorded_is_nothing_to_replay(tmp_path: Path, capsys) -> None:
    empty = DataDirectory.open(tmp_path / "empty")
    ran = here(
        capsys, "replay", "--site", "default", "--data", empty.root, "--into", tmp_path / "new"
    )
    assert ran.code != 0
    assert "nothing was recorded" in ran.err


def test_years_without_samples_are_not_walked_through(tmp_path: Path, capsys) -> None:
    data = DataDirectory.open(tmp_path / "data")
    store = SampleStore(open_engine(f"sqlite:///{data.database}"))
    row = store.prepare(["hp1.supply_temperature"])["hp1.supply_temperature"]
    times = np.array([START - 40 * 365 * 1440 * MINUTE, START])
    store.write(Frame.of([row, row], 30.0, 0, times))
    store.close()
    # In chunks of hours, these two centuries would take longer than any test may.
    ran = here(capsys, "replay", "--site", "default", "--data", data.root, "--into",
               tmp_path / "new", "--from", "1970-01-02", "--to", "2199-12-31")  # fmt: skip
    assert ran.code == 0, ran.err
    assert "2 samples replayed in 2 frames" in ran.err
    assert recorded(tmp_path / "new", "supply_temperature").time.tolist() == times.tolist()


def test_samples_of_one_second_are_one_frame() -> None:
    from heatpump_twin.safekeeping.history_replay import in_seconds

    time = np.array([0, 900_000, 1_000_000, 5_000_000, 5_100_000])
    frames = list(in_seconds(Frame.of(np.arange(5), 1.0, 0, time)))
    assert [frame.point.tolist() for frame in frames] == [[0, 1], [2], [3, 4]]
