"""Oddities of a line that are tolerated: counted, and told in words."""

from __future__ import annotations

from enum import StrEnum


class Oddity(StrEnum):
    """What comes over a line beside the responses that were asked for."""

    NOISE = "noise"
    """Bytes before or behind a response that belong to none. Counted in bytes."""
    ECHO = "echo"
    """The request itself, as a two-wire adapter hears what it says."""
    LATE = "late"
    """A response to a request whose time-out was over."""
    REPEATED = "repeated"
    """A response once more, after it was taken."""


_WORDS = {
    Oddity.NOISE: "there are bytes around the responses that belong to none; they are left out",
    Oddity.ECHO: "the line echoes what is sent; the echo is left out",
    Oddity.REPEATED: "responses come more than once; only the first is taken",
}


class LineOddities:
    """Counts of what was left out of the bytes that a link received."""

    def __init__(self) -> None:
        self.counts = dict.fromkeys(Oddity, 0)
        self.is_news = False
        """Whether `remarks` has something that it has not said yet."""
        self._told: set[Oddity] = set()

    def note(self, oddity: Oddity, times: int = 1) -> None:
        """Count an oddity."""
        self.counts[oddity] += times
        self.is_news |= times > 0

    def remarks(self) -> list[str]:
        """Return a sentence for each kind of oddity that a person should know of, each once."""
        self.is_news = False
        # A late response is none of them: it follows a time-out, which is told.
        found = [oddity for oddity in _WORDS if self.counts[oddity] and oddity not in self._told]
        self._told.update(found)
        return [_WORDS[oddity] for oddity in found]
