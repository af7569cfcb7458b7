"""The lowest value to come is that of the next twelve hours, and unknown where nothing is known."""

from __future__ import annotations

import numpy as np
import pytest

from heatpump_twin.drivers.status import UNCERTAIN, is_bad
from heatpump_twin.twin_engine.forecasting.lowest_ahead import lowest_ahead
from heatpump_twin.twin_engine.forecasting.quarter_hours import STEP
from heatpump_twin.twin_engine.history import Samples


def curve(values: list[float]) -> Samples:
    time = STEP * np.arange(len(values), dtype=np.int64)
    return Samples(np.array(values), np.full(len(values), UNCERTAIN, np.uint32), time)


def test_it_is_the_lowest_of_twelve_hours_and_says_when() -> None:
    values = [21.0] * 192
    values[30], values[100] = 18.2, 15.0
    value, hours, status = lowest_ahead(curve(values), 2 * STEP)
    assert (value, status) == (18.2, UNCERTAIN)
    assert hours == pytest.approx(7.0)


def test_what_is_past_does_not_count() -> None:
    assert lowest_ahead(curve([10.0, 21.0, 20.0]), STEP)[0] == 20.0


@pytest.mark.parametrize("values", [[np.nan] * 8, []])
def test_where_nothing_is_known_nothing_is_told(values: list[float]) -> None:
    value, hours, status = lowest_ahead(curve(values), 0)
    assert np.isnan([value, hours]).all()
    assert is_bad(status)
