"""Every emulated device answers all points of its profile from the plant."""

from __future__ import annotations

from pathlib import Path

import pytest

from heatpump_twin.config.load import load_site
from heatpump_twin.drivers.clock import ManualClock
from heatpump_twin.drivers.modbus.emulator.emulated_device import EmulatedDevice
from heatpump_twin.drivers.modbus.profile.profile_files import load_profile
from heatpump_twin.drivers.plant.devices.plant import Plant
from heatpump_twin.drivers.status import GOOD
from heatpump_twin.training.polled_plant import PolledPlant

PROFILES = sorted(path.stem for path in Path("drivers/modbus/profiles").glob("*.yaml"))
START = "2026-01-15T06:00:00"


@pytest.mark.parametrize("name", PROFILES)
def test_a_packaged_profile_has_a_value_for_each_point(make_pump, live, name: str) -> None:
    profile = load_profile(name)
    pump = make_pump(START, step=60.0, warm_up=((600, 60.0),))
    for point in profile.points:
        if point.enum:
            pump.offer(point.point, frozenset(point.enum.values()))
    device = EmulatedDevice(profile, pump)
    live(pump, 600.0)
    silent = [point for point, shown in device.points.items() if shown.shown({}) is None]
    assert not silent


@pytest.mark.parametrize("name", ["default", "two-heat-pumps"])
async def test_all_that_a_packaged_site_polls_becomes_good(unused_range, at, name: str) -> None:
    port = unused_range(8)
    site = load_site(name, [f"plant.port={port}"], environment={})
    polled = PolledPlant(site, at(START))
    async with polled.serving():
        for _ in range(3):
            await polled.step(60.0)
    asked = {index for driver in polled.drivers for index in driver.points}
    assert asked
    status = polled.image.status
    bad = [p.key for p in polled.table if p.index in asked and status[p.index] != GOOD]
    assert not bad


def test_a_controller_without_a_mode_for_hot_water_makes_it_by_its_switch(make_pump, live) -> None:
    pump = make_pump(START, step=20.0)
    pump.offer("operating_mode", frozenset({5, 6, 1}))
    assert pump.read("operating_mode") == 1
    pump.write("dhw_setpoint", 55.0)
    live(pump, 900.0)
    assert pump.read("dhw_heating") == 1
    pump.write("dhw_enabled", 0.0)
    live(pump, 60.0)
    assert pump.read("dhw_heating") == 0


def test_a_site_file_states_faults_and_houses(unused_range, at) -> None:
    faults = '[{"name": "coil_fouled", "severity": 0.5}]'
    settings = ["plant.house=heavy", f"plant.faults={faults}", "plant.port=25020"]
    plant = Plant(load_site("default", settings, environment={}), ManualClock(at(START)))
    pump = plant.heat_pumps["hp1"]
    (fault,) = pump.disturbances
    assert (fault.name, fault.magnitude) == ("coil_fouled", 0.45)
    assert pump.parameters.variety.mass > 2.0
