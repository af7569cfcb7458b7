"""An event loop whose time jumps to the next thing that is due, and cables in memory.

Hours of a driver and an emulated device pass in a second, and pass in the same way each time.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable

from heatpump_twin.drivers.clock import MICROSECONDS, RELEASED

_LATENCY = 0.001
"""How long bytes are on their way, unless it is said. [s]"""


class JumpingLoop(asyncio.SelectorEventLoop):
    """A loop that never waits."""

    def __init__(self) -> None:
        self._jumps = _JumpingSelector()
        super().__init__(self._jumps)

    def time(self) -> float:
        """Return the seconds that were jumped over."""
        return self._jumps.seconds

    def at_turn(self, turn: int, act: Callable[[], object]) -> None:
        """Do something in a turn of the loop from now: each await lasts one at least."""
        self._jumps.acts[self._jumps.turn + turn] = lambda: self.call_soon(act)


class _JumpingSelector(selectors.DefaultSelector):  # type: ignore[misc, valid-type]
    seconds = 0.0
    turn = 0

    def __init__(self) -> None:
        super().__init__()
        self.acts: dict[int, Callable[[], object]] = {}

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        self.turn += 1
        if self.turn in self.acts:
            self.acts.pop(self.turn)()
            timeout = 0.0
        ready = super().select(0)
        if not ready:
            assert timeout is not None, "nothing will ever happen any more"
            self.seconds += max(timeout, 0.0)
        return ready


class LoopClock:
    """The running loop's time as a time of day."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()

    speed = 1.0

    def now(self) -> int:
        """Return the time. [µs since the Unix epoch, UTC]"""
        return RELEASED + int(self._loop.time() * MICROSECONDS)


class Cable:
    """Connects two protocols; ``latency`` may change while it is in use. [s]"""

    def __init__(self) -> None:
        self.latency = _LATENCY

    def connect(self, one: asyncio.Protocol, other: asyncio.Protocol) -> None:
        """Make a connection between two protocols."""
        ends = _End(self, one), _End(self, other)
        ends[0].peer, ends[1].peer = ends[1], ends[0]
        other.connection_made(ends[1])
        one.connection_made(ends[0])


class _End(asyncio.Transport):
    """One end of a connection."""

    peer: _End

    def __init__(self, cable: Cable, protocol: asyncio.Protocol) -> None:
        super().__init__()
        self._loop = asyncio.get_running_loop()
        self._cable = cable
        self._protocol = protocol
        self._is_closed = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self._loop.call_later(self._cable.latency, self.peer.deliver, bytes(data))

    def deliver(self, data: bytes) -> None:
        if not self._is_closed:
            self._protocol.data_received(data)

    def abort(self) -> None:
        for end in (self, self.peer):
            end.end()

    def end(self) -> None:
        if not self._is_closed:
            self._is_closed = True
            self._loop.call_soon(self._protocol.connection_lost, None)

    def close(self) -> None:
        self.abort()

    def is_closing(self) -> bool:
        return self._is_closed
