"""Reduce a series to what a chart can show, without losing peaks or hiding gaps."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

TrendPoint = tuple[int, float | None]
"""Time [ms since the epoch] and value; None where the line must break."""


@dataclass(frozen=True, slots=True)
class Silence:
    """How long nothing may be recorded before it is taken for a gap."""

    longest: int
    """[ms]"""
    since: int = 0
    """Before, history was simulated: it has no gaps, nor samples of what does not change. [ms]"""

    def lies_between(self, before: int, after: int) -> bool:
        """Tell whether no line may join two samples of these times. [ms since the epoch]"""
        return after > self.since and after - before > self.longest

    def longer(self, by: int) -> Silence:
        """Return the same, longer by some time. [ms]"""
        return replace(self, longest=self.longest + by)


class Envelope:
    """Envelope of a series: the lowest and highest sample of each of equal spans of time.

    Memory is bounded by the number of buckets, however many samples are fed. While everything fits
    into ``limit`` points the samples themselves are returned.

    Parameters
    ----------
    start, end : int
        The span of the chart. [ms since the epoch]
    limit : int
        Most points that :meth:`points` may return.
    silence : Silence
        Which samples are not joined by a line.
    """

    def __init__(self, start: int, end: int, limit: int, silence: Silence) -> None:
        self._start, self._end, self._limit, self._silence = start, end, limit, silence
        # A bucket yields at most its two extremes and one break.
        self._count = max(1, limit // 3)
        self._buckets: dict[int, list[tuple[int, float]]] = {}
        self._breaks: dict[int, int] = {}
        self._exact: list[TrendPoint] | None = []
        self._last: int | None = None
        self.fed = 0

    def feed(self, samples: Iterable[TrendPoint]) -> None:
        """Add samples in the order of time; a value of None starts a gap."""
        for time, value in samples:
            self.fed += 1
            if value is None or not math.isfinite(value):
                self._break(time)
                continue
            if self._last is not None and self._silence.lies_between(self._last, time):
                self._break(self._last + 1)
            self._last = time
            self._keep(time, value)

    def points(self) -> list[TrendPoint]:
        """Return the points to draw, in the order of time."""
        if self._exact is not None:
            return list(self._exact)
        points: list[TrendPoint] = []
        for index in sorted(self._buckets.keys() | self._breaks.keys()):
            points += self._buckets.get(index, ())
            if index in self._breaks:
                points.append((self._breaks[index], None))
        return sorted(points, key=lambda point: point[0])

    @property
    def exact(self) -> bool:
        """Whether the points are the samples themselves."""
        return self._exact is not None

    def _keep(self, time: int, value: float) -> None:
        self._add_exact((time, value))
        kept = self._buckets.setdefault(self._bucket(time), [])
        if len(kept) < 2:
            kept.append((time, value))
            return
        # Extremes and not means: a short peak is what somebody looks for in a trend of a month.
        candidates = sorted([*kept, (time, value)], key=lambda point: point[1])
        kept[:] = sorted((candidates[0], candidates[-1]))

    def _break(self, time: int) -> None:
        self._last = None
        self._add_exact((time, None))
        # The first break of a bucket is enough: no line may be drawn over it.
        self._breaks.setdefault(self._bucket(time), time)

    def _add_exact(self, point: TrendPoint) -> None:
        if self._exact is not None:
            self._exact.append(point)
            # For good: from here on the buckets are the shorter way to say it.
            if len(self._exact) > self._limit:
                self._exact = None

    def _bucket(self, time: int) -> int:
        share = (time - self._start) / max(1, self._end - self._start)
        # The bound before the start, which a chart needs for its first line, belongs to the first
        # bucket.
        return min(self._count - 1, max(0, int(share * self._count)))
