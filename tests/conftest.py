"""What every room's tests run on: the loop, waiting for events, ports, and no process left."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping

import pytest
from hypothesis import HealthCheck, settings
from patience import PATIENCE
from patient_loop import PatientLoop
from ports import claim

pytest_plugins = ("nothing_left", "field_rig")
"""The second has emulated devices: drivers are tested on them, and so are commands."""


settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")


def pytest_asyncio_loop_factories() -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Run all tests on a loop whose time is not that of the machine's other work."""
    return {"patient": PatientLoop}


@pytest.fixture
def free_port() -> Callable[[], int]:
    """Return a function that finds a TCP port nobody listens on."""
    return claim


Eventually = Callable[[Callable[[], bool | Awaitable[bool]]], Awaitable[None]]


@pytest.fixture(scope="session")
def eventually() -> Eventually:
    """Return a coroutine function that waits until a condition holds."""

    async def wait(condition: Callable[[], bool | Awaitable[bool]]) -> None:
        end = time.monotonic() + PATIENCE
        while True:
            result = condition()
            if result if isinstance(result, bool) else await result:
                return
            if time.monotonic() > end:
                pytest.fail(f"it never came: {condition}")
            await asyncio.sleep(0.02)

    return wait
