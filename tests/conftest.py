"""What every room's tests run on: the loop, waiting for events, ports, and no process left."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Awaitable, Callable, Generator, Mapping

import pytest
from hypothesis import HealthCheck, settings
from patience import PATIENCE
from patient_loop import PatientLoop
from ports import claim

from heatpump_twin.loading import loading

pytest_plugins = ("nothing_left", "longest_first", "field_rig")
"""The last has emulated devices: drivers are tested on them, and so are commands."""


settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")


def pytest_asyncio_loop_factories() -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Run all tests on a loop whose time is not that of the machine's other work."""
    return {"patient": PatientLoop}


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Look for no garbage among the modules of all tests, neither now nor later.

    They are half a million objects that stay: each full look takes half a second, a tenth of what
    the tests in the process take.
    """
    with loading():
        collected = yield
    gc.freeze()
    return collected


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
