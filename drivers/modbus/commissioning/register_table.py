"""Read a register table, a CSV file as spreadsheets write it, and understand its rows.

Nothing is guessed: a cell that says nothing, or something that `register_terms` does not know, is
`UnclearError` until a person says how to take it.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from heatpump_twin.config.errors import ConfigError, Problem
from heatpump_twin.drivers.modbus.commissioning.register_terms import register_terms
from heatpump_twin.drivers.modbus.profile.profile import Order, Space, ValueType

_COLUMNS = ("name", "address", "table", "type", "scale", "unit", "rw", "source")
_REQUIRED = ("name", "address")
_MODICON = {"0": Space.COIL, "1": Space.DISCRETE, "3": Space.INPUT, "4": Space.HOLDING}


class Numbering(StrEnum):
    """How a register table counts its addresses."""

    WIRE = "wire"
    """From 0, as in requests."""
    ONE_BASED = "one-based"
    """From 1: what is numbered X has the address X − 1 (Application Protocol V1.1b3, 4.4)."""
    MODICON = "modicon"
    """40001 or 400001 is the first holding register, 30001 input, 10001 discrete, 1 coil."""


class UnclearError(ValueError):
    """A cell of a register table is not clear: a person has to say what it means."""

    def __init__(self, column: str, cell: str) -> None:
        said = f"does not say its {column}" if not cell else f"has a {column} {cell!r}"
        super().__init__(f"the table {said}")
        self.column = column
        self.cell = cell


@dataclass(frozen=True, slots=True)
class RegisterRow:
    """One register, in the words of its table; what there is no column for is empty."""

    name: str
    address: str
    table: str
    type: str
    scale: str
    unit: str
    rw: str
    source: str

    @property
    def note(self) -> str:
        """The row on one line that may stand in a YAML comment."""
        cells = (self.name, self.table, self.address, self.type, self.scale, self.unit)
        line = " ".join(" ".join(cells).split())
        return "".join(sign if sign.isprintable() else "?" for sign in line)


@dataclass(frozen=True, slots=True)
class Legend:
    """The legend of a register table: its numbering, and what a person says of unclear cells."""

    numbering: Numbering = Numbering.WIRE
    word_order: Order | None = None
    """Of values in several registers, where the table does not say it."""
    takes: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """(column, cell) → what the person says it means."""

    def place(self, row: RegisterRow) -> tuple[Space, int]:
        """Return the Modbus table and the zero-based address of a row. Raises ValueError."""
        try:
            if self.numbering is Numbering.MODICON and row.address.strip().isdecimal():
                # The first of five digits, or six, is the table; those of a coil begin with 0 and
                # are often written without it.
                digits = row.address.strip().zfill(5)
                return _MODICON[digits[0]], int(digits[1:]) - 1
            address = _integer(row.address)
        except (ValueError, KeyError) as error:
            raise ValueError(f"{row.address!r} is not an address") from error
        terms = register_terms()
        space = terms.space(self._taken("table", row.table))
        if space is None:
            raise UnclearError("table", row.table)
        return space, address - (self.numbering is Numbering.ONE_BASED)

    def type(self, row: RegisterRow) -> tuple[ValueType, Order | None]:
        """Return the value type of a row and, of values in several registers, the word order."""
        terms = register_terms()
        cell = self._taken("type", row.type)
        kind = terms.type(cell)
        if kind is None:
            raise UnclearError("type", row.type)
        order = terms.word_order(cell) or self.word_order
        if kind.registers == 1:
            return kind, None
        if order is None:
            raise UnclearError("word order", "")  # a wrong guess gives numbers, and no error
        return kind, order

    def scale(self, row: RegisterRow) -> float:
        """Return the scale of a row; an empty cell is 1."""
        cell = self._taken("scale", row.scale).replace(",", ".")  # the comma of many countries
        try:
            return float(cell or 1)
        except ValueError as error:
            raise UnclearError("scale", row.scale) from error

    def unit(self, row: RegisterRow) -> str | None:
        """Return the unit of a row as profiles write it; None: none is stated."""
        terms = register_terms()
        if not row.unit.strip() and (found := terms.unit_in(row.name)):
            return found
        cell = self._taken("unit", row.unit)
        found = terms.unit(cell)
        if found is None and cell:
            raise UnclearError("unit", row.unit)
        return found

    def _taken(self, column: str, cell: str) -> str:
        return self.takes.get((column, cell.strip().lower()), cell.strip())


def read_rows(path: Path) -> list[RegisterRow]:
    """Return the rows of a register table, a CSV file. Raises `ConfigError`."""
    text = _text(path)
    # By the header, in which no decimal comma can be taken for a delimiter.
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    reader = csv.DictReader(io.StringIO(text), delimiter=delimiter, restval="")
    terms = register_terms()
    headers = {name: terms.column(reader.fieldnames or (), name) for name in _COLUMNS}
    if missing := [name for name in _REQUIRED if headers[name] is None]:
        known = " or ".join(terms.columns[missing[0]])
        message = f"there is no column {missing[0]} (it may be called {known}) in {first.strip()!r}"
        raise ConfigError([Problem(str(path), 1, missing[0], message)])
    return [
        RegisterRow(
            **{name: (row[header] or "") if header else "" for name, header in headers.items()}
        )
        for row in reader
    ]


def take(text: str) -> tuple[tuple[str, str], str]:
    """Parse ``COLUMN:CELL=MEANING``; an empty CELL stands for empty cells. Raises ValueError."""
    # The last "=" and the first ":", because a cell may contain either.
    what, _, meaning = text.rpartition("=")
    column, colon, cell = what.partition(":")
    known = {
        "table": register_terms().space(meaning),
        "type": register_terms().type(meaning),
        "unit": register_terms().unit(meaning),
        "scale": meaning.replace(".", "", 1).isdecimal() or None,
    }
    if column not in known or not colon:
        names = ", ".join(known)
        raise ValueError(f"write COLUMN:CELL=MEANING with a COLUMN of {names}: table:sensors=input")
    if known[column] is None:
        raise ValueError(f"{meaning!r} is not a {column}")
    return (column, cell.strip().lower()), meaning


def _integer(text: str) -> int:
    text = text.strip().lower()
    return int(text, 16) if text.startswith("0x") else int(text)


def _text(path: Path) -> str:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ConfigError(
            [Problem(str(path), 1, "", f"cannot be read: {error.strerror}")]
        ) from error
    try:
        return data.decode("utf-8-sig")  # with the byte order mark that spreadsheets put first
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")  # what spreadsheets on Windows write
