"""Columns of tables, by the titles in their first row, and what is in their cells."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from heatpump_twin.drivers.status import BAD, GOOD, UNCERTAIN
from heatpump_twin.errors import TwinError
from heatpump_twin.safekeeping.importing.import_map import ImportMap

_WORDS = {"good": GOOD, "uncertain": UNCERTAIN, "bad": BAD}


class Cell(NamedTuple):
    """A cell with what belongs to it."""

    name: str
    """Of its column, or series."""
    unit: str
    """Empty: that of the map, or of the point."""
    text: str
    status: str | None = None
    """None: the table has none."""


def places(head: Sequence[str], map_: ImportMap, path: str) -> dict[str, int]:
    """Return the place of each column; raise `TwinError` for a name that is there twice."""
    names = [name.strip() for name in head]
    # Columns without a name are what separators at the ends of lines make.
    harmless = {"", *map_.ignore} - {*map_.time.columns, *map_.points}
    repeated = [n for n, count in Counter(names).items() if count > 1 and n not in harmless]
    if repeated:
        told = ", ".join(map(repr, repeated))
        raise TwinError(f"{path}: more than one column is named {told}; name each otherwise")
    return {name: place for place, name in enumerate(names)}


def place_of(columns: Mapping[str, int], name: str, path: str) -> int:
    """Return the place of a column; raise `TwinError` if there is none."""
    if name not in columns:
        raise TwinError(f"{path}:1: there is no column {name!r}, only {', '.join(columns)}")
    return columns[name]


def titled(title: str, map_: ImportMap) -> tuple[str, str]:
    """Return name and unit of a column such as ``hp1.power [W]``, as an export writes it."""
    name, bracket, unit = title.partition(" [")
    if bracket and not map_.points and unit.endswith("]"):
        return name, unit[:-1]
    return title, ""


def status_of(text: str) -> int:
    """Return the code of a status: ``good 0x00000000``, a number, or a word alone.

    Raises `ValueError` for what is none.
    """
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    word, _, number = text.rpartition(" ")
    try:
        code = int(number, 0)
    except ValueError:
        code = -1
    if not 0 <= code < 2**32 or (word and word.lower() not in _WORDS):
        raise ValueError(f"status {text!r} is none; write good, uncertain, bad, or a code")
    return code
