"""Free TCP ports for what is measured."""

from __future__ import annotations

import os
import socket
from contextlib import ExitStack


def free_ports(count: int) -> list[int]:
    """Return free TCP ports in a row."""
    for first in range(21_000 + os.getpid() % 5_000, 32_000, count):
        ports = list(range(first, first + count))
        try:
            with ExitStack() as stack:
                for port in ports:
                    stack.enter_context(socket.socket()).bind(("127.0.0.1", port))
        except OSError:
            continue
        return ports
    raise RuntimeError("no free ports")
