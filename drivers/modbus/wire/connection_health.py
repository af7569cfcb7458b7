"""What is known of a connection: who has answered on it, who has not, and is it worth keeping."""

from __future__ import annotations

import math

from heatpump_twin.drivers.protocol import LinkError

_TRIAL = 10.0
"""Time that a connection without any response is kept for: some devices need seconds. [s]"""


class ConnectionHealth:
    """The record of one link's connection: its answers and its failures.

    Parameters
    ----------
    reuse : bool
        Whether a response that comes late is told from others on the same connection. If not, a
        time-out always ends it.
    """

    def __init__(self, *, reuse: bool) -> None:
        self._reuse = reuse
        self._since = -math.inf
        self._answers: dict[int, float] = {}
        """By unit: when it last answered on the present connection. [s]"""
        self._has_ever_answered = False
        self._failed: set[int | None] = set()
        """Units that failed since the last response; None: the connection itself."""
        self._failed_at = 0.0
        self._failure: LinkError | None = None

    def connected(self, now: float) -> None:
        """Begin with a new connection."""
        self._since = now
        self._answers.clear()

    def answered(self, unit: int, now: float) -> None:
        """Record a response of a unit."""
        self._answers[unit] = now
        self._has_ever_answered = True
        self._failed.clear()  # a gateway that brings one unit's response can bring the others'

    def failed(self, unit: int | None, now: float, error: LinkError) -> None:
        """Record a failure of a unit, or of the connection."""
        self._failed.add(unit)
        self._failed_at = now
        self._failure = error

    def is_doubtful(self, unit: int, now: float) -> bool:
        """Tell whether the connection itself may be why a unit did not answer in time."""
        if not self._reuse:
            return True
        others = [at for other, at in self._answers.items() if other != unit]
        if others and now - max(others) < _TRIAL:
            # It carries what others say: only when they fall silent too is it to blame.
            return len(self._failed) > 1
        # One that worked until now may be half-open. One on which nothing came yet gets time: to
        # connect again would start the wait anew that the device needs.
        return unit in self._answers or now - self._since > _TRIAL

    def hopeless_since(self, asked: float, unit: int) -> LinkError | None:
        """Return the failure of the whole gateway since a request queued up; None: there is none.

        Otherwise each of n units would wait for its own time-out, one after the other. One silent
        unit proves nothing about the others; a refused connection or two silent units do.
        """
        hopeless = None in self._failed or len(self._failed - {unit}) > 1
        # Only what was asked before the failure: a later request is an attempt of its own.
        return self._failure if hopeless and self._failed_at >= asked else None

    def hint(self, address: str, received: bytes) -> str:
        """Return what a time-out may be due to, as the end of a sentence."""
        if received and address.startswith(("tcp:", "tls:")):
            return f"; only {len(received)} bytes of one came: {received[:8].hex(' ')}"
        if received:
            return (
                f"; {len(received)} bytes came that are no response: {received[:8].hex(' ')}; "
                "are baud rate and parity right?"
            )
        if self._has_ever_answered:
            return ""
        if address.startswith("tcp:"):
            return "; nothing answers: it may speak RTU over TCP, try rtu+tcp://"
        if address.startswith("rtu+tcp:"):
            return "; nothing answers: it may speak Modbus TCP, try tcp://"
        return ""
