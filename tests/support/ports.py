"""TCP ports that nobody else gets: no client, and no other test on this machine.

They lie below those that Linux gives to clients (``ip_local_port_range`` begins at 32768), or a
client would take one between the search and its use. Each is claimed by a name in the kernel
(unix(7), abstract sockets), which the process holds until its end.
"""

from __future__ import annotations

import random
import socket

_FIRST, _END = 20_000, 32_000


def claim(count: int = 1) -> int:
    """Return the first of ``count`` ports in a row."""
    while True:
        first = random.randrange(_FIRST, _END - count)
        if _all_claimed(range(first, first + count)):
            return first


def _all_claimed(ports: range) -> bool:
    claims = []
    for port in ports:
        claim = socket.socket(socket.AF_UNIX)
        claims.append(claim)
        try:
            claim.bind(f"\0heatpump-twin-test-{port}")
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", port))
        except OSError:
            for held in claims:
                held.close()
            return False
    for held in claims:
        held.detach()  # open, and nobody's to close
    return True
