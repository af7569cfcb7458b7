"""The bytes of many MonitoredItemNotifications at once, from columns (OPC 10000-6, 5.2).

In which order the items of a message come is the server's choice (OPC 10000-4, 7.25.2): those of
one type come together, as rows of the same length. The samples of one item keep their order.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from heatpump_twin.drivers.status import BAD
from heatpump_twin.server.space.point_values import INT32
from heatpump_twin.server.space.value_rows import (
    BOOLEAN,
    DOUBLE,
    SERVER,
    SOURCE,
    STATE,
    Ticks,
    ValueRows,
    mask_of,
    tick,
    ticks,
)
from heatpump_twin.server.subscription.point_rows import ItemRows, PointRows
from heatpump_twin.server.subscription.row_batch import Where, side_by_side
from heatpump_twin.server.subscription.sample_log import LoggedSamples

_VALUES: dict[int, list[tuple[str, str]]] = {
    DOUBLE: [("value", "<f8")],
    BOOLEAN: [("value", "u1")],
    STATE: [("value", "<i4")],
}


_STAMPS = (("source", SOURCE), ("server", SERVER))


class _Alike(NamedTuple):
    """Notifications of one type with the same timestamps: where their samples are, and rows."""

    where: Where
    rows: NDArray[np.void]
    """To be filled again and again."""

    @classmethod
    def of(
        cls, which: NDArray[np.intp], kind: int, stamps: int, handle: NDArray[np.uint32]
    ) -> _Alike:
        """Return the notifications of some samples, all of a type and with some timestamps."""
        times = [(name, "<i8") for name, bit in _STAMPS if stamps & bit]
        head = [("handle", "<u4"), ("mask", "u1"), ("type", "u1")]
        rows = np.zeros(len(which), [*head, *_VALUES[kind], ("status", "<u4"), *times])
        rows["handle"], rows["mask"], rows["type"] = handle[which], mask_of(stamps), kind
        return cls(side_by_side(which), rows)

    def encoded(self, samples: LoggedSamples, times: dict[str, Ticks | int]) -> bytes:
        """Return the rows' bytes, with the values, status and times of samples."""
        where, rows = self.where, self.rows
        rows["value"], rows["status"] = samples.value[where], samples.status[where]
        for name, column in times.items():
            if name in (rows.dtype.names or ()):
                rows[name] = column if isinstance(column, int) else column[where]
        return rows.tobytes()


class NotificationEncoder:
    """The encoder of one subscription, which knows the rows of its latest message again.

    What changes once in a cycle changes in the next one, too: then the layout, the handles and the
    types of the message before are those of this one.
    """

    def __init__(self, rows: PointRows) -> None:
        self._rows = rows
        self._version = -1
        self._latest: ItemRows = np.empty(0, np.intp)
        self._discrete = np.empty(0, np.intp)
        self._layout: list[_Alike] = []

    def encoded(self, samples: LoggedSamples) -> bytes:
        """Return samples as MonitoredItemNotifications, those of each item in their order."""
        row = samples.row
        if self._version != self._rows.version or (
            row is not self._latest and not np.array_equal(row, self._latest)
        ):
            self._lay_out(row)
        if self._has_null(samples):
            return self._in_order(samples)
        now = samples.now
        server = tick(now) if isinstance(now, int) else ticks(now)
        times: dict[str, Ticks | int] = {"source": ticks(samples.time), "server": server}
        return b"".join([alike.encoded(samples, times) for alike in self._layout])

    def _lay_out(self, row: ItemRows) -> None:
        table = self._rows.table
        kind, stamps, handle = table["kind"][row], table["stamps"][row], table["handle"][row]
        self._layout = []
        for one, bits in sorted(set(zip(kind.tolist(), stamps.tolist(), strict=True))):
            which = np.flatnonzero((kind == one) & (stamps == bits))
            self._layout.append(_Alike.of(which, one, bits, handle))
        self._discrete = np.flatnonzero(kind != DOUBLE)
        self._latest, self._version = row, self._rows.version

    def _has_null(self, samples: LoggedSamples) -> bool:
        """Tell whether a sample is null: Bad, or nothing that a switch or a state can say."""
        if int(samples.status.max()) >= BAD:
            return True
        if not len(self._discrete):
            return False
        coded = samples.value[self._discrete]
        fits = (coded >= INT32.start) & (coded < INT32.stop)  # NaN is in no range
        return not fits.all()

    def _in_order(self, samples: LoggedSamples) -> bytes:
        """Return samples in their order: one that is null is of another length than its item's."""
        table, row = self._rows.table, samples.row
        rows = ValueRows(table["kind"][row], table["stamps"][row], table["handle"][row])
        return rows.encoded(samples.value, samples.status, samples.time, samples.now)
