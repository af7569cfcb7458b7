"""What an import has found, in numbers: of each point, and of all that was left out."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

MISTAKES_SHOWN = 20


@dataclass(slots=True)
class PointReport:
    """What was found of a point. Times are µs since the Unix epoch."""

    values: int = 0
    first: int = 2**62
    last: int = -(2**62)
    outside: int = 0
    """Values outside the range of the point."""
    repeated: int = 0
    """Values of the same time as the one before."""
    backward: int = 0
    """Values of a time before the one before."""
    pauses: int = 0
    """Pauses that are longer than the map allows."""
    longest: int = 0
    """Longest pause between two values. [µs]"""
    new: int = 0
    same: int = 0
    different: int = 0
    """Values of times that had another one: replaced, or left as they were."""
    previous: int | None = None

    def note(self, time: int, *, outside: bool, gap: int | None) -> None:
        """Count a value."""
        self.values += 1
        self.outside += outside
        if self.previous is not None:
            pause = time - self.previous
            self.repeated += pause == 0
            self.backward += pause < 0
            self.pauses += gap is not None and pause > gap
            self.longest = max(self.longest, pause)
        self.previous = time
        self.first, self.last = min(self.first, time), max(self.last, time)


@dataclass(slots=True)
class ImportReport:
    """What an import has found."""

    rows: int = 0
    missing: int = 0
    """Cells without a value."""
    points: dict[str, PointReport] = field(default_factory=dict)
    unknown: Counter[str] = field(default_factory=Counter)
    """Columns or series that the map does not name, with how many values."""
    columns: Counter[str] = field(default_factory=Counter)
    """Columns or series that are there, with how many values of them can be used."""
    mistakes: int = 0
    shown: list[str] = field(default_factory=list)
    """The first of the mistakes, each with file and line."""

    def mistake(self, place: str, words: str) -> None:
        """Note a cell that cannot be taken."""
        self.mistakes += 1
        if len(self.shown) < MISTAKES_SHOWN:
            self.shown.append(f"{place}: {words}")

    @property
    def values(self) -> int:
        """Values of all points."""
        return sum(point.values for point in self.points.values())

    @property
    def span(self) -> tuple[int, int] | None:
        """Times of the first and the last value."""
        if not self.values:
            return None
        found = self.points.values()
        return min(p.first for p in found), max(p.last for p in found)
