"""Draft a profile from a register table: what is obvious is mapped, the rest waits as comments.

A draft never writes: what the table calls writable is noted, for a person to state the limits.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import yaml
from pydantic import ValidationError

from heatpump_twin.config.catalogue import CATALOGUE, Group, PointKind, PointRole, PointSpec
from heatpump_twin.config.errors import ConfigError, Problem
from heatpump_twin.drivers.modbus.commissioning.register_table import (
    Legend,
    RegisterRow,
    UnclearError,
    read_table,
)
from heatpump_twin.drivers.modbus.commissioning.register_terms import Claim, register_terms
from heatpump_twin.drivers.modbus.commissioning.state_texts import enum_of, has_values, stated
from heatpump_twin.drivers.modbus.profile.profile import (
    ASSET_TYPE,
    DeviceKind,
    ProfilePoint,
    ValueType,
)
from heatpump_twin.drivers.modbus.profile.profile_files import overlap
from heatpump_twin.drivers.modbus.profile.profile_lint import scale_doubt

_HEAD = """\
# A draft from {table}. Check every point against the datasheet, complete or remove
# what is commented out, and state the limits of the device. `hptwin profile check` tells
# what cannot be.
"""
_UNTRIED = "drafted from a register table; not tried on hardware"
_CELSIUS = "Cel"
_COUNTED = (Group.STATISTICS, Group.MAINTENANCE)
_MEANINGS = {
    "table": "coil|discrete|input|holding",
    "type": "int16|uint32|…",
    "unit": "degC|kW|…",
    "scale": "0.1",
}


@dataclass(frozen=True, slots=True)
class ProfileDraft:
    """The draft of a profile, as YAML, and what became of the rows of its table."""

    text: str
    mapped: Mapping[str, RegisterRow]
    waiting: Mapping[RegisterRow, str]
    """Rows that look like a point that no row feeds, because something is not known → the point."""
    rows: int
    unclear: Counter[tuple[str, str]]
    """(column, cell) → rows of known points that wait for its meaning."""
    unused: Sequence[str]
    """Headers of the columns that were not needed."""
    left_out: Sequence[tuple[int, str]]
    """Lines of the table that became no point, and why."""


@dataclass(slots=True)
class _Line:
    """The line of a draft that one row becomes: a point, or a comment for a person to complete."""

    row: RegisterRow
    claim: Claim | None
    fields: dict[str, object] = field(default_factory=dict)
    point: ProfilePoint | None = None
    problem: str = ""

    @property
    def reason(self) -> str:
        """Why the row is no point."""
        why = self.problem or "no point of the catalogue has this name"
        return f"{self.row.note}: {why}"

    def reject(self, problem: str) -> None:
        """Make the line a comment, with the problem that a person has to solve."""
        self.point, self.problem = None, problem

    def __str__(self) -> str:
        shown = ""
        if self.fields:
            flow = {"point": self.claim.point if self.claim else "?", **self.fields}
            shown = yaml.safe_dump(flow, sort_keys=False, default_flow_style=True, width=1000)
            shown = f"- {shown.strip()}  "
        why = self.problem or ("" if self.claim else "no point of the catalogue has this name")
        problem = f" [{why}]" if why else ""
        if self.point is None:
            return f"  # {shown}# {self.row.note}{problem}"
        writable = "; writable: state `write`" if "w" in self.row.rw.lower() else ""
        return f"  {shown}# {self.row.note}{writable}"


def draft_profile(path: Path, kind: DeviceKind, legend: Legend) -> ProfileDraft:
    """Return the draft of a profile from a register table.

    Raises `ConfigError` if the file is no table, or if nothing in it is obvious.
    """
    table = read_table(path)
    rows = table.rows
    unclear: Counter[tuple[str, str]] = Counter()
    lines = [_line(row, kind, legend, unclear) for row in rows]
    _settle(lines)
    mapped = {line.point.point: line.row for line in lines if line.point is not None}
    left_out = [*table.skipped, *((x.row.line, x.reason) for x in lines if x.point is None)]
    left_out.sort()
    if not mapped:
        raise ConfigError([*_nothing(path, unclear), *_reasons(path, left_out)])
    source = next((row.source for row in rows if row.source), f"register table {path.name}")
    head = {
        "title": path.stem.replace("_", " "),
        "kind": kind.value,
        "source": source,
        "unverified": [
            "drafted from a register table; not tried on hardware",
            *_assumed(lines, legend),
        ],
    }
    if legend.word_order is not None:
        head["word_order"] = legend.word_order.value
    text = _HEAD.format(table=path.name)
    text += yaml.safe_dump(head, sort_keys=False, width=100, allow_unicode=True)
    text += "points:\n" + "\n".join(map(str, lines)) + "\n"
    waiting = {
        line.row: line.claim.point
        for line in lines
        if line.claim is not None and line.claim.point not in mapped
    }
    return ProfileDraft(text, mapped, waiting, len(rows), unclear, table.unused, left_out)


def _assumed(lines: Sequence[_Line], legend: Legend) -> list[str]:
    """Return what was assumed of the rows that are mapped."""
    mapped = [(line.point, line.row) for line in lines if line.point is not None]
    registers = [(point, row) for point, row in mapped if not point.space.of_bits]
    typed = [point.point for point, row in registers if legend.assumes_type(row)]
    celsius = [p.point for p, row in registers if p.unit == "degC" and legend.assumes_celsius(row)]
    told = (
        ("the table does not say the type; int16", typed),
        ("the table has no units; °C", celsius),
    )
    return [f"{what} is assumed of {', '.join(names)}" for what, names in told if names]


def unclear_text(column: str, cell: str, rows: int) -> str:
    """Return the message on an unclear cell of a table, with the option by which to explain it."""
    known = f"{UnclearError(column, cell)} (rows that matter: {rows})"
    if column == "word order":
        return f"{known}: say --word-order big, or little"
    return f"{known}: say what it is, --take '{column}:{cell}={_MEANINGS[column]}'"


def _line(
    row: RegisterRow, kind: DeviceKind, legend: Legend, unclear: Counter[tuple[str, str]]
) -> _Line:
    claim = register_terms().claim(row.name, kind)
    spec = CATALOGUE[ASSET_TYPE][claim.point] if claim else None
    line = _Line(row, claim)
    # A row that cannot be used waits with its reason; it must not stop the draft of the others.
    try:
        line.fields = _fields(row, claim.point if claim else "", spec, legend)
        if claim is not None and spec is not None:
            line.point = _point({"point": claim.point, **line.fields}, spec)
    except UnclearError as error:
        line.problem = str(error)
        if claim is not None:
            unclear[error.column, error.cell] += 1
    except ValidationError as error:
        messages = (str(e["msg"]).removeprefix("Value error, ") for e in error.errors())
        line.problem = "; ".join(messages)
    except ValueError as error:
        line.problem = str(error)
    return line


def _fields(
    row: RegisterRow, point: str, spec: PointSpec | None, legend: Legend
) -> dict[str, object]:
    space, address = legend.place(row)
    fields: dict[str, object] = {"space": space.value, "address": address}
    if space.of_bits:
        fields["type"] = ValueType.BOOL.value
        if spec is not None and spec.kind is not PointKind.ANALOG:
            fields |= _enum(row, spec, point, ValueType.BOOL)
        return fields
    kind, order = legend.type(row)
    fields["type"] = kind.value
    if order is not None and order is not legend.word_order:
        fields["word_order"] = order.value
    if spec is not None and spec.kind is not PointKind.ANALOG:
        fields |= _enum(row, spec, point, kind)
    if (scale := legend.scale(row)) != 1:
        fields["scale"] = scale
    return fields | _unit(row, spec, legend)


def _unit(row: RegisterRow, spec: PointSpec | None, legend: Legend) -> dict[str, object]:
    has_unit = spec is None or spec.unit not in (None, "1")
    unit = legend.unit(row) if has_unit or row.unit.strip() else None
    if unit == "1" and not has_unit:
        return {}
    # Of a table without types one register is assumed, which a counter seldom has.
    if legend.assumes_type(row) and spec is not None and spec.group in _COUNTED:
        raise UnclearError("type", row.type)
    if unit is not None:
        return {"unit": unit}
    if spec is not None and spec.unit == _CELSIUS and legend.assumes_celsius(row):
        return {"unit": "degC"}
    # The catalogue's unit would be a guess, and kW taken for W is wrong by a thousand.
    if spec is not None and has_unit:
        raise UnclearError("unit", "")
    return {}


def _enum(row: RegisterRow, spec: PointSpec, point: str, kind: ValueType) -> dict[str, object]:
    """Return the enum of a state, as far as the row explains its values."""
    texts = next(filter(None, map(stated, row.explanations)), {})
    found = enum_of(spec, texts, point) if texts else {}
    if len(found) > 1 and (kind is not ValueType.BOOL or found != {0: 0, 1: 1}):
        return {"enum": found}
    if texts and len(found) < 2:
        told = ", ".join(f"{raw}: {words}" for raw, words in texts.items())
        raise ValueError(f"state in `enum` which code each of these is: {told}")
    if has_values(row.name):
        raise ValueError("its name explains values: state them in `enum`")
    # Another number than 0 and 1 is then no state, instead of "on".
    return {"enum": {0: 0, 1: 1}} if spec.states and kind is not ValueType.BOOL else {}


def _point(fields: Mapping[str, object], spec: PointSpec) -> ProfilePoint:
    """Return a point that can be right, or raise ValueError."""
    is_bit = fields["type"] == ValueType.BOOL
    if spec.kind is PointKind.ANALOG and is_bit:
        raise ValueError("a bit is no quantity")
    if spec.kind is PointKind.MULTI_STATE and "enum" not in fields:
        raise ValueError("state in `enum` which raw value is which of the catalogue's codes")
    if spec.kind is not PointKind.ANALOG and fields.get("scale", 1) != 1:
        raise ValueError("a state has no scale")
    point = ProfilePoint.model_validate(fields)
    if doubt := scale_doubt(point):
        raise ValueError(doubt)
    return point


def _settle(lines: Sequence[_Line]) -> None:
    """Let one row feed each point: the one with the best claim, or none if two are equally good."""
    claims: dict[str, list[_Line]] = {}
    for line in lines:
        if line.point is not None:
            claims.setdefault(line.point.point, []).append(line)
    taken: list[ProfilePoint] = []
    for rivals in claims.values():
        best, *equal = _best(rivals)
        # Of two rows that fit equally well, neither: whoever took the first would never be told.
        for line in rivals:
            if equal:
                line.reject(f"{len(equal) + 1} rows fit this point: choose one")
            elif line is not best:
                line.reject(f"{best.row.name} fits better")
        if best.point is not None:
            if other := next((p for p in taken if overlap(p, best.point)), None):
                best.reject(f"lies on the registers of {other.point}")
            else:
                taken.append(best.point)


def _best(rivals: Sequence[_Line]) -> list[_Line]:
    """Return the rows with the best term; of those, setpoints in a table that can be written.

    Some makers show a setpoint in an input register as well. A register that is listed twice
    counts once. Of temperatures that can only be read, the plainest name: "flow temperature" has
    it before "actual flow temperature hp". What can be written may be the setpoint of what is
    "actual", and a frequency the one that is asked for.
    """
    rank = min(line.claim.rank for line in rivals if line.claim)
    best = [line for line in rivals if line.claim and line.claim.rank == rank]
    fitting = [line for line in best if line.point and _in_its_table(line.point)] or best
    if all(line.point and _is_reading_of_temperature(line.point) for line in fitting):
        plainest = min(line.claim.fillers for line in fitting if line.claim)
        fitting = [line for line in fitting if line.claim and line.claim.fillers == plainest]
    first, *others = fitting
    return [first, *(line for line in others if line.fields != first.fields)]


def _in_its_table(point: ProfilePoint) -> bool:
    """Tell whether a setpoint can be written, or what is measured only be read."""
    return point.space.writable is (point.spec.role is PointRole.SETPOINT)


def _is_reading_of_temperature(point: ProfilePoint) -> bool:
    measured = point.spec.role is not PointRole.SETPOINT and not point.space.writable
    return measured and point.spec.unit == _CELSIUS


def _nothing(path: Path, unclear: Counter[tuple[str, str]]) -> list[Problem]:
    """Return the problems of a table of which no row could be mapped, the commonest first."""
    message = "no row is obviously a point of the catalogue; write the profile by hand"
    if not unclear:
        return [Problem(str(path), 1, "name", message)]
    return [
        Problem(str(path), 1, column, unclear_text(column, cell, rows))
        for (column, cell), rows in unclear.most_common()
    ]


def _reasons(path: Path, left_out: Sequence[tuple[int, str]]) -> list[Problem]:
    return [Problem(str(path), line, "row", f"left out: {why}") for line, why in left_out]
