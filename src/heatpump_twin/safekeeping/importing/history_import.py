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
from heatpump_twin.drivers.frame import Frame, Points
from heatpump_twin.errors import TwinError
from heatpump_twin.safekeeping.importing.import_report import ImportReport, PointReport
from heatpump_twin.twin_engine.errors import EngineError
from heatpump_twin.twin_engine.historian.columns.merging import in_key_order, of_point, part
from heatpump_twin.twin_engine.historian.database import open_engine
from heatpump_twin.twin_engine.historian.sample_store import SampleStore, row_ids
from heatpump_twin.twin_engine.history import Samples

SPAN = 7 * 86_400_000_000
"""What is recorded is compared week by week: few values may span much that is recorded. [µs]"""


class HistoryImport:
    """An import into the history of a database."""

    def __init__(self, url: str | URL, table: PointTable, *, replace: bool) -> None:
        self._store = SampleStore(open_engine(url))
        self._table = table
        self._replace = replace

    def run(
        self,
        frames: Iterator[Frame],
        ends: Callable[[], Frame],
        gap: float | None,
        report: ImportReport,
    ) -> None:
        """Write all samples; ``point`` of the frames is the index of the table.

        Then the gaps behind the last of them, which ``ends`` returns, unless something is recorded
        within ``gap`` [s].

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
            self._write(self._open(ends(), rows, gap or 0.0), rows, report)
        except (EngineError, SQLAlchemyError) as error:
            reason = str(error).splitlines()[0]
            raise TwinError(
                f"nothing more was imported: {reason}; import the same again"
            ) from error
        finally:
            self._store.close()

    def _open(self, ends: Frame, rows: Points, gap: float) -> Frame:
        """Return the ends that nothing follows: another import may have brought what does."""
        within = round(gap * MICROSECONDS)
        follows = [
            len(self._store.read(int(rows[point]), time + 1, time + within, 1)) > 0
            for point, time in zip(ends.point.tolist(), ends.time.tolist(), strict=True)
        ]
        return part(ends, ~np.array(follows, dtype=bool))

    def _write(self, frame: Frame, rows: Points, report: ImportReport) -> None:
        ordered = in_key_order(frame)
        wanted = np.zeros(len(ordered), dtype=bool)
        for index in np.unique(ordered.point).tolist():
            point = report.points.setdefault(self._table[index].key, PointReport())
            here = ordered.point == index
            wanted[here] = self._wanted(int(rows[index]), of_point(ordered, index), point)
        chosen = part(ordered, wanted)
        self._store.put_into_blocks(
            Frame(rows[chosen.point], chosen.value, chosen.status, chosen.time)
        )

    def _wanted(self, row: int, samples: Samples, report: PointReport) -> np.ndarray:
        """Tell which samples are to be written."""
        wanted = np.ones(len(samples), dtype=bool)
        week = samples.time // SPAN
        for first in np.flatnonzero(np.diff(week, prepend=week[0] - 1)).tolist():
            some = slice(first, int(np.searchsorted(week, week[first], side="right")))
            part_ = samples[some]
            low, high = int(part_.time[0]), int(part_.time[-1])
            there = self._store.read(row, low, high + 1, 2**62)
            wanted[some] = self._compared(part_, there, report)
        return wanted

    def _compared(self, new: Samples, there: Samples, report: PointReport) -> np.ndarray:
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
        wanted: np.ndarray = ~same if self._replace else ~known
        return wanted
