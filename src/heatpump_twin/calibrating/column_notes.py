"""What a map names and the tables have not: said by name, never left out in silence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import get_close_matches

from heatpump_twin.safekeeping.importing.import_map import ImportMap
from heatpump_twin.safekeeping.importing.import_report import ImportReport
from heatpump_twin.twin_engine.model.calibration.calibration_card import MissingSensor


def column_notes(map_: ImportMap, report: ImportReport) -> Iterator[MissingSensor]:
    """Yield what is missing of the columns that a map names: the column, or all of its values."""
    there = [*report.columns, *report.unknown]
    for name in map_.points:
        rule = map_.rule(name)
        if rule is None or report.columns.get(name):
            continue
        # The map of tables has put the heat pump before each point.
        point = rule.point.partition(".")[2] or rule.point
        words = (
            f"the column {name!r} that the map names for it has no value that can be used"
            if name in report.columns
            else _absent(name, there)
        )
        yield MissingSensor(sensor=point, consequence=words)


def _absent(name: str, there: Iterable[str]) -> str:
    known = {column.strip().lower(): column for column in there if column.strip()}
    wanted = name.strip().lower()
    # "flow l/min" is further from "flow" by letters than "low" is.
    near = [one for one in known if wanted in one] or get_close_matches(wanted, known, n=1)
    meant = f"; is it {known[near[0]]!r}?" if near else ""
    return (
        f"the map names the column {name!r} for it, and no table has one: they have "
        f"{', '.join(map(repr, known.values()))}{meant}"
    )


def with_notes(words: str, notes: Iterable[MissingSensor]) -> str:
    """Return a refusal with what the tables lack of the map, line by line."""
    return "\n".join([words, *(f"{note.sensor}: {note.consequence}" for note in notes)])
