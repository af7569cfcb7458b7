"""Units with numbers in them, as tables write them: ``0.1 °C``, ``[0,5°C]``, ``100W``."""

from __future__ import annotations

import re
from typing import NamedTuple

from heatpump_twin.drivers.modbus.profile.field_units import exact

_NUMBER = r"\d+(?:[.,]\d+)?"
_SIGNS = r"(?:°\s?[CFK]|[A-Za-zµ³°%][\w³²/%.°·]*(?:\s?/\s?\w+)?)"
_CELL = re.compile(
    rf"(?:(?P<count>1\s*/\s*\d+|{_NUMBER})\s*[x×*]?\s*)?(?P<unit>{_SIGNS})"
    rf"(?:\s*(?:[x×*]\s*(?P<times>\d+)|/\s*(?P<over>\d+)))?"
)
_IN_TEXT = re.compile(rf"(?<![\w.,/])(?P<count>1/\d+|{_NUMBER})\s?(?P<unit>{_SIGNS})(?![\w])")
_NAMED = re.compile(
    rf"(?:(?<=\s)[(\[]\s*(?P<bracketed>{_SIGNS})\s*[)\]]|\bin\s+(?P<told>{_SIGNS})(?![\w]))"
)
"""A unit alone: ``Outdoor temperature [°C]``, ``Water pressure in bar``."""


_MOST_DECIMALS = 6


class QuantityCell(NamedTuple):
    """What a cell says of a register: the unit, and how much of it one count is."""

    unit: str
    scale: float | None
    """None: the cell has no number."""


def quantity_cell(cell: str) -> QuantityCell | None:
    """Return what a whole cell says; None: it is not a unit, or says two things.

    ``x10`` behind the unit says how the device makes its count, ten times the value: 0.1.
    """
    text = cell.strip().strip("[](){}").strip()
    found = _CELL.fullmatch(text)
    if found is None:
        return None
    scale = _number(found["count"])
    by = found["times"] or found["over"]
    if by is not None:
        of_count = 1 / exact(float(by)) if float(by) else None
        if of_count is None or (scale is not None and exact(scale) != of_count):
            return None
        scale = float(of_count)
    return QuantityCell(found["unit"], scale)


def quantities_in(text: str) -> list[QuantityCell]:
    """Return every number with a unit behind it in a text."""
    return [QuantityCell(m["unit"], _number(m["count"])) for m in _IN_TEXT.finditer(text)]


def units_in(text: str) -> list[str]:
    """Return what may be a unit in a text; after ``in``, one letter is a word or an article."""
    found = [(m["bracketed"], m["told"]) for m in _NAMED.finditer(text)]
    return [unit or told for unit, told in found if unit or len(told) > 1]


def scale_cell(cell: str) -> float | None:
    """Return the scale that a cell states; None: it states none, or one that can mean two things.

    ``0,1``, ``x0.1``, ``1/10``, ``÷10`` and ``/10`` are tenths. What a table means by ``10`` is its
    own secret; taken as it is, a wrong one is told by the values that it makes.
    """
    text = "".join(cell.split()).lstrip("x×*")
    if match := re.fullmatch(r"(?:1/|/|÷|:)(\d+)", text):
        return float(1 / exact(float(match[1]))) if float(match[1]) else None
    return _number(text)


def of_divisor(cell: str) -> str:
    """Return as a scale what a cell says of how often a count goes into the value: ``10``."""
    number = _number(cell)
    # Not a whole one is the scale itself, under another name.
    return f"1/{number:.0f}" if number and number >= 1 and number.is_integer() else cell


def of_decimals(cell: str) -> str:
    """Return as a scale how many decimals a cell says that a count has: ``1``."""
    number = _number(cell)
    if number is None or not number.is_integer() or not 0 <= number <= _MOST_DECIMALS:
        return cell and f"{cell.strip()} decimals"  # which is no scale, so that a person is asked
    return f"1/{10 ** int(number)}"


def _number(text: str | None) -> float | None:
    if text is None:
        return None
    text = "".join(text.split()).replace(",", ".")
    over = re.fullmatch(r"1/(\d+)", text)
    if over is not None:
        return float(1 / exact(float(over[1]))) if float(over[1]) else None
    try:
        return float(text)
    except ValueError:
        return None
