"""The past of a plant: a time that it lives through coarsely before anybody looks."""

from __future__ import annotations

from dataclasses import dataclass

PAST_STEP = 120.0
"""Time step of the physics in it: energies differ by up to 2 % from those in steps of 10 s. [s]"""


@dataclass(frozen=True, slots=True)
class PastSpan:
    """A past from one time to another. [µs since the Unix epoch, UTC]"""

    begin: int
    end: int

    @classmethod
    def parse(cls, text: str) -> PastSpan:
        """Return the past whose ``str`` this is, as another process was told it."""
        begin, end = text.split(",")
        return cls(int(begin), int(end))

    def __str__(self) -> str:
        return f"{self.begin},{self.end}"
