"""The card of a learnt remainder: from what it was learnt, how well it did, and what it is not."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

from heatpump_twin.drivers.clock import MICROSECONDS

OPSET = 18
"""Of the ONNX that is written."""
LIMITS = (
    "Holds for this heat pump, its house and its people, and for the weather that it was learnt "
    "in; features beyond that are taken at its edge. Where its base is a simulation, the house may "
    "have been learnt from the same days, so that less remained of them than of days to come."
)


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class RemainderFeature(_Part):
    """One input, in the order of the model's columns."""

    name: str
    unit: str


class RemainderSpan(_Part):
    """A part of the record."""

    start: str
    end: str
    """ISO 8601, UTC."""
    origins: int
    """Forecasts that were made in it."""

    @property
    def until(self) -> int:
        """Its end. [µs since the Unix epoch, UTC]"""
        return round(datetime.fromisoformat(self.end).timestamp()) * MICROSECONDS


class RemainderTarget(_Part):
    """What was found of one target."""

    family: Literal["linear", "boosting"]
    families: dict[str, float]
    """Loss of each family on the last part of the days that it was learnt from. [of the scale]"""
    scale: float
    """In which its remainder is told. [the target's unit]"""
    lows: tuple[float, ...]
    highs: tuple[float, ...]
    """Span of each feature, without its outermost parts in a thousand."""
    deciles: tuple[tuple[float, ...], ...]
    """Inner deciles of each feature in the days that it was learnt from: what drift is told by."""
    bounds: tuple[float, float]
    """Between which the remainder is taken. [of the scale]"""
    losses: dict[str, float]
    """Mean pinball loss of each method on days held out, its interval adapted. [target's unit]"""
    maes: dict[str, float]
    """Mean absolute errors of the medians there. [the target's unit]"""
    spread: float
    """Standard deviation of its own loss from forecast to forecast. [the target's unit]"""
    proved: bool
    """Whether it did better than all others on days held out: only then it is asked."""
    reason: str


class RemainderCard(_Part):
    """Everything that somebody must know before trusting a learnt remainder."""

    heat_pump: str
    base: str
    """The method whose remainder it is."""
    connection: Literal["emulated", "real"]
    """Whether the emulated plant was observed, or a real machine."""
    zone: str
    """By whose clock its people live."""
    made: str
    """ISO 8601, UTC."""
    sha256: str
    opset: int
    trained: RemainderSpan
    held_out: RemainderSpan
    features: tuple[RemainderFeature, ...]
    targets: dict[str, RemainderTarget]
    limits: str = LIMITS
    software: dict[str, str]

    @property
    def proved(self) -> tuple[str, ...]:
        """Targets that it is asked for."""
        return tuple(point for point, one in self.targets.items() if one.proved)
