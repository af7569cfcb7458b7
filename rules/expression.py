"""Conditions of rules: a small, safe part of Python's expressions, over arrays of assets.

What a condition may say::

    water_flow < 0.6 * nominal_flow          points of the catalogue, numbers from the plate
    and  or  not  ( )                        a point with two states stands for itself
    <  <=  >  >=  ==  !=                     also chained: 1 < water_pressure < 2.5
    +  -  *  /  abs(x)  min(x, y)  max(x, y)
    good(x)  bad(x)  unreachable(x)          quality of a point

A point whose value is Bad is unknown, and so is what depends on it (Kleene's three-valued logic):
``false and unknown`` is false, ``true and unknown`` is unknown. Unknown is NaN here. The quality of
a point is always known.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from heatpump_twin.config.catalogue import CATALOGUE, HEAT_PUMP, TWIN
from heatpump_twin.drivers.status import (
    BAD,
    BAD_DEVICE_FAILURE,
    BAD_NO_COMMUNICATION,
    BAD_NOT_CONNECTED,
    BAD_TIMEOUT,
)

Array = NDArray[np.float64]
Status = NDArray[np.uint32]

PARAMETERS = ("nominal_flow", "max_power", "standby_power", "pump_power", "max_supply")
"""Numbers of the plate that a condition may use."""

_UNREACHABLE = (BAD_NO_COMMUNICATION, BAD_TIMEOUT, BAD_NOT_CONNECTED, BAD_DEVICE_FAILURE)


class ExpressionError(ValueError):
    """A condition cannot be understood; the message says which part, and what may be written."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """Inputs of a condition: for every name an array with one element per asset."""

    value: Mapping[str, Array]
    """Points (NaN: unknown) and parameters."""
    status: Mapping[str, Status]
    """Points only."""


_Term = Callable[[Inputs], Array]


@dataclass(frozen=True, slots=True)
class Expression:
    """Parsed condition of a rule."""

    text: str
    points: tuple[str, ...]
    """Ids of the points in it, in the order of their first appearance."""
    parameters: tuple[str, ...]
    _term: _Term

    @classmethod
    def parse(cls, text: object) -> Expression:
        """Parse the text of a condition.

        Raises
        ------
        ExpressionError
            It uses something that is not in the grammar, or a name that does not exist.
        """
        if not isinstance(text, str):
            raise ExpressionError("a condition is a text such as 'water_flow < 5'")
        try:
            # Parsed only, never evaluated: a pack is a file from somebody else. The tree is
            # Python's, so that nobody has to learn a grammar; what is not named in
            # `_Parser.parse` is refused.
            tree = ast.parse(text.strip(), mode="eval")
        # All that the parser raises on hostile text: a null byte, and nesting without end.
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            reason = getattr(error, "msg", "") or str(error)
            raise ExpressionError(f"{text!r} cannot be read: {reason}") from error
        parser = _Parser()
        term = parser.parse(tree.body)
        points = tuple(name for name in parser.names if name in _POINTS)
        parameters = tuple(name for name in parser.names if name in PARAMETERS)
        # A condition of plate numbers alone would be active for ever, or never.
        if not points:
            raise ExpressionError(f"{text!r} depends on no point")
        return cls(text.strip(), points, parameters, term)

    def evaluate(self, inputs: Inputs) -> Array:
        """Return 1 (true), 0 (false) or NaN (unknown) for every asset."""
        # Division by zero is unknown here (`_divide`), not a warning in each evaluation.
        with np.errstate(divide="ignore", invalid="ignore"):
            return _truth(self._term(inputs))


_POINTS = frozenset(CATALOGUE[HEAT_PUMP]) | frozenset(CATALOGUE[TWIN])
"""Points of all kinds of assets; which of them a rule may use, its kind decides (`Rule`)."""


class _Parser:
    """Parser from an allowed syntax tree to closures; anything else is an error."""

    def __init__(self) -> None:
        self.names: dict[str, None] = {}

    def parse(self, node: ast.expr) -> _Term:
        match node:
            case ast.Constant(value=bool() | int() | float() as number):
                constant = float(number)
                return lambda _: np.array(constant)
            case ast.Name(id=name):
                self._know(name)
                return lambda inputs: inputs.value[name]
            case ast.UnaryOp(op=op, operand=operand) if type(op) in _UNARY:
                return _apply(_UNARY[type(op)], self.parse(operand))
            case ast.BinOp(op=op, left=left, right=right) if type(op) in _BINARY:
                return _apply(_BINARY[type(op)], self.parse(left), self.parse(right))
            case ast.BoolOp(op=op, values=values):
                return _apply(_BOOLEAN[type(op)], *map(self.parse, values))
            case ast.Compare(left=left, ops=ops, comparators=others):
                return self._comparison([left, *others], ops)
            case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]):
                return self._call(name, arguments)
        raise ExpressionError(f"{ast.unparse(node)!r} is not allowed in a condition")

    def _comparison(self, nodes: list[ast.expr], ops: list[ast.cmpop]) -> _Term:
        for op in ops:
            if type(op) not in _COMPARE:
                raise ExpressionError(f"compare with < <= > >= == !=, not {type(op).__name__}")
        terms = [self.parse(node) for node in nodes]
        pairs = [_apply(_COMPARE[type(op)], terms[i], terms[i + 1]) for i, op in enumerate(ops)]
        return pairs[0] if len(pairs) == 1 else _apply(_all, *pairs)

    def _call(self, name: str, arguments: list[ast.expr]) -> _Term:
        if name in _QUALITY:
            match arguments:
                case [ast.Name(id=point)] if point in _POINTS:
                    self._know(point)
                    predicate = _QUALITY[name]
                    return lambda inputs: predicate(inputs.status[point]).astype(np.float64)
            raise ExpressionError(f"{name}() takes one point")
        if name not in _FUNCTIONS:
            raise ExpressionError(f"there is no function {name}(); {_known_functions()}")
        function, least, most = _FUNCTIONS[name]
        if not least <= len(arguments) <= most:
            raise ExpressionError(f"{name}() takes {least} argument(s) or more")
        return _apply(function, *map(self.parse, arguments))

    def _know(self, name: str) -> None:
        if name not in _POINTS and name not in PARAMETERS:
            raise ExpressionError(
                f"{name!r} is neither a point of the catalogue nor a number of the plate "
                f"({', '.join(PARAMETERS)})"
            )
        self.names[name] = None


def _apply(function: Callable[..., Array], *terms: _Term) -> _Term:
    return lambda inputs: function(*(term(inputs) for term in terms))


def _truth(x: Array) -> Array:
    return np.where(np.isnan(x), np.nan, x != 0)


def _all(*terms: Array) -> Array:
    return reduce(lambda a, b: np.where((a == 0) | (b == 0), 0.0, a * b), map(_truth, terms))


def _any(*terms: Array) -> Array:
    return 1 - _all(*(1 - _truth(term) for term in terms))


def _compare(operation: Callable[[Array, Array], NDArray[np.bool_]]) -> Callable[..., Array]:
    # NumPy compares NaN as False, which would make unknown mean no.
    return lambda a, b: np.where(np.isnan(a) | np.isnan(b), np.nan, operation(a, b))


def _divide(a: Array, b: Array) -> Array:
    return np.where(b == 0, np.nan, np.divide(a, b))


def _known_functions() -> str:
    return f"there are {', '.join([*_FUNCTIONS, *_QUALITY])}"


_UNARY: dict[type, Callable[..., Array]] = {
    ast.Not: lambda x: 1 - _truth(x),
    ast.USub: np.negative,
    ast.UAdd: np.positive,
}
_BINARY: dict[type, Callable[..., Array]] = {
    ast.Add: np.add,
    ast.Sub: np.subtract,
    ast.Mult: np.multiply,
    ast.Div: _divide,
}
_BOOLEAN: dict[type, Callable[..., Array]] = {ast.And: _all, ast.Or: _any}
_COMPARE: dict[type, Callable[..., Array]] = {
    ast.Lt: _compare(np.less),
    ast.LtE: _compare(np.less_equal),
    ast.Gt: _compare(np.greater),
    ast.GtE: _compare(np.greater_equal),
    ast.Eq: _compare(np.equal),
    ast.NotEq: _compare(np.not_equal),
}
_FUNCTIONS: dict[str, tuple[Callable[..., Array], int, int]] = {
    "abs": (np.abs, 1, 1),
    "min": (lambda *x: reduce(np.minimum, x), 2, 9),
    "max": (lambda *x: reduce(np.maximum, x), 2, 9),
}
_QUALITY: dict[str, Callable[[Status], NDArray[np.bool_]]] = {
    "good": lambda status: status >> 30 == 0,
    "bad": lambda status: (status & BAD) != 0,
    # Without the info bits, which say nothing of why a value is Bad.
    "unreachable": lambda status: np.isin(status & 0xFFFF_0000, _UNREACHABLE),
}
