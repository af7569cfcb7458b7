"""The reverse-cycle defrost: what starts it, its phases, and what ends it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto


class DefrostPhase(Enum):
    """The phase of a defrost."""

    IDLE = auto()
    REVERSING = auto()
    """The four-way valve has turned; pressures change over, no heat moves yet."""
    MELTING = auto()
    """Heat is taken from the water."""
    DRAINING = auto()
    """Melt water drips off before the fan starts."""


@dataclass(frozen=True, slots=True)
class DefrostParameters:
    """When to defrost and for how long."""

    first_after: float = 300.0
    """Run time before a defrost may start. [s]"""
    interval: float = 1800.0
    """Least time between two defrosts. [s]"""
    blocked: float = 1.3
    """Ice level of a blocked coil. [-]"""
    blocked_interval: float = 900.0
    """Least time between two defrosts of a blocked coil. [s]"""
    reversing: float = 40.0
    """Duration of `DefrostPhase.REVERSING`. [s]"""
    draining: float = 50.0
    """Duration of `DefrostPhase.DRAINING`. [s]"""
    longest: float = 480.0
    """Melting is given up after this: reverse cycles take 3 to 8 minutes. [s]"""
    clean: float = 0.03
    """Ice level that ends it. [-]"""
    coldest_water: float = 12.0
    """Return temperature that ends it: the exchanger must not freeze. [°C]"""


class Defrost:
    """Decide when to defrost, and step through the phases of a defrost."""

    def __init__(self, parameters: DefrostParameters) -> None:
        self._p = parameters
        self.phase = DefrostPhase.IDLE
        self.count = 0
        self.last_duration = 0.0
        """Of the latest complete defrost. [s]"""
        self._elapsed = 0.0
        self._in_phase = 0.0
        self._since = parameters.interval  # the first defrost need not wait for a second one

    @property
    def active(self) -> bool:
        """Whether a defrost is going on."""
        return self.phase is not DefrostPhase.IDLE

    def step(self, dt: float, *, running: bool, run_time: float, ice: float, back: float) -> None:
        """Advance by dt; times in s, `ice` as a share of what starts a defrost, `back` in °C."""
        p = self._p
        # A compressor that stops leaves the rest of the ice to the next defrost.
        if not running:
            self._end()
            self._since += dt
            return
        if self.phase is DefrostPhase.IDLE:
            self._since += dt
            # A blocked coil cannot wait as long: hardly any air passes it. But a machine whose
            # defrosts fail still heats in between.
            interval = p.blocked_interval if ice >= p.blocked else p.interval
            if ice >= 1.0 and self._since >= interval and run_time >= p.first_after:
                self._enter(DefrostPhase.REVERSING)
                self._elapsed = 0.0
            return
        self._elapsed += dt
        self._in_phase += dt
        if self.phase is DefrostPhase.REVERSING and self._in_phase >= p.reversing:
            self._enter(DefrostPhase.MELTING)
        elif self.phase is DefrostPhase.MELTING and (
            ice <= p.clean or back <= p.coldest_water or self._in_phase >= p.longest
        ):
            self._enter(DefrostPhase.DRAINING)
        elif self.phase is DefrostPhase.DRAINING and self._in_phase >= p.draining:
            self.count += 1
            self.last_duration = self._elapsed
            self._end()

    def _enter(self, phase: DefrostPhase) -> None:
        self.phase = phase
        self._in_phase = 0.0

    def _end(self) -> None:
        if self.active:
            self._since = 0.0
        self._enter(DefrostPhase.IDLE)
