"""Write samples of tables into the history of a twin that does not run, again and again the same.

What is there already is not written a second time, so that an import that was broken off is simply
begun again. Samples of the twin itself count, unless they are to be replaced.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from sqlalchemy import URL
from sqlalchemy.exc import SQLAlchemyError

from heatpump_twin.config.catalogue import PointTable
from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.drivers.frame import Frame, Points, Times
from heatpump_twin.errors import TwinError
from heatpump_twin.safekeeping.importing.gap_marks import Flags, GapMarks
from heatpump_twin.safekeeping.importing.import_report import ImportReport, PointReport
from heatpump_twin.twin_engine.errors import EngineError
from heatpump_twin.twin_engine.historian.columns.merging import in_key_order, of_point, part
from heatpump_twin.twin_engine.historian.database.database_access import open_engine, reason_of
from heatpump_twin.twin_engine.historian.sample_store import SampleStore, row_ids
from heatpump_twin.twin_engine.history import NO_SAMPLES, Samples

SPAN = 7 * 86_400_000_000
"""What is recorded is compared week by week: few values may span much that is recorded. [µs]"""


class HistoryImport:
    """An import into the history of a database.

    Parameters
    ----------
    gap : float or None
        The longest pause between two values that is no gap [s]; None: none is one.
    """

    def __init__(
        self, url: str | URL, table: PointTable, gap: float | None, *, replace: bool
    ) -> None:
        self._store = SampleStore(open_engine(url))
        self._gap = None if gap is None else round(gap * MICROSECONDS)
        self._table = table
        self._replace = replace

    def run(self, frames: Iterator[Frame], ends: Callable[[], Frame], report: ImportReport) -> None:
        """Write all samples; ``point`` of the frames is the index of the table.

        Then the gaps behind the last of them, which ``ends`` returns.

        Raises
        ------
        TwinError
            The database cannot be reached, or belongs to another version.
        """
        try:
            keys = [point.key for point in self._table]
            rows = row_ids(self._store.prepare(keys), keys)
            # So that what counts is decided in one place, by what is in blocks.
            self._store.seal_all()
            for frame in frames:
                self._write(frame, rows, report)
            self._write(ends(), rows, report)
        except (EngineError, SQLAlchemyError) as error:
            raise TwinError(
                f"nothing more was imported: {reason_of(error)}; import the same again"
            ) from error
        finally:
            self._store.close()

    def _write(self, frame: Frame, rows: Points, report: ImportReport) -> None:
        ordered = in_key_order(frame)
        wanted = np.zeros(len(ordered), dtype=bool)
        outdated: dict[int, Times] = {}
        for index in np.unique(ordered.point).tolist():
            point = report.points.setdefault(self._table[index].key, PointReport())
            here, row = ordered.point == index, int(rows[index])
            wanted[here], outdated[row] = self._compared(row, of_point(ordered, index), point)
        chosen = part(ordered, wanted)
        self._store.put_into_blocks(
            Frame(rows[chosen.point], chosen.value, chosen.status, chosen.time)
        )
        for row, times in outdated.items():
            self._store.remove(row, times)

    def _compared(self, row: int, samples: Samples, report: PointReport) -> tuple[Flags, Times]:
        """Tell which samples are to be written, and which recorded marks are to go."""
        wanted = np.ones(len(samples), dtype=bool)
        outdated = []
        week = samples.time // SPAN
        for first in np.flatnonzero(np.diff(week, prepend=week[0] - 1)).tolist():
            some = slice(first, int(np.searchsorted(week, week[first], side="right")))
            around = 0 if self._gap is None else self._gap + 1
            low, high = int(samples.time[some][0]) - around, int(samples.time[some][-1]) + around
            there = self._store.read(row, low, high + 1, 2**62)
            if self._gap is not None:
                marks = GapMarks(self._gap, samples, there)
                wanted[some] = ~marks.needless[some]
                outdated.append(marks.outdated)
            kept = first + np.flatnonzero(wanted[some])
            wanted[kept] = self._wanted(samples[kept], there, report)
        return wanted, np.unique(np.concatenate([NO_SAMPLES.time, *outdated]))

    def _wanted(self, new: Samples, there: Samples, report: PointReport) -> Flags:
        """Tell which samples are not recorded yet, or are to replace what is."""
        place = np.minimum(np.searchsorted(there.time, new.time), max(len(there) - 1, 0))
        if not len(there):
            report.new += len(new)
            return np.ones(len(new), dtype=bool)
        known = there.time[place] == new.time
        equal = np.isclose(there.value[place], new.value, 0, 0, equal_nan=True)
        same = known & equal & (there.status[place] == new.status)
        report.new += int((~known).sum())
        report.same += int(same.sum())
        report.different += int((known & ~same).sum())
        wanted: Flags = ~same if self._replace else ~known
        return wanted
