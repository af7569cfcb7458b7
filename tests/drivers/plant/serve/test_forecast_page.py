"""The plant's own weather service: what it says is what a calibrated ensemble would."""

from __future__ import annotations

import numpy as np

from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.drivers.plant.physics.weather_outlook import MEMBERS, WeatherOutlook
from heatpump_twin.drivers.plant.physics.weather_year import WeatherYear

START = 1_767_225_600 * MICROSECONDS
HOUR = 3600 * MICROSECONDS
LEADS = (3, 24, 48)
YEAR = WeatherYear(48.6, 7.7, 1)


def drawn(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Members, shape (count, m, leads), and what the weather then was. [°C]"""
    outlook = WeatherOutlook(YEAR, 1)
    members, truth = [], []
    for k in range(count):
        issued = START + k * 30 * HOUR
        times = [issued + lead * HOUR for lead in LEADS]
        members.append([one.temperature for one in outlook.members(issued, times)])
        truth.append([YEAR.at(time).temperature for time in times])
    return np.array(members), np.array(truth)


def test_the_truth_lies_among_the_members_as_one_of_them_would() -> None:
    members, truth = drawn(300)
    assert members.shape[1] == MEMBERS
    for place in range(len(LEADS)):
        below = (members[:, :, place] < truth[:, np.newaxis, place]).sum(axis=1)
        # Ranks 0 to 10, each as often: of 300 some 27 at an end, 15 more or less.
        ends = [(below == 0).sum(), (below == MEMBERS).sum()]
        assert all(10 <= end <= 45 for end in ends), ends
        assert abs(below.mean() - MEMBERS / 2) < 0.6


def test_errors_grow_with_the_lead_as_those_of_services_do() -> None:
    members, truth = drawn(300)
    errors = np.abs(members.mean(axis=1) - truth).mean(axis=0)
    assert errors[0] < 0.8
    assert 0.7 < errors[1] < 1.5
    assert errors[1] < errors[2] < 2.6


def test_a_forecast_is_the_same_whenever_it_is_asked_for() -> None:
    outlook = WeatherOutlook(YEAR, 1)
    times = [START + k * HOUR for k in range(5)]
    assert outlook.members(START, times) == WeatherOutlook(YEAR, 1).members(START, times)
    assert outlook.issued(START + 7 * HOUR) == START + 6 * HOUR
