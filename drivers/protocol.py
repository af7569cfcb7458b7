"""What the twin needs of a driver, and what goes wrong in the field.

The errors::

    DriverError
    └── LinkError           the device cannot be reached or talks nonsense; carries an OPC UA status
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from heatpump_twin.config.catalogue import Span
from heatpump_twin.drivers.frame import Frame
from heatpump_twin.drivers.status import BAD_NO_COMMUNICATION

FrameSink = Callable[[Frame], None]


class DriverError(Exception):
    """Root of what a driver raises."""


class LinkError(DriverError):
    """The device cannot be reached, or what it answered cannot be used."""

    def __init__(self, message: str, status: int = BAD_NO_COMMUNICATION) -> None:
        super().__init__(message)
        self.status = status


class WriteState(StrEnum):
    """What is known of a write after the attempt."""

    CONFIRMED = "confirmed"
    """The device reads back what was asked for, as far as its resolution allows."""
    MISMATCH = "mismatch"
    """The device accepted the write but reads back something else."""
    REFUSED = "refused"
    """The device, its profile or a throttle refused; nothing changed."""
    UNKNOWN = "unknown"
    """The request was sent and its fate is not known, and the read-back failed too."""


@dataclass(frozen=True, slots=True)
class WriteOutcome:
    """The result of one write, in the point's unit."""

    state: WriteState
    status: int
    """OPC UA status: Good when confirmed."""
    read_back: float | None
    message: str


@dataclass(frozen=True, slots=True)
class MappedPoint:
    """A point that a device offers: catalogue id and, where writable, what may be asked for."""

    id: str
    limits: Span | None


class Driver(Protocol):
    """One device. It emits Frames of its own points; it never raises out of `run`."""

    @property
    def name(self) -> str:
        """``asset.device``, for logs and health."""
        ...

    @property
    def points(self) -> Mapping[int, str]:
        """Indices of the points that it feeds, with their catalogue ids."""
        ...

    @property
    def connected(self) -> bool:
        """Whether the last poll succeeded."""
        ...

    async def run(self, sink: FrameSink) -> None:
        """Poll for ever. A dead device gives Bad frames and a back-off, never an exception."""
        ...

    async def write(self, point: int, value: float) -> WriteOutcome:
        """Write one point and read it back. Takes its turn with the polling."""
        ...
