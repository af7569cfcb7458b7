"""Polling over real TCP: what arrives, what a sick device does to it, and how it comes back."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from typing import Any

import numpy as np
import pytest
from processes import spawned

from heatpump_twin.drivers.clock import ManualClock
from heatpump_twin.drivers.modbus.profile.profile import PollClass, Space
from heatpump_twin.drivers.modbus.profile.profile_files import load_profile
from heatpump_twin.drivers.status import (
    BAD_CONFIGURATION_ERROR,
    BAD_DEVICE_FAILURE,
    BAD_NO_COMMUNICATION,
    GOOD,
)

HJ = "panasonic-aquarea-hj"
METER = "eastron-sdm120"
METER_VALUES = {
    "voltage": 230.0,
    "current": 4.7,
    "electrical_power": 1080.0,
    "apparent_power": 1100.0,
    "reactive_power": 20.0,
    "power_factor": 0.98,
    "grid_frequency": 50.0,
    "electrical_energy": 12.5,
}


@pytest.fixture
def metered(tank: Any) -> Any:
    tank.values |= METER_VALUES
    return tank


async def test_every_point_arrives_with_the_time_of_its_response(
    serve: Any, drive: Any, metered: Any, eventually: Any
) -> None:
    clock = ManualClock(1_700_000_000_000_000)
    gateway = await serve({1: (METER, metered)})
    _, seen = drive(METER, gateway, clock=clock)
    await eventually(lambda: seen.statuses() == {GOOD})
    assert {n: seen.value(n) for n in METER_VALUES} == pytest.approx(METER_VALUES, rel=1e-6)
    assert seen.latest("voltage")[2] == 1_700_000_000_000_000
    clock.advance(5)
    await eventually(lambda: seen.latest("voltage")[2] == 1_700_000_005_000_000)


class Stopwatch:
    """A clock that moves on whenever it is read."""

    def __init__(self) -> None:
        self.reads = 0

    speed = 1.0

    def now(self) -> int:
        self.reads += 1
        return self.reads


async def test_each_sample_of_a_poll_has_the_time_of_its_own_response(
    serve: Any, drive: Any, metered: Any, eventually: Any
) -> None:
    gateway = await serve({1: (METER, metered)})
    driver, seen = drive(METER, gateway, clock=Stopwatch())
    await eventually(lambda: len(seen.frames) >= 2)
    for number, frame in enumerate(seen.frames[:2]):
        later = [
            driver.points[int(i)] in ("grid_frequency", "electrical_energy") for i in frame.point
        ]
        assert frame.time.tolist() == [2 * number + 1 + place for place in later]


async def test_one_frame_a_poll_and_the_fewest_requests(
    serve: Any, drive: Any, metered: Any, eventually: Any
) -> None:
    gateway = await serve({1: (METER, metered)})
    driver, seen = drive(METER, gateway)
    await eventually(lambda: len(seen.frames) >= 5)
    frames, polls, requests = len(seen.frames), driver.metrics.polls, gateway.requests
    assert polls - frames in (0, 1)
    assert 2 * frames <= requests <= 2 * polls
    assert all(len(frame) == 8 for frame in seen.frames)


async def test_slow_points_are_read_less_often(
    serve: Any, drive: Any, tank: Any, eventually: Any
) -> None:
    profile = load_profile(HJ)
    slow = {p.point for p in profile.samples if p.poll is PollClass.SLOW}
    gateway = await serve({1: (profile, tank)})
    faster = profile.model_copy(update={"poll": profile.poll.model_copy(update={"slow": 0.3})})
    _, seen = drive(faster, gateway, period=0.1)
    await eventually(lambda: len(seen.frames) >= 7)
    sizes = [len(frame) for frame in seen.frames[:7]]
    assert sizes == [39, 39 - len(slow), 39 - len(slow)] * 2 + [39]


async def test_a_device_that_goes_away_and_returns(
    serve: Any, drive: Any, metered: Any, eventually: Any
) -> None:
    gateway = await serve({1: (METER, metered)})
    _, seen = drive(METER, gateway, period=0.3)
    await eventually(lambda: seen.statuses() == {GOOD})
    port = gateway.port
    await gateway.stop()
    await eventually(lambda: seen.statuses() == {BAD_NO_COMMUNICATION})
    assert np.isnan(seen.value("voltage"))
    await serve({1: (METER, metered)}, port=port)
    await eventually(lambda: seen.statuses() == {GOOD})


async def test_a_dropped_connection_leaves_no_gap(
    serve: Any, drive: Any, metered: Any, eventually: Any
) -> None:
    gateway = await serve({1: (METER, metered)})
    driver, seen = drive(METER, gateway)
    await eventually(lambda: seen.statuses() == {GOOD})
    await gateway.drop_connections()
    polls = driver.metrics.polls
    await eventually(lambda: driver.metrics.polls >= polls + 3)
    assert driver.metrics.failed_polls == 0
    assert all((frame.status == GOOD).all() for frame in seen.frames)


STOPPABLE = """
import asyncio, sys
from heatpump_twin.drivers.modbus.emulator.emulated_gateway import EmulatedDevice, EmulatedGateway
from heatpump_twin.drivers.modbus.profile.profile_files import load_profile

