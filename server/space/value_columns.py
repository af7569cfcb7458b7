"""Encoded data values of many points at once, made of the image's arrays."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from asyncua import ua

from heatpump_twin.config.catalogue import Point
from heatpump_twin.drivers.clock import Clock
from heatpump_twin.server.space.few_rows import MOST, FewRows
from heatpump_twin.server.space.point_values import VARIANT_TYPES
from heatpump_twin.server.space.value_rows import STAMPS, ValueRows
from heatpump_twin.twin_engine.image import Image


class PointColumn:
    """Points whose values are read together, in the order of a request, with the times asked for.

    Parameters
    ----------
    points
        May hold a point several times.
    wanted
        Which timestamps a row has.
    """

    def __init__(self, points: Sequence[Point], wanted: ua.TimestampsToReturn) -> None:
        types = [VARIANT_TYPES[point.spec.kind].value for point in points]
        self.index = np.array([point.index for point in points], dtype=np.intp)
        stamps = np.full(len(points), STAMPS[wanted], np.uint8)
        rows = FewRows if len(points) <= MOST else ValueRows
        self.rows: FewRows | ValueRows = rows(np.array(types, np.uint8), stamps)

    def __len__(self) -> int:
        return len(self.index)


class ValueColumns:
    """The reader of columns of points' values from the image."""

    def __init__(self, image: Image, clock: Clock) -> None:
        self._image = image
        self._clock = clock

    def column(self, indices: Sequence[int], wanted: ua.TimestampsToReturn) -> PointColumn:
        """Return the column of some points."""
        return PointColumn([self._image.table[index] for index in indices], wanted)

    def encoded(self, column: PointColumn) -> bytes:
        """Return the present data values of a column, one behind the other."""
        index, image = column.index, self._image
        return column.rows.encoded(
            image.value[index], image.status[index], image.time[index], self._clock.now()
        )
