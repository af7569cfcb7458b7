"""Protocol and states of simulations on request; the runtime simulates in a child process."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol

from heatpump_twin.twin_engine.verdict import Verdict

_FILES = frozenset({"machine"})
"""Changes whose value is the path of a file."""


class ScenarioState(IntEnum):
    """State of the simulation of a heat pump."""

    # The numbers are what OPC UA clients see: append, never renumber.
    NEVER = 0
    RUNNING = 1
    DONE = 2
    FAILED = 3
    CANCELLED = 4


@dataclass(frozen=True, slots=True)
class ScenarioProgress:
    """The latest simulation of a heat pump, in this run."""

    state: ScenarioState = ScenarioState.NEVER
    share: float = 0.0
    """How much of it is done, 0 to 1. [-]"""
    message: str = ""
    """What came of it, or why there is no result."""
    figures: str = ""
    """Key figures, as JSON."""
    table: str = ""
    """Trajectories hour by hour, as CSV."""


@dataclass(frozen=True, slots=True)
class ScenarioQuestion:
    """What somebody wants to have simulated."""

    changes: tuple[str, ...]
    """As ``hptwin simulate --change`` takes them."""
    days: float
    """How many of the last recorded days; 0: as usual."""
    seed: int

    @property
    def names_file(self) -> bool:
        """Whether a change is a file: who is far away shall read none of the server's."""
        return any(word.partition("=")[0].strip() in _FILES for word in self.changes)


class Simulator(Protocol):
    """Simulates heat pumps by their own history, one at a time."""

    def offered(self, asset: str) -> bool:
        """Tell whether a heat pump has what a house is learnt from."""
        ...

    def of(self, asset: str) -> ScenarioProgress:
        """Return the progress of the latest simulation of a heat pump."""
        ...

    async def start(
        self, asset: str, question: ScenarioQuestion, *, user: str, origin: str
    ) -> Verdict:
        """Start a simulation, and return at once."""
        ...

    async def cancel(self, asset: str, *, user: str, origin: str) -> Verdict:
        """Stop the simulation that is running."""
        ...
