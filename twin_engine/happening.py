"""What happens and is no alarm, as it passes from where it is noticed to the server."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from heatpump_twin.config.catalogue import Point


@dataclass(frozen=True, slots=True)
class PhaseChange:
    """Something that lasts has begun or ended on an asset: a run, a defrost."""

    asset: str
    phase: str
    """Id of the event in its pack."""
    begins: bool
    time: int
    """When it happened. [µs since the Unix epoch, UTC]"""
    message: str
    since: int | None = None
    """Of one that ended: when it began; None: nobody saw that. [µs]"""


@dataclass(frozen=True, slots=True)
class SettingChange:
    """A setting of an asset holds another value than before."""

    point: Point
    time: int
    """When the device showed it. [µs since the Unix epoch, UTC]"""
    old: float
    new: float
    message: str
    user: str = ""
    """Who had the twin write it; empty: it was changed at the device."""

    @property
    def asset(self) -> str:
        """Id of the asset."""
        return self.point.asset


@dataclass(frozen=True, slots=True)
class ProgramReport:
    """A program of an asset was asked for, has acted, or has ended."""

    asset: str
    program: str
    """The method that asks for it, such as ``ScheduleReady``."""
    time: int
    """[µs since the Unix epoch, UTC]"""
    user: str
    status: int
    """OPC UA status of what came of it."""
    message: str


Happening = PhaseChange | SettingChange | ProgramReport
HappeningSink = Callable[[Happening], None]
