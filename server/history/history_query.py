"""What a HistoryRead of one node has still to return."""

from __future__ import annotations

from typing import Protocol

from heatpump_twin.config.catalogue import Point
from heatpump_twin.server.history.history_encoding import OF_KIND, WireType
from heatpump_twin.twin_engine.history import HistoryReader, Samples


class HistoryQuery(Protocol):
    """A query of one node; a page of it leaves the query for the rest."""

    def wire_type(self, point: Point) -> WireType:
        """Return how its values are encoded."""
        ...

    async def read(self, reader: HistoryReader) -> tuple[Samples, HistoryQuery | None]:
        """Read the next page of samples; return it with the query for the rest (None: no more)."""
        ...


class OfPoint:
    """A query whose values are of the type of the point."""

    __slots__ = ()

    def wire_type(self, point: Point) -> WireType:
        """Return how values of the point are encoded."""
        return OF_KIND[point.spec.kind]
