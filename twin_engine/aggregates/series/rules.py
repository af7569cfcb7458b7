"""How an aggregate treats samples: AggregateConfiguration and Stepped (OPC 10000-13, 4.2.1.2)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rules:
    """What counts as Good and as Bad, and what lies between two samples and behind the last one.

    The defaults are those of OPC 10000-13.
    """

    stepped: bool = False
    """A value stands until the next one; else a straight line joins them."""
    treat_uncertain_as_bad: bool = True
    percent_bad: int = 100
    """A result is Bad from this share of Bad data on, unless it is Good. [%]"""
    percent_good: int = 100
    """A result is Good from this share of Good data on. [%]"""
    sloped_extrapolation: bool = False
    """The line through the last two values goes on behind them; else the last value stands."""

    @property
    def valid(self) -> bool:
        """Whether the percentages are possible, and leave no result both Good and Bad."""
        inside = 0 <= self.percent_bad <= 100 and 0 <= self.percent_good <= 100
        return inside and self.percent_good >= 100 - self.percent_bad
