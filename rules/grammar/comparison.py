"""What a condition compares with what: the value and the limit that its alarm tells of."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeGuard

from heatpump_twin.rules.grammar.parser import POINTS, Term, compared_terms

_ABOVE, _BELOW = (ast.Gt, ast.GtE), (ast.Lt, ast.LtE)


@dataclass(frozen=True, slots=True)
class Comparison:
    """A value that is above or below a limit while the condition holds."""

    subject: Term
    limit: Term
    """In the unit of the subject."""
    above: bool
    """Whether the condition holds above the limit, and not below it."""
    inputs: tuple[str, ...]
    """Points of the subject, in the order of their appearance."""
    targets: tuple[str, ...]
    """Points of the limit; none: it never changes."""
    calls: frozenset[str]
    """Functions in the subject."""


def comparisons(tree: ast.expr) -> tuple[Comparison, ...]:
    """Return what a condition is about: one comparison, or two limits of the same value.

    Of several that must hold at once it is the first; of alternatives it is none, unless they are
    limits of the same value. Nothing is about equality, or a range that a value must be in.
    """
    match tree:
        case ast.BoolOp(op=ast.And(), values=values):
            return next(filter(None, map(comparisons, values)), ())
        case ast.BoolOp(values=values):
            simple = [value for value in values if _is_simple(value)]
            subjects = {ast.unparse(_sides(value)[0]) for value in simple}
            alike = len(subjects) == 1 and len(simple) == len(values)
            return tuple(map(_comparison, simple)) if alike else ()
    return (_comparison(tree),) if _is_simple(tree) else ()


def _is_simple(node: ast.expr) -> TypeGuard[ast.Compare]:
    if not isinstance(node, ast.Compare) or len(node.ops) != 1:
        return False
    return isinstance(node.ops[0], _ABOVE + _BELOW)


def _comparison(node: ast.Compare) -> Comparison:
    subject, limit, above = _sides(node)
    value, bound = compared_terms(subject, limit)
    return Comparison(
        value,
        bound,
        above,
        _points(subject),
        _points(limit),
        frozenset(_calls(subject)),
    )


def _sides(node: ast.Compare) -> tuple[ast.expr, ast.expr, bool]:
    """Return subject, limit, and whether it holds above: what has no point is the limit."""
    left, right = node.left, node.comparators[0]
    above = isinstance(node.ops[0], _ABOVE)
    return (left, right, above) if _points(left) else (right, left, not above)


def _calls(node: ast.AST) -> Iterator[str]:
    for part in _parts(node):
        if isinstance(part, ast.Call) and isinstance(part.func, ast.Name):
            yield part.func.id


def _points(node: ast.expr) -> tuple[str, ...]:
    names = (part.id for part in _parts(node) if isinstance(part, ast.Name))
    return tuple(dict.fromkeys(name for name in names if name in POINTS))


def _parts(node: ast.AST) -> Iterator[ast.AST]:
    """Yield a node and all below it in the order in which they are written."""
    yield node
    for child in ast.iter_child_nodes(node):
        # What counts only while something holds is not about that.
        if not (isinstance(child, ast.keyword) and child.arg == "during"):
            yield from _parts(child)
