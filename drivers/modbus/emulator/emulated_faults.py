"""Faults of an emulated gateway, and of the sensors of a device: stuck, drifting."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from heatpump_twin.drivers.clock import MICROSECONDS, Clock
from heatpump_twin.drivers.modbus.emulator.emulated_session import Corruption
from heatpump_twin.drivers.modbus.profile.profile import Space

_HOUR = 3600.0 * MICROSECONDS


class SensorFault(Protocol):
    """The fault of a sensor: what it makes of the true value."""

    def shown(self, value: float, /) -> float:
        """Return what the device shows instead of the true value."""
        ...


@dataclass(frozen=True, slots=True)
class Stuck:
    """The sensor keeps its value."""

    at: float

    def shown(self, _value: float) -> float:
        """Return the value that it is stuck at."""
        return self.at


@dataclass(frozen=True, slots=True)
class Drifting:
    """The sensor drifts away from the true value, the further the longer."""

    per_hour: float
    """[unit of the point / h]"""
    since: int
    """[µs since the Unix epoch]"""
    clock: Clock

    def shown(self, value: float) -> float:
        """Return the value with the error that has built up."""
        return value + self.per_hour * (self.clock.now() - self.since) / _HOUR


@dataclass(slots=True)
class Odds:
    """Faults that hit requests by chance: the share of requests, and a seed for every run."""

    exceptions: dict[int, float] = field(default_factory=dict)
    """Exception code → share of the requests that get it."""
    silence: float = 0.0
    seed: int = 1
    _dice: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self._dice = random.Random(self.seed)  # noqa: S311 (chance, not secrecy)

    def throw(self) -> int | None:
        """Return the exception code that a request gets, 0 for silence; None: it is answered."""
        number = self._dice.random()
        for code, share in [(0, self.silence), *self.exceptions.items()]:
            number -= share
            if number < 0:
                return code
        return None


class Grudge(NamedTuple):
    """Registers that a device does not read in one request with others."""

    space: Space
    first: int
    last: int
    code: int
    """Exception that such a request gets; 0: none, it is met with silence."""

    def is_borne_by(self, pdu: bytes) -> bool:
        """Tell whether a request reads one of the registers and more."""
        start, count = int.from_bytes(pdu[1:3], "big"), int.from_bytes(pdu[3:5], "big")
        return _READS.get(pdu[0]) is self.space and (
            count > 1 and start <= self.last and start + count > self.first
        )


_READS = {1: Space.COIL, 2: Space.DISCRETE, 3: Space.HOLDING, 4: Space.INPUT}


@dataclass(slots=True)
class Faults:
    """Faults of a gateway; change them while it runs."""

    latency: float = 0.0
    """Delay of every response, on its own connection. [s]"""
    late: float = 0.0
    """Delay of a response and of all behind it, on what is then the newest connection. [s]"""
    silent: bool = False
    """Connections are accepted and requests swallowed."""
    silent_units: set[int] = field(default_factory=set)
    """Unit ids whose requests are swallowed."""
    deaf: float = 0.0
    """Requests are swallowed for so long after a connection was made. [s]"""
    odds: Odds | None = None
    """What hits requests by chance."""
    grudges: list[Grudge] = field(default_factory=list)
    corruption: Corruption | None = None
    one_in: dict[str, int] = field(default_factory=dict)
    """latency, late, silent, corruption → it happens to one request in so many; default: to all."""
    offline: set[int] = field(default_factory=set)
    """Unit ids that do not answer the gateway: exception 0x0B; on a bus, silence."""
    exceptions: dict[tuple[int, Space, int], int] = field(default_factory=dict)
    """(unit, space, address) → exception code of every request that touches it; 0: silence."""

    def clear(self) -> None:
        """Switch every fault off."""
        self.latency = self.late = self.deaf = 0.0
        self.silent = False
        self.corruption = self.odds = None
        self.grudges.clear()
        for faults in (self.silent_units, self.one_in, self.offline):
            faults.clear()
        self.exceptions.clear()

    def hits(self, name: str, request: int) -> bool:
        """Tell whether a fault that is on hits the n-th request."""
        # By number and not by chance, so that a test sees the same each time.
        return not self.one_in or request % self.one_in.get(name, 1) == 0
