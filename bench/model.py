"""What a simulation costs: a year of one heat pump, a thousand scenarios, and others' loops."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec

import numpy as np
from rich.console import Console
from rich.table import Table
from simulated_house import DAY, HOUSE, START, ZONE, winter

from heatpump_twin.twin_engine.model.simulation.simulate import Case, simulate

_YEAR = 365
_SCENARIOS = 1000
_PLAIN = (
    "import json, time\n"
    "from simulated_house import DAY, HOUSE, START, ZONE, winter\n"
    "from heatpump_twin.twin_engine.model.simulation.simulate import Case, simulate\n"
    "case = Case(HOUSE, winter(3.0), ZONE)\n"
    "begin = time.process_time()\n"
    "simulate([case], START, START + 2 * DAY, warm_up=0.0)\n"
    "print(json.dumps(time.process_time() - begin))\n"
)


def run(console: Console) -> None:
    """Print CPU seconds, and by how much half the step changes the result."""
    table = Table(title="Simulation of heat pump, circuit, tank and house at one-minute steps")
    for column in ("what", "CPU [s]", "bar [s]"):
        table.add_column(column)
    weather = winter(_YEAR + 1.0, mean=9.0)
    case = Case(HOUSE, weather, ZONE)
    compiling = _taken(lambda: simulate([case], START, START + DAY))
    year = min(_taken(lambda: simulate([case], START, START + _YEAR * DAY)) for _ in range(3))
    cases = [Case(HOUSE, weather, ZONE, seed=seed) for seed in range(_SCENARIOS)]
    many = min(
        _taken(lambda: simulate(cases, START, START + 2 * DAY, warm_up=0.0)) for _ in range(3)
    )
    table.add_row("a year of one heat pump, weather and calendar included", f"{year:.2f}", "0.5")
    table.add_row(f"{_SCENARIOS} scenarios of 48 h, each with its own draws", f"{many:.2f}", "1")
    table.add_row("the first call of a process, which compiles", f"{compiling:.1f}", "")
    table.add_row("the same year as a plain Python loop", f"{_plain() * _YEAR / 2:.0f}", "")
    table.add_row("one call of NumPy in each of its steps", f"{_one_call() * _YEAR * 1440:.2f}", "")
    if find_spec("hplib"):
        table.add_row("hplib's own loop over the year: the machine alone", f"{_hplib():.2f}", "")
    console.print(table)
    console.print(_halving(case))


def _taken(what: Callable[[], object]) -> float:
    begin = time.process_time()
    what()
    return time.process_time() - begin


def _plain() -> float:
    """Return the seconds that two days take where nothing is compiled."""
    path = os.pathsep.join(["tests/support", os.environ.get("PYTHONPATH", "")])
    environment = {**os.environ, "NUMBA_DISABLE_JIT": "1", "PYTHONPATH": path}
    return float(
        json.loads(subprocess.check_output([sys.executable, "-c", _PLAIN], env=environment))
    )


def _one_call() -> float:
    """Return the seconds of one small matrix product: less no step in NumPy can take."""
    a, x = np.eye(3), np.ones(3)

    def calls() -> None:
        for _ in range(100_000):
            a @ x

    return _taken(calls) / 100_000


def _hplib() -> float:
    """Return the seconds that hplib takes for its machine in each minute of a year."""
    hplib = import_module("hplib.hplib")  # not of the project: measured where it is installed
    parameters = hplib.get_parameters("Generic", group_id=1, t_in=-7, t_out=52, p_th=1e4)
    machine = hplib.HeatPump(parameters)
    steps = 2000

    def calls() -> None:
        for k in range(steps):
            machine.simulate(t_in_primary=k % 10, t_in_secondary=30.0, t_amb=k % 10, mode=1)

    return _taken(calls) / steps * _YEAR * 1440


def _halving(case: Case) -> str:
    """Say by how much half the step changes the energies of 60 days."""
    whole, half = (
        simulate([case], START, START + 60 * DAY, step=step, every=round(900 / step))
        for step in (60.0, 30.0)
    )
    change = {
        name: float(abs(whole.energy(name) / half.energy(name) - 1.0)[0])
        for name in ("power", "heat", "heat_to_tank")
    }
    return "half the step: " + ", ".join(f"{name} {value:.2%}" for name, value in change.items())
