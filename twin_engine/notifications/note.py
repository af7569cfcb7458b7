"""One thing that one receiver is to be told, as it waits on disk."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum

from heatpump_twin.config.phrase import data_of_text, text_of_data
from heatpump_twin.twin_engine.alarm import AlarmTransition

_TEXTS = ("title", "message", "cause", "consequence", "action")


class NoteKind(StrEnum):
    """What is told of an alarm."""

    RAISED = "raised"
    RETURNED = "returned"
    ESCALATED = "escalated"
    """It was raised a while ago, and nobody has acknowledged it."""


@dataclass(frozen=True, slots=True)
class Note:
    """One alarm that one receiver is to be told of. Times are µs since the Unix epoch, UTC."""

    receiver: str
    asset: str
    rule: str
    kind: NoteKind
    time: int
    """When the alarm was raised, or returned to normal."""
    ready: int
    """From when on it may be told."""
    severity: int
    category: str
    title: str
    message: str
    cause: str
    consequence: str
    action: str
    number: int = 0
    """Its row; 0: it has none yet."""

    @property
    def key(self) -> str:
        """``asset.rule``"""
        return f"{self.asset}.{self.rule}"

    @classmethod
    def of(cls, transition: AlarmTransition, receiver: str, kind: NoteKind, ready: int) -> Note:
        """Return the note of a transition for a receiver."""
        alarm = transition.alarm
        return cls(
            receiver, alarm.asset, alarm.rule, kind, transition.time, ready, alarm.severity,
            alarm.category, alarm.title, transition.message, alarm.cause, alarm.consequence,
            alarm.action,
        )  # fmt: skip

    def texts(self) -> str:
        """Return its texts as JSON, which can still be translated."""
        return json.dumps({name: data_of_text(getattr(self, name)) for name in _TEXTS})

    @staticmethod
    def texts_of(written: str) -> dict[str, str]:
        """Return the texts of such JSON by name."""
        return {name: text_of_data(data) or "" for name, data in json.loads(written).items()}
