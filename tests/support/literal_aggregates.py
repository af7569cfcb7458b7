"""Aggregates of OPC 10000-13 word by word, sample by sample, interval by interval: slow and plain.

Written from the definitions and not from the arrays of `twin_engine/aggregates`, to compare those
with. A sample is (time, value, level, status), with a level of 0 Good, 1 Uncertain, 2 Bad.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from heatpump_twin.twin_engine.aggregates.series.rules import Rules

GOOD, UNCERTAIN, BAD, NO_DATA = 0, 0x40A4_0000, 0x8000_0000, 0x809B_0000
CALCULATED, INTERPOLATED, PARTIAL, MULTIPLE = 1, 2, 4, 16
TICK = 1_000


class Sample(NamedTuple):
    time: int
    value: float
    level: int
    status: int


class Edge(NamedTuple):
    """A value at a time: level 2 where there is none; ``own`` is the sample that is there."""

    time: int
    value: float
    level: int
    own: Sample | None = None


class Piece(NamedTuple):
    duration: int
    start: float
    end: float
    level: int


class Found(NamedTuple):
    value: float
    status: int
    bits: int = 0
    time: int | None = None


NOTHING = Found(math.nan, NO_DATA)


@dataclass
class Archive:
    samples: Sequence[Sample]
    rules: Rules

    def level(self, sample: Sample) -> int:
        uncertain_is_bad = self.rules.treat_uncertain_as_bad and sample.level == 1
        return 2 if uncertain_is_bad else sample.level

    def simple(self, time: int) -> Edge:
        before = [s for s in self.samples if s.time <= time]
        after = [s for s in self.samples if s.time > time]
        if before and before[-1].time == time:
            return Edge(time, before[-1].value, self.level(before[-1]), before[-1])
        if not before or not after or self.level(before[-1]) == 2:
            return Edge(time, math.nan, 2)
        one, two = before[-1], after[0]
        if self.rules.stepped:
            return Edge(time, one.value, self.level(one))
        if self.level(two) == 2:
            return Edge(time, one.value, 1)
        return Edge(time, line(one, two, time), max(one.level, two.level))

    def interpolated(self, time: int, *, stepped: bool) -> Edge:
        before = [s for s in self.samples if s.time <= time and self.level(s) < 2]
        after = [s for s in self.samples if s.time > time and self.level(s) < 2]
        if not before:
            return Edge(time, math.nan, 2)
        one = before[-1]
        if one.time == time:
            return Edge(time, one.value, one.level, one)
        if stepped:
            skipped = any(one.time < s.time < time for s in self.samples)
            bad_there = any(s.time == time for s in self.samples)
            beyond = not any(s.time > time for s in self.samples)
            return Edge(time, one.value, int(one.level or skipped or bad_there or beyond))
        if after:
            two = after[0]
            skipped = any(one.time < s.time < two.time for s in self.samples)
            return Edge(time, line(one, two, time), int(one.level or two.level or skipped))
        if self.rules.sloped_extrapolation and len(before) > 1:
            return Edge(time, line(before[-2], one, time), 1)
        return Edge(time, one.value, 1)


def line(one: Sample, two: Sample, time: int) -> float:
    return one.value + (two.value - one.value) * ((time - one.time) / (two.time - one.time))


@dataclass
class Interval:
    archive: Archive
    early: int
    late: int
    backwards: bool

    @property
    def begin(self) -> int:
        return self.late if self.backwards else self.early

    def samples(self) -> list[Sample]:
        if self.backwards:
            return [s for s in self.archive.samples if self.early < s.time <= self.late]
        return [s for s in self.archive.samples if self.early <= s.time < self.late]

    def good(self) -> list[Sample]:
        return [s for s in self.samples() if self.archive.level(s) == 0]

    def levels(self) -> list[int]:
        return [self.archive.level(s) for s in self.samples()]

    def inside(self) -> list[Edge]:
        level = self.archive.level
        return [
            Edge(s.time, s.value, level(s), s)
            for s in self.archive.samples
            if self.early < s.time < self.late
        ]

    def corners(self) -> list[Edge]:
        simple = self.archive.simple
        return [simple(self.early), *self.inside(), simple(self.late)]

    def pieces(self, *, stepped: bool) -> list[Piece]:
        corners, last, found = self.corners(), self.archive.samples[-1].time, []
        for one, two in pairwise(corners):
            duration = two.time - one.time
            if one.time >= last:
                duration = min(duration, TICK) if one.time == last else 0
            if one.level == 2:
                found.append(Piece(duration, math.nan, math.nan, 2))
            elif stepped:
                found.append(Piece(duration, one.value, one.value, one.level))
            elif two.level == 2:
                found.append(Piece(duration, one.value, one.value, 1))
            else:
                found.append(Piece(duration, one.value, two.value, max(one.level, two.level)))
        return found

    def shares(self, good: int, bad: int, total: int) -> int:
        rules = self.archive.rules
        if good * 100 >= rules.percent_good * total:
            return GOOD
        return BAD if bad * 100 >= rules.percent_bad * total else UNCERTAIN

    def by_count(self) -> int:
        levels = self.levels()
        return self.shares(levels.count(0), levels.count(2), len(levels))

    def by_time(self, pieces: Sequence[Piece]) -> int:
        good, bad, total = (
            sum(p.duration for p in pieces if p.level in levels)
            for levels in ((0,), (2,), (0, 1, 2))
        )
        return self.shares(good, bad, total)


def average(i: Interval) -> Found:
    good = [s.value for s in i.good()]
    return Found(sum(good) / len(good), i.by_count(), CALCULATED) if good else NOTHING


def straight(i: Interval, *, total: bool) -> Found:
    ends = [i.archive.interpolated(t, stepped=False) for t in (i.early, i.late)]
    corners = [ends[0], *(e for e in i.inside() if e.level < 2), ends[1]]
    doubtful = any(e.level for e in corners) or 2 in i.levels()
    pieces = [
        Piece(two.time - one.time, one.value, two.value, 0)
        for one, two in pairwise(corners)
        if one.level < 2
    ]
    return weighed(pieces, UNCERTAIN if doubtful else GOOD, total=total)


def simple(i: Interval, *, total: bool) -> Found:
    pieces = i.pieces(stepped=i.archive.rules.stepped)
    return weighed(pieces, i.by_time(pieces), total=total)


def weighed(pieces: Sequence[Piece], status: int, *, total: bool) -> Found:
    known = [p for p in pieces if p.level < 2]
    time = sum(p.duration for p in known)
    if not time:
        return NOTHING
    area = sum((p.start + p.end) / 2 * p.duration for p in known)
    return Found(area * 1e-6 if total else area / time, status, CALCULATED)


def extreme(i: Interval, best: Callable[..., float], *, actual: bool) -> Found:
    good = i.good()
    if not good:
        return NOTHING
    value = best(s.value for s in good)
    where = [s.time for s in good if s.value == value]
    status = UNCERTAIN if 2 in i.levels() else GOOD
    several = MULTIPLE if len(where) > 1 else 0
    if actual:
        return Found(value, status, several, where[0])
    calculated = CALCULATED if where[0] != i.begin or status == UNCERTAIN else 0
    return Found(value, status, several | calculated)


def value_range(i: Interval) -> Found:
    least, most = extreme(i, min, actual=False), extreme(i, max, actual=False)
    return least._replace(value=most.value - least.value, bits=CALCULATED)


def extreme2(i: Interval, best: Callable[..., float], *, actual: bool) -> Found:
    corners = i.corners()
    if i.archive.rules.stepped and not i.backwards:
        corners.pop()
    usable = [c for c in corners if c.level < 2]
    if not usable:
        return NOTHING
    value = best(c.value for c in usable)
    ties = [c for c in usable if c.value == value]
    first = ties[0]
    status = i.by_time(i.pieces(stepped=i.archive.rules.stepped))
    several = MULTIPLE if len(ties) > 1 else 0
    at_end = first.time == (i.early if i.backwards else i.late)
    if actual:
        bits = INTERPOLATED if first.own is None or at_end else 0
        shift = (TICK if i.backwards else -TICK) if at_end else 0
        return Found(value, status, several | bits, first.time + shift)
    if first.own is None:
        return Found(value, status, several | INTERPOLATED)
    return Found(value, status, several | (CALCULATED if first.time != i.begin else 0))


def range2(i: Interval) -> Found:
    least, most = extreme2(i, min, actual=False), extreme2(i, max, actual=False)
    return least._replace(value=most.value - least.value, bits=CALCULATED)


def state(i: Interval, *, zero: bool) -> Found:
    pieces = i.pieces(stepped=True)
    time = sum(p.duration for p in pieces if p.level == 0 and (p.start == 0) is zero)
    return Found(time / 1000, i.by_time(pieces), CALCULATED)


def quality(i: Interval, level: int, *, percent: bool) -> Found:
    pieces = i.pieces(stepped=True)
    time = sum(p.duration for p in pieces if p.level == level)
    whole = sum(p.duration for p in pieces)
    return Found(100 * time / whole if percent else time / 1000, GOOD, CALCULATED)


def transitions(i: Interval) -> Found:
    usable = [s for s in i.archive.samples if i.archive.level(s) < 2]
    number = 0
    for sample in i.samples():
        if sample in usable:
            place = usable.index(sample)
            number += place == 0 or usable[place - 1].value != sample.value
    return Found(number, i.by_count(), CALCULATED)


def one_sample(i: Interval, place: int) -> Found:
    samples = i.samples()
    if not samples:
        return NOTHING
    return Found(samples[place].value, samples[place].status, 0, samples[place].time)


def delta(i: Interval) -> Found:
    good, all_of_them = i.good(), i.samples()
    if not good:
        return NOTHING
    skipped = all_of_them[0] != good[0] or all_of_them[-1] != good[-1]
    value = good[-1].value - good[0].value
    return Found(value, UNCERTAIN if skipped else GOOD, CALCULATED)


def bound(i: Interval, *, at_end: bool) -> Found:
    edge = i.archive.simple(i.early if at_end is i.backwards else i.late)
    if edge.level == 2:
        return NOTHING
    status = edge.own.status if edge.own else UNCERTAIN if edge.level else GOOD
    origin = 0 if edge.own else INTERPOLATED
    return Found(edge.value, status, CALCULATED if at_end else origin)


def interpolative(i: Interval) -> Found:
    edge = i.archive.interpolated(i.begin, stepped=i.archive.rules.stepped)
    if edge.level == 2:
        return NOTHING
    if edge.own:
        return Found(edge.value, edge.own.status)
    return Found(edge.value, UNCERTAIN if edge.level else GOOD, INTERPOLATED)


def bound_delta(i: Interval) -> Found:
    start, end = bound(i, at_end=False), bound(i, at_end=True)
    if NO_DATA in (start.status, end.status):
        return NOTHING
    status = GOOD if start.status == end.status == GOOD else UNCERTAIN
    return Found(end.value - start.value, status, CALCULATED)


def worst(i: Interval, statuses: Sequence[int]) -> Found:
    if not statuses:
        return NOTHING
    level = max(s >> 30 for s in statuses)
    those = [s for s in statuses if s >> 30 == level]
    return Found(those[0], GOOD, CALCULATED | (MULTIPLE if len(those) > 1 else 0))


def worst2(i: Interval) -> Found:
    rules = Rules(stepped=i.archive.rules.stepped, treat_uncertain_as_bad=False)
    plain = Archive(i.archive.samples, rules)
    corners = Interval(plain, i.early, i.late, i.backwards).corners()
    codes = (GOOD, UNCERTAIN, NO_DATA)
    return worst(i, [c.own.status if c.own else codes[c.level] for c in corners])


def variance(i: Interval, *, sample: bool, root: bool) -> Found:
    good = [s.value for s in i.good()]
    if not good:
        return NOTHING
    mean = sum(good) / len(good)
    degrees = max(len(good) - 1, 1) if sample else len(good)
    value = sum((v - mean) ** 2 for v in good) / degrees
    status = UNCERTAIN if any(i.levels()) else GOOD
    return Found(math.sqrt(value) if root else value, status, CALCULATED)


AGGREGATES: dict[str, Callable[[Interval], Found]] = {
    "Interpolative": interpolative,
    "Average": average,
    "TimeAverage": lambda i: straight(i, total=False),
    "TimeAverage2": lambda i: simple(i, total=False),
    "Total": lambda i: straight(i, total=True),
    "Total2": lambda i: simple(i, total=True),
    "Minimum": lambda i: extreme(i, min, actual=False),
    "Maximum": lambda i: extreme(i, max, actual=False),
    "MinimumActualTime": lambda i: extreme(i, min, actual=True),
    "MaximumActualTime": lambda i: extreme(i, max, actual=True),
    "Range": value_range,
    "Minimum2": lambda i: extreme2(i, min, actual=False),
    "Maximum2": lambda i: extreme2(i, max, actual=False),
    "MinimumActualTime2": lambda i: extreme2(i, min, actual=True),
    "MaximumActualTime2": lambda i: extreme2(i, max, actual=True),
    "Range2": range2,
    "Count": lambda i: Found(len(i.good()), i.by_count(), CALCULATED),
    "DurationInStateZero": lambda i: state(i, zero=True),
    "DurationInStateNonZero": lambda i: state(i, zero=False),
    "NumberOfTransitions": transitions,
    "Start": lambda i: one_sample(i, 0),
    "End": lambda i: one_sample(i, -1),
    "Delta": delta,
    "StartBound": lambda i: bound(i, at_end=False),
    "EndBound": lambda i: bound(i, at_end=True),
    "DeltaBounds": bound_delta,
    "DurationGood": lambda i: quality(i, 0, percent=False),
    "DurationBad": lambda i: quality(i, 2, percent=False),
    "PercentGood": lambda i: quality(i, 0, percent=True),
    "PercentBad": lambda i: quality(i, 2, percent=True),
    "WorstQuality": lambda i: worst(i, [s.status for s in i.samples()]),
    "WorstQuality2": worst2,
    "StandardDeviationSample": lambda i: variance(i, sample=True, root=True),
    "VarianceSample": lambda i: variance(i, sample=True, root=False),
    "StandardDeviationPopulation": lambda i: variance(i, sample=False, root=True),
    "VariancePopulation": lambda i: variance(i, sample=False, root=False),
}


def intervals(archive: Archive, start: int, end: int, length: int) -> list[Interval]:
    """Cut the range from its start; what is left over is an interval of its own."""
    way = 1 if end > start else -1
    length = min(length or abs(end - start), abs(end - start))
    found = []
    at = start
    while (end - at) * way > 0:
        to = min(at + length, end) if way > 0 else max(at - length, end)
        found.append(Interval(archive, min(at, to), max(at, to), way < 0))
        at = to
    return found


def literal(name: str, archive: Archive, start: int, end: int, length: int) -> list[Found]:
    """Return the results over a whole archive, bits and times filled in."""
    cut = intervals(archive, start, end, length)
    length = min(length or abs(end - start), abs(end - start))
    return [_finished(name, i, shorter=i.late - i.early < length) for i in cut]


def _finished(name: str, i: Interval, *, shorter: bool) -> Found:
    samples = i.archive.samples
    if name == "Interpolative":
        found = AGGREGATES[name](i) if samples else NOTHING
        return _dressed(found, i, partial=False)
    if not samples:
        return _dressed(NOTHING, i, partial=False)
    first, last = samples[0].time, samples[-1].time
    before = i.late < first if i.backwards else i.late <= first
    after = i.early >= last if i.backwards else i.early > last
    if before or after:
        return _dressed(NOTHING, i, partial=False)
    partial = i.early < first < i.late or i.early <= last < i.late or shorter
    return _dressed(AGGREGATES[name](i), i, partial=partial and name != "Average")


def _dressed(found: Found, i: Interval, *, partial: bool) -> Found:
    bad = found.status >= BAD
    bits = (0 if bad else found.bits) | (PARTIAL if partial else 0)
    status = found.status | (bits | 0x400 if bits else 0)
    time = i.begin if found.time is None else found.time
    return Found(math.nan if bad else float(found.value), status, bits, time)
