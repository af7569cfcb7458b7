"""Seal hot samples into blocks, in bounded pieces, while others read.

A pass freezes what is hot, writes it into blocks point by point, some points in one transaction,
and deletes the hot rows at its end. Until then a sample may be in both, which is found out when it
is read: point and time are its key. A pass that a crash broke off is begun again, and finds its own
blocks: merging the same samples into them once more changes nothing.

A point that is recorded once a minute would make a small block of each pass, so that a pass takes
the blocks before it along as long as they are no larger than what it holds: a sample is written
again a logarithmic number of times, and blocks become full.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import structlog
from sqlalchemy import Connection, Engine, update

from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.drivers.frame import Frame, Points
from heatpump_twin.twin_engine.errors import DamagedBlock
from heatpump_twin.twin_engine.historian.columns.column_codec import decode_samples
from heatpump_twin.twin_engine.historian.columns.hot_samples import Frozen, HotSamples
from heatpump_twin.twin_engine.historian.columns.hour_rows import renew_hours
from heatpump_twin.twin_engine.historian.columns.merging import of_point, overlay
from heatpump_twin.twin_engine.historian.columns.sealed_blocks import (
    BlockPlace,
    block_data,
    block_row,
    places_of_points,
    replace_blocks,
)
from heatpump_twin.twin_engine.historian.database.tables import BLOCK
from heatpump_twin.twin_engine.history import Samples
from heatpump_twin.twin_engine.hourly_statistics import HOUR

log = structlog.stdlib.get_logger(__name__)

FULL = 8192
"""Samples of a full block: about 14 KB, decoded in 0.1 ms."""
LONGEST = 7 * 86_400 * MICROSECONDS
"""A block spans no more, so that it can be dropped when its time has come. [µs]"""
_PRECEDING = 12
"""Blocks that are looked at before what is sealed: more than a logarithm comes to."""
_POINTS = 64
"""Points in one transaction: few enough for others to wait, and for the log of a full disk."""
_LEAST_HOT = 100_000
_HOT_OF_POINT = 256
"""A pass begins when so many samples are hot, or so many of each point."""
_OLDEST_HOT = 4 * 3600.0
"""And once in this time. [s]"""


class Sealer:
    """The passes. All methods are called in the writer's thread."""

    def __init__(self, engine: Engine, hot: HotSamples) -> None:
        self._engine = engine
        self._hot = hot
        self._frozen: Frozen | None = None
        self._waiting: Points = np.empty(0, dtype=np.int32)
        self._ended = time.monotonic()

    @property
    def busy(self) -> bool:
        """Whether a pass has begun and has not ended."""
        return self._frozen is not None

    def due(self, points: int) -> bool:
        """Tell whether there is something to seal now on a site of so many points."""
        if self._frozen is not None or self._hot.rows >= max(_LEAST_HOT, _HOT_OF_POINT * points):
            return True
        return self._hot.rows > 0 and time.monotonic() - self._ended >= _OLDEST_HOT

    def seal(self, seconds: float) -> bool:
        """Seal for about so long; return whether the pass has come to its end."""
        end = time.monotonic() + seconds
        frozen = self._frozen or self._begin()
        while frozen is not None and len(self._waiting):
            with self._engine.begin() as connection:
                seal_points(connection, frozen.frame, self._waiting[:_POINTS])
            self._waiting = self._waiting[_POINTS:]
            if time.monotonic() >= end and len(self._waiting):
                return False
        if frozen is not None:
            self._hot.forget(frozen)
        self._frozen, self._ended = None, time.monotonic()
        return True

    def reset(self) -> None:
        """Break the pass off: the database may be another one now."""
        self._frozen = None

    def _begin(self) -> Frozen | None:
        self._frozen = self._hot.freeze()
        if self._frozen is not None:
            self._waiting = np.unique(self._frozen.frame.point)
        return self._frozen


@dataclass(frozen=True, slots=True)
class Merging:
    """Samples of one point, and the blocks that are written anew with them."""

    point: int
    part: Samples
    places: list[BlockPlace]


