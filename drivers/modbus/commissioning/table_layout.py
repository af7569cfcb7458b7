"""The layout of a register table: where its header is, and which column says what."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from heatpump_twin.config.errors import ConfigError, Problem
from heatpump_twin.drivers.modbus.commissioning.register_terms import plain, register_terms
from heatpump_twin.drivers.modbus.profile.profile import Space

ROLES = (
    "name", "address", "end", "table", "type", "scale", "divisor", "decimals", "unit", "rw",
    "source", "states",
)  # fmt: skip
_HEADER_WITHIN = 25
"""Lines in which the header has to be; titles and remarks may stand above it."""
_DELIMITERS = ",;\t|"
ADDRESS = re.compile(
    r"(?:0x(?P<hex>[0-9a-f]+)|(?P<tail>[0-9a-f]+)h|(?P<number>\d[\d ]*))"
    r"(?:\s*(?:[-\u2013/]|to|bis)\s*(?:0x)?(?P<end>[0-9a-f]+)h?)?(?:\s*\(.*\))?",
    re.IGNORECASE,
)
"""``12``, ``0x0C``, ``0Ch``, ``12-13``, ``12 (0x0C)``."""


@dataclass(frozen=True, slots=True)
class TableLayout:
    """The layout of a table, and its rows of cells."""

    header: tuple[str, ...]
    first_line: int
    """Line of the first row, as a text editor counts."""
    roles: dict[str, int]
    """Role → column."""
    spaces: dict[int, Space]
    """Columns that are headed by a Modbus table: the addresses in it, or a mark."""
    rows: tuple[tuple[str, ...], ...]
    above: tuple[tuple[str, ...], ...] = ()
    """Lines above the header: titles and remarks."""

    @property
    def unused(self) -> list[str]:
        """The headers of the columns that say nothing to us."""
        used = {*self.roles.values(), *self.spaces}
        return [
            text.strip() for i, text in enumerate(self.header) if i not in used and text.strip()
        ]


def read_layout(path: Path) -> TableLayout:
    """Return the layout of a CSV file. Raises `ConfigError`."""
    text = _text(path)
    if "\0" in text:
        message = "it is not a text in UTF-8, or in UTF-16 with its mark: save it as CSV in UTF-8"
        raise ConfigError([Problem(str(path), 1, "", message)])
    best = max((_layout(text, sign) for sign in _DELIMITERS), key=lambda found: found[0])[1]
    missing = [role for role in ("name", "address") if role not in best.roles]
    if best.spaces and "address" in missing:
        missing.remove("address")
    if missing:
        known = " or ".join(register_terms().columns[missing[0]])
        first = text.partition("\n")[0].strip()
        message = f"there is no column {missing[0]} (it may be called {known}) in {first!r}"
        raise ConfigError([Problem(str(path), 1, missing[0], message)])
    return best


def _layout(text: str, delimiter: str) -> tuple[tuple[int, int], TableLayout]:
    """Return the layout with a delimiter, and how much of it is understood."""
    cells = [tuple(row) for row in csv.reader(io.StringIO(text, newline=None), delimiter=delimiter)]
    best: tuple[tuple[int, int], TableLayout] | None = None
    for line, header in enumerate(cells[:_HEADER_WITHIN]):
        rows = tuple(cells[line + 1 :])
        candidates = _candidates(header)
        spaces = _spaces(header)
        roles = {role: _chosen(role, columns, rows) for role, columns in candidates.items()}
        for column in [c for c in spaces if c in roles.values()]:
            del spaces[column]
        above = tuple(cells[:line])
        layout = TableLayout(header, line + 2, _once(roles), spaces, rows, above)
        score = (len(layout.roles) + bool(spaces), len(header))
        if best is None or score[0] > best[0][0]:
            best = score, layout
    return best or ((0, 0), TableLayout((), 1, {}, {}, ()))


def _candidates(header: Sequence[str]) -> dict[str, list[int]]:
    """Return the columns that may have a role, the best term first."""
    terms = register_terms().columns
    found: dict[str, list[int]] = {}
    for role in ROLES:
        places = [
            (terms[role].index(said), column)
            for column, text in enumerate(header)
            for said in _said(text)
            if said in terms[role]
        ]
        if places:
            found[role] = [column for _, column in sorted(places)]
    return found


def _said(header: str) -> list[str]:
    """Return what a header says: as it is, without its remark, and each of two languages."""
    bare = re.sub(r"[(\[].*?[)\]]", " ", header)
    parts = [header, bare, *re.split(r"[/|\n]", bare)]
    return list(dict.fromkeys(plain(part) for part in parts if plain(part)))


def _spaces(header: Sequence[str]) -> dict[int, Space]:
    found = {}
    for column, text in enumerate(header):
        space = register_terms().space(text)
        if space is not None:
            found[column] = space
    return found


def _chosen(role: str, columns: Sequence[int], rows: Sequence[Sequence[str]]) -> int:
    """Return the column of several that looks most like a role: by words, or by addresses."""
    test = {"name": _has_words, "address": _is_address}.get(role)
    if test is None or len(columns) == 1:
        return columns[0]
    # max keeps the first of equals, which has the better term.
    return max(columns, key=lambda column: _share(rows, column, test))


def _share(rows: Sequence[Sequence[str]], column: int, test: object) -> float:
    assert callable(test)  # noqa: S101 (for the type checker)
    cells = [row[column] for row in rows if column < len(row) and row[column].strip()]
    return round(sum(map(test, cells)) / len(cells), 1) if cells else 0.0


def _has_words(cell: str) -> bool:
    return bool(re.search(r"[^\W\d_]{3}", cell))


def _is_address(cell: str) -> bool:
    return ADDRESS.fullmatch(cell.strip()) is not None


def _once(roles: dict[str, int]) -> dict[str, int]:
    """Return the roles without those whose column has a role that comes before."""
    found: dict[str, int] = {}
    for role, column in roles.items():
        if column not in found.values():
            found[role] = column
    return found


def _text(path: Path) -> str:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ConfigError(
            [Problem(str(path), 1, "", f"cannot be read: {error.strerror}")]
        ) from error
    for encoding in (
        ("utf-8-sig", "utf-16") if data[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig",)
    ):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return data.decode("cp1252", errors="replace")  # what spreadsheets on Windows write
