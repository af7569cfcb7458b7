"""A write that was turned away before it got to the write path, for the audit."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RefusedWrite:
    """A write that somebody was not let do."""

    key: str
    """Of the point, or of the method that was called: ``hp1.Stop``."""
    value: float
    """That was asked for; NaN: none. [unit of the point]"""
    user: str
    origin: str
    status: int
    """OPC UA status of the answer."""
    message: str
    """Why, in a sentence for a person."""
    reason: str = ""
    """Why they wanted it, where they said so."""
