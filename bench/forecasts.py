"""How good forecasts of emulated seasons are: ``python -m bench.forecasts DIR``.

``bench.forecast_seasons`` has made the seasons. Of each, machine and house are learnt from the
first six weeks; from then on it is forecast every thirteen hours by what was known then, with the
weather forecasts of the emulated service. Prints the tables of docs/forecasts.md.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Sequence
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

from bench.forecast_seasons import Season, season
from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.forecasting.table_courses import course_of
from heatpump_twin.twin_engine.forecasting.baselines import CLIMATOLOGY, NAIVE
from heatpump_twin.twin_engine.forecasting.course import PumpCourse, WeatherIssues
from heatpump_twin.twin_engine.forecasting.forecast_card import skill_of
from heatpump_twin.twin_engine.forecasting.method import baselines
from heatpump_twin.twin_engine.forecasting.mixture import MixedMethod, RememberedMethod
from heatpump_twin.twin_engine.forecasting.quarter_hours import DAY
from heatpump_twin.twin_engine.forecasting.rolling_origin import JudgedTarget, judge, origins_of
from heatpump_twin.twin_engine.forecasting.simulated import SIMULATION, SimulationMethod
from heatpump_twin.twin_engine.forecasting.targets import POWER, ROOM
from heatpump_twin.twin_engine.model.calibration.calibrate import calibrate
from heatpump_twin.twin_engine.model.house.house_place import HousePlace
from heatpump_twin.twin_engine.model.whatif.installation_fit import fit_installation
from heatpump_twin.twin_engine.model.whatif.model_machine import ModelMachine
from heatpump_twin.twin_engine.model.whatif.observed_house import observed_house

LEARNT = 42
"""Days from which machine and house are learnt."""
_HOUR = 3600 * MICROSECONDS
_DAY = 24 * _HOUR
_DRAWS = 4
_TWELVE_HOURS = slice(47, 48)


def main() -> None:
    """Print a line for each seed and target."""
    parser = argparse.ArgumentParser(prog="python -m bench.forecasts", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seeds", type=int, nargs="+", default=list(range(1, 9)))
    parser.add_argument("--days", type=int, default=90, help="after those that it is learnt from")
    arguments = parser.parse_args()
    print("| seed | climate | quantity | shown by | MAE | naive | climatology | simulation | "
          "less than naive | within | skill |")  # fmt: skip
    print("|--:|---|---|---|--:|--:|--:|--:|--:|--:|--:|")
    less: list[float] = []
    within: dict[str, list[float]] = {}
    rooms: list[float] = []
    for seed in arguments.seeds:
        found = season(seed, arguments.folder)
        begin = time.process_time()
        course, method = learnt_course(found)
        learnt = time.process_time() - begin
        begin = time.process_time()
        first = (LEARNT - 14) * DAY
        last = min(len(course), (LEARNT + arguments.days) * DAY)
        part = _part(course, first, last)
        model = RememberedMethod(method)
        methods = [*baselines(), model, MixedMethod(model)]
        judged = judge(part, methods, origins_of(part, len(part) - 14 * DAY))
        for target, one in judged.items():
            print(_line(seed, found.plant.climate.name, target.point, one), flush=True)
            within.setdefault(target.point, []).append(one.scores().coverage)
        less.append(_less(judged[POWER]))
        rooms.append(judged[ROOM].scores(leads=_TWELVE_HOURS).mae)
        taken = time.process_time() - begin
        print(f"seed {seed}: room at 12 h {rooms[-1]:.2f} K; learnt in {learnt:.0f} s, judged in "
              f"{taken:.0f} s of a core", flush=True)  # fmt: skip
    print(f"48 h power: MAE less than naive, median {statistics.median(less):.0%}, "
          f"least {min(less):.0%}")  # fmt: skip
    for point, shares in within.items():
        print(f"{point}: within {statistics.mean(shares):.1%} "
              f"({min(shares):.1%} to {max(shares):.1%})")  # fmt: skip
    print(f"room at 12 h: median {statistics.median(rooms):.2f} K, worst {max(rooms):.2f} K")


def learnt_course(found: Season) -> tuple[PumpCourse, SimulationMethod]:
    """Return the whole course, and what the first weeks tell."""
    plant, record = found.plant, found.record
    place = HousePlace(plant.climate.latitude, plant.climate.longitude, ZoneInfo("UTC"))
    early = record.between(int(record.time[0]), int(record.time[0]) + LEARNT * _DAY)
    now = int(early.time[-1])
    card = calibrate(early, plant.plate, heat_pump="hp1", now=now, software="bench").card
    machine = ModelMachine(card.machine_model(), plant.plate.max_power)
    fit = fit_installation(observed_house(early, place), plant.plate, machine)
    method = SimulationMethod([fit.likely, *fit.drawn(_DRAWS, plant.seed)], place)
    return told_course(found), method


def told_course(found: Season) -> PumpCourse:
    """Return what is recorded of a season, with the weather forecasts that came in it."""
    course = course_of(found.record)
    return PumpCourse(course.start, course.points, _issues(found))


def _issues(found: Season) -> WeatherIssues:
    hours = np.arange(found.temperature.shape[2], dtype=np.int64) * _HOUR
    return WeatherIssues(
        found.issued,
        found.issued[:, np.newaxis] + hours,
        found.temperature,
        found.humidity,
        found.irradiance,
    )


def _part(course: PumpCourse, first: int, last: int) -> PumpCourse:
    points = {point: values[first:last] for point, values in course.points.items()}
    return PumpCourse(course.time_of(first), points, course.weather)


def _less(one: JudgedTarget) -> float:
    """Return by how much the error is less than the seasonal naive's, where both are known."""
    return 1.0 - one.scores().mae / one.scores(NAIVE).mae


def _line(seed: int, climate: str, point: str, one: JudgedTarget) -> str:
    shown = one.scores()
    others: Sequence[float] = [
        one.scores(name).mae if name in one.methods else np.nan
        for name in (NAIVE, CLIMATOLOGY, SIMULATION)
    ]
    errors = " | ".join(f"{error:.3g}" for error in (shown.mae, *others))
    return (
        f"| {seed} | {climate} | {point} | {one.chosen} | {errors} | {_less(one):.0%} | "
        f"{shown.coverage:.0%} | {skill_of(one):.0%} |"
    )


if __name__ == "__main__":
    main()
