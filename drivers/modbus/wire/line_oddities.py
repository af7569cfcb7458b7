"""Oddities of a line that are tolerated: counted, said once, and told in words."""

from __future__ import annotations

from enum import StrEnum

import structlog

log = structlog.stdlib.get_logger(__name__)


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

    def __init__(self, link: str) -> None:
        self._link = link
        self.counts = dict.fromkeys(Oddity, 0)

    def note(self, oddity: Oddity, times: int = 1) -> None:
        """Count an oddity, and log the first one of each kind."""
        if not times:
            return
        first = not self.counts[oddity]
        self.counts[oddity] += times
        # A late response follows a time-out, which is told by whoever waited for it.
        if first and oddity in _WORDS:
            log.warning(_WORDS[oddity], link=self._link)

    def remarks(self) -> list[str]:
        """Return a sentence for each kind of oddity that a person should know of."""
        return [words for oddity, words in _WORDS.items() if self.counts[oddity]]
