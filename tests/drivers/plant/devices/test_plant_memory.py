"""What an emulated plant remembers over a restart."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from heatpump_twin.config.load import load_site
from heatpump_twin.config.settings import HouseKind
from heatpump_twin.drivers.clock import MICROSECONDS, ManualClock
from heatpump_twin.drivers.plant.devices.plant import Plant
from heatpump_twin.drivers.plant.devices.plant_memory import PlantMemory, restore, state_of

NOW = 1_768_478_400_000_000
HOUR = 3600.0


@pytest.fixture
def memory(tmp_path: Path) -> PlantMemory:
    return PlantMemory(tmp_path / "plant.json")


def plant(clock: ManualClock, memory: PlantMemory) -> Plant:
    return Plant(load_site("default", [], {}), clock, memory=memory)


def lived(memory: PlantMemory, hours: float = 2.0) -> tuple[Plant, ManualClock]:
    clock = ManualClock(NOW)
    made = plant(clock, memory)
    made.heat_pumps["hp1"].write("dhw_setpoint", 51.0)
    clock.advance(hours * HOUR)
    made.heat_pumps["hp1"].advance(clock.now(), 20.0)
    made.remember()
    return made, clock


def test_it_goes_on_as_if_it_had_not_been_stopped(memory: PlantMemory) -> None:
    one, clock = lived(memory)
    other = plant(clock, memory)
    first, second = one.heat_pumps["hp1"], other.heat_pumps["hp1"]
    assert second.read("dhw_setpoint") == 51.0
    for hours in (0, 6):
        for pump in (first, second):
            pump.advance(pump.time + round(hours * HOUR) * MICROSECONDS, 20.0)
        assert second.time == first.time
        for counter in ("electrical_energy", "heat_energy", "compressor_starts"):
            assert second.read(counter) == pytest.approx(first.read(counter), abs=1e-3)
    # The weather of the first minute is looked up again, a little later.
    assert second.truth() == pytest.approx(first.truth(), rel=1e-4, abs=1e-4)


def test_what_passed_meanwhile_is_lived_through(memory: PlantMemory) -> None:
    one, clock = lived(memory)
    before = one.heat_pumps["hp1"].read("electrical_energy")
    clock.advance(48 * HOUR)
    pump = plant(clock, memory).heat_pumps["hp1"]
    assert clock.now() - pump.time < 60 * MICROSECONDS
    assert before is not None
    assert before + 1.0 < pump.read("electrical_energy") < before + 100.0


@pytest.mark.parametrize("content", ["", "[]", '{"hp1": 1}', '{"hp1": {"time": TIME}}'])
def test_a_file_that_does_not_fit_is_as_good_as_none(memory: PlantMemory, content: str) -> None:
    memory._file.write_text(content.replace("TIME", str(NOW)))
    assert plant(ManualClock(NOW), memory).heat_pumps["hp1"].time == NOW


def test_a_state_of_another_time_is_not_taken(memory: PlantMemory) -> None:
    lived(memory)
    earlier = ManualClock(NOW - 3600 * MICROSECONDS)
    assert plant(earlier, memory).heat_pumps["hp1"].read("dhw_setpoint") == 48.0


def test_a_state_of_something_else_is_refused(memory: PlantMemory) -> None:
    physics = lived(memory, 0.1)[0].heat_pumps["hp1"].physics
    with pytest.raises(ValueError, match="HeatPumpPhysics as it is now"):
        restore(physics, state_of(physics.tank))


def test_people_draw_on_and_a_fault_does_not_lose_the_state(make_pump, live) -> None:
    pump = make_pump("2026-01-15T04:00:00", step=20.0)
    pump.disturb("coil_fouled", severity=0.5)
    live(pump, 3600.0)
    again = make_pump("2026-01-15T05:00:00", step=20.0, warm_up=())
    again.recall(pump.state)
    assert again.truth()["room_temperature"] == pump.truth()["room_temperature"]
    assert not list(again.disturbances)
    live(again, 4 * 3600.0)
    assert again.ledger.tank_drawn > 0.0


def test_the_state_of_another_house_is_none_of_ours(make_pump) -> None:
    buffered = make_pump("2026-01-15T04:00:00", step=20.0, house=HouseKind.BUFFER)
    pump = make_pump("2026-01-15T04:00:00", step=20.0)
    with pytest.raises(ValueError, match="as long a list"):
        pump.recall(buffered.state)


def test_a_drift_of_the_site_file_goes_on_where_it_was(memory: PlantMemory) -> None:
    drift = {"name": "sensor_drift", "point": "dhw_temperature", "magnitude": 24.0}
    site = load_site("default", [f"plant.faults=[{json.dumps(drift)}]"], {})
    clock = ManualClock(NOW)
    Plant(site, clock, memory=memory).remember()
    clock.advance(2 * HOUR)
    again = Plant(site, clock, memory=memory).heat_pumps["hp1"]
    assert [fault.since for fault in again.disturbances] == [NOW]
    shown, truth = again.read("dhw_temperature"), again.truth()["dhw_temperature"]
    assert shown - truth == pytest.approx(2.0, abs=0.9)


def test_a_fault_that_was_ended_begins_anew(memory: PlantMemory) -> None:
    made, clock = lived(memory)
    made.heat_pumps["hp1"].disturb("sensor_drift", 24.0, "dhw_temperature")
    made.remember()
    clock.advance(HOUR)
    again = plant(clock, memory).heat_pumps["hp1"]
    assert not list(again.disturbances)
    again.disturb("sensor_drift", 24.0, "dhw_temperature")
    assert [fault.since for fault in again.disturbances] == [again.time]
