"""What a forecast of a site costs: one heat pump and 250, their houses simulated at once."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
from learnt_house import METHOD, course
from rich.console import Console
from rich.table import Table

from heatpump_twin.twin_engine.forecasting.course import PumpCourse
from heatpump_twin.twin_engine.forecasting.forecast import forecast
from heatpump_twin.twin_engine.forecasting.method import baselines
from heatpump_twin.twin_engine.forecasting.mixture import GivenMethod, MixedMethod
from heatpump_twin.twin_engine.forecasting.simulated import SIMULATION, fleet_forecasts


def run(console: Console) -> None:
    """Print CPU seconds of a cycle, without the start of its process."""
    table = Table(title="A forecast of 48 hours of all heat pumps of a site, CPU [s]")
    for column in ("heat pumps", "simulation", "the rest", "all", "bar"):
        table.add_column(column, justify="right")
    begin = time.process_time()
    fleet_forecasts([(METHOD, course())])
    compiling = time.process_time() - begin
    for count in (1, 250):
        simulating, rest = _cycle(count)
        cells = (simulating, rest, simulating + rest)
        table.add_row(str(count), *(f"{cell:.2f}" for cell in cells), "5" if count > 1 else "")
    console.print(table)
    console.print(f"a process compiles its simulation first: {compiling:.1f} s")


def _cycle(count: int) -> tuple[float, float]:
    chance = np.random.default_rng(1)
    courses = [_varied(course(), chance) for _ in range(count)]
    begin = time.process_time()
    said = fleet_forecasts([(METHOD, one) for one in courses])
    middle = time.process_time()
    for k, (one, values) in enumerate(zip(courses, said, strict=True)):
        model = GivenMethod(SIMULATION, values)
        methods = [*baselines(), model, MixedMethod(model)]
        forecast(f"hp{k}", one.end, one, methods, None, None)
    return middle - begin, time.process_time() - middle


def _varied(one: PumpCourse, chance: np.random.Generator) -> PumpCourse:
    """Return a course as another house has it: warmer or colder by some."""
    room = one.points["room_temperature"] + chance.normal(0.0, 0.5)
    return replace(one, points={**one.points, "room_temperature": room})
