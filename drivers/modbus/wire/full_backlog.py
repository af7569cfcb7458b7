"""A TCP port at which nobody answers, not even the operating system."""

from __future__ import annotations

import socket


class FullBacklog:
    """Hold a port so that attempts to connect get no answer, as if the cable were pulled.

    Linux drops what asks for a connection while the queue of those not yet accepted is full. This
    queue has room for one, and we are in it ourselves.
    """

    # Closing the port would not do: the system then refuses at once, as for a device that reboots.

    def __init__(self, host: str, port: int, family: int) -> None:
        self._listener = socket.create_server((host, port), family=family, backlog=0)
        self._filler = socket.create_connection((host, port))

    def close(self) -> None:
        """Release the port."""
        self._filler.close()
        self._listener.close()
