"""Protocol and states of model training on request; the runtime trains in a child process."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol

from heatpump_twin.twin_engine.verdict import Verdict


class TrainingState(IntEnum):
    """State of the training of a heat pump's model."""

    # The numbers are what OPC UA clients see: append, never renumber.
    NEVER = 0
    RUNNING = 1
    IN_USE = 2
    FROM_NEXT_START = 3
    REJECTED = 4
    FAILED = 5


@dataclass(frozen=True, slots=True)
class TrainingProgress:
    """The latest training of a heat pump's model, in this run."""

    state: TrainingState = TrainingState.NEVER
    message: str = ""
    """What came of it, or why it was not used."""
    time: int = 0
    """When that was. [µs since the Unix epoch, UTC]"""


class Trainer(Protocol):
    """Trains the models of heat pumps on their own history, one at a time."""

    def offered(self, asset: str) -> bool:
        """Tell whether a heat pump has what a model is trained on."""
        ...

    def of(self, asset: str) -> TrainingProgress:
        """Return the progress of the latest training of a heat pump's model."""
        ...

    async def start(self, asset: str, *, user: str, origin: str) -> Verdict:
        """Start training the model of a heat pump, and return at once."""
        ...
