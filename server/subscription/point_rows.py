"""Monitored points as rows of arrays: what each item asks for, and what it was told last."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple, TypedDict, cast, get_args, get_type_hints

import numpy as np
from numpy.typing import NDArray

ItemRows = NDArray[np.intp]
"""Rows of the table; of the type that NumPy finds its way by: any other takes it some µs."""

NOWHERE = -1
"""Point of a row that follows none: it is free, or its node is gone for now."""


class Columns(TypedDict):
    """Monitored points, one in each row.

    ``value``, ``status``, ``time`` [µs]: the last sample that passed its filter. ``band``: dead
    band, in the value's unit; ``percent``: the same as a share of the range, 0 where it is none.
    ``gap``: sampling interval [s], 0 for each value that the device gives; ``due``: when the next
    sample may be taken [s, of the event loop]. ``place``: its subscription. ``item``: id, 0 where
    the row is free. ``size``, ``oldest``: its queue; ``queued``: samples in it. ``kind``: built-in
    type of its value. ``fresh``: nothing was sampled yet. ``waiting``: a value waits for ``due``.
    ``triggers``: other items are linked to it; ``triggered``: it is reported though it only
    samples.
    """

    value: NDArray[np.float64]
    time: NDArray[np.int64]
    status: NDArray[np.uint32]
    band: NDArray[np.float64]
    percent: NDArray[np.float64]
    gap: NDArray[np.float64]
    due: NDArray[np.float64]
    point: NDArray[np.intp]
    place: NDArray[np.int32]
    item: NDArray[np.uint32]
    handle: NDArray[np.uint32]
    size: NDArray[np.int32]
    queued: NDArray[np.int32]
    mode: NDArray[np.uint8]
    trigger: NDArray[np.uint8]
    stamps: NDArray[np.uint8]
    kind: NDArray[np.uint8]
    oldest: NDArray[np.bool_]
    fresh: NDArray[np.bool_]
    waiting: NDArray[np.bool_]
    triggers: NDArray[np.bool_]
    triggered: NDArray[np.bool_]


class PointItem(NamedTuple):
    """What a new monitored item asks for, with the row that it has taken: see `Columns`."""

    row: int
    point: int
    place: int
    item: int
    mode: int
    kind: int
    handle: int
    size: int
    oldest: bool
    stamps: int
    gap: float
    band: float
    percent: float
    trigger: int


_CLEARED = ("queued", "triggers", "triggered")
"""What is not set anew with each item."""
_Arrays = dict[str, NDArray[np.generic]]
_KINDS = {name: get_args(get_args(kind)[1])[0] for name, kind in get_type_hints(Columns).items()}


def _columns(rows: int) -> Columns:
    return cast("Columns", {name: np.zeros(rows, kind) for name, kind in _KINDS.items()})


class PointRows:
    """The rows of all monitored points of the server; those that are free are used again."""

    def __init__(self) -> None:
        self.table = _columns(0)
        self._free: list[int] = []
        self.version = 0
        """Grows whenever a row asks for something else than before."""

    @property
    def used(self) -> int:
        """Number of rows that are not free."""
        return len(self.table["item"]) - len(self._free)

    def take(self) -> int:
        """Return a free row, which is to be filled."""
        if not self._free:
            self._grow()
        return self._free.pop()

    def fill(self, items: Sequence[PointItem]) -> ItemRows:
        """Write what new items ask for into the rows that they took; return these."""
        if not items:
            return np.empty(0, np.intp)
        self.version += 1
        # Column by column: twenty values take no longer than one by itself.
        columns = dict(zip(PointItem._fields, zip(*items, strict=True), strict=True))
        rows = np.array(columns.pop("row"), np.intp)
        table = cast("_Arrays", self.table)
        for name, column in columns.items():
            table[name][rows] = column
        for name in _CLEARED:
            table[name][rows] = 0
        return rows

    def release(self, rows: Iterable[int]) -> None:
        """Take rows back that nothing refers to any more."""
        self._free.extend(rows)

    def clear(self, rows: ItemRows) -> None:
        """Let rows follow nothing; what is queued for them will not be reported."""
        self.version += 1
        self.table["item"][rows] = 0
        self.table["point"][rows] = NOWHERE
        self.table["waiting"][rows] = False

    def _grow(self) -> None:
        self.version += 1
        before = len(self.table["item"])
        more = _columns(max(64, before))
        more["point"][:] = NOWHERE
        old, new = cast("_Arrays", self.table), cast("_Arrays", more)
        self.table = cast("Columns", {name: np.append(old[name], new[name]) for name in old})
        self._free = list(range(len(self.table["item"]) - 1, before - 1, -1))
