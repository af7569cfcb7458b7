"""What a forecast of a site costs: one heat pump and 250, their houses simulated at once.

Each has a learnt remainder of its own, which is read from the disk as in each cycle.
"""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from biased_house import whole_remainder
from learnt_house import METHOD, course
from rich.console import Console
from rich.table import Table

from heatpump_twin.forecasting.known_models import methods_with
from heatpump_twin.twin_engine.forecasting.course import PumpCourse
from heatpump_twin.twin_engine.forecasting.forecast import forecast
from heatpump_twin.twin_engine.forecasting.mixture import GivenMethod
from heatpump_twin.twin_engine.forecasting.remainder.remainder_versions import (
    RemainderVersions,
    remainder_in_use,
)
from heatpump_twin.twin_engine.forecasting.simulated import SIMULATION, fleet_forecasts


def run(console: Console) -> None:
    """Print CPU seconds of a cycle, without the start of its process."""
    table = Table(title="A forecast of 48 hours of all heat pumps of a site, CPU [s]")
    for column in ("heat pumps", "simulation", "remainders", "the rest", "all", "bar"):
        table.add_column(column, justify="right")
    begin = time.process_time()
    fleet_forecasts([(METHOD, course())])
    compiling = time.process_time() - begin
    with TemporaryDirectory() as folder:
        for count in (1, 250):
            cells = _cycle(count, Path(folder))
            words = [f"{cell:.2f}" for cell in (*cells, sum(cells))]
            table.add_row(str(count), *words, "5" if count > 1 else "")
    console.print(table)
    console.print(f"a process compiles its simulation first: {compiling:.1f} s")


def _cycle(count: int, models: Path) -> tuple[float, float, float]:
    """Return the seconds of simulation, learnt remainders, and the rest."""
    chance = np.random.default_rng(1)
    courses = [_varied(course(), chance) for _ in range(count)]
    learnt = whole_remainder(SIMULATION)
    for k in range(count):
        versions = RemainderVersions(models, f"hp{k}")
        versions.promote(versions.keep(learnt.content, learnt.card))
    begin = time.process_time()
    said = fleet_forecasts([(METHOD, one) for one in courses])
    simulated = time.process_time() - begin
    remainders = 0.0
    begin = time.process_time()
    for k, (one, values) in enumerate(zip(courses, said, strict=True)):
        before = time.process_time()
        remainder = remainder_in_use(models, f"hp{k}", base=SIMULATION, emulated=True)
        methods = methods_with(GivenMethod(SIMULATION, values), METHOD.place.zone, remainder)
        methods[-1].forecast(one, np.array([len(one)]))
        remainders += time.process_time() - before
        forecast(f"hp{k}", one.end, one, methods[:-1], None, None)
    return simulated, remainders, time.process_time() - begin - remainders


def _varied(one: PumpCourse, chance: np.random.Generator) -> PumpCourse:
    """Return a course as another house has it: warmer or colder by some."""
    room = one.points["room_temperature"] + chance.normal(0.0, 0.5)
    return replace(one, points={**one.points, "room_temperature": room})
