"""Samples of tables, in pieces: columns and series are points, cells their values."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from heatpump_twin.config.catalogue import PointTable
from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.drivers.frame import Frame
from heatpump_twin.drivers.status import BAD_NO_DATA, GOOD, is_bad
from heatpump_twin.errors import TwinError
from heatpump_twin.safekeeping.importing.cell_values import CellValues
from heatpump_twin.safekeeping.importing.import_map import EXPORTED, ImportMap, LongRule, PointRule
from heatpump_twin.safekeeping.importing.import_report import ImportReport, PointReport
from heatpump_twin.safekeeping.importing.row_times import RowTimes
from heatpump_twin.safekeeping.importing.table_file import TableFile

PIECE = 50_000
"""Samples that are in memory at once."""
NO_VALUE = float("nan")


@dataclass(slots=True)
class TableSamples:
    """The samples of tables, read one after the other as one."""

    map: ImportMap
    table: PointTable
    zone: ZoneInfo
    report: ImportReport = field(default_factory=ImportReport)
    _values: dict[tuple[str, str], CellValues | None] = field(default_factory=dict)
    _piece: list[tuple[int, float, int, int]] = field(default_factory=list)

    def read(
        self, file: TableFile, done: Callable[[int], None] = lambda _bytes: None
    ) -> Iterator[Frame]:
        """Yield the samples of a file, with the index of points; mistakes are in the report."""
        times = RowTimes(self.map.time, self.zone)
        rows = file.read(done)
        _, head = next(rows)
        columns = {name.strip(): place for place, name in enumerate(head)}
        time_at = [_place(columns, name, file) for name in self.map.time.columns]
        long = self.map.long
        if long is not None and self.map is EXPORTED and long.unit not in columns:
            # In Parquet the unit is in the schema, and it is the one that a point has.
            long = long.model_copy(update={"unit": ""})
        taken = self._long(columns, long, file) if long else self._wide(columns, set(time_at))
        for line, cells in rows:
            self.report.rows += 1
            place = f"{file.path}:{line}"
            if len(cells) != len(head):
                self.report.mistake(place, f"{len(cells)} cells, and {len(head)} columns")
                continue
            text = " ".join(cells[at].strip() for at in time_at)
            for name, unit, cell, status in taken(cells):
                self._take(place, (name, unit), (text, cell, status), times)
            if len(self._piece) >= PIECE:
                yield self._frame()
        if self._piece:
            yield self._frame()

    def ends(self) -> Frame:
        """Return the gaps behind the last values of all points, where the map wants them."""
        known = [(self.table.by_key[key].index, p.last) for key, p in self.report.points.items()]
        points, last = zip(*known, strict=True) if known and self.map.gap else ((), ())
        return Frame.of(points, NO_VALUE, BAD_NO_DATA, [time + 1 for time in last])

    def _take(
        self, place: str, column: tuple[str, str], row: tuple[str, str, int], times: RowTimes
    ) -> None:
        """Take a value, or note why not."""
        text, cell, status = row
        values = self._column(*column)
        if values is None:
            self.report.unknown[column[0]] += 1
            return
        try:
            # Also of a cell without a value: of rows without a day, the next follows from it.
            time = times.time(text, column[0] if self.map.long else "")
        except ValueError as error:
            self.report.mistake(place, f"time {text!r}: {error}")
            return
        try:
            if is_bad(status):
                value = NO_VALUE
            elif cell in self.map.format.missing:
                self.report.missing += 1
                return
            else:
                value = values.value(cell)
        except ValueError as error:
            self.report.mistake(place, f"{column[0]}: {error}")
            return
        self._add(values, time, value, status)

    def _add(self, values: CellValues, time: int, value: float, status: int) -> None:
        point = self.report.points.setdefault(values.point.key, PointReport())
        gap = None if self.map.gap is None else round(self.map.gap * MICROSECONDS)
        before = point.previous
        point.note(time, outside=values.outside(value), gap=gap)
        index = values.point.index
        if before is not None and gap is not None and time - before > gap:
            self._piece.append((index, NO_VALUE, BAD_NO_DATA, before + 1))
        self._piece.append((index, value, status, time))

    def _column(self, name: str, unit: str) -> CellValues | None:
        """Return how values of a column or series are read; None: it is not imported."""
        if (name, unit) not in self._values:
            rule = self.map.rule(name)
            if rule is None and not self.map.points and name in self.table.by_key:
                rule = PointRule(point=name, unit=unit or None)
            self._values[name, unit] = None if rule is None else self._of_rule(name, rule)
        return self._values[name, unit]

    def _of_rule(self, name: str, rule: PointRule) -> CellValues:
        point = self.table.by_key.get(rule.point)
        if point is None:
            raise TwinError(
                f"{name}: {rule.point} is no point of this site; `hptwin points` lists them"
            )
        try:
            return CellValues.of(point, rule, self.map.format)
        except ValueError as error:
            raise TwinError(f"{name}: {error}") from error

    def _long(
        self, columns: dict[str, int], rule: LongRule, file: TableFile
    ) -> Callable[[Sequence[str]], Iterator[tuple[str, str, str, int]]]:
        name, value = _place(columns, rule.point, file), _place(columns, rule.value, file)
        unit = _place(columns, rule.unit, file) if rule.unit else None
        status = _place(columns, rule.status, file) if rule.status else None

        def cells_of(cells: Sequence[str]) -> Iterator[tuple[str, str, str, int]]:
            if cells[name] not in self.map.ignore:
                code = GOOD if status is None else _status(cells[status])
                said = "" if unit is None else cells[unit]
                yield cells[name], said, cells[value].strip(), code

        return cells_of

    def _wide(
        self, columns: dict[str, int], times: set[int]
    ) -> Callable[[Sequence[str]], Iterator[tuple[str, str, str, int]]]:
        wanted = [
            (*_titled(name, self.map), place)
            for name, place in columns.items()
            if place not in times and name not in self.map.ignore
        ]

        def cells_of(cells: Sequence[str]) -> Iterator[tuple[str, str, str, int]]:
            for name, unit, place in wanted:
                yield name, unit, cells[place].strip(), GOOD

        return cells_of

    def _frame(self) -> Frame:
        point, value, status, time = zip(*self._piece, strict=True)
        self._piece.clear()
        return Frame.of(point, value, status, time)


def _place(columns: dict[str, int], name: str, file: TableFile) -> int:
    if name not in columns:
        raise TwinError(f"{file.path}:1: there is no column {name!r}, only {', '.join(columns)}")
    return columns[name]


def _titled(title: str, map_: ImportMap) -> tuple[str, str]:
    """Return name and unit of a column such as ``hp1.power [W]``, as an export writes it."""
    name, bracket, unit = title.partition(" [")
    if bracket and not map_.points and unit.endswith("]"):
        return name, unit[:-1]
    return title, ""


def _status(text: str) -> int:
    """Return the code of a status such as ``good 0x00000000``, or of a plain number."""
    _, _, number = text.rpartition(" ")
    try:
        return int(number, 0)
    except ValueError:
        return GOOD
