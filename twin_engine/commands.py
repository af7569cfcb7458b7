"""The only write path: range check, write, read-back, audit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class CommandResult:
    """What became of a command, in the point's unit."""

    status: int
    """OPC UA status: Good only when the device reads back what was asked for."""
    old: float
    requested: float
    read_back: float | None
    message: str
    """One sentence for a person: what happened and, if it failed, what to do."""


class CommandHandler(Protocol):
    """Takes commands. Whoever the caller is, access rights were checked before."""

    async def write(
        self, key: str, value: float, *, user: str, origin: str, reason: str = ""
    ) -> CommandResult:
        """Write a point (``hp1.supply_setpoint``). Never raises for what a device does."""
        ...

    async def refuse(
        self, key: str, value: float, *, user: str, origin: str, status: int, message: str
    ) -> None:
        """Record an attempt that was turned away before it got here."""
        ...
