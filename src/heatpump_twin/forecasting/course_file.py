"""What forecasts are made from, kept on disk in quarter-hours, so that it is not read anew."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from heatpump_twin.config.durable_file import write_private
from heatpump_twin.twin_engine.forecasting.quarter_hours import DAY, STEP, quarter_begin
from heatpump_twin.twin_engine.history import HistoryReader, Samples
from heatpump_twin.twin_engine.model.calibration.grid import known_means

KEPT = 42 * DAY
"""Two weeks of which a climatology is made, before four in which forecasts are judged."""
_BEFORE = 4 * STEP
"""The last samples before a quarter-hour tell of its begin. [µs]"""
_AGAIN = 4 * STEP
"""What came last is read again: samples may come late. [µs]"""
_PAGE = 500_000
_FORM = 1


@dataclass(frozen=True, slots=True, eq=False)
class KeptCourses:
    """Means of points over quarter-hours."""

    start: int
    """Begin of the first quarter-hour. [µs since the Unix epoch, UTC]"""
    keys: tuple[str, ...]
    values: NDArray[np.float32]
    """Shape (keys, n); NaN: not known."""

    @property
    def end(self) -> int:
        """Begin of the quarter-hour after the last. [µs since the Unix epoch, UTC]"""
        return self.start + int(self.values.shape[1]) * STEP

    def write(self, path: Path) -> None:
        """Keep it; raise `OSError` if the disk is full."""
        content = BytesIO()
        np.savez(
            content, form=_FORM, start=self.start, keys=np.array(self.keys), values=self.values
        )
        write_private(path, content.getvalue())

    @classmethod
    def read(cls, path: Path) -> KeptCourses | None:
        """Return what was kept; None: there is nothing that can be used."""
        try:
            with np.load(path, allow_pickle=False) as kept:
                if int(kept["form"]) != _FORM:
                    return None
                return cls(int(kept["start"]), tuple(kept["keys"].tolist()), kept["values"])
        except (OSError, ValueError, KeyError, zipfile.BadZipFile):
            return None  # it is only a copy of what the history has


async def courses_until(
    history: HistoryReader,
    keys: Sequence[str],
    now: int,
    known: KeptCourses | None = None,
    length: int = KEPT,
) -> KeptCourses:
    """Return the quarter-hours of points that are over, of the last ``length`` at most.

    Parameters
    ----------
    now : int
        [µs since the Unix epoch, UTC]
    known
        What was kept before: only what came since is read.
    """
    end = quarter_begin(now)
    start = end - length * STEP
    values = np.full((len(keys), length), np.nan, np.float32)
    begins = np.full(len(keys), start, np.int64)
    if known is not None and known.start <= known.end <= end:
        shift = (start - known.start) // STEP
        for row, key in enumerate(keys):
            if key in known.keys:
                old = known.values[known.keys.index(key)][max(shift, 0) :]
                first = max(-shift, 0)
                values[row, first : first + len(old)] = old[: length - first]
                begins[row] = max(known.end - _AGAIN, start)
    for row, key in enumerate(keys):
        fresh = await _means(history, key, int(begins[row]), end, now)
        values[row, length - len(fresh) :] = fresh
    told = np.isfinite(values).any(axis=0)
    first = int(told.argmax()) if told.any() else length
    return KeptCourses(start + first * STEP, tuple(keys), values[:, first:])


async def _means(
    history: HistoryReader, key: str, start: int, end: int, now: int
) -> NDArray[np.float32]:
    """Return the means of a point over the quarter-hours from start to end."""
    edges = np.arange(start, end + 1, STEP, dtype=np.int64)
    parts = []
    first = start - _BEFORE
    while True:
        page = await history.read_raw(key, first, now + 1, limit=_PAGE)
        parts.append(page)
        if len(page) < _PAGE:
            break
        first = int(page.time[-1]) + 1
    samples = Samples.concat(parts)
    if len(samples) and 0 < now - samples.time[-1] <= _BEFORE:
        # A value that does not change is not recorded again: it is still what it was.
        last = samples[-1:]
        samples = Samples.concat([samples, Samples(last.value, last.status, np.array([now]))])
    means, share = known_means(samples, edges, stepped=False)
    return np.where(share >= 0.5, means, np.nan).astype(np.float32)
