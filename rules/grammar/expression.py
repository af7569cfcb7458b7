"""Conditions of rules: a small, safe part of Python's expressions, over arrays of assets.

What a condition may say::

    water_flow < 0.6 * nominal_flow          points of the catalogue, numbers from the plate
    and  or  not  ( )                        a point with two states stands for itself
    <  <=  >  >=  ==  !=                     also chained: 1 < water_pressure < 2.5
    +  -  *  /  abs(x)  min(x, y)  max(x, y)
    good(x)  bad(x)  unreachable(x)          quality of a point
    "30 min"                                 a duration, in seconds

What it may remember::

    mean(x, "1 h")  min(x, "1 h")  max(x, "1 h")   over the last hour
    trend(x, "7 d")                          rise of the line through it over that time
    count(c, "1 h")  duration(c, "1 d")      how often c became true; how long it was
    changes(x, "1 h")                        how often x changed
    since(c)                                 time since c was last true
    longest_run(c, 3)  shortest_run(c, 3)    of the last three times in which c was true
    longest_interval(c, 3)  shortest_interval(c, 3)   from start to start
    ewma(x, "6 h")  cusum(x, 0.5)            moving average; sum of what exceeds 0.5, in x · h
    cusum(x, 0.5, 20)                        the same, which grows to 20 at most

With ``during=condition`` only the time counts in which that holds: three days of running time take
as many days as that takes. The window ``"run"`` with ``during`` is the run that goes on, or the
last one: ``mean(thermal_power, "run", during=compressor_on)``.

A point whose value is Bad is unknown, and so is what depends on it (Kleene's three-valued logic):
``false and unknown`` is false, ``true and unknown`` is unknown. Unknown is NaN here. The quality of
a point is always known. Mean, minimum, maximum and trend are known once their window has passed and
half of it is known; count, duration, changes and since are what is known at least.

Units are checked: bar and °C cannot be compared, °C less °C is K. A number takes any unit.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from heatpump_twin.rules.grammar.comparison import Comparison, comparisons
from heatpump_twin.rules.grammar.errors import ExpressionError
from heatpump_twin.rules.grammar.logic import Array, truth
from heatpump_twin.rules.grammar.parser import PARAMETERS, POINTS, Inputs, Parser, Term
from heatpump_twin.rules.grammar.remembering import Recipe


@dataclass(frozen=True, slots=True)
class Expression:
    """Parsed condition of a rule."""

    text: str
    points: tuple[str, ...]
    """Ids of the points in it, in the order of their first appearance."""
    parameters: tuple[str, ...]
    recipes: Mapping[str, Recipe]
    """How its calls remember, by their text."""
    compared: tuple[Comparison, ...]
    """What it compares with what."""
    _term: Term

    @classmethod
    def parse(cls, text: object) -> Expression:
        """Parse the text of a condition.

        Raises
        ------
        ExpressionError
            It uses something that is not in the grammar, a name that does not exist, or units that
            do not go together.
        """
        if not isinstance(text, str):
            raise ExpressionError("a condition is a text such as 'water_flow < 5'")
        try:
            # Parsed only, never evaluated: a pack is a file from somebody else. The tree is
            # Python's, so that nobody has to learn a grammar; what is not named in
            # `Parser.parse` is refused.
            tree = ast.parse(text.strip(), mode="eval")
        # All that the parser raises on hostile text: a null byte, and nesting without end.
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            reason = getattr(error, "msg", "") or str(error)
            raise ExpressionError(f"{text!r} cannot be read: {reason}") from error
        parser = Parser()
        term = parser.condition(tree.body)
        points = tuple(name for name in parser.names if name in POINTS)
        parameters = tuple(name for name in parser.names if name in PARAMETERS)
        # A condition of plate numbers alone would be active for ever, or never.
        if not points:
            raise ExpressionError(f"{text!r} depends on no point")
        return cls(text.strip(), points, parameters, parser.recipes, comparisons(tree.body), term)

    def evaluate(self, inputs: Inputs) -> Array:
        """Return 1 (true), 0 (false) or NaN (unknown) for every asset."""
        # Division by zero is unknown here (`quotient`), not a warning in each evaluation.
        with np.errstate(divide="ignore", invalid="ignore"):
            return truth(self._term(inputs))
