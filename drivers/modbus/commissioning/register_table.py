"""Read a register table, a CSV file as spreadsheets write it, and understand its rows.

Nothing is guessed: a cell that says nothing, or something that `register_terms` does not know, is
`UnclearError` until a person says how to take it. Two things are assumed, and said in the draft.
A register of its own is an int16 where a table has no types at all, or only says that it is a
temperature and scales it; a temperature is in °C where a table has types and scales but no units.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from heatpump_twin.drivers.modbus.commissioning.register_terms import plain, register_terms
from heatpump_twin.drivers.modbus.commissioning.table_layout import (
    ADDRESS,
    TableLayout,
    read_layout,
)
from heatpump_twin.drivers.modbus.commissioning.unit_cells import (
    QuantityCell,
    of_decimals,
    of_divisor,
    quantities_in,
    quantity_cell,
    scale_cell,
    units_in,
)
from heatpump_twin.drivers.modbus.profile.profile import Order, Space, ValueType

_NOTHING = {"-", "--", "–", "—", "/", "n/a", "na", "none", "."}
_IMPERIAL = re.compile(r"°\s?f\b|deg\s?f\b|fahrenheit|\bpsi\b|\bgpm\b|\bbtu", re.IGNORECASE)
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
    end: str = ""
    """Last address, where the table has a column for it."""
    remarks: tuple[str, ...] = ()
    """Cells of the other columns, in which units and states may be explained."""
    typeless: bool = False
    """Whether the table states no types at all."""
    unitless: bool = False
    """Whether the table states no units at all, and nothing in it is imperial."""
    line: int = 0

    @property
    def note(self) -> str:
        """The row on one line that may stand in a YAML comment."""
        cells = (self.name, self.table, self.address, self.type, self.scale, self.unit)
        return printable(" ".join(cells))

    @property
    def explanations(self) -> tuple[str, ...]:
        """Texts that may explain the values of a state."""
        return (*self.remarks, self.name, self.unit, self.source)


def printable(text: str) -> str:
    """Return a text on one line, without what steers a terminal."""
    return "".join(sign if sign.isprintable() else "?" for sign in " ".join(text.split()))


@dataclass(frozen=True, slots=True)
class RegisterTable:
    """A register table: its rows, and what of it was left out."""

    rows: Sequence[RegisterRow]
    unused: Sequence[str]
    """Headers of the columns in which only units and states were looked for."""
    skipped: Sequence[tuple[int, str]]
    """Lines that are no registers, and why."""


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
        found = ADDRESS.fullmatch(row.address.strip())
        if found is None:
            raise ValueError(f"{row.address!r} is not an address")
        if self.numbering is Numbering.MODICON and found["number"]:
            # The first of five digits, or six, is the table; those of a coil begin with 0 and
            # are often written without it.
            digits = "".join(found["number"].split()).zfill(5)
            if digits[0] not in _MODICON:
                raise ValueError(f"{row.address!r} is not an address")
            return _MODICON[digits[0]], int(digits[1:]) - 1
        hexadecimal = found["hex"] or found["tail"]
        address = int(hexadecimal, 16) if hexadecimal else int("".join(found["number"].split()))
        space = register_terms().space(self._taken("table", row.table))
        if space is None:
            raise UnclearError("table", row.table)
        return space, address - (self.numbering is Numbering.ONE_BASED)

    def type(self, row: RegisterRow) -> tuple[ValueType, Order | None]:
        """Return the value type of a row and, of values in several registers, the word order."""
        terms = register_terms()
        cell = self._taken("type", row.type)
        kind = terms.type(cell)
        if self.assumes_type(row) and self._registers(row) == 1:
            kind = ValueType.INT16
        if kind is None:
            raise UnclearError("type", row.type)
        if self._registers(row) not in (1, kind.registers):
            count = self._registers(row)
            raise ValueError(f"the table gives it {count} registers, and {kind} has another number")
        order = terms.word_order(cell) or self.word_order
        if kind.registers == 1:
            return kind, None
        if order is None:
            raise UnclearError("word order", "")  # a wrong guess gives numbers, and no error
        return kind, order

    def assumes_type(self, row: RegisterRow) -> bool:
        """Tell whether neither the table nor a person says the type of a row."""
        taken = self._taken("type", row.type)
        if plain(taken) in register_terms().quantity_types:
            # A count with a scale; what has none may be a float. Below zero it needs a sign.
            return (scale_cell(self._taken("scale", row.scale)) or 1.0) < 1
        return row.typeless and not taken

    def assumes_celsius(self, row: RegisterRow) -> bool:
        """Tell whether a temperature can be taken to be in °C, though nobody says it."""
        known = not row.typeless and bool(row.scale.strip())
        return row.unitless and known and ("unit", "") not in self.takes

    def scale(self, row: RegisterRow) -> float:
        """Return the scale of a row: that of its column, or the number in its unit; default: 1.

        Raises ValueError where the two differ.
        """
        cell = self._taken("scale", row.scale)
        stated = scale_cell(cell) if cell else None
        if cell and stated is None:
            raise UnclearError("scale", row.scale)
        said = self.quantity(row)
        of_unit = said.scale if said is not None else None
        if stated is not None and of_unit is not None and stated != of_unit:
            raise ValueError(
                f"the scale is {stated:g} in its own column and {of_unit:g} with the unit: "
                "say which is right"
            )
        return stated if stated is not None else of_unit if of_unit is not None else 1.0

    def unit(self, row: RegisterRow) -> str | None:
        """Return the unit of a row as profiles write it; None: none is stated."""
        terms = register_terms()
        if not row.unit.strip() and (found := terms.unit_in(row.name)):
            return found
        taken = self._taken("unit", row.unit)
        if taken != row.unit.strip():
            return terms.unit(taken)
        said = self.quantity(row)
        if said is not None and (found := terms.unit(said.unit)):
            return found
        if taken and not any(sign.isdigit() for sign in taken) and terms.unit(taken) is None:
            raise UnclearError("unit", row.unit)
        return terms.unit(taken) or (None if taken else _named_unit(row))

    def quantity(self, row: RegisterRow) -> QuantityCell | None:
        """Return the unit of a row with the number before it, wherever the row says it."""
        terms = register_terms()
        if row.unit.strip():
            found = quantity_cell(row.unit)
            if found is None and any(sign.isdigit() for sign in row.unit):
                raise UnclearError("unit", row.unit)
            return found
        whole = [q for q in map(quantity_cell, row.remarks) if q and terms.unit(q.unit)]
        parts = [q for text in (*row.remarks, row.name) for q in quantities_in(text)]
        known = dict.fromkeys(whole or [q for q in parts if terms.unit(q.unit)])
        # Two of them may be a range, such as 20 °C to 60 °C.
        return next(iter(known)) if len(known) == 1 else None

    def _registers(self, row: RegisterRow) -> int:
        """Return how many registers the table gives a row; 1 where it does not say."""
        found = ADDRESS.fullmatch(row.address.strip())
        last = row.end.strip() or (found["end"] if found else "")
        if found is None or not found["number"] or not last or not last.isdecimal():
            return 1
        first = "".join(found["number"].split())
        last = first[: len(first) - len(last)] + last  # 30001/2
        return max(1, int(last) - int(first) + 1)

    def _taken(self, column: str, cell: str) -> str:
        return self.takes.get((column, cell.strip().lower()), cell.strip())


def read_table(path: Path) -> RegisterTable:
    """Return a register table, a CSV file. Raises `ConfigError`."""
    layout = read_layout(path)
    types = layout.roles.get("type")
    typeless = types is None or not any(
        row[types : types + 1] != ("",) for row in layout.rows if row
    )
    units = layout.roles.get("unit")
    unitless = units is not None and not any(
        _stated("".join(row[units : units + 1])) or _IMPERIAL.search(" ".join(row))
        for row in layout.rows
    )
    rows: list[RegisterRow] = []
    skipped = [
        (line, f"{shown}: above the header")
        for line, cells in enumerate(layout.above, 1)
        if (shown := printable(" ".join(cells)))
    ]
    for line, cells in enumerate(layout.rows, layout.first_line):
        if not any(cell.strip() for cell in cells):
            continue
        row = _row(layout, cells, line, typeless=typeless, unitless=unitless)
        if not row.address.strip():
            skipped.append((line, f"{row.note or 'a remark'}: no address"))
        elif not row.name.strip():
            skipped.append((line, f"{row.note}: no name"))
        else:
            rows.append(row)
    return RegisterTable(rows, layout.unused, skipped)


def _row(
    layout: TableLayout, cells: tuple[str, ...], line: int, *, typeless: bool, unitless: bool
) -> RegisterRow:
    def at(role: str) -> str:
        column = layout.roles.get(role)
        return cells[column] if column is not None and column < len(cells) else ""

    address, table = at("address"), at("table")
    used = {*layout.roles.values()} - {layout.roles.get("states")}
    for column, space in layout.spaces.items():
        cell = cells[column].strip() if column < len(cells) else ""
        if cell and not address:
            address = cell
        if cell and not table:
            table = space.value
    of_address = layout.roles.get("address")
    in_hex = of_address is not None and "hex" in layout.header[of_address].lower()
    if in_hex and address.strip():
        address = f"0x{address.strip().removeprefix('0x')}"
    scales = [
        _stated(at("scale")),
        of_divisor(_stated(at("divisor"))),
        of_decimals(_stated(at("decimals"))),
    ]
    remarks = tuple(cell for i, cell in enumerate(cells) if i not in used and cell.strip())
    return RegisterRow(
        at("name"), address, table, _stated(at("type")), next(filter(None, scales), ""),
        _stated(at("unit")), at("rw"), at("source"),
        at("end"), remarks, typeless, unitless, line,
    )  # fmt: skip


def _named_unit(row: RegisterRow) -> str | None:
    """Return the one unit that stands alone in a text of the row; None: none, or several."""
    unit = register_terms().unit
    texts = (row.name, *row.remarks, row.source)
    named = {unit(text) for whole in texts for text in units_in(whole)} - {None}
    return named.pop() if len(named) == 1 else None


def _stated(cell: str) -> str:
    """Return a cell, empty where it only says that there is nothing to say."""
    return "" if cell.strip().lower() in _NOTHING else cell


def take(text: str) -> tuple[tuple[str, str], str]:
    """Parse ``COLUMN:CELL=MEANING``; an empty CELL stands for empty cells. Raises ValueError."""
    # The last "=" and the first ":", because a cell may contain either.
    what, _, meaning = text.rpartition("=")
    column, colon, cell = what.partition(":")
    known = {
        "table": register_terms().space(meaning),
        "type": register_terms().type(meaning),
        "unit": register_terms().unit(meaning),
        "scale": scale_cell(meaning),
    }
    if column not in known or not colon:
        names = ", ".join(known)
        raise ValueError(f"write COLUMN:CELL=MEANING with a COLUMN of {names}: table:sensors=input")
    if known[column] is None:
        raise ValueError(f"{meaning!r} is not a {column}")
    return (column, cell.strip().lower()), meaning
