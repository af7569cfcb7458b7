"""What rules and events of a pack share: their sections, delays, conditions and given values."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, WithJsonSchema

from heatpump_twin.config.quantities import duration_text, seconds
from heatpump_twin.rules.grammar.expression import Expression

_SECOND_LOOK = 1.5
"""Polls in which there is a second one for sure. [-]"""
_POLLS = re.compile(r"\s*(\d+)\s*polls?\s*")


class Section(BaseModel):
    """A section of a pack, in which unknown keys are mistakes."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


@dataclass(frozen=True, slots=True)
class Delay:
    """How long a condition must hold: a time, or a number of polls of the asset's devices."""

    seconds: float = 0.0
    polls: int = 0

    @classmethod
    def parse(cls, value: object) -> Delay:
        """Read ``60 s`` or ``3 polls``."""
        if isinstance(value, cls):
            return value
        # In polls, because one slow device makes any fixed delay wrong: too short here, too long
        # there.
        match = _POLLS.fullmatch(value) if isinstance(value, str) else None
        if match:
            return cls(polls=int(match[1]))
        try:
            delay = seconds(value)
        except ValueError as error:
            raise ValueError(f"{error}, or '3 polls'") from error
        if delay < 0:
            raise ValueError("a delay is not negative")
        return cls(seconds=delay)

    @property
    def text(self) -> str:
        """As a person writes it: ``1 min``, ``3 polls``, and nothing where there is none."""
        if self.polls:
            return f"{self.polls} polls"
        return duration_text(self.seconds) if self.seconds else ""

    def of(self, poll: float) -> float:
        """Return the delay where the slowest device is polled every ``poll`` seconds. [s]"""
        # What was seen at a single look may have been over right behind it: a time is at least
        # long enough for another look.
        least = _SECOND_LOOK * poll if self.seconds else 0.0
        return max(self.seconds, least) + self.polls * poll


RuleCondition = Annotated[
    Expression, BeforeValidator(Expression.parse), WithJsonSchema({"type": "string"})
]
DelayField = Annotated[
    Delay,
    BeforeValidator(Delay.parse),
    WithJsonSchema(
        {
            "oneOf": [
                {"type": "number", "minimum": 0},
                {"type": "string", "examples": ["60 s", "3 polls"]},
            ]
        }
    ),
]
Given = dict[str, bool | float | Literal["bad"]]
