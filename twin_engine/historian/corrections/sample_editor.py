"""Carry out corrections of recorded samples. All is called in the writer's thread.

What is inserted or replaced is written as any other sample: the later one counts, wherever the
earlier one lies. What is deleted has to go from where it is, in hot rows, in blocks and in what an
earlier version has left. The record of a correction is in the transaction that makes it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
from sqlalchemy import Connection, Engine

from heatpump_twin.drivers.frame import Frame, Times
from heatpump_twin.twin_engine.correction import Change, Corrected, Correction
from heatpump_twin.twin_engine.historian.columns.earlier_samples import EarlierSamples
from heatpump_twin.twin_engine.historian.columns.hot_samples import HotSamples
from heatpump_twin.twin_engine.historian.columns.hour_rows import renew_hours
from heatpump_twin.twin_engine.historian.columns.sealed_blocks import (
    BlockPlace,
    block_row,
    places_of,
    read_block,
    replace_blocks,
)
from heatpump_twin.twin_engine.historian.corrections.late_spans import add_late
from heatpump_twin.twin_engine.historian.corrections.modified_rows import add_modified
from heatpump_twin.twin_engine.history import Samples
from heatpump_twin.twin_engine.hourly_statistics import HOUR

Also = Callable[[Connection], None]


def _nothing(_connection: Connection) -> None:
    """Do nothing more."""


class SampleEditor:
    """The editor of the samples of a database."""

    def __init__(self, engine: Engine, hot: HotSamples, earlier: EarlierSamples) -> None:
        self._engine = engine
        self._hot = hot
        self._earlier = earlier

    def correct(self, point: int, correction: Correction, recorded: Samples) -> Corrected:
        """Carry out a correction; ``recorded`` is what there is from its first to its last time."""
        wanted = correction.samples
        old = recorded[np.isin(recorded.time, wanted.time)]
        there = np.isin(wanted.time, old.time)
        if correction.change is Change.DELETE:
            keep = partial(_keep_deleted, point, correction, old)
            self.remove(point, old.time, keep)
            return Corrected(there, old)
        new = wanted[_wanted(correction.change, there)]
        replaced = old[np.isin(old.time, new.time)]
        fresh = new[~np.isin(new.time, old.time)]
        if len(new):
            frame = Frame(np.full(len(new), point, np.int32), new.value, new.status, new.time)
            self._hot.append(frame, partial(_keep, point, correction, fresh, replaced))
        return Corrected(there, replaced)

    def remove(self, point: int, times: Times, also: Also = _nothing) -> None:
        """Remove samples of some times, in order; ``also`` is done in the same transaction."""
        if not len(times):
            return
        with self._hot.rewriting() as connection:
            self._hot.remove(connection, point, times)
            self._earlier.remove(connection, point, times)
            _remove_from_blocks(connection, point, times)
            also(connection)


def _wanted(change: Change, there: np.ndarray) -> np.ndarray:
    if change is Change.UPDATE:
        return np.ones_like(there)
    return there if change is Change.REPLACE else ~there


def _keep(
    point: int, correction: Correction, fresh: Samples, replaced: Samples, connection: Connection
) -> None:
    # Of an update, what had no sample before is an insertion: its record is the new value.
    add_modified(connection, point, correction, Change.INSERT, fresh)
    add_modified(connection, point, correction, correction.change, replaced)
    add_late(connection, point, int(correction.samples.time[0]), int(correction.samples.time[-1]))


def _keep_deleted(point: int, correction: Correction, old: Samples, connection: Connection) -> None:
    add_modified(connection, point, correction, Change.DELETE, old)
    add_late(connection, point, int(old.time[0]), int(old.time[-1]))


def _remove_from_blocks(connection: Connection, point: int, times: Times) -> None:
    old: list[BlockPlace] = []
    new: list[Mapping[str, Any]] = []
    for place in places_of(connection, point, int(times[0]), int(times[-1]), 0):
        low, high = np.searchsorted(times, [place.first, place.last + 1])
        if low == high:
            continue  # between two of them
        samples = read_block(connection, place)
        rest = samples[~np.isin(samples.time, times[low:high])]
        if len(rest) < len(samples):
            old.append(place)
            new += [block_row(point, rest)] if len(rest) else []
    replace_blocks(connection, old, new)
    hours = np.unique(times // HOUR)
    renew_hours(connection, {point: hours[hours >= 0].tolist() or [0]})
