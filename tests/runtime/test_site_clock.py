"""Which clock a site has: that of the system, or one of its own that never goes back."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest

from heatpump_twin.config.data_directory import DataDirectory
from heatpump_twin.config.errors import ConfigError
from heatpump_twin.config.load import SiteFile, load_site
from heatpump_twin.config.settings import Site
from heatpump_twin.drivers.clock import (
    SHORTEST_POLL,
    Clock,
    ScaledClock,
    SystemClock,
    kept_period,
    real_period,
)
from heatpump_twin.errors import TwinError
from heatpump_twin.runtime.clock import site_clock as module
from heatpump_twin.runtime.clock.clock_watch import ClockState, ClockWatch
from heatpump_twin.runtime.clock.past_plan import PastPlan
from heatpump_twin.runtime.clock.site_clock import ClockKeeper, site_clock
from heatpump_twin.runtime.site_check import examine

WINTER = "plant.start=2026-01-15T06:00:00+01:00"
START = round(datetime(2026, 1, 15, 5, tzinfo=UTC).timestamp()) * 1_000_000
REAL = "heat_pumps.hp1.devices.heat_meter.connection=tcp://192.0.2.1:502"


@pytest.fixture
def data(tmp_path: Path) -> DataDirectory:
    return DataDirectory.open(tmp_path / "data")


def site(*overrides: str) -> Site:
    return load_site("default", overrides, {})


async def test_a_site_in_real_time_has_the_system_s_clock(data: DataDirectory) -> None:
    assert isinstance(await site_clock(site(), data), SystemClock)


async def test_a_start_or_a_speed_makes_a_clock_of_its_own(data: DataDirectory) -> None:
    clock = await site_clock(site(WINTER, "plant.speed=60"), data)
    assert isinstance(clock, ScaledClock)
    assert (clock.start, clock.speed) == (START, 60.0)


async def test_another_process_is_told_the_same_clock() -> None:
    clock = ScaledClock(START, 0.1)
    told = ScaledClock.parse(str(clock))
    assert (told.start, told.speed, told.origin) == (clock.start, clock.speed, clock.origin)
    assert clock.now() <= told.now() <= clock.now() + 1_000_000


async def test_time_goes_on_from_where_the_last_run_ended(data: DataDirectory) -> None:
    ahead = SystemClock().now() + 7 * 86_400 * 1_000_000
    await kept(ScaledClock(ahead, 1.0), data)
    for settings in ((), (WINTER,), ("plant.speed=10",)):
        clock = await site_clock(site(*settings), data)
        assert isinstance(clock, ScaledClock)
        assert clock.start >= ahead


async def test_real_time_that_has_caught_up_is_real_time_again(data: DataDirectory) -> None:
    await kept(ScaledClock(START, 60.0), data)
    assert isinstance(await site_clock(site(), data), SystemClock)


async def kept(clock: Clock, data: DataDirectory) -> None:
    task = asyncio.create_task(ClockKeeper(clock, data).run())
    await asyncio.sleep(0)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def test_a_plant_elsewhere_that_does_not_tell_its_time_is_told_of(
    data: DataDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PLANT_TIMEOUT", 0.0)
    settings = ("plant.managed=false", "plant.speed=60", "plant.control_port=9")
    with pytest.raises(Exception, match=r"plant\.managed: false.*hptwin plant"):
        await site_clock(site(*settings), data)


@pytest.mark.parametrize(("setting", "name"), [("plant.speed=60", "speed"), (WINTER, "start")])
def test_real_devices_refuse_a_time_of_its_own(setting: str, name: str) -> None:
    with pytest.raises(ConfigError) as refused:
        examine(SiteFile("default", [REAL, setting]))
    (problem,) = refused.value.problems
    assert problem.key == "heat_pumps.2.devices.2.connection".replace(
        "heat_pumps.2", "heat_pumps.0"
    )
    assert f"leave out plant.{name}" in problem.message


def test_a_reload_does_not_bring_a_real_device_into_an_emulated_history(
    data: DataDirectory,
) -> None:
    PastPlan(START - 1, START, recorded=True).write(data)
    assert examine(SiteFile("default"), data).site.heat_pumps
    with pytest.raises(ConfigError) as refused:
        examine(SiteFile("default", [REAL]), data)
    (problem,) = refused.value.problems
    assert problem.key == "heat_pumps.0.devices.2.connection"
    assert "mixed with that of an emulated plant" in problem.message


@pytest.mark.parametrize(
    ("period", "speed", "real", "kept_apart"),
    [
        (1.0, 1.0, 1.0, 1.0),
        (1.0, 2.0, 0.5, 1.0),
        (1.0, 60.0, SHORTEST_POLL, 12.0),
        (60.0, 60.0, 1.0, 60.0),
        (0.05, 600.0, 0.05, 30.0),
        (1.0, 0.5, 2.0, 1.0),
    ],
)
def test_devices_are_polled_by_the_site_s_clock_as_far_as_it_goes(
    period: float, speed: float, real: float, kept_apart: float
) -> None:
    assert real_period(period, speed, SHORTEST_POLL) == pytest.approx(real)
    assert kept_period(period, speed, SHORTEST_POLL) == pytest.approx(kept_apart)


def test_a_fast_clock_is_no_clock_that_is_set() -> None:
    passed = [0.0]
    clock = _Fast(passed)
    watch = ClockWatch(clock, lambda: passed[0])
    for _ in range(5):
        passed[0] += 1.1
        watch.look()
    assert watch.state is ClockState.RIGHT


class _Fast:
    """A clock at speed 600, by the time that a test lets pass."""

    speed = 600.0

    def __init__(self, passed: list[float]) -> None:
        self._passed = passed

    def now(self) -> int:
        return START + round(self._passed[0] * self.speed * 1e6)


async def test_a_real_device_has_no_history_that_is_ahead_of_it(data: DataDirectory) -> None:
    data.clock.write_text(f'{{"reached": {SystemClock().now() + 3_600_000_000}}}')
    assert isinstance(await site_clock(site(), data), ScaledClock)
    with pytest.raises(TwinError, match=r"ahead of now.*hp1\.devices\.heat_meter"):
        await site_clock(site(REAL), data)
