"""An OPC UA client that waits as long as a test does."""

from __future__ import annotations

from asyncua import Client
from patience import PATIENCE


def patient_client(url: str) -> Client:
    """Return a client that takes a busy machine for no loss of its connection.

    Left alone, the library asks for a sign of life each second, gives up where the answer takes
    another one, and leaves the socket open.
    """
    return Client(url, timeout=PATIENCE, watchdog_intervall=PATIENCE)
