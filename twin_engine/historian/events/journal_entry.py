"""One line of the alarm journal: what happened to an alarm, when, and who did it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from typing import Any

from heatpump_twin.config.phrase import data_of_text, text_of_data


class TransitionKind(StrEnum):
    """What can happen to an alarm (ISA-18.2; OPC 10000-9)."""

    RAISED = "raised"
    RAISED_AGAIN = "raised_again"
    """It went on for so long that somebody has to look at it anew."""
    RETURNED = "returned"
    """Back to normal; whether it was acknowledged is another matter."""
    ACKNOWLEDGED = "acknowledged"
    CONFIRMED = "confirmed"
    COMMENTED = "commented"
    SHELVED = "shelved"
    UNSHELVED = "unshelved"
    """By a person, because its time was over, or because a one-shot alarm returned to normal."""
    SILENCED = "silenced"
    SUPPRESSED = "suppressed"
    UNSUPPRESSED = "unsuppressed"
    OUT_OF_SERVICE = "out_of_service"
    IN_SERVICE = "in_service"
    DISABLED = "disabled"
    ENABLED = "enabled"
    RESET = "reset"
    """A latched alarm that had returned to normal was let go."""
    DROPPED = "dropped"
    """An earlier occurrence that nobody had acknowledged was given up: there were too many."""
    REMOVED = "removed"
    """Its heat pump was taken out of the running twin while it was active or to be acknowledged."""


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """One transition of one alarm. Times are µs since the Unix epoch, UTC."""

    time: int
    """When it happened; of a rule, by source time."""
    key: str
    """``asset.rule``"""
    kind: str
    """One of `TransitionKind`."""
    occurrence: int
    """Which time it was active, counted from 1: what belongs together has the same number."""
    branch: bool
    """Whether this was about an earlier occurrence, when a later one had begun."""
    raised: int
    """When that occurrence began; 0: the alarm has never been active."""
    severity: int
    """OPC UA severity of that occurrence, 1 to 1000."""
    value: float | None
    """Of the input: of a return then, else when the alarm was raised; None: not known."""
    limit: float | None
    """What it was compared with, in the same unit; None: the rule has no limit, or many."""
    user: str
    """Who did it; empty: nobody, it happened by itself."""
    origin: str
    comment: str
    message: str
    """A text that can be translated."""

    @property
    def asset(self) -> str:
        """The heat pump, or the twin itself."""
        return self.key.partition(".")[0]

    @property
    def rule(self) -> str:
        """The id of the rule."""
        return self.key.partition(".")[2]

    def row(self) -> dict[str, Any]:
        """Return the columns of the entry in the database."""
        found = asdict(self)
        found["message"] = data_of_text(self.message)
        for name in ("value", "limit"):
            number = found[name]
            found[name] = None if number is None or not math.isfinite(number) else number
        return found

    @classmethod
    def read(cls, row: Mapping[str, Any]) -> JournalEntry:
        """Return the entry that columns of the database hold."""
        found = {field.name: row[field.name] for field in fields(cls)}
        return cls(**{**found, "message": text_of_data(row["message"])})
