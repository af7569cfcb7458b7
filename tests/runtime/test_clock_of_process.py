"""Whole twins under a clock that is wrong or is set while they run (libfaketime)."""

from __future__ import annotations

import shutil
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from asyncua import ua
from patience import until
from whole_twin import Twin

from heatpump_twin.drivers.clock import SystemClock
from heatpump_twin.server.security.certificates import read_certificate
from heatpump_twin.server.security.pki import Pki

_PLACES = sorted(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))
pytestmark = pytest.mark.skipif(not _PLACES, reason="libfaketime is not installed")


class SetClock:
    """The clock of a twin's processes, as an offset in a file that they look at."""

    def __init__(self, directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._file = directory / "clock"
        self.set(0)
        monkeypatch.setenv("LD_PRELOAD", str(_PLACES[0]))
        monkeypatch.setenv("FAKETIME_TIMESTAMP_FILE", str(self._file))
        # The library reads the file once a second, and not each time somebody asks for the time.
        monkeypatch.setenv("FAKETIME_CACHE_DURATION", "1")
        monkeypatch.setenv("FAKETIME_DONT_FAKE_MONOTONIC", "1")

    def set(self, offset: float) -> None:
        waiting = self._file.with_suffix(".new")
        waiting.write_text(f"{offset:+.0f}\n")
        waiting.replace(self._file)


@pytest.fixture
def set_clock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SetClock:
    return SetClock(tmp_path, monkeypatch)


def component(twin: Twin, name: str) -> dict[str, object]:
    components = twin.ready()[1].get("components", {})
    assert isinstance(components, dict)
    return components.get(name, {})


async def test_a_first_start_in_1970_and_a_clock_set_right_while_it_runs(
    fresh_twin: Twin, set_clock: SetClock, connect
) -> None:
    set_clock.set(60 - time.time())
    fresh_twin.start()
    pki = Pki(fresh_twin.data / "pki", SystemClock())
    key = pki.own_key.read_bytes()
    assert read_certificate(pki.own_certificate).not_valid_after_utc.year == 1974
    assert component(fresh_twin, "clock")["ready"] is False
    assert "before this software was made" in str(component(fresh_twin, "clock")["detail"])
    set_clock.set(0)
    until(lambda: "was set by" in str(component(fresh_twin, "clock").get("detail")))
    until(lambda: read_certificate(pki.own_certificate).not_valid_after_utc.year > 2026)
    assert pki.own_key.read_bytes() == key

    async def shown() -> bool:
        async with connect(fresh_twin) as client:
            (endpoint, *_) = await client.get_endpoints()
            return bool(endpoint.ServerCertificate == pki.own_certificate.read_bytes())

    while not await shown():
        pass
    assert fresh_twin.stop() == 0
    assert "Traceback" not in fresh_twin.output


@pytest.mark.parametrize("step", [3600, -3600, 12 * 365 * 86_400])
async def test_a_clock_that_is_set_and_set_back_while_the_twin_runs(
    fresh_twin: Twin, set_clock: SetClock, connect, find, eventually, step: int
) -> None:
    fresh_twin.extra = ["--set", "historian.max_interval=1 s"]
    fresh_twin.start()
    async with connect(fresh_twin) as client:
        power = await find(client, "DeviceSet", "hp1", "ParameterSet", "ElectricalPower")

        async def newest() -> datetime:
            found = await power.read_raw_history(None, datetime(2099, 1, 1, tzinfo=UTC), 9)
            good = next(v for v in found if v.StatusCode.is_good())
            return good.SourceTimestamp.replace(tzinfo=UTC)

        async def recorded_within(low: datetime, high: datetime) -> bool:
            found = await power.read_raw_history(low, high, 100)
            return any(v.StatusCode.is_good() for v in found)

        now = datetime.now(UTC)
        await eventually(lambda: recorded_within(now, now + timedelta(hours=1)))
        set_clock.set(step)
        until(lambda: "was set by" in str(component(fresh_twin, "clock").get("detail")))
        there = datetime.now(UTC) + timedelta(seconds=step)
        await eventually(lambda: recorded_within(there, there + timedelta(hours=1)))
        set_clock.set(0)
        until(lambda: fresh_twin.output.count("the system clock was set by") == 2)
        back = datetime.now(UTC)
        await eventually(lambda: recorded_within(back, back + timedelta(minutes=50)))
        # The newest is of now, whatever a clock has said meanwhile.
        assert abs(await newest() - datetime.now(UTC)) < timedelta(minutes=40)
        node = await find(client, "Site", "Twin", "clock_set", "ActiveState", "Id")
        assert isinstance(node.nodeid, ua.NodeId)
        # An alarm is looked for twice a second, behind what is recorded.
        await eventually(node.read_value)
    assert fresh_twin.stop() == 0
    set_clock.set(-300 * 86_400)
    fresh_twin.start()
    assert fresh_twin.stop() == 0
    assert "was not stopped" not in fresh_twin.output
    assert "Traceback" not in fresh_twin.output
    shutil.rmtree(fresh_twin.data)
