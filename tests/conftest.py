"""Fixtures for every room: free ports and deadlines."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Awaitable, Callable

import pytest

pytest_plugins = ("field_rig",)
"""Emulated devices: drivers are tested on them, and so are the commissioning commands."""


@pytest.fixture
def free_port() -> Callable[[], int]:
    """Return a function that finds a TCP port nobody listens on."""
    given: set[int] = set()

    def find() -> int:
        while True:
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                port: int = probe.getsockname()[1]
            if port not in given:
                given.add(port)
                return port

    return find


Eventually = Callable[..., Awaitable[None]]


@pytest.fixture
def eventually() -> Eventually:
    """Return a coroutine function that waits until a condition holds, or fails the test."""

    async def wait(condition: Callable[[], bool | Awaitable[bool]], within: float = 10.0) -> None:
        deadline = time.monotonic() + within
        while True:
            result = condition()
            if result if isinstance(result, bool) else await result:
                return
            if time.monotonic() > deadline:
                pytest.fail(f"not within {within} s: {condition}")
            await asyncio.sleep(0.02)

    return wait
