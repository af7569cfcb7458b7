"""Check the records of derived points against the catalogue and order their computation."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

from heatpump_twin.config.catalogue import PointSpec
from heatpump_twin.twin_engine.derive.derived_inputs import Taker
from heatpump_twin.twin_engine.derive.derived_point import DerivedPoint
from heatpump_twin.twin_engine.derive.record_check import mistakes
from heatpump_twin.twin_engine.errors import DerivationError
from heatpump_twin.twin_engine.sample import Sample


@dataclass(frozen=True, slots=True)
class DerivationStep:
    """One derived point of a heat pump that has certain points."""

    record: DerivedPoint
    compute: Callable[..., Sample]
    """Computes it from the latest samples; after the memory, where its record has one."""
    points: tuple[str, ...]
    """What it is computed from on this heat pump."""


@dataclass(frozen=True, slots=True)
class DerivationPlan:
    """Derived points of a heat pump that has certain points, in the order of computation."""

    steps: tuple[DerivationStep, ...]
    """In an order in which each finds what it takes."""
    points: tuple[str, ...]
    """Ids of the derived points."""
    inputs: frozenset[str]
    """Points of the heat pump itself that they are computed from."""


class Derivation:
    """The records of all derived points that a heat pump can have.

    Raises
    ------
    DerivationError
        With everything that is wrong with the records.
    """

    def __init__(self, records: Sequence[DerivedPoint], catalogue: Mapping[str, PointSpec]) -> None:
        by_id = {record.id: record for record in records}
        # All mistakes at once: whoever writes a record mends them in one go.
        found = [*mistakes(records, catalogue, catalogue), *_recalled(records), *_cycle(by_id)]
        if found:
            raise DerivationError(found)
        self._order = [by_id[point] for point in _sorted(by_id)]
        self._rank = {point: place for place, point in enumerate(catalogue)}
        self._plans: dict[frozenset[str], DerivationPlan] = {}

    def points(self, ids: Iterable[str]) -> list[str]:
        """Return the points that follow from the points ``ids``, in the catalogue's order."""
        return sorted(self.plan(frozenset(ids)).points, key=self._rank.__getitem__)

    def plan(self, ids: frozenset[str]) -> DerivationPlan:
        """Return the derivation plan of a heat pump that has the points ``ids``.

        Heat pumps with the same points share it.
        """
        if ids not in self._plans:
            steps = tuple(self._steps(set(ids)))
            inputs = frozenset().union(*(step.points for step in steps)) & ids
            points = tuple(step.record.id for step in steps)
            self._plans[ids] = DerivationPlan(steps, points, inputs)
        return self._plans[ids]

    def _steps(self, ids: set[str]) -> Iterator[DerivationStep]:
        for record in self._order:
            # `ids` grows as points are derived: in this order each finds the derived ones it
            # takes.
            if all(i.found(ids) or not i.required for i in record.inputs):
                compute = _computing(record, tuple(i.taker(ids) for i in record.inputs))
                used = frozenset().union(*(i.found(ids) for i in record.inputs))
                yield DerivationStep(record, compute, tuple(sorted(used)))
                ids.add(record.id)


def _computing(record: DerivedPoint, takers: tuple[Taker, ...]) -> Callable[..., Sample]:
    function = record.function
    if record.memory is None:
        return lambda samples: function(*[take(samples) for take in takers])
    return lambda memory, samples: function(memory, *[take(samples) for take in takers])


def _sorted(records: Mapping[str, DerivedPoint]) -> Iterable[str]:
    """Return the ids of records, each after those that it takes; raise `CycleError` if none can."""
    graph = {
        point: [p for i in record.inputs for p in sorted(i.points) if p in records]
        for point, record in records.items()
    }
    return TopologicalSorter(graph).static_order()


def _recalled(records: Iterable[DerivedPoint]) -> Iterator[str]:
    for record in records:
        taken = frozenset().union(*(i.points for i in record.inputs))
        if record.recalls and (record.memory is None or not taken.issuperset(record.recalls)):
            yield f"{record.id}: it recalls what it does not take, or has no memory"


def _cycle(records: Mapping[str, DerivedPoint]) -> Iterator[str]:
    try:
        tuple(_sorted(records))
    except CycleError as error:
        yield f"{error.args[1][0]}: computed from itself, by way of {' → '.join(error.args[1])}"
