"""Two kinds of poll, of everything and of the fast points: what one has learnt serves the other."""

from __future__ import annotations

from typing import Any

from heatpump_twin.drivers.modbus.emulator.emulated_faults import Grudge
from heatpump_twin.drivers.modbus.profile.profile import Profile, Space
from heatpump_twin.drivers.status import BAD_CONFIGURATION_ERROR, GOOD

FAST = {"outdoor_temperature": 1, "supply_temperature": 2, "return_temperature": 3}
SLOW = {"dhw_temperature": 50, "supply_setpoint": 60}


def profile(gap: int = 40) -> Profile:
    """Return a profile with fast points side by side, and slow ones behind them."""
    places = {"space": "holding", "type": "int16", "scale": 0.1, "unit": "degC"}
    points = [{"point": name, "address": at, **places} for name, at in FAST.items()]
    points += [{"point": n, "address": at, "poll": "slow", **places} for n, at in SLOW.items()]
    return Profile.model_validate(
        {
            "title": "T", "kind": "transmitter", "source": "a test", "points": points,
            "limits": {"registers": 125, "gap": gap}, "poll": {"slow": "1 s"},
        }
    )  # fmt: skip


async def test_a_device_that_is_silent_to_blocks_is_not_lost_and_found_again_and_again(
    serve: Any, drive: Any, tank: Any, eventually: Any
) -> None:
    """The fast points are one block, so that their poll alone shows no sign of life."""
    tank.values |= dict.fromkeys([*FAST, *SLOW], 30.0)
    read = profile()
    gateway = await serve({1: (read, tank)})
    gateway.faults.grudges.append(Grudge(Space.HOLDING, 0, 99, 0))
    driver, seen = drive(read, gateway)
    await eventually(lambda: seen.statuses() == {GOOD})
    failed, polls = driver.metrics.failed_polls, driver.metrics.polls
    await eventually(lambda: driver.metrics.polls >= polls + 12)
    assert driver.metrics.failed_polls == failed
    assert seen.statuses() == {GOOD}
    gateway.faults.clear()
    await eventually(lambda: driver.metrics.divided == 0)
    requests, polls = gateway.requests, driver.metrics.polls
    await eventually(lambda: driver.metrics.polls >= polls + 12)
    assert gateway.requests - requests <= 12 + 6


async def test_a_device_that_refuses_all_fast_points_is_there(
    serve: Any, drive: Any, tank: Any, eventually: Any
) -> None:
    tank.values |= dict.fromkeys([*FAST, *SLOW], 30.0)
    read = profile(gap=0)
    gateway = await serve({1: (read, tank)})
    gateway.faults.exceptions |= {(1, Space.HOLDING, at): 2 for at in FAST.values()}
    driver, seen = drive(read, gateway)
    await eventually(lambda: driver.metrics.polls >= 24)
    assert driver.metrics.failed_polls == 0
    assert {seen.latest(name)[1] for name in FAST} == {BAD_CONFIGURATION_ERROR}
    assert {seen.latest(name)[:2] for name in SLOW} == {(30.0, GOOD)}
    gateway.faults.clear()
    await eventually(lambda: seen.statuses() == {GOOD})
