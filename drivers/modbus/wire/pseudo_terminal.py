"""A pseudo terminal: a serial line whose far end is in this process."""

from __future__ import annotations

import asyncio
import os
import tty

from heatpump_twin.drivers.modbus.wire.serial_port import SerialTransport


class PseudoTerminal:
    """A pair of terminals: whoever opens `path` talks to the protocol. Raises OSError."""

    def __init__(self, protocol: asyncio.Protocol) -> None:
        far, self._near = os.openpty()
        tty.setraw(far)  # else it would echo, and take some bytes of a frame for control characters
        os.set_blocking(far, False)
        self.path = os.ttyname(self._near)
        self._transport = SerialTransport(far, protocol)
        protocol.connection_made(self._transport)

    def close(self) -> None:
        """Close both ends of the line."""
        self._transport.abort()
        os.close(self._near)  # held open until now, or the far end would see every hang-up
