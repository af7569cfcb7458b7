"""The protocol of a driver, the outcome of a write, and the errors of the field.

The errors::

    DriverError
    └── LinkError                  the device cannot be reached, or its response cannot be used;
        │                          carries an OPC UA status
        ├── NotSentError           the request was never sent (modbus/wire/link.py)
        ├── FrameError             the bytes are no response to the request (modbus/wire/request.py)
        └── ModbusExceptionError   the device answered with an exception code (same file)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from heatpump_twin.config.catalogue import PointSpec, Span
from heatpump_twin.drivers.frame import Frame
from heatpump_twin.drivers.status import BAD_NO_COMMUNICATION

FrameSink = Callable[[Frame], None]


class DriverError(Exception):
    """Root of the errors that a driver raises."""


class LinkError(DriverError):
    """The device cannot be reached, or its response cannot be used."""

    def __init__(self, message: str, status: int = BAD_NO_COMMUNICATION) -> None:
        super().__init__(message)
        self.status = status


# Modbus has no way to ask what became of a request. Where the response is lost only a read-back can
# tell, and where that is lost too, "unknown" must not be called "refused": it may have been done.
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
    """A point that a device offers: catalogue id and, where writable, the limits of a write."""

    id: str
    limits: Span | None
    """In the catalogue's unit; None: the point cannot be written."""
    spec: PointSpec | None = None
    """Its declaration with the step of this device; None: the catalogue's."""


@dataclass(frozen=True, slots=True)
class RefreshDuty:
    """The duty to write a setting again while it holds, because the device falls back by itself."""

    every: float
    """[s]"""
    wear: float
    """Shortest time between two writes. [s]"""


class Driver(Protocol):
    """The driver of one device: it emits Frames of the device's points and writes to them."""

    @property
    def name(self) -> str:
        """``asset.device``, for logs and health."""
        ...

    @property
    def points(self) -> Mapping[int, str]:
        """Indices of the points that the device feeds, with their catalogue ids."""
        ...

    @property
    def connected(self) -> bool:
        """Whether the last poll succeeded."""
        ...

    async def run(self, sink: FrameSink) -> None:
        """Poll the device for ever; a dead one gives Bad frames and a back-off, never an error."""
        ...

    async def write(self, point: int, value: float) -> WriteOutcome:
        """Write one point, in turn with the polling, and read it back."""
        ...
