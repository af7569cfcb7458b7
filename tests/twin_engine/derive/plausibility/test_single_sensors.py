"""Limits, flat lines and offsets of sensors that are right: none of them is condemned."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from heatpump_twin.config.catalogue import CATALOGUE, HEAT_PUMP
from heatpump_twin.config.settings import Plate
from heatpump_twin.drivers.frame import Frame
from heatpump_twin.drivers.status import GOOD
from heatpump_twin.twin_engine.derive.plausibility.flat_lines import FLAT_LINES, FlatLineWatch
from heatpump_twin.twin_engine.derive.plausibility.pair_offset import PairOffset
from heatpump_twin.twin_engine.derive.plausibility.possible_values import Place, span_of
from heatpump_twin.twin_engine.derive.plausibility.value_limits import ValueLimits

HOUR = 3600.0
PLATE = Plate(
    manufacturer="Any",
    model="Any",
    nominal_flow=20.0,
    max_power=2600.0,
    heating=[{"outdoor": 7, "water": 35, "capacity": 8000, "power": 2600}],
)


class View(dict):
    """Values of one heat pump, after another minute."""

    size, elapsed, nominal_flow = 1, 60.0, np.array([20.0])

    def __missing__(self, point):
        return np.array([np.nan])

    def on(self, point):
        return self[point] > 0


def is_flat(point, values):
    (line,) = (line for line in FLAT_LINES if line.point == point)
    watch = FlatLineWatch(line)
    return any(watch.found(View({point: np.array([value])}))[0] for value in values)


@pytest.mark.parametrize("point", ["room_temperature", "outdoor_temperature"])
def test_a_sensor_of_whole_degrees_may_stand_still_and_a_finer_one_may_not(point):
    days = [21.0] * (96 * 60)
    assert not is_flat(point, [20.0, 20.5, *days])
    assert is_flat(point, [21.3, *days])


def span(point, power):
    plate = Plate(
        manufacturer="Any",
        model="Any",
        nominal_flow=20.0,
        max_power=power,
        heating=[{"outdoor": 7, "water": 35, "capacity": 3 * power, "power": power}],
    )
    measured = SimpleNamespace(id=point, spec=CATALOGUE[HEAT_PUMP][point])
    return span_of(measured, Place(plate, 50.0))


@pytest.mark.parametrize("power", [25e3, 150e3])
def test_a_large_machine_takes_a_large_current(power):
    low, high = span("current", power)
    assert low == 0.0
    assert power / 230.0 < high < 4 * power / 230.0
    assert span("current", 2600.0) == (0.0, 100.0)


def test_carbon_dioxide_has_its_pressures():
    assert span("high_pressure", 2600.0) == (0.0, 160.0)
    assert span("low_pressure", 2600.0) == (0.0, 80.0)


def rests(offset, differences):
    """Return for each minute of a rest whether the pair is said to be off."""
    resting = {"compressor_on": np.zeros(1), "water_flow": np.array([10.0])}
    pair = [{**resting, "meter_supply_temperature": np.array([30.0 + d])} for d in differences]
    found = [offset.found(View({**p, "meter_return_temperature": np.array([30.0])})) for p in pair]
    return [bool(mask[0]) for mask in found]


def test_heat_that_fades_at_rest_is_no_offset():
    fading = 0.12 + 1.2 * np.exp(-np.arange(120) / 12.0)
    assert not any(rests(PairOffset(), fading))


def test_an_offset_is_told_above_the_noise_and_until_it_is_below_the_limit():
    offset = PairOffset()
    assert not any(rests(offset, [0.33] * 60))
    assert rests(offset, [0.4] * 120)[-1]
    assert rests(offset, [0.33] * 120)[-1]
    assert not rests(offset, [0.25] * 120)[-1]


def jumps(point, *samples):
    """Return of samples (minute, value) of a point whether each is a jump."""
    measured = SimpleNamespace(id=point, index=0, spec=CATALOGUE[HEAT_PUMP][point])
    limits = ValueLimits()
    limits.grow(1)
    limits.know([measured], Place(PLATE, 50.0))
    found = []
    for minute, value in samples:
        frame = Frame.of([0], [value], GOOD, round(minute * 60e6))
        found.append(bool(limits.jumped(frame, np.ones(1, dtype=bool))[0]))
    return found


@pytest.mark.parametrize("period", [1 / 60, 1, 5, 15, 60])
@pytest.mark.parametrize(
    ("point", "level", "elsewhere"),
    [
        ("outdoor_temperature", 5.0, 25.0),
        ("ambient_temperature", 5.0, -15.0),
        ("room_temperature", 21.0, 36.0),
    ],
)
def test_air_does_not_leap_however_seldom_it_is_read(point, level, elsewhere, period):
    there = [(1 + k * period, level + 0.1 * (k % 2)) for k in range(4)]
    away = [(1 + k * period, elsewhere) for k in (4, 5)]
    back = [(1 + k * period, level) for k in (6, 7)]
    assert jumps(point, *there, *away, *back) == [False] * 4 + [True] * 2 + [False] * 2


def test_what_moves_as_fast_as_weather_and_draws_do_is_no_jump():
    # A front: 10 K in half an hour, read each quarter of one.
    assert not any(jumps("outdoor_temperature", (0, 18.0), (15, 13.0), (30, 8.0), (45, 8.0)))
    assert not any(jumps("room_temperature", (0, 21.0), (15, 12.0), (30, 10.0), (45, 14.0)))
    # A bath, from a tank that is read once a minute, or each five.
    assert not any(jumps("dhw_temperature", (0, 48.0), (1, 33.0), (2, 25.0)))
    assert not any(jumps("dhw_temperature", (0, 48.0), (5, 20.0)))
    assert jumps("dhw_temperature", (0, 48.0), (0.1, 20.0))[-1]
    # Of hours without a sample nothing is known.
    assert not any(jumps("outdoor_temperature", (0, -5.0), (61, 15.0)))
