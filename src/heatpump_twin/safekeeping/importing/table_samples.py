"""Samples of tables, in pieces: columns and series are points, cells their values."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
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
from heatpump_twin.safekeeping.importing.table_columns import (
    Cell,
    place_of,
    places,
    status_of,
    titled,
)
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
    latest: int
    """The last time that can have been measured. [µs since the Unix epoch]"""
    report: ImportReport = field(default_factory=ImportReport)
    _values: dict[tuple[str, str], CellValues | None] = field(default_factory=dict)
    _piece: list[tuple[int, float, int, int]] = field(default_factory=list)
    _times: RowTimes = field(init=False)

    def __post_init__(self) -> None:
        self._times = RowTimes(self.map.time, self.zone, self.latest)

    def read(
        self, file: TableFile, done: Callable[[int], None] = lambda _bytes: None
    ) -> Iterator[Frame]:
        """Yield the samples of a file, with the index of points; mistakes are in the report."""
        rows = file.read(done)
        _, head = next(rows)
        columns = places(head, self.map, file.name)
        time_at = [place_of(columns, name, file.name) for name in self.map.time.columns]
        long = self._long_rule(columns)
        taken = self._long(columns, long, file) if long else self._wide(columns, time_at, file)
        if not long:
            self.report.columns.update(dict.fromkeys(columns, 0))
        for line, cells in rows:
            self.report.rows += 1
            place = f"{file.name}:{line}"
            if len(cells) != len(head):
                self.report.mistake(place, f"{len(cells)} cells, and {len(head)} columns")
                continue
            self._row(place, " ".join(cells[at].strip() for at in time_at), taken(cells))
            if len(self._piece) >= PIECE:
                yield self._frame()
        if self._piece:
            yield self._frame()

    def ends(self) -> Frame:
        """Return the gaps behind the last values of all points, where the map wants them."""
        known = [(self.table.by_key[key].index, p.last) for key, p in self.report.points.items()]
        points, last = zip(*known, strict=True) if known and self.map.gap else ((), ())
        return Frame.of(points, NO_VALUE, BAD_NO_DATA, [time + 1 for time in last])

    def _long_rule(self, columns: Collection[str]) -> LongRule | None:
        """Return how a table with one value in a row is read; None: it is wide."""
        long = self.map.long
        if long is None or self.map is not EXPORTED:
            return long
        if long.point not in columns:
            return None
        # In Parquet the unit is in the schema, and it is the one that a point has.
        return long if long.unit in columns else long.model_copy(update={"unit": ""})

    def _row(self, place: str, text: str, cells: Iterable[Cell]) -> None:
        """Take the values of a row, or note why not."""
        wanted = []
        for cell in cells:
            values = self._column(cell.name, cell.unit)
            if values is None:
                self.report.unknown[cell.name] += 1
            else:
                wanted.append((values, cell))
        if not wanted:
            return
        try:
            # Also where no cell has a value: of rows without a day, the next follows from it.
            time = self._times.time(text, wanted[0][1].name if self.map.long else "")
        except ValueError as error:
            self.report.mistake(place, f"time {text!r}: {error}")
            return
        for values, cell in wanted:
            try:
                self._take(values, cell, time)
            except ValueError as error:
                self.report.mistake(place, f"{cell.name}: {error}")

    def _take(self, values: CellValues, cell: Cell, time: int) -> None:
        status = GOOD if cell.status is None else status_of(cell.status)
        usable = not is_bad(status) and cell.text not in self.map.format.missing
        self.report.columns[cell.name] += usable
        if is_bad(status):
            self._add(values, time, NO_VALUE, status)
        elif not usable:
            self.report.missing += 1
        else:
            self._add(values, time, values.value(cell.text), status)

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
            rule = self._rule(name, unit)
            self._values[name, unit] = None if rule is None else self._of_rule(name, rule)
        return self._values[name, unit]

    def _rule(self, name: str, unit: str) -> PointRule | None:
        rule = self.map.rule(name)
        if rule is None and not self.map.points and name in self.table.by_key:
            return PointRule(point=name, unit=unit or None)
        return rule

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
        self, columns: Mapping[str, int], rule: LongRule, file: TableFile
    ) -> Callable[[Sequence[str]], Iterator[Cell]]:
        name, value = (place_of(columns, n, file.name) for n in (rule.point, rule.value))
        unit = place_of(columns, rule.unit, file.name) if rule.unit else None
        status = place_of(columns, rule.status, file.name) if rule.status else None

        def cells_of(cells: Sequence[str]) -> Iterator[Cell]:
            if cells[name] not in self.map.ignore:
                said = "" if unit is None else cells[unit]
                code = None if status is None else cells[status].strip()
                yield Cell(cells[name], said, cells[value].strip(), code)

        return cells_of

    def _wide(
        self, columns: Mapping[str, int], times: Collection[int], file: TableFile
    ) -> Callable[[Sequence[str]], Iterator[Cell]]:
        wanted = [
            (*titled(name, self.map), place)
            for name, place in columns.items()
            if place not in times and name not in self.map.ignore
        ]
        column_of: dict[str, str] = {}
        for name, unit, _ in wanted:
            rule = self._rule(name, unit)
            if rule is not None and column_of.setdefault(rule.point, name) != name:
                raise TwinError(
                    f"{file.name}: {column_of[rule.point]!r} and {name!r} are both {rule.point}; "
                    "name one of them under ignore"
                )

        def cells_of(cells: Sequence[str]) -> Iterator[Cell]:
            for name, unit, place in wanted:
                yield Cell(name, unit, cells[place].strip())

        return cells_of

    def _frame(self) -> Frame:
        point, value, status, time = zip(*self._piece, strict=True)
        self._piece.clear()
        return Frame.of(point, value, status, time)
