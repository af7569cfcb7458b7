"""A house that is known, what it has shown, and the forecasts of its weather."""

from __future__ import annotations

import numpy as np
from kept import kept
from simulated_house import DAY as DAY_LONG
from simulated_house import HOUSE, START, ZONE, winter

from heatpump_twin.twin_engine.forecasting.course import PumpCourse, WeatherIssues
from heatpump_twin.twin_engine.forecasting.quarter_hours import STEP
from heatpump_twin.twin_engine.forecasting.simulated import SimulationMethod
from heatpump_twin.twin_engine.model.house.house_place import HousePlace
from heatpump_twin.twin_engine.model.simulation.simulate import Case, simulate

DAYS = 12
PLACE = HousePlace(48.5, 7.7, ZONE)
METHOD = SimulationMethod([HOUSE], PLACE)
HOURLY = winter(DAYS + 4.0)


@kept
def course() -> PumpCourse:
    """Return what a simulated house has shown, with forecasts of its weather that came true."""
    weather = HOURLY
    end = START + DAYS * DAY_LONG
    run = simulate([Case(HOUSE, weather, ZONE, seed=1)], START, end, every=15)
    time = START + STEP * np.arange(DAYS * 96) + STEP // 2
    outdoor = np.interp(time, weather.time, weather.outdoor)
    hours = np.arange(56) * 3_600_000_000
    issued = START + np.arange(DAYS * 4) * 6 * 3_600_000_000
    ahead = issued[:, np.newaxis] + hours
    right = np.interp(ahead, weather.time, weather.outdoor)
    members = np.stack([right - 0.5, right, right + 0.5], axis=1)
    unknown = np.full(members.shape, np.nan)
    points = {
        "electrical_power": run.of("power")[0],
        "thermal_power": run.of("heat")[0],
        "supply_temperature": run.of("supply")[0],
        "room_temperature": run.of("room")[0],
        "dhw_temperature": run.of("tank")[0],
        "outdoor_temperature": outdoor,
    }
    issues = WeatherIssues(issued, ahead, members, np.full(members.shape, 85.0), unknown)
    return PumpCourse(START, points, issues)