class Ones:
    def read(self, point): return 1.0
    def write(self, point, value): pass

async def main():
    device = EmulatedDevice(load_profile("eastron-sdm120"), Ones())
    gateway = EmulatedGateway("127.0.0.1", 0, {1: device})
    await gateway.start()
    print(gateway.port, flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


async def test_a_stopped_process_whose_kernel_still_accepts(drive: Any, eventually: Any) -> None:
    async with spawned(sys.executable, "-c", STOPPABLE, stdout=asyncio.subprocess.PIPE) as process:
        assert process.stdout is not None
        port = int(await process.stdout.readline())
        _, seen = drive(METER, port, period=0.5, timeout=0.2)
        await eventually(lambda: seen.statuses() == {GOOD})
        os.kill(process.pid, signal.SIGSTOP)
        await eventually(lambda: seen.statuses() == {BAD_NO_COMMUNICATION})
        os.kill(process.pid, signal.SIGCONT)
        await eventually(lambda: seen.statuses() == {GOOD})


async def test_only_the_refused_point_is_bad(
    serve: Any, drive: Any, tank: Any, eventually: Any
) -> None:
    tank.values |= {"supply_setpoint": 45.0, "zone1_water_temperature": 33.0}
    gateway = await serve({1: (HJ, tank)})
    gateway.faults.exceptions[1, Space.HOLDING, 13] = 4
    driver, seen = drive(HJ, gateway, retry_refused=0.2)
    await eventually(lambda: len(seen.frames) >= 3)
    assert seen.latest("zone2_supply_setpoint")[1] == BAD_DEVICE_FAILURE
    assert seen.latest("supply_setpoint")[:2] == (45.0, GOOD)
    assert seen.latest("zone1_water_temperature")[:2] == (33.0, GOOD)
    assert driver.connected
    assert set(driver.refused) == {"zone2_supply_setpoint"}
    told = sum(int(np.isin(list(driver.points)[11], f.point)) for f in seen.frames)
    assert list(driver.points.values())[11] == "zone2_supply_setpoint"
    assert told == 1
    tank.values["zone2_supply_setpoint"] = 40.0
    gateway.faults.clear()
    await eventually(lambda: seen.value("zone2_supply_setpoint") == 40.0)
    assert driver.refused == {}


async def test_an_absent_point_costs_a_request_every_other_poll(
    serve: Any, drive: Any, tank: Any, eventually: Any
) -> None:
    gateway = await serve({1: (HJ, tank)})
    gateway.faults.exceptions[1, Space.HOLDING, 13] = 2
    driver, seen = drive(HJ, gateway)
    await eventually(lambda: driver.metrics.polls >= 10)
    assert seen.latest("zone2_supply_setpoint")[1] == BAD_CONFIGURATION_ERROR
    exceptions, polls = driver.metrics.exceptions, driver.metrics.polls
    await eventually(lambda: driver.metrics.polls >= polls + 10)
    # And now and then the block is tried as a whole.
    asked = driver.metrics.exceptions - exceptions
    assert 4 <= asked <= (driver.metrics.polls - polls) / 2 + 4


async def test_a_device_that_refuses_holes_is_read_around_them(
    serve: Any, drive: Any, metered: Any, eventually: Any
) -> None:
    """The profile lets requests span holes; this device does not. No point is lost."""
    strict = load_profile(METER)
    strict = strict.model_copy(update={"limits": strict.limits.model_copy(update={"gap": 0})})
    gateway = await serve({1: (strict, metered)})
    driver, seen = drive(METER, gateway)
    await eventually(lambda: seen.statuses() == {GOOD})
    assert driver.refused == {}
    await eventually(lambda: driver.metrics.polls >= 8)  # both poll classes found out
    exceptions, polls = driver.metrics.exceptions, driver.metrics.polls
    await eventually(lambda: driver.metrics.polls >= polls + 8)
    # The blocks are tried as a whole ever less often.
    assert driver.metrics.exceptions - exceptions <= 2


async def test_units_share_one_connection_and_take_turns(
    serve: Any, drive: Any, metered: Any, shared_link: Any, eventually: Any
) -> None:
    gateway = await serve(dict.fromkeys((1, 2, 3), (METER, metered)))
    link = shared_link(gateway)
    drivers = [drive(METER, link, unit=unit) for unit in (1, 2, 3)]
    await eventually(lambda: all(seen.statuses() == {GOOD} for _, seen in drivers))
    assert gateway.connections == 1


async def test_a_dead_unit_does_not_take_the_others_down(
    serve: Any, drive: Any, metered: Any, shared_link: Any, eventually: Any
) -> None:
    gateway = await serve(dict.fromkeys((1, 2), (METER, metered)))
    gateway.faults.offline.add(2)
    link = shared_link(gateway)
    _, well = drive(METER, link, unit=1)
    _, dead = drive(METER, link, unit=2)
    await eventually(lambda: well.statuses() == {GOOD})
    await eventually(lambda: dead.statuses() == {BAD_NO_COMMUNICATION})
    frames = len(well.frames)
    await eventually(lambda: len(well.frames) >= frames + 3)
    assert well.statuses() == {GOOD}


async def test_all_units_of_a_silent_gateway_are_bad_within_three_periods(
    serve: Any, drive: Any, metered: Any, shared_link: Any, eventually: Any
) -> None:
    """Within a period somebody asks; then there are five time-outs at most, one by one."""
    units, period, timeout = range(1, 9), 0.6, 0.2
    assert period + 5 * timeout < 3 * period
    gateway = await serve(dict.fromkeys(units, (METER, metered)))
    link = shared_link(gateway)
    drivers = [drive(METER, link, unit=unit, period=period, timeout=timeout) for unit in units]
    await eventually(lambda: all(seen.statuses() == {GOOD} for _, seen in drivers))
    asked = gateway.requests
    gateway.faults.silent = True
    await eventually(lambda: all(seen.statuses() == {BAD_NO_COMMUNICATION} for _, seen in drivers))
    assert gateway.requests - asked <= 5
    gateway.faults.clear()
    await eventually(lambda: all(seen.statuses() == {GOOD} for _, seen in drivers))


async def test_a_late_response_is_not_taken_for_the_next_one(
    serve: Any, drive: Any, metered: Any, eventually: Any
) -> None:
    gateway = await serve({1: (METER, metered)})
    driver, seen = drive(METER, gateway, period=0.2, timeout=0.1)
    await eventually(lambda: seen.statuses() == {GOOD})
    gateway.faults.latency = 0.15
    await eventually(lambda: seen.statuses() == {BAD_NO_COMMUNICATION})
    gateway.faults.latency = 0.0
    await eventually(lambda: seen.statuses() == {GOOD})
    for frame in seen.frames:
        good = frame.status == GOOD
        expected = [METER_VALUES[driver.points[int(i)]] for i in frame.point[good]]
        np.testing.assert_allclose(frame.value[good], expected, rtol=1e-6)
