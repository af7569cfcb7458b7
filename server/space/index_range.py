"""Index ranges: parts of arrays and texts (OPC 10000-4, 7.27)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from asyncua import ua

Spans = tuple[slice, ...]
"""The range of each dimension."""
LONGEST = 21
"""Two numbers of UInt32, which is more than an array can have elements, and a colon."""
MOST_DIMENSIONS = 10
"""More than any array has."""


def parsed(index_range: str) -> Spans | None:
    """Return an index range, such as ``2``, ``0:3`` or ``1,0:3``; None: it is wrong."""
    # Python converts no text of thousands of digits to a number.
    if len(index_range) > (LONGEST + 1) * MOST_DIMENSIONS:
        return None
    spans = tuple(span for span in map(_parsed, index_range.split(",")) if span is not None)
    return spans if len(spans) == index_range.count(",") + 1 else None


def _parsed(dimension: str) -> slice | None:
    first, separator, last = dimension.partition(":")
    digits = first.isdecimal() and first.isascii() and len(dimension) <= LONGEST
    if not digits or (separator and not (last.isdecimal() and last.isascii())):
        return None
    start = int(first)
    end = int(last) if separator else start
    # "3:3" is wrong by the grammar of NumericRange, however obvious its meaning.
    if separator and end <= start:
        return None
    return slice(start, end + 1)


def part_of(value: ua.Variant | None, spans: Spans) -> ua.Variant | None:
    """Return the part of an array, text or byte string; None: there is nothing in the range."""
    if value is None:
        return None
    part = _part(value.Value, spans)
    return None if part is None else ua.Variant(part, value.VariantType)


def _part(content: Any, spans: Sequence[slice]) -> Any:
    span, rest = spans[0], spans[1:]
    if not isinstance(content, list | str | bytes) or span.start >= len(content):
        return None
    # A range may reach beyond the end: what is there is returned, with Good.
    part = content[span]
    if not isinstance(part, list):
        # A text ends the dimensions; a range of fewer than there are is no range either.
        return None if rest else part
    if not rest:
        return None if any(isinstance(element, list) for element in part) else part
    # Of an array of texts, the last dimension is that of their characters.
    parts = [_part(element, rest) for element in part]
    return None if all(element is None for element in parts) else parts
