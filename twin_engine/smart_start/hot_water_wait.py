"""Hot water of one heat pump that waits while a room or water is heated, as the database has it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

SWITCH, MODE = "dhw_enabled", "operating_mode"
SWITCHES = (SWITCH, MODE)
"""Points by which hot water is switched off altogether."""


@dataclass(frozen=True, slots=True)
class HotWaterWait:
    """What was written so that hot water waits, by point id; what was before, overrides know.

    It is on disk before the first of these writes, and until the last of them is undone.
    """

    asset: str
    points: tuple[str, ...]
    since: int
    """[µs since the Unix epoch, UTC]"""
    user: str
    """Who has asked for the heat-up."""
    origin: str

    @property
    def switched_off(self) -> bool:
        """Whether no tank is charged at all, however cold."""
        return any(point in SWITCHES for point in self.points)

    def adding(self, *points: str) -> HotWaterWait:
        """Return it with more points."""
        return replace(self, points=tuple(dict.fromkeys((*self.points, *points))))

    def without(self, *points: str) -> HotWaterWait:
        """Return it with fewer points."""
        return replace(self, points=tuple(one for one in self.points if one not in points))

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> HotWaterWait:
        """Return the wait that a database row holds."""
        return cls(**{**row, "points": tuple(row["points"])})
