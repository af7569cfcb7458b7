"""A what-if: the baseline and the changed installation in the same weather, side by side."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from heatpump_twin.drivers.frame import Times
from heatpump_twin.twin_engine.model.house.envelope import Floats
from heatpump_twin.twin_engine.model.simulation.simulate import Case, Simulated, simulate
from heatpump_twin.twin_engine.model.simulation.tariff_prices import Prices
from heatpump_twin.twin_engine.model.simulation.weather import WeatherSeries
from heatpump_twin.twin_engine.model.whatif.changes import Changes
from heatpump_twin.twin_engine.model.whatif.likely_figures import (
    LikelyFigure,
    Simulation,
    likely_figures,
)
from heatpump_twin.twin_engine.model.whatif.outlook import HouseOutlook

SHOWN = ("room", "supply", "tank", "power", "heat")
"""Quantities whose trajectories are kept. [°C], [W]"""
QUANTILES = np.array([0.05, 0.5, 0.95])
INTERVAL = 15
"""Steps of a minute in one interval of a trajectory."""
_AT_ONCE = 20
"""Cases that are simulated between two words on the progress."""

Progress = Callable[[float], None]
"""Is told which share is done; may raise to stop."""


@dataclass(frozen=True, slots=True, eq=False)
class Trajectories:
    """Trajectories of one side."""

    values: dict[str, Floats]
    """By quantity, (quantiles, t): the middle one is the most likely simulation."""


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """What a change would do."""

    time: Times
    """Begin of each interval. [µs since the Unix epoch, UTC]"""
    interval: float
    """[s]"""
    baseline: Trajectories
    changed: Trajectories
    figures: list[LikelyFigure]


def compare(
    view: HouseOutlook,
    weather: WeatherSeries,
    span: tuple[int, int],
    changes: Changes,
    prices: Prices,
    *,
    draws: int = 30,
    seed: int = 1,
    progress: Progress = lambda _: None,
) -> Comparison:
    """Simulate an installation as it is and as it would be, from the begin to the end of a span.

    The same seed gives the same result. Each pair has the same house and people, so that what
    differs is the change.

    Parameters
    ----------
    draws : int
        Further houses that the record allows, which give the intervals; 0: there are none.
    """
    before = view.cases(weather, draws, seed)
    other = weather.warmer(changes.outdoor) if changes.outdoor else weather
    after = [changes.applied(Case(c.installation, other, c.zone, c.seed)) for c in before]
    lead = min(max((span[0] - int(weather.time[0])) / 8.64e10, 3.0), 14.0)
    runs = _simulated([*before, *after], span, lead, progress)
    middle = len(before)
    price = prices(runs.time)
    setpoints = [side[0].installation.household.room_setpoint for side in (before, after)]
    sides = [
        Simulation(runs.part(rows), setpoint, cost)
        for rows, setpoint, cost in (
            (slice(0, middle), setpoints[0], price),
            (slice(middle, None), setpoints[1], _own_price(price, changes)),
        )
    ]
    return Comparison(
        runs.time,
        runs.interval,
        _trajectories(sides[0].run),
        _trajectories(sides[1].run),
        likely_figures(sides[0], sides[1], view.held_out),
    )


def _simulated(
    cases: list[Case], span: tuple[int, int], lead: float, progress: Progress
) -> Simulated:
    parts = []
    for first in range(0, len(cases), _AT_ONCE):
        progress(first / len(cases))
        part = cases[first : first + _AT_ONCE]
        parts.append(simulate(part, *span, every=INTERVAL, warm_up=lead))
    progress(1.0)
    whole = np.concatenate([part.values for part in parts])
    before = np.concatenate([part.before for part in parts])
    return Simulated(parts[0].time, parts[0].interval, whole, before)


def _own_price(price: Floats, changes: Changes) -> Floats:
    return price if changes.price is None else np.full(len(price), changes.price)


def _trajectories(run: Simulated) -> Trajectories:
    """Return the quantiles over the cases; the middle is that of the most likely one."""
    found = {}
    for name in SHOWN:
        rows = run.of(name)
        low, _, high = np.quantile(rows, QUANTILES, axis=0)
        # One house may leave what the others span: its own value lies in its interval.
        found[name] = np.array([np.minimum(low, rows[0]), rows[0], np.maximum(high, rows[0])])
    return Trajectories(found)
