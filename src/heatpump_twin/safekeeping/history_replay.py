"""Drive a twin's engine from recorded history, by the recorded times and at any speed.

Measured values and setpoints of one history go in; derived points, totals, predictions, alarms and
a history of their own come out, as they would have live: with other rules, another plate, another
tariff, another version of this software.
"""

from __future__ import annotations

import asyncio
import time as real_time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from heatpump_twin.config.catalogue import SITE, TWIN, PointRole, PointTable
from heatpump_twin.config.settings import Site
from heatpump_twin.drivers.clock import MICROSECONDS, ManualClock
from heatpump_twin.drivers.frame import Frame
from heatpump_twin.errors import TwinError
from heatpump_twin.rules.engine import RuleEngine
from heatpump_twin.rules.pack import load_packs
from heatpump_twin.runtime.assembly import Assembly
from heatpump_twin.twin_engine.alarm import AlarmSink
from heatpump_twin.twin_engine.derive.record_check import COMPUTED
from heatpump_twin.twin_engine.engine import Engine
from heatpump_twin.twin_engine.foresight.prediction import Forecaster
from heatpump_twin.twin_engine.happening import HappeningSink
from heatpump_twin.twin_engine.historian.historian import Historian
from heatpump_twin.twin_engine.history import HistoryReader
from heatpump_twin.twin_engine.model.water.learnt_model import LearntModel

