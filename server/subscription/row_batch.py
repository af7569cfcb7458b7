"""Rows that are sampled together, with what they ask for: looked up once while it stays so."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from asyncua import ua
from numpy.typing import NDArray

from heatpump_twin.server.subscription.point_rows import ItemRows, PointRows

DOUBLE, BOOLEAN = int(ua.VariantType.Double.value), int(ua.VariantType.Boolean.value)
WITH_VALUE = int(ua.DataChangeTrigger.StatusValue)

Where = NDArray[np.intp] | slice
"""Where something is in arrays; side by side, a slice, which takes no copy."""


class RowBatch:
    """Rows of items, and what of them does not change from sample to sample.

    What changes once in a cycle changes in the next one, too: then the same batch does again.
    """

    def __init__(self, rows: ItemRows, table: PointRows) -> None:
        self.rows = rows
        self.version = table.version
        self._columns = table.table

    def __len__(self) -> int:
        return len(self.rows)

    @cached_property
    def at(self) -> Where:
        """Where the rows are in the columns of all rows."""
        return side_by_side(self.rows)

    @cached_property
    def point(self) -> NDArray[np.intp]:
        """The point of each row."""
        return self._columns["point"][self.at]

    @cached_property
    def slow(self) -> bool:
        """Whether some wait for their sampling interval."""
        return bool((self._columns["gap"][self.at] > 0.0).any())

    @cached_property
    def discrete(self) -> NDArray[np.intp]:
        """Where switches and states are among the rows."""
        return np.flatnonzero(self._columns["kind"][self.at] != DOUBLE)

    @cached_property
    def switches(self) -> NDArray[np.intp]:
        """Where switches are among the rows."""
        return np.flatnonzero(self._columns["kind"][self.at] == BOOLEAN)

    @cached_property
    def band(self) -> NDArray[np.float64]:
        """The dead band of each row, in its value's unit."""
        return self._columns["band"][self.at]

    @cached_property
    def trigger(self) -> NDArray[np.uint8]:
        """What each row reports: its `ua.DataChangeTrigger`."""
        return self._columns["trigger"][self.at]

    @cached_property
    def plain(self) -> bool:
        """Whether all report any change of value or status, and no other."""
        return bool((self.trigger == WITH_VALUE).all()) and not self.band.any()

    @cached_property
    def size(self) -> NDArray[np.int32]:
        """How many samples the queue of each row holds."""
        return self._columns["size"][self.at]

    @cached_property
    def triggering(self) -> list[int]:
        """The rows to which other items are linked."""
        found: list[int] = self.rows[self._columns["triggers"][self.at]].tolist()
        return found

    @cached_property
    def places(self) -> list[tuple[int, Where, ItemRows]]:
        """Each subscription, with which of the rows are its own."""
        return _by_place(self._columns["place"][self.at], self.rows)


def side_by_side(rows: ItemRows) -> Where:
    """Return rows as a slice where each is the next of the one before."""
    steps = len(rows) - 1
    if steps < 0 or int(rows[-1]) - int(rows[0]) != steps:
        return rows
    # So many steps upwards to a row that is so many further on: each is one.
    up = np.count_nonzero(rows[1:] > rows[:-1]) == steps
    return slice(int(rows[0]), int(rows[-1]) + 1) if up else rows


def _by_place(places: NDArray[np.int32], rows: ItemRows) -> list[tuple[int, Where, ItemRows]]:
    if not len(rows):
        return []
    first = int(places[0])
    if (places == first).all():
        return [(first, slice(None), rows)]
    order = np.argsort(places, kind="stable")
    ordered = places[order]
    cuts = np.flatnonzero(ordered[1:] != ordered[:-1]) + 1
    return [(int(places[part[0]]), part, rows[part]) for part in np.split(order, cuts)]
