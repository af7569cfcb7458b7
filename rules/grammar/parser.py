"""Turn an allowed syntax tree into a closure with a unit; anything else is an error."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from heatpump_twin.config.catalogue import CATALOGUE, HEAT_PUMP, TWIN
from heatpump_twin.config.quantities import seconds
from heatpump_twin.rules.grammar import logic, remembering, units
from heatpump_twin.rules.grammar.aggregates import AGGREGATES
from heatpump_twin.rules.grammar.errors import ExpressionError
from heatpump_twin.rules.grammar.logic import Array, Status
from heatpump_twin.rules.grammar.memory import Memory, Times
from heatpump_twin.rules.grammar.remembering import EPISODES, Recipe
from heatpump_twin.rules.grammar.units import ONE, SECOND, Unit, check_truth, literal

PARAMETERS: Mapping[str, str] = MappingProxyType(
    {
        "nominal_flow": "l/min",
        "max_power": "W",
        "standby_power": "W",
        "pump_power": "W",
        "max_supply": "Cel",
    }
)
"""Numbers of the plate that a condition may use, with their units."""

POINTS = MappingProxyType({**CATALOGUE[TWIN], **CATALOGUE[HEAT_PUMP]})
"""Points of all kinds of assets; which of them a rule may use, its kind decides (`Rule`)."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """Inputs of a condition: for every name an array with one element per asset."""

    value: Mapping[str, Array]
    """Points (NaN: unknown) and parameters."""
    status: Mapping[str, Status]
    """Points only."""
    elapsed: int | Times = 0
    """Time since the last look, in which all was as it was then; an array: of each of many looks
    one after the other, with inputs of shape (looks, n). [µs]"""
    memory: Mapping[str, Memory] = field(default_factory=dict)
    """Memories by the text of the call."""
    told: dict[str, Array] = field(default_factory=dict)
    """What has been told by memories in this look: two conditions may share one."""

    def remembered(self, text: str, arguments: Sequence[Array]) -> Array:
        """Return what a memory tells."""
        if text not in self.told:
            memory, elapsed = self.memory[text], self.elapsed
            self.told[text] = (
                memory.look(elapsed, *arguments)
                if isinstance(elapsed, int)
                else memory.scan(elapsed, *arguments)
            )
        return self.told[text]


Term = Callable[[Inputs], Array]


@dataclass(frozen=True, slots=True)
class Parsed:
    """Part of a condition: how it is evaluated, and its unit."""

    term: Term
    unit: Unit


class Parser:
    """Parser of one condition, with the names and the memories that it needs."""

    def __init__(self) -> None:
        self.names: dict[str, None] = {}
        self.recipes: dict[str, Recipe] = {}

    def condition(self, node: ast.expr) -> Term:
        """Parse what must be true or false."""
        parsed = self.parse(node)
        check_truth(parsed.unit, ast.unparse(node))
        return parsed.term

    def parse(self, node: ast.expr) -> Parsed:
        """Parse a part of a condition."""
        match node:
            case ast.Constant(value=bool() | int() | float() | str() as value):
                return _constant(value)
            case ast.Name(id=name):
                return self._name(name)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return Parsed(_apply(logic.negation, self.condition(operand)), ONE)
            case ast.UnaryOp(op=ast.USub() | ast.UAdd() as op, operand=operand):
                return self._signed(op, operand)
            case ast.BinOp(op=op, left=left, right=right) if type(op) in _BINARY:
                return self._arithmetic(op, self.parse(left), self.parse(right))
            case ast.BoolOp(op=op, values=values):
                terms = map(self.condition, values)
                joint = logic.conjunction if isinstance(op, ast.And) else logic.disjunction
                return Parsed(_apply(joint, *terms), ONE)
            case ast.Compare(left=left, ops=ops, comparators=others):
                return self._comparison([left, *others], ops)
            case ast.Call(func=ast.Name(id=name), args=arguments, keywords=keywords):
                return self._call(node, name, arguments, keywords)
        raise ExpressionError(f"{ast.unparse(node)!r} is not allowed in a condition")

    def _name(self, name: str) -> Parsed:
        self.names[name] = None
        if name in POINTS:
            return Parsed(lambda inputs: inputs.value[name], units.unit_of(name, POINTS[name]))
        if name in PARAMETERS:
            return Parsed(lambda inputs: inputs.value[name], units.unit_named(PARAMETERS[name]))
        raise ExpressionError(
            f"{name!r} is neither a point of the catalogue nor a number of the plate "
            f"({', '.join(PARAMETERS)})"
        )

    def _signed(self, op: ast.unaryop, operand: ast.expr) -> Parsed:
        inner = self.parse(operand)
        if isinstance(op, ast.UAdd):
            return inner
        # Minus 20 °C is written as a number; less a temperature is no temperature.
        unit = units.product(literal(-1.0), inner.unit)
        return Parsed(_apply(np.negative, inner.term), unit)

    def _arithmetic(self, op: ast.operator, left: Parsed, right: Parsed) -> Parsed:
        function = _BINARY[type(op)]
        a, b, sign = left.unit, right.unit, -1 if isinstance(op, ast.Sub | ast.Div) else 1
        if isinstance(op, ast.Mult | ast.Div):
            return Parsed(_apply(function, left.term, right.term), units.product(a, b, sign))
        unit = units.total(a, b, sign)
        return Parsed(_apply(function, left.term, _converted(right, a)), unit)

    def _comparison(self, nodes: list[ast.expr], ops: list[ast.cmpop]) -> Parsed:
        for op in ops:
            if type(op) not in _COMPARE:
                raise ExpressionError(f"compare with < <= > >= == !=, not {type(op).__name__}")
        parts = [self.parse(node) for node in nodes]
        pairs = []
        for i, op in enumerate(ops):
            left, right = parts[i], parts[i + 1]
            text = f"{ast.unparse(nodes[i])} and {ast.unparse(nodes[i + 1])}"
            _alike(left.unit, right.unit, "be compared", text)
            pairs.append(_apply(_COMPARE[type(op)], left.term, _converted(right, left.unit)))
        term = pairs[0] if len(pairs) == 1 else _apply(logic.conjunction, *pairs)
        return Parsed(term, ONE)

    def _call(
        self, node: ast.Call, name: str, arguments: list[ast.expr], keywords: list[ast.keyword]
    ) -> Parsed:
        if name in _QUALITY and not keywords:
            return self._quality(name, arguments)
        remembers = self._recipe(name, arguments, keywords)
        if remembers is not None:
            recipe, terms = remembers
            text = ast.unparse(node)
            self.recipes[text] = recipe
            return Parsed(
                lambda inputs: inputs.remembered(text, [term(inputs) for term in terms]),
                recipe.unit,
            )
        if keywords:
            raise ExpressionError(f"{name}() takes no `{keywords[0].arg}`")
        return self._function(name, arguments)

    def _quality(self, name: str, arguments: list[ast.expr]) -> Parsed:
        match arguments:
            case [ast.Name(id=point)] if point in POINTS:
                self.names[point] = None
                predicate = _QUALITY[name]
                return Parsed(
                    lambda inputs: predicate(inputs.status[point]).astype(np.float64), ONE
                )
        raise ExpressionError(f"{name}() takes one point")

    def _function(self, name: str, arguments: list[ast.expr]) -> Parsed:
        if name not in _FUNCTIONS:
            raise ExpressionError(f"there is no function {name}(); {_known_functions()}")
        function, least, most = _FUNCTIONS[name]
        if not least <= len(arguments) <= most:
            raise ExpressionError(f"{name}() takes {least} argument(s) or more")
        first, *others = map(self.parse, arguments)
        unit = first.unit
        for other in others:
            unit = _alike(unit, other.unit, f"be compared in {name}()", "")
        terms = [_converted(part, unit) for part in (first, *others)]
        return Parsed(_apply(function, *terms), unit)

    def _recipe(
        self, name: str, arguments: list[ast.expr], keywords: list[ast.keyword]
    ) -> tuple[Recipe, list[Term]] | None:
        """Return how a call remembers and what it looks at; None: it does not remember."""
        during = self._during(name, keywords)
        match name, arguments:
            case ("since", [x]):
                return remembering.since(), [self.condition(x), *during]
            case ("ewma", [x, ast.Constant(value=str(constant))]):
                inner = self.parse(x)
                return remembering.average(inner.unit, constant), [inner.term, *during]
            case ("cusum", [x, allowance, *limit]) if (most := _number(limit)) is not None:
                inner, much = self.parse(x), self.parse(allowance)
                unit = _alike(inner.unit, much.unit, "be compared in cusum()", "")
                terms = [inner.term, _converted(much, unit), *during]
                return remembering.cumulative(unit, most), terms
            case (_, [x, ast.Constant(value=str(window))]) if name in AGGREGATES:
                inner = self.parse(x)
                if AGGREGATES[name].of_condition:
                    check_truth(inner.unit, ast.unparse(x))
                term = inner.term
                if AGGREGATES[name].of_condition:
                    term = _apply(logic.truth, term)
                recipe = remembering.windowed(name, inner.unit, window, during=bool(during))
                return recipe, [term, *during]
            case (_, [x, ast.Constant(value=int(count))]) if name in EPISODES and not during:
                return remembering.episodes(name, count), [self.condition(x)]
        if name in _FUNCTIONS or name not in _FORMS:
            return None
        raise ExpressionError(f"{name}() is written {_FORMS[name]}")

    def _during(self, name: str, keywords: list[ast.keyword]) -> list[Term]:
        match keywords:
            case []:
                return []
            case [ast.keyword(arg="during", value=value)] if name in _FORMS or name in AGGREGATES:
                return [self.condition(value)]
        raise ExpressionError(f"{name}() takes no `{keywords[0].arg}`")


def compared_terms(subject: ast.expr, limit: ast.expr) -> tuple[Term, Term]:
    """Return how a value and its limit are evaluated, both in the unit of the value."""
    parser = Parser()
    value, bound = parser.parse(subject), parser.parse(limit)
    return value.term, _converted(bound, value.unit)


def _constant(value: bool | float | str) -> Parsed:
    if not isinstance(value, str):
        number = np.array(float(value))
        return Parsed(lambda _: number, literal(float(value)))
    try:
        length = np.array(seconds(value))
    except ValueError as error:
        raise ExpressionError(f"{error}; other texts are not allowed") from error
    return Parsed(lambda _: length, SECOND)


def _number(nodes: Sequence[ast.expr]) -> float | None:
    """Return the number that a call may end with; infinite: there is none, None: another thing."""
    match nodes:
        case []:
            return math.inf
        case [ast.Constant(value=int() | float() as number)]:
            return float(number)
    return None


def _converted(part: Parsed, unit: Unit) -> Term:
    """Return how a part is evaluated in a unit of the same kind."""
    scale = units.factor(unit, part.unit)
    return part.term if scale == 1.0 else lambda inputs: part.term(inputs) * scale


def _alike(a: Unit, b: Unit, what: str, text: str) -> Unit:
    try:
        return units.same(a, b, what)
    except ExpressionError as error:
        raise ExpressionError(f"{text}: {error}" if text else str(error)) from error


def _apply(function: Callable[..., Array], *terms: Term) -> Term:
    return lambda inputs: function(*(term(inputs) for term in terms))


def _known_functions() -> str:
    names = dict.fromkeys([*_FUNCTIONS, *_QUALITY, *_FORMS])
    return f"there are {', '.join(names)}"


_BINARY: Mapping[type, Callable[..., Array]] = {
    ast.Add: np.add,
    ast.Sub: np.subtract,
    ast.Mult: np.multiply,
    ast.Div: logic.quotient,
}
_COMPARE: Mapping[type, Callable[..., Array]] = {
    ast.Lt: logic.comparison(np.less),
    ast.LtE: logic.comparison(np.less_equal),
    ast.Gt: logic.comparison(np.greater),
    ast.GtE: logic.comparison(np.greater_equal),
    ast.Eq: logic.comparison(np.equal),
    ast.NotEq: logic.comparison(np.not_equal),
}
_FUNCTIONS: Mapping[str, tuple[Callable[..., Array], int, int]] = {
    "abs": (np.abs, 1, 1),
    "min": (logic.smallest, 2, 9),
    "max": (logic.largest, 2, 9),
}
_QUALITY: Mapping[str, Callable[[Status], NDArray[np.bool_]]] = {
    "good": logic.is_good,
    "bad": logic.is_bad,
    "unreachable": logic.is_unreachable,
}
_FORMS: Mapping[str, str] = {
    **{name: f'{name}(value, "1 h")' for name in ("mean", "trend", "changes")},
    **{name: f'{name}(condition, "1 h")' for name in ("count", "duration")},
    "since": "since(condition)",
    "ewma": 'ewma(value, "6 h")',
    "cusum": "cusum(value, allowance) or cusum(value, allowance, 20)",
    **{name: f"{name}(condition, 3)" for name in EPISODES},
}
"""Functions that remember, as they are written."""