TOGETHER = MICROSECONDS
"""Samples of so long a time are one frame, as those of one round of polls. [µs]"""
FORECAST_PERIOD = 2 * MICROSECONDS
"""Predictions are made again after this time at the soonest. [µs]"""
_CHUNK = 6 * 3600 * MICROSECONDS
"""History that is read at once. [µs]"""
_EACH = 10_000_000
"""More than the samples of a point in that time."""
_ROOM = 500_000
"""So many samples may wait for the historian."""
_EVER = 2**62
_BREATH = 200
"""Frames after which others have their turn."""
_JUDGED = 1440
"""Frames that the rules look at together: what they tell does not depend on it."""
_OURS = (*COMPUTED, PointRole.EXPECTED, PointRole.COMPARED, PointRole.PREDICTED)
"""What the engine makes itself."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """What a replay has done."""

    frames: int
    samples: int
    """That went in."""
    alarms: int
    """Transitions of alarms that came out."""


class Replay:
    """A replay from one history into another.

    Parameters
    ----------
    clock : ManualClock
        That of ``target`` as well; the replay moves it.
    tell : callable
        Gets each alarm that is raised or returns to normal, in order of time.
    report : callable or None
        Gets what else happens: what begins and ends, and settings that change.
    models
        Calibrated models by heat pump.
    speed : float or None
        Seconds of history in a real second; None: as fast as can be.
    """

    def __init__(
        self,
        site: Site,
        assembly: Assembly,
        source: HistoryReader,
        target: Historian,
        clock: ManualClock,
        tell: AlarmSink,
        speed: float | None = None,
        report: HappeningSink | None = None,
        models: Mapping[str, LearntModel] | None = None,
    ) -> None:
        self._report = report
        self._source, self._target, self._clock = source, target, clock
        self._tell, self._speed = tell, speed
        self._points = _inputs(assembly.table)
        self._engine = Engine(site, assembly.table, clock, target.append, source, models=models)
        packs = load_packs(site.rules.packs)
        self._rules = RuleEngine(packs, site, assembly.table, faults=assembly.faults)
        image = self._engine.image
        self._rules.follow(image)
        self._forecaster = Forecaster(assembly.table, image, assembly.models, clock)
        self._forecast = -_EVER
        self._frames = self._samples = self._alarms = 0

    async def run(self, start: int, end: int, report: Callable[[int], None]) -> Replayed:
        """Replay start ≤ time < end [µs]; ``report`` is told how far it is."""
        self._clock.set(start)
        await self._engine.start()
        begun = real_time.monotonic()
        async for chunk in self._chunks(start, end):
            for frame in in_seconds(chunk):
                self._take(frame)
                if self._frames % _BREATH == 0 or self._speed is not None:
                    report(self._clock.now())
                    await self._pause(start, begun)
        self._engine.settle()
        self._pass(end)
        self._look(end)
        report(end)
        return Replayed(self._frames, self._samples, self._alarms)

    def _take(self, frame: Frame) -> None:
        now = max(int(frame.time.max()), self._clock.now())
        self._pass(now)
        self._engine.take(frame)
        if now - self._forecast >= FORECAST_PERIOD:
            self._forecast = now
            self._forecaster.issue()
        self._frames += 1
        self._samples += len(frame)

    def _pass(self, to: int) -> None:
        """Let time pass: the rules look at all that was before it."""
        if self._speed is not None or self._frames % _JUDGED == 0:
            # Not to the time itself: more samples of it may come.
            self._look(to - 1)
        self._clock.set(to)

    def _look(self, until: int) -> None:
        for transition in self._rules.advance(until):
            # The twin that recorded is not the one that replays: its own parts are nobody's here.
            if transition.alarm.asset != TWIN:
                self._alarms += 1
                self._tell(transition)
        for happening in self._rules.happened():
            if self._report is not None and happening.asset != TWIN:
                self._report(happening)

    async def _pause(self, start: int, begun: float) -> None:
        # The historian writes in a thread, which tells nobody.
        while self._target.health.queue_rows > _ROOM:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        if self._speed is None:
            await asyncio.sleep(0)
            return
        due = begun + (self._clock.now() - start) / MICROSECONDS / self._speed
        await asyncio.sleep(max(due - real_time.monotonic(), 0.0))

    async def _chunks(self, start: int, end: int) -> AsyncIterator[Frame]:
        """Yield what was known at the start, and then what came, in order of time."""
        yield await self._known(start)
        begin = await self._next(start)
        while begin < end:
            behind = min(begin + _CHUNK, end)
            parts = []
            for key, index in self._points.items():
                found = await self._source.read_raw(key, begin, behind, limit=_EACH)
                point = np.full(len(found), index, np.int32)
                parts.append(Frame(point, found.value, found.status, found.time))
            chunk = Frame.concat(parts)
            yield _in_order(chunk)
            # Years in which nothing was recorded are not walked through.
            begin = behind if len(chunk) else await self._next(behind)

    async def _next(self, time: int) -> int:
        """Return the time of the next sample that was recorded."""
        found = [await self._source.after(key, time) for key in self._points]
        return min((int(samples.time[0]) for samples in found if len(samples)), default=_EVER)

    async def _known(self, start: int) -> Frame:
        parts = []
        for key, index in self._points.items():
            found = await self._source.before(key, start - 1)
            point = np.full(len(found), index, np.int32)
            parts.append(Frame(point, found.value, found.status, found.time))
        return Frame.concat(parts)


async def replayed_span(
    source: HistoryReader, table: PointTable, wanted: tuple[int | None, int | None]
) -> tuple[int, int]:
    """Return begin and end of what is to be replayed; default: of all that devices reported. [µs]

    Raises
    ------
    TwinError
        There is nothing.
    """
    ends: list[int] = []
    for key in _inputs(table):
        ends += (await source.after(key, -_EVER)).time.tolist()
        ends += (await source.before(key, _EVER)).time.tolist()
    if not ends:
        raise TwinError("nothing is recorded that devices of this site report")
    start = min(ends) if wanted[0] is None else wanted[0]
    end = max(ends) + 1 if wanted[1] is None else wanted[1]
    if end <= start:
        raise TwinError("the end of the range is not behind its begin")
    return start, end


def _inputs(table: PointTable) -> Mapping[str, int]:
    """Return the index of each point that devices or the weather service report, by its key."""
    return {
        point.key: point.index
        for point in table
        if (point.asset not in (SITE, TWIN) and point.spec.role not in _OURS)
        or (point.asset == SITE and point.spec.role is PointRole.PREDICTED)
    }


def _in_order(frame: Frame) -> Frame:
    order = np.argsort(frame.time, kind="stable")
    return Frame(frame.point[order], frame.value[order], frame.status[order], frame.time[order])


def in_seconds(frame: Frame) -> Iterator[Frame]:
    """Cut a frame, in order of time, where a new second begins."""
    if not len(frame):
        return
    cuts = np.flatnonzero(np.diff(frame.time // TOGETHER)) + 1
    edges: Sequence[int] = [0, *cuts.tolist(), len(frame)]
    for begin, end in pairwise(edges):
        part = slice(begin, end)
        yield Frame(frame.point[part], frame.value[part], frame.status[part], frame.time[part])
