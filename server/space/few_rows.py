"""Encoded data values of a few points, one after the other (OPC 10000-6, 5.2.2.17).

Arrays take some ten microseconds before they do anything, in which this does ten values.
"""

from __future__ import annotations

import math
import struct

import numpy as np

from heatpump_twin.drivers.frame import Statuses, Times, Values
from heatpump_twin.drivers.status import BAD
from heatpump_twin.server.space.point_values import INT32
from heatpump_twin.server.space.value_rows import (
    BOOLEAN,
    DOUBLE,
    NULL,
    SERVER,
    SOURCE,
    STATE,
    Bytes,
    mask_of,
    tick,
)

MOST = 12
"""Rows of which these are faster than `ValueRows`."""
_FORMATS = {NULL: "", DOUBLE: "d", BOOLEAN: "?", STATE: "i"}
_ROWS = {
    (kind, stamps): struct.Struct(f"<BB{value}I{'q' * stamps.bit_count()}")
    for kind, value in _FORMATS.items()
    for stamps in range((SOURCE | SERVER) + 1)
}
"""Mask, type, value, status and timestamps, by type and timestamps."""


class FewRows:
    """Rows for a few values of known types, with known timestamps: `ValueRows` in small."""

    def __init__(self, types: Bytes, stamps: Bytes) -> None:
        self._rows: list[tuple[int, int]] = list(zip(types.tolist(), stamps.tolist(), strict=True))

    def __len__(self) -> int:
        return len(self._rows)

    def encoded(self, value: Values, status: Statuses, source: Times, server: int) -> bytes:
        """Return the rows' bytes, one behind the other; arrays of shape (n,), times in µs."""
        server = tick(server)
        columns = (value.tolist(), status.tolist(), source.tolist())
        return b"".join(
            [
                _row(kind, stamps, number, code, tick(time), server)
                for (kind, stamps), number, code, time in zip(self._rows, *columns, strict=True)
            ]
        )


def _row(kind: int, stamps: int, value: float, status: int, source: int, server: int) -> bytes:
    known = _content(kind, value) if status < BAD else None
    content = () if known is None else (known,)
    times = [time for time, bit in ((source, SOURCE), (server, SERVER)) if stamps & bit]
    kind = NULL if known is None else kind
    return _ROWS[kind, stamps].pack(mask_of(stamps), kind, *content, status, *times)


def _content(kind: int, value: float) -> float | bool | int | None:
    """Return a value in its type, as `PointValues` has it; None: null."""
    if kind == DOUBLE:
        return value
    if not math.isfinite(value):
        return None
    if kind == BOOLEAN:
        return value >= 0.5
    code = int(np.rint(value))
    return code if code in INT32 else None
