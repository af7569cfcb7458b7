"""How well the usual machine foretells the SPF of metered systems: ``python -m bench.fleet FILE``.

The file is a table of heatpumpmonitor.org with statistics of 365 days. It is not part of the
project: what is in it belongs to others, and only the coefficients that were fitted to it are here.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence
from dataclasses import astuple, fields
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from bench.fleet_systems import Fleet, read_fleet
from heatpump_twin.drivers.frame import Values
from heatpump_twin.twin_engine.model.machine.usual_machine import UsualMachine, seasonal_performance

FOLDS, REPEATS, DRAWS = 10, 4, 2000
_NAMES = [field.name for field in fields(UsualMachine)]
_PRIOR = np.array([-0.7, 0.0, 0.0, 0.0, 20.0, 0.005, 0.0])
_SPREAD = np.array([0.3, 0.02, 0.01, 0.3, 15.0, 0.01, 0.01])
"""What one believes before: half of Carnot, 20 W at rest, and no slope known."""
_NOISE = 0.06
_HUBER = 1.3
"""Deviations from which on a system weighs less: wrong meters, immersion heaters."""
_PASSES = 12
FORMS = {
    "share of Carnot": ("level", "per_water"),
    "and standby": ("level", "per_water", "standby"),
    "and what runs along": ("level", "per_water", "standby", "per_capacity", "per_start"),
    "and source": ("level", "per_water", "standby", "per_capacity", "per_start", "per_source"),
    "and load": tuple(_NAMES),
}
"""Coefficients that are fitted; the others are 0."""

Predict = Callable[[Fleet, Fleet], Values]
"""Returns the SPF of the second fleet, learnt from the first."""


def fitted(fleet: Fleet, names: Sequence[str] = tuple(_NAMES)) -> UsualMachine:
    """Return the machine that fits a fleet, by robust least squares of ln SPF with priors."""
    free = np.array([name in names for name in _NAMES])
    theta = np.where(free, _PRIOR, 0.0)
    steps = 1e-4 * _SPREAD[free]
    for _ in range(_PASSES):
        now = _logs(theta, fleet)
        slopes = np.stack(
            [
                (_logs(theta + step * unit, fleet) - now) / step
                for step, unit in zip(steps, np.eye(len(theta))[free], strict=True)
            ],
            axis=1,
        )
        miss = np.log(fleet.spf) - now
        weight = np.minimum(1.0, _HUBER * _NOISE / np.maximum(np.abs(miss), 1e-9)) / _NOISE**2
        pull = (theta - _PRIOR)[free] * _SPREAD[free] ** -2.0
        normal = (slopes * weight[:, None]).T @ slopes + np.diag(_SPREAD[free] ** -2.0)
        theta[free] += np.linalg.solve(normal, slopes.T @ (weight * miss) - pull)
    return UsualMachine(*theta.tolist())


def _logs(theta: Values, fleet: Fleet) -> Values:
    return np.log(seasonal_performance(UsualMachine(*theta.tolist()), fleet.year))


def by_line(known: Fleet, asked: Fleet) -> Values:
    """Return the SPF by a straight line over the lift."""
    slope, level = np.polyfit(known.lift, known.spf, 1)
    return np.asarray(level + slope * asked.lift)


def by_form(names: Sequence[str]) -> Predict:
    """Return a prediction by a form of the usual machine."""
    return lambda known, asked: seasonal_performance(fitted(known, names), asked.year)


def by_chosen_form(known: Fleet, asked: Fleet) -> Values:
    """Return the SPF by the form that is best within what is known: the choice is held out, too."""
    errors = {
        name: held_out(known, by_form(names), repeats=1).mean() for name, names in FORMS.items()
    }
    return by_form(FORMS[min(errors, key=lambda name: errors[name])])(known, asked)


def held_out(fleet: Fleet, predict: Predict, *, repeats: int = REPEATS, seed: int = 1) -> Values:
    """Return the mean absolute relative error of each system, predicted from others, shape (n,)."""
    rng = np.random.default_rng(seed)
    error = np.zeros(len(fleet))
    for _ in range(repeats):
        for part in np.array_split(rng.permutation(len(fleet)), FOLDS):
            others = np.setdiff1d(np.arange(len(fleet)), part)
            error[part] += np.abs(predict(fleet[others], fleet[part]) / fleet.spf[part] - 1.0)
    return error / repeats


def rows(fleet: Fleet) -> Iterator[tuple[str, Values]]:
    """Yield how well each way of predicting does, simplest first."""
    yield "straight line over the lift", held_out(fleet, by_line)
    for name, names in FORMS.items():
        yield name, held_out(fleet, by_form(names))
    yield "the form chosen inside", held_out(fleet, by_chosen_form)


def _table(title: str, fleet: Fleet) -> Table:
    table = Table(title=title)
    for name in ("by", "mean", "90 % interval of the mean", "median"):
        table.add_column(name)
    for name, error in rows(fleet):
        chance = np.random.default_rng(1)
        drawn = [chance.choice(error, len(error)).mean() for _ in range(DRAWS)]
        low, high = np.quantile(drawn, [0.05, 0.95])
        middle = float(np.median(error))
        table.add_row(name, f"{error.mean():.2%}", f"{low:.1%} to {high:.1%}", f"{middle:.1%}")
    return table


def main() -> None:
    """Print errors and coefficients."""
    parser = argparse.ArgumentParser(prog="python -m bench.fleet")
    parser.add_argument("systems", type=Path, help="table of systems, CSV")
    whole = read_fleet(parser.parse_args().systems)
    credible = whole[whole.credible]
    console = Console(width=110)
    for title, fleet in (("all", whole), ("with a credible outdoor sensor", credible)):
        console.print(_table(f"Error of the annual SPF: {len(fleet)} systems, {title}", fleet))
    found = zip(_NAMES, astuple(fitted(credible)), strict=True)
    console.print("fitted: " + ", ".join(f"{name} {value:.4g}" for name, value in found))


if __name__ == "__main__":
    main()
