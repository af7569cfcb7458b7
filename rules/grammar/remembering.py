"""Functions of conditions that remember: what they take, what they give, and their memory."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from heatpump_twin.config.quantities import seconds
from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.rules.grammar.aggregates import AGGREGATES
from heatpump_twin.rules.grammar.episodes import Episodes, Since
from heatpump_twin.rules.grammar.errors import ExpressionError
from heatpump_twin.rules.grammar.filters import Cusum, Ewma
from heatpump_twin.rules.grammar.memory import Memory
from heatpump_twin.rules.grammar.run import Run
from heatpump_twin.rules.grammar.units import ONE, SECOND, Unit, difference_of, product, unit_named
from heatpump_twin.rules.grammar.windows import Window

RUN = "run"
"""Window that is the run now, or the last one."""
MOST_EPISODES = 20
_LONGEST = 400.0 * 86_400
"""[s]"""
Make = Callable[[int], Memory]
"""Number of assets → memory."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a call remembers: its memory, and the unit of what it gives."""

    make: Make
    unit: Unit


def windowed(name: str, unit: Unit, window: str, *, during: bool) -> Recipe:
    """Return how ``name(x, window)`` remembers, with x in a unit."""
    aggregate = AGGREGATES[name]
    given = unit
    if name in ("count", "changes"):
        given = ONE
    elif name == "duration":
        given = SECOND
    elif name == "trend":
        given = difference_of(unit)
    if window != RUN:
        return Recipe(partial(Window, aggregate=aggregate, length=duration(window)), given)
    if not during:
        raise ExpressionError(f'{name}(…, "run") needs `during`, which says what a run is')
    if aggregate.needs_buckets:
        raise ExpressionError(f"there is no {name}() of a run; give a window such as '1 h'")
    return Recipe(partial(Run, aggregate=aggregate), given)


def since() -> Recipe:
    """Return how ``since(condition)`` remembers."""
    return Recipe(Since, SECOND)


def episodes(name: str, count: int) -> Recipe:
    """Return how ``longest_run(condition, count)`` and its like remember."""
    if not 1 <= count <= MOST_EPISODES:
        raise ExpressionError(f"{name}() looks at 1 to {MOST_EPISODES} of them, not at {count}")
    pick, between = EPISODES[name]
    return Recipe(partial(Episodes, count=count, pick=pick, between=between), SECOND)


def average(unit: Unit, constant: str) -> Recipe:
    """Return how ``ewma(x, constant)`` remembers."""
    return Recipe(partial(Ewma, constant=duration(constant)), unit)


def cumulative(unit: Unit, most: float = math.inf) -> Recipe:
    """Return how ``cusum(x, allowance, most)`` remembers."""
    return Recipe(partial(Cusum, most=most), product(difference_of(unit), unit_named("h")))


EPISODES = {
    "longest_run": (np.maximum, False),
    "shortest_run": (np.minimum, False),
    "longest_interval": (np.maximum, True),
    "shortest_interval": (np.minimum, True),
}
"""Function → what is taken of several, and whether of the times between."""


def duration(text: str) -> int:
    """Return a duration that a condition states. [µs]

    Raises
    ------
    ExpressionError
        It is none, or not between a second and a year.
    """
    try:
        value = seconds(text)
    except ValueError as error:
        raise ExpressionError(str(error)) from error
    if not 1.0 <= value <= _LONGEST:
        raise ExpressionError(f"{text!r} is not between '1 s' and '400 d'")
    return round(value * MICROSECONDS)
