"""Record values and times as fine as they are known, and no finer.

What lies beyond a fifth of a point's deadband is noise of a sensor or of a division, and what lies
beyond the millisecond is the way of an answer through the network. Such digits cannot be compressed
and would be three quarters of what is stored.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from heatpump_twin.drivers.frame import Frame

MILLISECOND = 1000
"""[µs]"""
_STEPS = 5.0
"""Steps of a recorded value in a deadband, at least: it is off by a tenth of that at most."""


class Resolution:
    """Resolution of all points: decimal places by the deadband, time to the millisecond.

    Parameters
    ----------
    deadband : array-like of shape (n,)
        Smallest change worth recording; 0: the value is recorded as it is. [unit of the point]
    """

    def __init__(self, deadband: ArrayLike) -> None:
        self._scale = np.empty(0)
        self.grow(deadband)

    def grow(self, deadband: ArrayLike) -> None:
        """Append points that were added to the table, with the deadband of each."""
        step = np.asarray(deadband, dtype=np.float64) / _STEPS
        # Decimal places, so that a value of a device which has some is what it was; and none less
        # than whole numbers, which cost nothing.
        with np.errstate(divide="ignore"):
            places = np.maximum(0.0, np.ceil(-np.log10(step)))
        self._scale = np.append(self._scale, 10.0**places)

    def of(self, frame: Frame) -> Frame:
        """Return the frame as it is to be recorded."""
        scale = self._scale[frame.point]
        with np.errstate(invalid="ignore"):
            value = np.rint(frame.value * scale) / scale
        # Whole where no place is too many, and where there are so many that nothing is left of it.
        value = np.where(np.isfinite(value), value, frame.value)
        return replace(frame, value=value, time=frame.time - frame.time % MILLISECOND)
