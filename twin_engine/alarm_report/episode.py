"""One time that one alarm was active: what the figures of ISA-18.2 are made of."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from heatpump_twin.drivers.clock import MICROSECONDS

MINUTE, HOUR, DAY = 60 * MICROSECONDS, 3600 * MICROSECONDS, 86_400 * MICROSECONDS
"""[µs]"""
Times = NDArray[np.int64]
"""In order. [µs since the Unix epoch, UTC]"""


@dataclass(frozen=True, slots=True)
class Episode:
    """One time that one alarm was active. Times are µs since the Unix epoch, UTC."""

    key: str
    """``asset.rule``"""
    severity: int
    raised: int
    returned: int | None = None
    """None: it is still active."""
    acknowledged: int | None = None
    """None: nobody has."""
    hushed: bool = False
    """It came while its alarm was shelved, suppressed, disabled or out of service."""

    @property
    def asset(self) -> str:
        """The heat pump, or the twin itself."""
        return self.key.partition(".")[0]

    def lasted(self, until: int) -> int:
        """Return how long it was active by a time. [µs]"""
        end = until if self.returned is None else min(self.returned, until)
        return max(end - self.raised, 0)