def seal_points(
    connection: Connection, frame: Frame, points: Points, *, beneath: bool = False
) -> None:
    """Merge the samples of some points, from a frame in order of point and time, into blocks.

    They count where a block has another sample of that time; ``beneath``: that of the block does.
    """
    parts = {point: of_point(frame, point) for point in points.tolist()}
    spans = {point: (int(one.time[0]), int(one.time[-1])) for point, one in parts.items()}
    places = places_of_points(connection, spans, _PRECEDING)
    merging = [one for point, part in parts.items() for one in _merging(point, part, places[point])]
    old: list[BlockPlace] = []
    new: list[Mapping[str, Any]] = []
    # Some at a time: one sample may be behind each of a thousand blocks.
    for first in range(0, len(merging), _POINTS):
        some = merging[first : first + _POINTS]
        data = block_data(connection, [place for one in some for place in one.places])
        for one in some:
            gone, there = _read(connection, one.places, data)
            old += gone
            merged = overlay([one.part, *there] if beneath else [*there, one.part])
            new += [block_row(one.point, block) for block in _blocks(merged)]
    replace_blocks(connection, old, new)
    renew_hours(connection, {point: _hours(one, places[point]) for point, one in parts.items()})


def _hours(samples: Samples, places: list[BlockPlace]) -> list[int]:
    """Return the hours in which samples lie, and the one in which those before them ended."""
    first, last = int(samples.time[0]), int(samples.time[-1])
    before = [place.last for place in places if place.last < first]
    # Nearly always one, which needs no arrays.
    if (before[-1] if before else first) // HOUR == last // HOUR:
        return [max(last // HOUR, 0)]
    hours = np.unique(np.append(samples.time, before[-1:]).astype(np.int64) // HOUR)
    return [hour for hour in hours.tolist() if hour >= 0] or [0]


def _merging(point: int, samples: Samples, places: list[BlockPlace]) -> Iterator[Merging]:
    """Yield the parts of a point's samples, each with the blocks that it goes into."""
    if not places:
        yield Merging(point, samples, [])
        return
    begins = np.array([place.first for place in places])
    # Each sample goes to the block that begins before it, so that one from last year makes no work
    # with what lies between.
    belongs = np.searchsorted(begins, samples.time, side="right") - 1
    if belongs[0] == belongs[-1]:  # nearly always
        yield Merging(point, samples, _absorbed(places, int(belongs[0]), samples, 0))
        return
    numbers = np.unique(belongs).tolist()
    # What an earlier part has to do with is none of the last one's business: neither a block that
    # is written anew, nor one with samples behind it.
    own = max(0, *(number + 1 for number in numbers[:-1]))
    for number in numbers:
        part = samples[belongs == number]
        yield Merging(point, part, _absorbed(places, number, part, own))


def _absorbed(places: list[BlockPlace], number: int, part: Samples, own: int) -> list[BlockPlace]:
    """Return the blocks that are written anew with samples which lie in or behind block number.

    Of those before it only from number ``own`` on.
    """
    if number < 0:
        return []
    found: list[BlockPlace] = []
    count = len(part)
    if part.time[0] <= places[number].last:
        found, count = [places[number]], count + places[number].count
    elif number < len(places) - 1:
        return []  # in a gap of long ago
    # Only those at the end: the blocks before a correction are full, or were left alone before.
    end = number + 1 - len(found)
    for place in reversed(places[own:end] if number == len(places) - 1 else []):
        span = int(part.time[-1]) - place.first
        if place.count > count or place.count + count > FULL or span > LONGEST:
            break
        found.insert(0, place)
        count += place.count
    return found


def _read(
    connection: Connection, places: list[BlockPlace], data: Mapping[int, bytes]
) -> tuple[list[BlockPlace], list[Samples]]:
    """Return the blocks that can be read, and their samples."""
    sound, samples = [], []
    for place in places:
        try:
            samples.append(decode_samples(data[place.id]))
            sound.append(place)
        except DamagedBlock:
            # Out of the way of what is recorded, and there for whoever can rescue something.
            log.error("a damaged block of the history is set aside", block=place.id)
            aside = update(BLOCK).where(BLOCK.c.id == place.id).values(point_id=-BLOCK.c.point_id)
            connection.execute(aside)
    return sound, samples


def _blocks(samples: Samples) -> Iterator[Samples]:
    """Cut samples into blocks of at most `FULL` samples and `LONGEST` time."""
    begin = 0
    while begin < len(samples):
        behind = int(np.searchsorted(samples.time, samples.time[begin] + LONGEST, side="right"))
        end = min(begin + FULL, behind)
        yield samples[begin:end]
        begin = end
