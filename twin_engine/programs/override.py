"""Override: a setpoint that the twin has changed, with its value before."""

from __future__ import annotations

from dataclasses import dataclass

from heatpump_twin.config.catalogue import Group, Point, PointRole


@dataclass(frozen=True, slots=True)
class Override:
    """A setpoint that holds something else than before the twin first wrote it."""

    key: str
    before: float
    """The device's last Good value before that, in the point's unit."""
    written: float | None
    """What the device read back after the last write; None: that is not known."""
    since: int
    """[µs since the Unix epoch, UTC]"""
    user: str
    """Who made the first write."""


def overridable(point: Point) -> bool:
    """Tell whether a point is a setting that can be given back.

    A push-button has no value to return to, and the controller's heat balance moves by itself.
    """
    return (
        point.limits is not None
        and point.spec.role is PointRole.SETPOINT
        and point.spec.group is Group.CONFIGURATION
    )
