"""Write samples to a database in blocks and read them by point and time. Blocks its thread."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from sqlalchemy import Engine, select, text
from sqlalchemy import insert as sql_insert

from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.drivers.frame import Frame, Points, Times
from heatpump_twin.drivers.status import BAD, BAD_NO_DATA, UNCERTAIN
from heatpump_twin.twin_engine.correction import Change, Corrected, Correction, ModifiedSamples
from heatpump_twin.twin_engine.errors import DamagedBlock
from heatpump_twin.twin_engine.historian.columns.earlier_samples import EarlierSamples
from heatpump_twin.twin_engine.historian.columns.hot_samples import HotSamples
from heatpump_twin.twin_engine.historian.columns.hour_rows import drop_hours, read_hours
from heatpump_twin.twin_engine.historian.columns.merging import in_key_order, overlay
from heatpump_twin.twin_engine.historian.columns.sealed_blocks import (
    add_padding,
    drop_blocks,
    first_of_points,
    last_of_points,
    read_blocks,
    remove_padding,
)
from heatpump_twin.twin_engine.historian.columns.sealer import Sealer, seal_points
from heatpump_twin.twin_engine.historian.corrections.late_spans import (
    LateSpan,
    add_late,
    add_late_frame,
    drop_late,
    read_late,
)
from heatpump_twin.twin_engine.historian.corrections.modified_rows import (
    drop_modified,
    drop_old_modified,
    modified_points,
    read_modified,
)
from heatpump_twin.twin_engine.historian.corrections.sample_editor import SampleEditor
from heatpump_twin.twin_engine.historian.database.database_access import (
    close_engine,
    drop_connections,
    migrate,
)
from heatpump_twin.twin_engine.historian.database.database_file import DatabaseFile
from heatpump_twin.twin_engine.historian.database.tables import POINT
from heatpump_twin.twin_engine.historian.events.event_rows import drop_events, drop_heat_ups
from heatpump_twin.twin_engine.historian.events.journal_rows import drop_entries
from heatpump_twin.twin_engine.historian.trajectories.trajectory_rows import drop_trajectories
from heatpump_twin.twin_engine.history import NO_SAMPLES, Samples
from heatpump_twin.twin_engine.hourly_statistics import HOUR, NO_HOURS, Hourly, kept_hours

_DAY = 86_400 * MICROSECONDS
_EVER = -(2**62)
_ALL = 2**62


@dataclass(frozen=True, slots=True)
class Pages:
    """Pages of an SQLite file."""

    count: int
    free: int
    size: int
    """[B]"""

    @property
    def used(self) -> int:
        """What the content takes. [B]"""
        return (self.count - self.free) * self.size


class SampleStore:
    """Sample store of one database. ``point`` in its frames is the row id of ``point``."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.file = DatabaseFile.of(engine.url)
        """The file of an SQLite database; None: a server has it."""
        self._hot = HotSamples(engine)
        self._sealer = Sealer(engine, self._hot)
        self._earlier = EarlierSamples(engine)
        self._modified: set[int] = set()
        """Points of which something was corrected."""
        self._editor = SampleEditor(engine, self._hot, self._earlier)

    def prepare(self, keys: Iterable[str]) -> dict[str, int]:
        """Upgrade the schema; return the row id of every point key, old ones included."""
        migrate(self._engine)
        self._hot.count()
        self._earlier.look()
        with self._engine.begin() as connection:
            self._modified |= modified_points(connection)
            known = set(connection.scalars(select(POINT.c.key)))
            # Rows are never removed: a heat pump that comes back finds its history under the same
            # key.
            missing = [{"key": key} for key in keys if key not in known]
            if missing:
                connection.execute(sql_insert(POINT), missing)
            return {key: row for row, key in connection.execute(select(POINT.c.id, POINT.c.key))}

    def close_gaps(self, now: int, besides: Collection[int] = ()) -> int:
        """Mark a gap (BadNoData) after the last sample of every point that has none.

        Except for those ``besides``.

        A twin that was killed could not do it; without the mark a trend would bridge the time in
        which nobody looked. Samples more than a day ahead of ``now``, which a clock that was set
        wrong has left, are the last of nothing.
        """
        last = self._last_samples(now + _DAY)
        ends = [
            (point, time)
            for point, (time, status) in last.items()
            if status != _signed(BAD_NO_DATA) and point not in besides
        ]
        if ends:
            points, times = zip(*ends, strict=True)
            self.write(Frame.of(points, np.nan, BAD_NO_DATA, np.array(times) + 1))
        return len(ends)

    def _last_samples(self, latest: int) -> dict[int, tuple[int, int]]:
        """Return time and status of the last sample up to ``latest``, by the row id of a point."""
        with self._engine.connect() as connection:
            runs = self._hot.runs(connection)
            earlier = self._earlier.ends(connection)
            found = {point: (time, status) for point, time, status in last_of_points(connection)}
        for run in runs:
            _keep_latest(found, run)
        # Of some the end does not tell: it is of a time that has not come, or is of an earlier
        # version.
        unclear = {point for point, (time, _) in found.items() if time > latest}
        unclear |= {p for p, _, last in earlier if p not in found or last > found[p][0]}
        for point in unclear:
            found.pop(point, None)
            samples = self._sound(point, _EVER, latest + 1, 1, reverse=True)
            if len(samples):
                found[point] = int(samples.time[0]), int(samples.status.view(np.int32)[0])
        return found

    def write(self, frame: Frame) -> None:
        """Write samples in one transaction. A sample of the same point and time is replaced."""
        self._hot.append(frame)

    def write_late(self, frame: Frame) -> None:
        """Write samples of a time of which something may have been computed already."""
        self._hot.append(frame, partial(add_late_frame, frame=frame))

    def note_late(self, spans: Iterable[tuple[int, int, int]]) -> None:
        """Note points whose samples come late, with the times of the first and the last."""
        with self._engine.begin() as connection:
            for point, first, last in spans:
                add_late(connection, point, first, last)

    def late(self) -> list[LateSpan]:
        """Return where samples came late or were corrected."""
        with self._engine.connect() as connection:
            return read_late(connection)

    def forget_late(self, numbers: Iterable[int]) -> None:
        """Forget some of that: what was computed of it is right again, and written."""
        with self._engine.begin() as connection:
            drop_late(connection, numbers)

    def correct(self, point: int, correction: Correction) -> Corrected:
        """Correct recorded samples in one transaction, and keep what was there."""
        time = correction.samples.time
        recorded = self.read(point, int(time[0]), int(time[-1]) + 1, _ALL)
        # Before: whoever sees what is corrected is told that it was.
        self._modified.add(point)
        corrected = self._editor.correct(point, correction, recorded)
        if correction.change is Change.DELETE and len(corrected.old):
            # A pass that had begun holds what is deleted; it is begun again without it.
            self._sealer.reset()
        return corrected

    def has_modified(self, point: int) -> bool:
        """Tell whether anything of a point was corrected."""
        return point in self._modified

    def read_modified(self, point: int, start: int, end: int) -> ModifiedSamples:
        """Return what was corrected with start ≤ time < end."""
        with self._engine.connect() as connection:
            return read_modified(connection, point, start, end)

    def forget_modified(self, point: int, start: int, end: int) -> int:
        """Delete what is kept of corrections with start ≤ time < end; return how many samples."""
        with self._engine.begin() as connection:
            return drop_modified(connection, point, start, end)

    def read(self, point: int, start: int, end: int, limit: int, reverse: bool = False) -> Samples:
        """Return at most ``limit`` samples with start ≤ time < end."""
        with self._engine.connect() as connection:
            # In the order in which samples move: what moves meanwhile is found twice, never not at
            # all.
            hot = self._hot.read(connection, point, start, end)
            earlier = self._earlier.read(connection, point, start, end, limit, reverse)
            sealed = read_blocks(connection, point, start, end, limit, reverse)
        # The first of all are among the first of each.
        samples = overlay([earlier, sealed, hot])
        return samples[: -limit - 1 : -1] if reverse else samples[:limit]

    def read_hours(self, point: int, start: int, end: int) -> Hourly:
        """Return statistics of hours with start ≤ hour ≤ end, of all that `read` returns."""
        first, behind = -(-start // HOUR), end // HOUR
        if self._earlier.exists or first >= behind:
            return NO_HOURS
        with self._engine.connect() as connection:
            # What is not in a block yet is not in the statistics.
            hot = self._hot.read(connection, point, first * HOUR, behind * HOUR)
            found = read_hours(connection, point, first, behind)
        return kept_hours(found, ~np.isin(found["hour"], np.unique(hot.time // HOUR)))

    def doubt(self, points: Iterable[int], start: int, end: int) -> int:
        """Make samples with start ≤ time < end Uncertain, unless they are Bad; return how many."""
        marked = 0
        for point in points:
            samples = self._sound(point, start, end, _ALL)
            # Bad has the first bit.
            usable = samples[(samples.status < BAD) & (samples.status != UNCERTAIN)]
            if len(usable):
                point_of = np.full(len(usable), point)
                self.write(Frame.of(point_of, usable.value, UNCERTAIN, usable.time))
                marked += len(usable)
        return marked

    def _sound(
        self, point: int, start: int, end: int, limit: int, *, reverse: bool = False
    ) -> Samples:
        """Return what `read` does, and nothing where it is damaged: recording must go on."""
        try:
            return self.read(point, start, end, limit, reverse)
        except DamagedBlock:
            return NO_SAMPLES

    def seal(self, points: int, seconds: float) -> None:
        """Put what is hot into blocks, if it is time; and what an earlier version has left.

        Parameters
        ----------
        points : int
            How many points the site has.
        seconds : float
            About how long it may take; the next call goes on.
        """
        if self._sealer.due(points):
            self._sealer.seal(seconds)
        elif self._earlier.exists:
            self._earlier.move(seconds)

    @property
    def sealing(self) -> bool:
        """Whether a pass of sealing has begun and has not ended."""
        return self._sealer.busy

    def seal_all(self) -> None:
        """Put all into blocks, however long it takes."""
        self._sealer.seal(math.inf)
        self._earlier.move(math.inf)

    def put_into_blocks(self, frame: Frame) -> None:
        """Write samples straight into blocks; those that are there are replaced.

        Only where nothing is hot, and nobody else writes. They count as late.
        """
        ordered = in_key_order(frame)
        if len(ordered):
            with self._engine.begin() as connection:
                seal_points(connection, ordered, np.unique(ordered.point))
                add_late_frame(connection, ordered)

    def remove(self, point: int, times: Times) -> None:
        """Remove samples of some times, in order, without a record; nobody else writes."""
        if len(times):
            self._editor.remove(
                point,
                times,
                partial(add_late, point=point, first=int(times[0]), last=int(times[-1])),
            )
        self._sealer.reset()

    def prune(self, points: Iterable[int], before: int, limit: int) -> int:
        """Delete blocks that end before a time, at most ``limit`` of each point; return how many.

        Whole blocks, and what is hot once it has become one: a sample may stay a week longer.
        """
        dropped = 0
        with self._engine.begin() as connection:
            for point in points:
                number = drop_blocks(connection, point, before, limit)
                drop_old_modified(connection, point, before)
                if number:
                    drop_hours(connection, point)
                dropped += number
        return dropped

    def prune_events(self, before: int, limit: int) -> int:
        """Delete the oldest events, alarm journal and heat-ups before a time; return how many.

        At most ``limit`` of each.
        """
        with self._engine.begin() as connection:
            drops = (drop_events, drop_entries, drop_heat_ups)
            return sum(drop(connection, before, limit) for drop in drops)

    def prune_trajectories(self, before: int, limit: int) -> int:
        """Delete the oldest forecasts, at most ``limit`` of those issued before a time."""
        with self._engine.begin() as connection:
            return drop_trajectories(connection, before, limit)

    def oldest(self, points: Collection[int]) -> tuple[int, int] | None:
        """Return begin and end of the block of some points that ends first. [µs since the epoch]"""
        with self._engine.connect() as connection:
            blocks = [
                (begin, end) for point, begin, end in first_of_points(connection) if point in points
            ]
        return min(blocks, key=lambda block: block[1], default=None)

    def pages(self) -> Pages:
        """Return how the pages of an SQLite file are used."""
        with self._engine.connect() as connection:
            return Pages(
                *(
                    int(connection.scalar(text(f"PRAGMA {name}")) or 0)
                    for name in ("page_count", "freelist_count", "page_size")
                )
            )

    def vacuum(self, pages: int) -> None:
        """Give free pages of an SQLite file back to the disk; a file of old cannot."""
        self._pragma(f"incremental_vacuum({pages:d})")

    def stretch_log(self, size: int) -> None:
        """Make the log of an SQLite file as long as that, by what is deleted again. [B]"""
        with self._engine.begin() as connection:
            add_padding(connection, size)
        with self._engine.begin() as connection:
            remove_padding(connection)

    def checkpoint(self) -> None:
        """Write the log of an SQLite file to it, as far as readers let it, to begin it anew."""
        self._pragma("wal_checkpoint(PASSIVE)")

    def _pragma(self, what: str) -> None:
        with self._engine.connect() as connection:
            raw: Any = connection.connection.driver_connection
            # To its end, which only a script is: each step of a vacuum gives back one page.
            raw.executescript(f"PRAGMA {what}")

    def reconnect(self) -> None:
        """Begin again with new connections; one that another thread reads through ends with it."""
        self._forget()
        drop_connections(self._engine)

    def close(self) -> None:
        """Close all connections; one that another thread reads through closes when it is done."""
        self._forget()
        close_engine(self._engine)

    def _forget(self) -> None:
        self._hot.reset()
        self._sealer.reset()


def _keep_latest(found: dict[int, tuple[int, int]], run: Frame) -> None:
    """Take the last sample of each point of a run, where it is not older than what is known."""
    ends = np.flatnonzero(np.diff(run.point, append=-1))
    for end in ends.tolist():
        point, time = int(run.point[end]), int(run.time[end])
        if point not in found or time >= found[point][0]:
            found[point] = time, int(run.status.view(np.int32)[end])


def _signed(status: int) -> int:
    return int(np.uint32(status).view(np.int32))


def row_ids(ids: Mapping[str, int], keys: Iterable[str]) -> Points:
    """Return the row id of every key of the point table, by index."""
    return np.array([ids[key] for key in keys], dtype=np.int32)
