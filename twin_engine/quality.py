"""Combine OPC UA statuses: how the quality of inputs passes on to a computed value."""

from __future__ import annotations

from collections.abc import Iterable

from heatpump_twin.config.catalogue import Span
from heatpump_twin.drivers.status import UNCERTAIN_SUB_NORMAL, is_bad

_LIMIT_LOW, _LIMIT_HIGH = 0x0500, 0x0600
"""InfoType DataValue with LimitBits Low and High (OPC 10000-4, 7.39)."""


def worst(statuses: Iterable[int]) -> int:
    """Return the status of the least usable input: Bad before Uncertain before Good."""
    # Only the two severity bits are compared (OPC 10000-4, 7.39): sub-codes have no order of
    # badness.
    return max(statuses, key=lambda status: status >> 30)


def at_least_uncertain(status: int, reason: int = UNCERTAIN_SUB_NORMAL) -> int:
    """Return ``reason`` for a Good status, and any other unchanged."""
    return status if status >> 30 else reason


def limited(value: float, status: int, span: Span) -> tuple[float, int]:
    """Clamp a value to its span; a clamped one is Uncertain and says so in its limit bits."""
    # A value that is Bad carries no number to clamp; limit bits on it would say that there was
    # one.
    if is_bad(status) or span[0] <= value <= span[1]:
        return value, status
    if value < span[0]:
        return span[0], at_least_uncertain(status) | _LIMIT_LOW
    return span[1], at_least_uncertain(status) | _LIMIT_HIGH
