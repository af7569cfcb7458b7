"""How quality passes on to what is computed: the algebra of statuses."""

from __future__ import annotations

from collections.abc import Iterable

from heatpump_twin.config.catalogue import Span
from heatpump_twin.drivers.status import UNCERTAIN_SUB_NORMAL, is_bad

_LIMIT_LOW, _LIMIT_HIGH = 0x0500, 0x0600
"""InfoType DataValue with LimitBits Low and High (OPC 10000-4, 7.39)."""


def worst(statuses: Iterable[int]) -> int:
    """Return the status of the least usable input: Bad before Uncertain before Good."""
    return max(statuses, key=lambda status: status >> 30)


def at_least_uncertain(status: int, reason: int = UNCERTAIN_SUB_NORMAL) -> int:
    """Return ``reason`` for a Good status, and any other unchanged."""
    return status if status >> 30 else reason


def limited(value: float, status: int, span: Span) -> tuple[float, int]:
    """Clamp a value to its span; a clamped one is Uncertain and says so in its limit bits."""
    if is_bad(status) or span[0] <= value <= span[1]:
        return value, status
    if value < span[0]:
        return span[0], at_least_uncertain(status) | _LIMIT_LOW
    return span[1], at_least_uncertain(status) | _LIMIT_HIGH
