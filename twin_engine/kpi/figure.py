"""One key figure: a value with the interval that it lies in, and what is doubtful about it."""

from __future__ import annotations

import math
from typing import NamedTuple


class Figure(NamedTuple):
    """A key figure of a period."""

    name: str
    """An id of the catalogue's figures, or one of `figure_titles`."""
    unit: str
    value: float
    """NaN: there is none, and `doubts` say why."""
    low: float = math.nan
    high: float = math.nan
    """Interval of 90 %; NaN: none is given."""
    doubts: tuple[str, ...] = ()

    @property
    def there(self) -> bool:
        """Whether it has a value."""
        return self.value == self.value


def missing(name: str, unit: str, *why: str) -> Figure:
    """Return a figure that a site does not have, with what is missing for it."""
    return Figure(name, unit, math.nan, doubts=why)


def ratio(name: str, over: Figure, under: Figure) -> Figure:
    """Return one figure over another; relative errors add as those of two instruments do."""
    doubts = tuple(dict.fromkeys((*over.doubts, *under.doubts)))
    if not over.there or not under.there or under.value <= 0:
        return missing(name, "1", *(doubts or ("no electricity was used",)))
    value = over.value / under.value
    if over.value <= 0:
        return Figure(name, "1", value, doubts=doubts)
    low = math.hypot(1 - over.low / over.value, under.high / under.value - 1)
    high = math.hypot(over.high / over.value - 1, 1 - under.low / under.value)
    return Figure(name, "1", value, value * max(1 - low, 0.0), value * (1 + high), doubts)
