"""What an emulated device is wired to: a process that has values and can be acted upon."""

from __future__ import annotations

from typing import Protocol, runtime_checkable


class Process(Protocol):
    """The physical side of emulated devices, in the catalogue's ids and units."""

    def read(self, point: str) -> float | None:
        """Return what a sensor would see now; None: this machine has no such sensor."""
        ...

    def write(self, point: str, value: float) -> None:
        """Set a setpoint or a switch."""
        ...


@runtime_checkable
class StepwiseProcess(Process, Protocol):
    """A process that stands still between steps, so that nobody has to look at it twice."""

    @property
    def revision(self) -> int:
        """A number that is another one whenever anything that can be read may have changed."""
        ...
