"""Check records of computed points, of heat pumps or of the site, against the catalogue."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from inspect import signature
from typing import Any, Protocol

from heatpump_twin.config.catalogue import PointRole, PointSpec

COMPUTED = (PointRole.DERIVED,)
"""Roles of points that a record says how to compute."""


class RecordInput(Protocol):
    """One argument of a record's function."""

    @property
    def points(self) -> frozenset[str]:
        """Ids of all points of a heat pump that it may be taken from."""
        ...

    @property
    def required(self) -> bool:
        """Whether nothing can be computed without it."""
        ...


class ComputedRecord(Protocol):
    """A record of a computed point."""

    @property
    def id(self) -> str:
        """The point."""
        ...

    @property
    def inputs(self) -> Sequence[RecordInput]:
        """What it is computed from."""
        ...

    @property
    def function(self) -> Callable[..., Any]:
        """What computes it."""
        ...

    @property
    def arguments(self) -> int:
        """How many arguments the function gets."""
        ...


def mistakes(
    records: Sequence[ComputedRecord],
    catalogue: Mapping[str, PointSpec],
    sources: Mapping[str, PointSpec],
) -> Iterator[str]:
    """Yield the mistakes of the records, each with its point; each computed point has one record.

    Parameters
    ----------
    catalogue
        The points of the asset type that the records are of.
    sources
        The points of the asset type that their inputs are of.
    """
    ids = [record.id for record in records]
    for record in records:
        problems = (*_of_point(record, catalogue), *_of_inputs(record, sources))
        yield from (f"{record.id}: {problem}" for problem in problems)
    for point in sorted({point for point in ids if ids.count(point) > 1}):
        yield f"{point}: there is more than one record"
    for point, spec in catalogue.items():
        if spec.role in COMPUTED and point not in ids:
            yield f"{point}: the catalogue has it as {spec.role}, and no record says how"


def _of_point(record: ComputedRecord, catalogue: Mapping[str, PointSpec]) -> Iterator[str]:
    spec = catalogue.get(record.id)
    if spec is None:
        yield "the catalogue has no such point"
    elif spec.role not in COMPUTED:
        yield f"the catalogue has it as {spec.role}: that is not computed"


def _of_inputs(record: ComputedRecord, sources: Mapping[str, PointSpec]) -> Iterator[str]:
    # Without a required input every heat pump would have the point, with nothing to compute it
    # from.
    if not any(i.required for i in record.inputs):
        yield "it takes nothing that must be there"
    for point in sorted(frozenset().union(*(i.points for i in record.inputs))):
        if point not in sources:
            yield f"it takes {point!r}, which is no point of a heat pump in the catalogue"
        # Predictions are made from the image later: a derived point of them would lag or circle.
        elif sources[point].role is PointRole.PREDICTED:
            yield f"it takes {point!r}, which is predicted only afterwards"
    try:
        # A wrong number of arguments would otherwise show as Bad in every frame, and in no check.
        signature(record.function).bind(*range(record.arguments))
    except TypeError:
        yield f"its function does not take {record.arguments} arguments"
