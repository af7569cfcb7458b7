"""The process behind an emulated device: what its sensors measure, and what writes act upon."""

from __future__ import annotations

from typing import Protocol, runtime_checkable


class Process(Protocol):
    """The physical side of emulated devices, in the catalogue's ids and units."""

    def read(self, point: str) -> float | None:
        """Return what the sensor of a point measures now; None: there is no such sensor."""
        ...

    def write(self, point: str, value: float) -> None:
        """Set a setpoint or a switch to a value that a client wrote."""
        ...


# An emulated device asks at run time: only of such a process it remembers its responses.
@runtime_checkable
class StepwiseProcess(Process, Protocol):
    """A process whose values stand still between steps, so that responses can be remembered."""

    @property
    def revision(self) -> int:
        """A number that changes whenever anything that can be read may have changed."""
        ...
