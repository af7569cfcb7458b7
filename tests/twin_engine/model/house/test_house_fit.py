"""A house learnt from its record: what is found, how surely, and what is refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from simulated_house import START

from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.twin_engine.model.house.demand_line import fit_demand_line
from heatpump_twin.twin_engine.model.house.envelope import (
    Envelope,
    Floats,
    Structure,
    state_space,
)
from heatpump_twin.twin_engine.model.house.house_fit import (
    FittedHouse,
    HouseObservations,
    HouseUnknownError,
    fit_house,
    predicted_room,
)
from heatpump_twin.twin_engine.model.house.sun import clear_sky, on_orientations

STEP = 1800.0
APERTURE = np.array([3.0, 1.0, 1.0, 0.3, 0.5])


def _lived(house: Envelope, seed: int, days: int = 30, mean: float = 3.0) -> HouseObservations:
    """Return what sensors show of a house whose people turn the heat up and down.

    The rooms are found in steps of a minute by Euler's method, with other errors of sensors, of sun
    and of people than a fit would choose.
    """
    chance = np.random.default_rng(seed)
    count = round(days * 86_400 / STEP)
    time = START + np.arange(count, dtype=np.int64) * round(STEP) * MICROSECONDS
    hours = np.arange(count) * STEP / 3600.0
    cloud = np.repeat(chance.uniform(0.15, 1.0, days + 1), 48)[:count]
    front = np.interp(
        hours,
        np.arange(0, days * 24 + 72, 48),
        chance.normal(0, 4, days // 2 + 2)[: len(range(0, days * 24 + 72, 48))],
    )
    outdoor = mean + front - 3.0 * np.cos(2 * np.pi * (hours - 3.0) / 24.0) * cloud
    sun = on_orientations(time, clear_sky(time, 48.0, 8.0) * cloud, 48.0, 8.0)
    people = np.where((hours % 24 > 6) & (hours % 24 < 22), 420.0, 180.0)
    wanted = house.loss * (20.5 - outdoor) - people
    heat = np.clip(wanted * chance.uniform(0.5, 1.4, count), 0.0, 9000.0)
    given = people * chance.gamma(4.0, 0.25, count)
    a, b = state_space(house)
    forced = np.column_stack([outdoor, heat, sun @ APERTURE, given])
    now = np.array([20.5, 19.0, 20.5])
    room = np.empty(count)
    for k in range(count):
        drive, before = b @ forced[k], now
        for _ in range(round(STEP / 60.0)):
            now = now + 60.0 * (a @ now + drive)
        room[k] = 0.5 * (before[0] + now[0])
    shown = np.round(room + chance.normal(0.0, 0.05, count), 1)
    return HouseObservations(STEP, shown, outdoor, heat, sun, people)


LIGHT = Envelope(loss=160.0, air_capacity=5e6, envelope_capacity=2e7)
HEAVY = Envelope(loss=110.0, envelope_capacity=3e7, interior_capacity=4e7, heat_to_air=0.5)


Records = dict[Envelope, list[HouseObservations]]
FIRST = 30 * 48


@pytest.fixture(scope="module")
def records() -> Records:
    return {house: [_lived(house, seed, 45) for seed in range(3)] for house in (LIGHT, HEAVY)}


@pytest.fixture(scope="module")
def found(records: Records) -> dict[Envelope, list[FittedHouse]]:
    return {
        house: [fit_house(record.part(0, FIRST)) for record in lived]
        for house, lived in records.items()
    }


Found = dict[Envelope, list[FittedHouse]]


@pytest.mark.parametrize("house", [LIGHT, HEAVY])
def test_the_loss_lies_in_its_interval_and_the_interval_is_narrow(
    house: Envelope, found: Found
) -> None:
    half = [1.645 * one.posterior.deviation[0] for one in found[house]]
    away = [abs(np.log(one.envelope.loss / house.loss)) for one in found[house]]
    assert sum(a < h for a, h in zip(away, half, strict=True)) >= 2
    assert max(half) < 0.15
    assert max(away) < 0.1


@pytest.mark.parametrize("house", [LIGHT, HEAVY])
def test_the_next_weeks_are_predicted_to_a_third_of_a_kelvin(
    house: Envelope, records: Records, found: Found
) -> None:
    for record, one in zip(records[house], found[house], strict=True):
        room = predicted_room(one.posterior.mean[None], one.structure, one.loss, record)[0]
        assert np.sqrt(np.mean((room - record.room)[FIRST:] ** 2)) < 0.35


def test_the_structure_is_the_one_that_predicts_better(
    found: Found,
) -> None:
    for one in (*found[LIGHT], *found[HEAVY]):
        assert one.held_out < one.rejected
        assert (one.structure is Structure.R3C3) == (one.envelope.interior_capacity > 0.0)


def test_gaps_are_bridged(records: Records) -> None:
    whole = records[LIGHT][1]
    room, heat = whole.room.copy(), whole.heat.copy()
    room[200:320] = heat[700:712] = np.nan
    found = fit_house(replace(whole, room=room, heat=heat))
    assert found.envelope.loss == pytest.approx(LIGHT.loss, rel=0.1)


@pytest.mark.parametrize(
    ("column", "words"),
    [
        ("room", "a room temperature sensor is missing"),
        ("heat", "a heat meter is missing"),
        ("outdoor", "an outdoor temperature sensor is missing"),
    ],
)
def test_what_cannot_be_told_is_refused_with_the_sensor_that_is_missing(
    column: str, words: str, records: Records
) -> None:
    whole = records[LIGHT][0]
    nothing: Floats = np.full(len(whole.room), np.nan)
    with pytest.raises(HouseUnknownError, match=words):
        fit_house(replace(whole, **{column: nothing}))


def test_short_and_warm_records_are_refused(
    records: Records,
) -> None:
    whole = records[LIGHT][0]
    with pytest.raises(HouseUnknownError, match=r"6\.0 days; 7 are needed"):
        fit_house(whole.part(0, 6 * 48))
    with pytest.raises(HouseUnknownError, match="record colder weeks"):
        fit_house(replace(whole, outdoor=whole.outdoor + 16.0))


def test_without_a_room_sensor_there_is_a_line() -> None:
    chance = np.random.default_rng(2)
    outdoor = chance.uniform(-6.0, 20.0, 90)
    light = chance.uniform(10.0, 150.0, 90)
    heat = np.maximum(140.0 * (16.5 - outdoor) - 3.0 * light, 0.0) + chance.normal(0, 60, 90)
    line = fit_demand_line(heat, outdoor, light)
    assert line is not None
    assert abs(line.loss - 140.0) < max(line.loss_error, 6.0)
    assert line.loss_error < 15.0
    assert line.base == pytest.approx(16.5, abs=0.7)
    cold = outdoor < 10.0
    assert line.heat(outdoor, light)[cold] == pytest.approx(heat[cold], abs=300.0)


def test_days_that_are_all_alike_tell_no_line() -> None:
    alike = np.full(40, 5.0)
    assert fit_demand_line(np.full(40, 1500.0), alike, np.full(40, 40.0)) is None
    assert fit_demand_line(np.full(9, 1500.0), np.arange(9.0), np.full(9, 40.0)) is None
