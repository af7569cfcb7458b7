"""Record of a derived point: its id, its inputs and its function (ADR 11)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable
from zoneinfo import ZoneInfo

from heatpump_twin.config.settings import Plate
from heatpump_twin.twin_engine.derive.derived_inputs import DerivedInput, ThePoint
from heatpump_twin.twin_engine.history import Samples
from heatpump_twin.twin_engine.sample import Sample


@dataclass(frozen=True, slots=True)
class MachineFacts:
    """Plate and time zone of a heat pump: what its memories are made from."""

    plate: Plate
    zone: ZoneInfo
    """Where its midnight is."""


@dataclass(frozen=True, slots=True)
class DerivedPoint:
    """One derived point of a heat pump.

    A heat pump has it if it has the inputs; it is computed after those of its inputs that are
    derived themselves, whenever one of its inputs has news.
    """

    id: str
    """In the catalogue, which has its unit, range and texts."""
    takes: tuple[str | DerivedInput, ...]
    """Its inputs, in the order of the function's arguments; a string is the id of a point."""
    function: Callable[..., Sample]
    """Computes it. Quality follows from that of the arguments; an exception makes it Bad."""
    memory: Callable[[MachineFacts], Any] | None = None
    """Makes, once for each heat pump, what the function has to remember or to know of the plate:
    its first argument then."""
    recalls: tuple[str, ...] = ()
    """Points, of its inputs, whose readings since shortly before midnight the memory, a
    `RecallingMemory`, is given at a start, one after the other."""

    @property
    def inputs(self) -> tuple[DerivedInput, ...]:
        """Inputs of the point, ids turned into inputs."""
        return tuple(ThePoint(i) if isinstance(i, str) else i for i in self.takes)

    @property
    def arguments(self) -> int:
        """Number of arguments of its function."""
        return len(self.takes) + (self.memory is not None)


@runtime_checkable
class RecallingMemory(Protocol):
    """The memory of a derived point that goes on where the last run left it."""

    def restore(self, point: str, recorded: Samples) -> None:
        """Restore the memory from recorded readings of a point, in order of time."""
        ...
