"""The system clock is set, or wrong from the start: it is noticed and told."""

from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from heatpump_twin.drivers.clock import ManualClock
from heatpump_twin.runtime.clock.clock_watch import SHOWN, ClockState, ClockWatch

START = 1_767_312_000_000_000
S = 1_000_000
HOUR = 3600.0


class Ticking:
    """A clock that can be set, and the time that really passes."""

    def __init__(self, start: int = START) -> None:
        self.wall = ManualClock(start)
        self.real = 0.0

    def passed(self) -> float:
        return self.real

    def tick(self, seconds: float = 1.0) -> None:
        self.real += seconds
        self.wall.advance(seconds)


@pytest.mark.parametrize("step", [HOUR, -HOUR, 12 * 365 * 86_400.0, -3.0])
def test_a_step_is_told_once_with_the_time_without_it(step: float) -> None:
    time, heard = Ticking(), []
    watch = ClockWatch(time.wall, time.passed)
    watch.subscribe(heard.append)
    with capture_logs() as logs:
        for _ in range(3):
            time.tick()
            watch.look()
        assert (heard, watch.state) == ([], ClockState.RIGHT)
        time.wall.advance(step)
        for _ in range(3):
            time.tick()
            watch.look()
    assert heard == [START + 4 * S]
    (log,) = logs
    assert f"was set by {step:+.0f} s" in log["event"]
    assert "2026-01-02 00:00:04 UTC" in log["event"]
    assert watch.state is ClockState.WAS_SET
    assert f"{step:+.0f}" in watch.detail
    time.tick(SHOWN)
    watch.look()
    assert watch.state is ClockState.RIGHT


def test_a_busy_machine_and_a_slewing_clock_are_no_steps() -> None:
    time, heard = Ticking(), []
    watch = ClockWatch(time.wall, time.passed)
    watch.subscribe(heard.append)
    for seconds in (1.0, 90.0, 1.0):
        time.tick(seconds)
        time.wall.advance(0.0005 * seconds)  # as fast as a time server slews
        watch.look()
    assert heard == []


def test_a_time_before_the_software_is_told_until_it_is_set() -> None:
    time, heard = Ticking(60 * S), []
    watch = ClockWatch(time.wall, time.passed)
    watch.subscribe(heard.append)
    with capture_logs() as logs:
        for _ in range(2):
            time.tick()
            watch.look()
        assert watch.state is ClockState.BEFORE_RELEASE
        assert "shows 1970-01-01" in watch.detail
        time.wall.advance(START / S)
        watch.look()
    assert [log["log_level"] for log in logs] == ["warning", "warning"]
    assert watch.state is ClockState.WAS_SET
    assert heard == [62 * S]
