"""Houses, people and machines differ by seed, and in the way they are said to."""

from __future__ import annotations

import statistics

import pytest

from heatpump_twin.config.settings import HouseKind
from heatpump_twin.drivers.plant.variety import REFERENCE, variety_of

HOUR = 3600.0


def test_a_seed_is_one_installation_and_seeds_spread() -> None:
    assert variety_of(HouseKind.VARIED, 3) == variety_of(HouseKind.VARIED, 3)
    assert variety_of(HouseKind.REFERENCE, 3) == REFERENCE
    drawn = [variety_of(HouseKind.VARIED, seed) for seed in range(200)]
    assert 0.2 < statistics.fmean(v.floor_heating for v in drawn) < 0.4
    assert 0.3 < statistics.fmean(v.buffer_litres > 0 for v in drawn) < 0.5
    assert min(v.mass for v in drawn) < 0.55
    assert max(v.mass for v in drawn) > 1.8
    assert len({v.room_setpoint for v in drawn}) == 5


def cooled(make_pump, live, house: HouseKind) -> float:
    """Return by how much the room cools in a winter night without heating. [K]"""
    pump = make_pump("2026-01-15T20:00:00", step=60.0, house=house)
    pump.write("unit_enabled", 0.0)
    before = pump.truth()["room_temperature"]
    live(pump, 12 * HOUR)
    return before - pump.truth()["room_temperature"]


def test_a_light_house_cools_faster_than_a_heavy_one(make_pump, live) -> None:
    light, usual, heavy = (
        cooled(make_pump, live, kind)
        for kind in (HouseKind.LIGHT, HouseKind.REFERENCE, HouseKind.HEAVY)
    )
    assert light > 1.15 * usual > 1.15 * 1.05 * heavy


def test_floors_want_colder_water(make_pump) -> None:
    floor, radiators = (
        make_pump("2026-01-15T20:00:00", step=60.0, house=kind)
        for kind in (HouseKind.FLOOR, HouseKind.REFERENCE)
    )
    assert floor.read("supply_setpoint") < radiators.read("supply_setpoint") - 1.0


def test_a_buffer_slows_the_water_down(make_pump, live) -> None:
    warmed = []
    for kind in (HouseKind.BUFFER, HouseKind.REFERENCE):
        pump = make_pump("2026-01-15T03:00:00", step=10.0, house=kind)
        pump.write("operating_mode", 1.0)
        pump.write("supply_setpoint", 50.0)
        before = pump.truth()["return_temperature"]
        live(pump, 600.0)
        warmed.append(pump.truth()["return_temperature"] - before)
        assert abs(pump.residual.loop) < 1e-6 * pump.ledger.heat_to_water
    assert warmed[0] < 0.8 * warmed[1]


@pytest.mark.parametrize("seed", range(3))
def test_a_varied_plant_keeps_its_energy(make_pump, live, seed: int) -> None:
    pump = make_pump("2026-01-15T00:00:00", step=60.0, seed=seed, house=HouseKind.VARIED)
    live(pump, 24 * HOUR)
    left = pump.residual
    lost = abs(left.loop) + abs(left.tank) + abs(left.building)
    assert lost < 1e-3 * pump.ledger.heat_to_water
