"""Frames that are looked at together: what one look costs does not depend on how much it sees."""

from __future__ import annotations

import numpy as np

from heatpump_twin.drivers.frame import Frame, Points


class FrameBatch:
    """Frames of points that are watched, in which no point occurs twice but within one frame."""

    def __init__(self) -> None:
        self._frames: list[Frame] = []
        self._points = np.zeros(0, np.bool_)

    def __bool__(self) -> bool:
        return bool(self._frames)

    def has_any(self, points: Points, known: int) -> bool:
        """Tell whether one of some points is in the batch; ``known`` are all that there are."""
        if known > len(self._points):
            self._points = np.append(self._points, np.zeros(known - len(self._points), np.bool_))
        return bool(self._points[points].any())

    def add(self, frame: Frame) -> None:
        """Add a frame, whose points were asked for."""
        self._points[frame.point] = True
        self._frames.append(frame)

    def take(self) -> Frame:
        """Return all of it as one frame, and begin anew."""
        whole = self._frames[0] if len(self._frames) == 1 else Frame.concat(self._frames)
        self._points[whole.point] = False
        self._frames = []
        return whole
