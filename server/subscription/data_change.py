"""The bytes of many MonitoredItemNotifications at once, from columns (OPC 10000-6, 5.2)."""

from __future__ import annotations

import numpy as np

from heatpump_twin.server.space.value_rows import ValueRows
from heatpump_twin.server.subscription.point_rows import ItemRows, PointRows
from heatpump_twin.server.subscription.sample_log import Samples


class NotificationEncoder:
    """The encoder of one subscription, which knows the rows of its latest message again.

    What changes once in a cycle changes in the next one, too: then the layout, the handles and the
    types of the message before are those of this one.
    """

    def __init__(self, rows: PointRows) -> None:
        self._rows = rows
        self._version = -1
        self._latest: ItemRows = np.empty(0, np.int32)
        self._layout: ValueRows | None = None

    def encoded(self, samples: Samples) -> bytes:
        """Return samples as MonitoredItemNotifications one after the other, in their order."""
        row = samples["row"]
        layout = self._layout
        if (
            layout is None
            or self._version != self._rows.version
            or not np.array_equal(row, self._latest)
        ):
            layout = self._laid_out(row.copy())
        return layout.encoded(
            np.ascontiguousarray(samples["value"]), samples["status"], samples["time"],
            samples["now"],
        )  # fmt: skip

    def _laid_out(self, row: ItemRows) -> ValueRows:
        table = self._rows.table
        layout = ValueRows(table["kind"][row], table["stamps"][row], table["handle"][row])
        self._latest, self._layout, self._version = row, layout, self._rows.version
        return layout
