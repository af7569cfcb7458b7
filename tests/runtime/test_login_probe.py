"""Whether somebody can log in: asked of a real server over its own port."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from heatpump_twin.config.data_directory import DataDirectory
from heatpump_twin.config.load import load_site
from heatpump_twin.config.settings import Site
from heatpump_twin.drivers.clock import SystemClock
from heatpump_twin.runtime.login_probe import LoginProbe
from heatpump_twin.runtime.parts.twin_parts import open_parts
from heatpump_twin.server.security.users import UserStore

ENCRYPTED = ["opcua.allow_unencrypted=false"]
NAMED_ONLY = [*ENCRYPTED, "opcua.anonymous_read=false"]


@asynccontextmanager
async def served(site: Site, data: DataDirectory) -> AsyncIterator[None]:
    async with open_parts(site, data, UserStore(data.users), [], SystemClock()):
        yield


@pytest.mark.parametrize("settings", [[], ENCRYPTED, NAMED_ONLY, ["opcua.host=0.0.0.0"]])
async def test_a_server_that_lets_people_in_is_ready(
    tmp_path: Path, free_port: Callable[[], int], settings: list[str]
) -> None:
    site = load_site("default", [f"opcua.port={free_port()}", *settings], {})
    data = DataDirectory.open(tmp_path)
    probe = LoginProbe(site.opcua, data)
    async with served(site, data):
        with capture_logs() as logs:
            for _ in range(3):
                await probe.look()
        assert probe.works, probe.detail
        assert probe.detail == site.opcua.url
        assert [log for log in logs if "session" in log["event"]] == []
    await probe.look()
    assert not probe.works
    assert "nobody can log in" in probe.detail


async def test_a_look_that_is_broken_off_ends(tmp_path: Path, free_port: Callable[[], int]) -> None:
    # The library under it swallows a cancellation that comes while it disconnects, which is late.
    site = load_site("default", [f"opcua.port={free_port()}"], {})
    data = DataDirectory.open(tmp_path)
    broken_off = 0
    async with served(site, data):
        probe = LoginProbe(site.opcua, data)
        for turns in range(0, 1000, 3):
            look = asyncio.create_task(probe.look())
            for _ in range(turns):
                await asyncio.sleep(0)
            if look.done():
                break
            look.cancel()
            await asyncio.wait([look])
            assert look.cancelled()
            broken_off += 1
    assert look.done()
    assert broken_off > 10
