"""Measure: how a person reads a quantity that the server and the record have in SI."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Measure:
    """Scale from the server's unit to that of a person: ``shown = factor * value + offset``."""

    factor: float = 1.0
    offset: float = 0.0
    """Zero for what is a difference: 1 K is 1.8 °F, and not 33.8."""

    def shown(self, value: float) -> float:
        """Return the value as the person reads it."""
        return self.factor * value + self.offset

    def told(self, shown: float) -> float:
        """Return the server's value of what a person reads or types."""
        return (shown - self.offset) / self.factor

    def shown_span(self, span: tuple[float, float]) -> tuple[float, float]:
        """Return both ends as the person reads them."""
        return self.shown(span[0]), self.shown(span[1])

    def told_span(self, span: tuple[float, float]) -> tuple[float, float]:
        """Return the server's values of both ends."""
        return self.told(span[0]), self.told(span[1])


AS_SENT = Measure()
"""Measure of whoever reads what the server sends."""
