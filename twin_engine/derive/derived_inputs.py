"""Inputs of derived points: which points of a heat pump they take, and which one of several.

========================  ================================================  ====================
input                     is there if the heat pump has                     the function gets
========================  ================================================  ====================
``"electrical_power"``    that point                                        its `Sample`
`FirstOf`                 one of the choices; the first it has is taken     a `Chosen`
`BestOf`                  one of the choices; the first usable is taken     a `Chosen`
`AnyOf`                   one of the points                                 id → `Sample`
`Perhaps`                 always: it may have some of the points, or none   id → `Sample`
========================  ================================================  ====================

A choice is the id of one point, or several that belong together.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass
from itertools import chain
from operator import itemgetter
from typing import NamedTuple, Protocol

from heatpump_twin.twin_engine.sample import Sample

LatestSamples = Mapping[str, Sample]
"""The latest sample of each point of one heat pump, by id."""
Ids = Set[str]
Choices = tuple[str | tuple[str, ...], ...]


class Chosen(NamedTuple):
    """Choice of points that was taken, with their samples."""

    points: tuple[str, ...]
    samples: tuple[Sample, ...]


Taken = Sample | Chosen | Mapping[str, Sample]
"""Argument that a derived point's function gets for one input."""
Taker = Callable[[LatestSamples], Taken]


class DerivedInput(Protocol):
    """One argument of a derived point's function."""

    @property
    def points(self) -> frozenset[str]:
        """Ids of all points that it may be taken from."""
        ...

    @property
    def required(self) -> bool:
        """Whether there is no derived point without it."""
        ...

    def found(self, ids: Ids) -> frozenset[str]:
        """Return those of the points ``ids`` that it is taken from; empty: it is not there."""
        ...

    def taker(self, ids: Ids) -> Taker:
        """Return what takes it from the latest samples of a heat pump that has ``ids``."""
        ...


@dataclass(frozen=True, slots=True)
class ThePoint:
    """Input of one point. A record names it by its id alone."""

    id: str
    required = True

    @property
    def points(self) -> frozenset[str]:
        """The point."""
        return frozenset((self.id,))

    def found(self, ids: Ids) -> frozenset[str]:
        """Return the point, if it is there."""
        return self.points & ids

    def taker(self, ids: Ids) -> Taker:  # noqa: ARG002 (it is the same for all)
        """Return what takes the point's sample."""
        return itemgetter(self.id)


@dataclass(frozen=True, slots=True)
class _OneOf:
    """Input of one of several choices."""

    choices: Choices
    required = True

    @property
    def points(self) -> frozenset[str]:
        """The points of all choices."""
        return frozenset(chain(*map(_tuple, self.choices)))

    def there(self, ids: Ids) -> list[tuple[str, ...]]:
        """Return the choices of which a heat pump has every point."""
        return [choice for choice in map(_tuple, self.choices) if ids >= frozenset(choice)]


class FirstOf(_OneOf):
    """The first choice that a heat pump has, whatever its quality is at the moment."""

    __slots__ = ()

    def found(self, ids: Ids) -> frozenset[str]:
        """Return the points of the choice."""
        return frozenset(next(iter(self.there(ids)), ()))

    def taker(self, ids: Ids) -> Taker:
        """Return what takes the choice's samples."""
        choice = self.there(ids)[0]
        return lambda samples: _chosen(choice, samples)


class BestOf(_OneOf):
    """The first choice without a Bad sample; where there is none, the first that there is."""

    __slots__ = ()

    def found(self, ids: Ids) -> frozenset[str]:
        """Return the points of all choices that are there."""
        return frozenset(chain(*self.there(ids)))

    def taker(self, ids: Ids) -> Taker:
        """Return what takes the samples of the choice that is the best at the moment."""
        # Where nothing is usable the first choice is taken: its status tells why, and it is the
        # instrument that somebody has to look after.
        first, *others = self.there(ids)

        def best(samples: LatestSamples) -> Chosen:
            found = _chosen(first, samples)
            if not _any_bad(found):
                return found
            alternatives = (_chosen(choice, samples) for choice in others)
            return next((other for other in alternatives if not _any_bad(other)), found)

        # With one choice there is nothing to choose, in each frame of most heat pumps.
        return best if others else lambda samples: _chosen(first, samples)


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Those of some points that a heat pump has: one at least."""

    ids: tuple[str, ...]
    required = True

    @property
    def points(self) -> frozenset[str]:
        """All points of the input."""
        return frozenset(self.ids)

    def found(self, ids: Ids) -> frozenset[str]:
        """Return the points of the input that are in ``ids``."""
        return self.points & ids

    def taker(self, ids: Ids) -> Taker:
        """Return what takes the samples of the points that are in ``ids``."""
        there = [point for point in self.ids if point in ids]
        return lambda samples: {point: samples[point] for point in there}


class Perhaps(AnyOf):
    """Those of some points that a heat pump has, if any."""

    __slots__ = ()
    required = False


def _tuple(choice: str | tuple[str, ...]) -> tuple[str, ...]:
    return (choice,) if isinstance(choice, str) else choice


def _chosen(choice: tuple[str, ...], samples: LatestSamples) -> Chosen:
    return Chosen(choice, tuple([samples[point] for point in choice]))


def _any_bad(chosen: Chosen) -> bool:
    for sample in chosen.samples:  # noqa: SIM110 (asked for each frame: twice as fast as `any`)
        if sample.bad:
            return True
    return False
