"""Protocol and states of the learnt part of forecasts; the runtime trains it in child processes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol

from heatpump_twin.twin_engine.verdict import Verdict


class ForecastModelState(IntEnum):
    """What has happened last to the learnt remainder of a heat pump's forecasts."""

    # The numbers are what OPC UA clients see: append, never renumber.
    NEVER = 0
    RUNNING = 1
    PROMOTED = 2
    REFUSED = 3
    FAILED = 4
    ROLLED_BACK = 5


@dataclass(frozen=True, slots=True)
class ForecastModelStanding:
    """The learnt remainder of a heat pump's forecasts, as it is now."""

    state: ForecastModelState = ForecastModelState.NEVER
    """In this run of the twin."""
    message: str = ""
    """What came of it, or why it is not used."""
    card: str = ""
    """Of the version in use, as JSON; empty: there is none."""


class ForecastModels(Protocol):
    """Trains learnt remainders, one at a time, and puts versions of them to use."""

    def offered(self, asset: str) -> bool:
        """Tell whether a heat pump has forecasts."""
        ...

    def of(self, asset: str) -> ForecastModelStanding:
        """Return how it stands with a heat pump."""
        ...

    async def train(self, asset: str, *, user: str, origin: str) -> Verdict:
        """Start a training, and return at once; what it proves decides whether it is used."""
        ...

    async def promote(self, asset: str, version: int, *, user: str, origin: str) -> Verdict:
        """Put a version to use."""
        ...

    async def roll_back(self, asset: str, *, user: str, origin: str) -> Verdict:
        """Put the version to use that was before."""
        ...
