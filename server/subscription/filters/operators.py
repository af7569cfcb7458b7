"""Operators of where clauses over plain values (OPC 10000-4, 7.7.3); None is NULL."""

from __future__ import annotations

import datetime as dt
import operator
import re
from collections.abc import Callable, Mapping
from typing import Any

from asyncua import ua


def plain(value: Any) -> Any:
    """Return a value as it is compared: of a localized text its text, of a status its number."""
    match value:
        case ua.LocalizedText():
            return value.Text
        case ua.StatusCode():
            return int(value.value)
        case dt.datetime():
            # asyncua has times without a zone, which are UTC; literals may have one.
            return value.astimezone(dt.UTC).replace(tzinfo=None) if value.tzinfo else value
    return value


def aligned(one: Any, other: Any) -> tuple[Any, Any] | None:
    """Return two values that can be compared; None: they cannot (implicit conversion, 7.7.3)."""
    one, other = plain(one), plain(other)
    if isinstance(one, str) and isinstance(other, int | float):
        return _with_number(one, other)
    if isinstance(other, str) and isinstance(one, int | float):
        turned = _with_number(other, one)
        return turned[::-1] if turned else None
    if isinstance(one, int | float) and isinstance(other, int | float):
        return one, other
    if one is None or other is None or type(one) is not type(other):
        ids = isinstance(one, ua.NodeId) and isinstance(other, ua.NodeId)
        return (one, other) if ids else None
    return one, other


def _with_number(text: str, number: float) -> tuple[float, float] | None:
    try:
        return float(text), number
    except ValueError:
        return None


def _compared(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool | None]:
    def compared(one: Any, other: Any) -> bool | None:
        pair = aligned(one, other)
        if pair is None:
            return None
        try:
            return bool(compare(*pair))
        except TypeError:  # such as NodeIds, which have no order
            return None

    return compared


equals = _compared(operator.eq)
_at_least, _at_most = _compared(operator.ge), _compared(operator.le)


def both(one: Any, other: Any) -> bool | None:
    """Return And of three values: true, false and NULL."""
    if one is False or other is False:
        return False
    return True if one is True and other is True else None


def either(one: Any, other: Any) -> bool | None:
    """Return Or of three values: true, false and NULL."""
    if one is True or other is True:
        return True
    return False if one is False and other is False else None


def negated(value: Any) -> bool | None:
    """Return Not of three values: true, false and NULL."""
    return not value if isinstance(value, bool) else None


def between(value: Any, low: Any, high: Any) -> bool | None:
    """Tell whether a value is within two others."""
    return both(_at_least(value, low), _at_most(value, high))


def in_list(value: Any, *others: Any) -> bool | None:
    """Tell whether a value is equal to one of several."""
    if plain(value) is None:
        return None
    return any(equals(value, other) is True for other in others)


def like(value: Any, pattern: Any) -> bool | None:
    """Tell whether a text is like a pattern."""
    subject, wanted = plain(value), plain(pattern)
    if not isinstance(subject, str) or not isinstance(wanted, str):
        return None
    try:
        return re.fullmatch(like_pattern(wanted), subject, re.DOTALL) is not None
    except re.error:  # such as [z-a]
        return False


def _bits(combine: Callable[[int, int], int]) -> Callable[[Any, Any], int | None]:
    def combined(one: Any, other: Any) -> int | None:
        numbers = (plain(one), plain(other))
        if not all(isinstance(n, int) and not isinstance(n, bool) for n in numbers):
            return None
        return combine(*numbers)

    return combined


OPERATIONS: Mapping[int, Callable[..., Any]] = {
    ua.FilterOperator.Equals: equals,
    ua.FilterOperator.IsNull: lambda value: plain(value) is None,
    ua.FilterOperator.GreaterThan: _compared(operator.gt),
    ua.FilterOperator.LessThan: _compared(operator.lt),
    ua.FilterOperator.GreaterThanOrEqual: _at_least,
    ua.FilterOperator.LessThanOrEqual: _at_most,
    ua.FilterOperator.Like: like,
    ua.FilterOperator.Not: negated,
    ua.FilterOperator.Between: between,
    ua.FilterOperator.InList: in_list,
    ua.FilterOperator.And: both,
    ua.FilterOperator.Or: either,
    ua.FilterOperator.BitwiseAnd: _bits(operator.and_),
    ua.FilterOperator.BitwiseOr: _bits(operator.or_),
}
"""What the operators do with the values of their operands; OfType and Cast need more than those."""


def like_pattern(pattern: str) -> str:
    r"""Return a LIKE pattern as a regular expression: ``%``, ``_``, ``[a-c]``, ``[^a]``, ``\%``.

    What stands between two ``%`` is looked for once, at its first place (an atomic group): with
    backtracking, a pattern of many ``%`` would take for ever.
    """
    first, *others = _segments(pattern)
    if not others:
        return first
    *middle, last = others
    return first + "".join(f"(?>.*?{part})" for part in middle if part) + f".*{last}"


def _segments(pattern: str) -> list[str]:
    """Return what stands before, between and behind the ``%`` of a LIKE pattern."""
    segments, position = [""], 0
    while position < len(pattern):
        sign = pattern[position]
        closing = pattern.find("]", position + 2)
        if sign == "%":
            segments.append("")
        elif sign == "\\" and position + 1 < len(pattern):
            position += 1
            segments[-1] += re.escape(pattern[position])
        elif sign == "[" and closing > 0:
            content = pattern[position + 1 : closing]
            negated, content = content.startswith("^"), content.removeprefix("^")
            # Only ranges and signs are special inside; everything else stands for itself.
            safe = content.replace("\\", r"\\").replace("[", r"\[").replace("^", r"\^")
            segments[-1] += f"[{'^' if negated else ''}{safe}]"
            position = closing
        else:
            segments[-1] += "." if sign == "_" else re.escape(sign)
        position += 1
    return segments
