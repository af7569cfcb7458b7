"""State of a condition that survives a restart: its occurrence, and what people did about it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ConditionState:
    """State of one condition. Times are µs since the Unix epoch, UTC.

    The occurrence belongs to it: what was acknowledged is this one, and no later one.
    """

    key: str
    """``asset.rule``"""
    active: bool
    active_since: int
    acked: bool
    acked_since: int
    enabled: bool
    enabled_since: int
    comment: str
    commented: int
    user: str
    """Who acknowledged, commented, enabled or disabled last."""
