"""Index ranges: parts of arrays and texts (OPC 10000-4, 7.27)."""

from __future__ import annotations

from asyncua import ua

LONGEST = 21
"""Two numbers of UInt32, which is more than an array can have elements, and a colon."""


def parsed(index_range: str) -> slice | None:
    """Return an index range of one dimension, ``2`` or ``0:3``, as a slice; None: it is wrong."""
    # Python converts no text of thousands of digits to a number.
    if len(index_range) > LONGEST:
        return None
    first, separator, last = index_range.partition(":")
    if not first.isdecimal() or (separator and not last.isdecimal()):
        return None
    start = int(first)
    end = int(last) if separator else start
    # "3:3" is wrong by the grammar of NumericRange, however obvious its meaning.
    if separator and end <= start:
        return None
    return slice(start, end + 1)


def part_of(value: ua.Variant | None, span: slice) -> ua.Variant | None:
    """Return the part of an array, text or byte string; None: there is nothing in the range."""
    content = value.Value if value is not None else None
    if value is None or not isinstance(content, list | str | bytes) or span.start >= len(content):
        return None
    # A range may reach beyond the end: what is there is returned, with Good.
    return ua.Variant(content[span], value.VariantType)
