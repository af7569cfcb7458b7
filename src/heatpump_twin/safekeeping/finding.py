"""What an examination of a twin finds: one line each, good, worth a look, or wrong."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Grade(StrEnum):
    """How a finding is to be taken."""

    GOOD = "ok"
    LOOK = "look"
    """Somebody should do something about it, some time."""
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Observation:
    """One line of the page."""

    grade: Grade
    subject: str
    text: str


def good(subject: str, text: str) -> Observation:
    """Return an observation of something that is as it should be."""
    return Observation(Grade.GOOD, subject, text)


def look(subject: str, text: str) -> Observation:
    """Return an observation of something that a person should look at."""
    return Observation(Grade.LOOK, subject, text)


def wrong(subject: str, text: str) -> Observation:
    """Return an observation of something that is wrong."""
    return Observation(Grade.WRONG, subject, text)
