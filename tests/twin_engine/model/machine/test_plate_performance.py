from __future__ import annotations

import numpy as np
import pytest

from heatpump_twin.config.settings import PlatePoint
from heatpump_twin.twin_engine.model.machine.plate_performance import MARGIN, PlatePerformance

A7 = PlatePoint(outdoor=7, water=35, capacity=5000, power=1080)
A2 = PlatePoint(outdoor=2, water=35, capacity=4190, power=1350)
A7_W55 = PlatePoint(outdoor=7, water=55, capacity=5000, power=1800)


@pytest.mark.parametrize("points", [[A7], [A7, A2], [A7, A7_W55], [A7, A2, A7_W55]])
def test_rated_points_are_met(points):
    performance = PlatePerformance(points)
    for point in points:
        rated = point.capacity / point.power
        assert performance.cop(point.outdoor, point.water) == pytest.approx(rated, rel=1e-9)


def test_the_aquareas_plate_is_met():
    # WH-UD05HE5: COP 4.63 at A7/W35 and 3.11 at A2/W35, of which the powers are rounded
    performance = PlatePerformance([A7, A2])
    assert performance.cop(7, 35) == pytest.approx(4.63, rel=2e-3)
    assert performance.cop(2, 35) == pytest.approx(3.11, rel=3e-3)


@pytest.mark.parametrize("points", [[A7], [A7, A2], [A7, A7_W55], [A7, A2, A7_W55]])
def test_warmer_water_costs_and_warmer_air_helps(points):
    performance = PlatePerformance(points)
    source, water = np.meshgrid(np.arange(-20.0, 25.0), np.arange(25.0, 65.0), indexing="ij")
    cop = performance.cop(source, water)
    assert np.all(np.diff(cop, axis=0) >= 0)
    assert np.all(np.diff(cop, axis=1) <= 0)
    assert 1.0 < cop.min() < cop.max() < 12.0


def test_what_the_plate_says_of_warm_water_replaces_what_is_usual():
    usual, told = PlatePerformance([A7]), PlatePerformance([A7, A7_W55])
    # Of the Carnot limit 70 % is left at 55 °C, of the usual share 86 %: of 4.63, 2.79.
    assert usual.cop(7, 55) == pytest.approx(2.79, abs=0.03)
    assert told.cop(7, 45) > (told.cop(7, 35) + told.cop(7, 55)) / 2 - 0.3
    assert told.cop(7, 55) == pytest.approx(5000 / 1800)


def test_an_array_gives_what_its_elements_give():
    performance = PlatePerformance([A7, A2])
    source, water = np.array([-7.0, 3.0, 12.0]), np.array([55.0, 35.0, 30.0])
    heat = np.array([5000.0, 3000.0, 1000.0])
    apart = [float(performance.cop(*row)) for row in zip(source, water, strict=True)]
    np.testing.assert_array_equal(performance.cop(source, water), apart)
    apart = [bool(performance.covers(*row)) for row in zip(source, water, heat, strict=True)]
    np.testing.assert_array_equal(performance.covers(source, water, heat), apart)


def test_it_is_trusted_near_its_points_only():
    performance = PlatePerformance([A7, A2])
    assert performance.covers(4.0, 35.0, 3000.0)
    assert performance.covers(2.0 - MARGIN, 35.0 + MARGIN, 3000.0)
    assert not performance.covers(7.1 + MARGIN, 35.0, 3000.0)
    assert not performance.covers(7.0, 35.1 + MARGIN, 3000.0)
    assert not performance.covers(7.0, 35.0, 1000.0)
    assert not performance.covers(7.0, 35.0, 7000.0)


def test_part_load_gains_as_far_as_a_speed_goes():
    performance = PlatePerformance([A7, A2])
    capacity = performance.rated_capacity
    gains = performance.part_load_gain(capacity * np.array([0.1, 0.3, 0.6, 0.8, 1.0, 1.2]))
    np.testing.assert_allclose(gains, [0.2, 0.2, 0.1, 0.05, 0.0, 0.0])
