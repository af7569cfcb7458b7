"""A device is found again and kept whatever has happened before, if it answers anything at all."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from device_lives import FRAMINGS, live
from plain_device import PLACES, VALUES, is_plain, link_at, plain_profile, plain_tank

from heatpump_twin.drivers.modbus.emulator.emulated_connection import EmulatedConnection
from heatpump_twin.drivers.modbus.emulator.emulated_gateway import (
    EmulatedDevice,
    EmulatedGateway,
    RtuSession,
)
from heatpump_twin.drivers.modbus.emulator.emulated_session import Received
from heatpump_twin.drivers.modbus.profile.profile import Profile, Space
from heatpump_twin.drivers.status import GOOD

LIVES, MORE_LIVES = 24, 240
"""How many lives of each framing. Of thousands, one in a dozen met each thing that was wrong."""


@pytest.mark.parametrize("framing", FRAMINGS)
def test_a_device_is_found_and_kept_whatever_happened_to_it(framing: str) -> None:
    found_and_kept(framing, range(LIVES))


@pytest.mark.long
@pytest.mark.parametrize("framing", FRAMINGS)
def test_a_device_is_found_and_kept_in_many_more_lives(framing: str) -> None:
    found_and_kept(framing, range(LIVES, MORE_LIVES))


def found_and_kept(framing: str, seeds: Iterable[int]) -> None:
    for seed in seeds:
        life = live(seed, framing)
        story = f"{framing} {seed}: {life}"
        assert life.wrong == [], story
        assert life.found < 60, story
        assert life.losses <= 2, story
        assert life.back < 60, story


@pytest.mark.parametrize("silent", ["supply_setpoint", "outdoor_temperature"])
async def test_silence_about_a_point_that_was_read_alone_does_not_cost_the_others(
    serve: Any, drive: Any, eventually: Any, silent: str
) -> None:
    """Frames without a number: what is asked in doubt must not be what it is silent about."""
    gateway = await serve({1: (plain_profile(), plain_tank())}, session=RtuSession())
    driver, seen = drive(plain_profile(), link_at(gateway, "rtu+tcp"), timeout=0.3)
    others = {name: value for name, value in VALUES.items() if name != silent}
    for _ in range(2):  # in between it is answered alone
        await eventually(lambda: is_plain(seen))
        gateway.faults.exceptions[1, Space.HOLDING, PLACES[silent]] = 0
        await eventually(lambda: silent in driver.refused)
        assert is_plain(seen, others)
        gateway.faults.clear()


class Sulking(EmulatedGateway):
    """A device that keeps silent about its fast points once told to, after a poll of everything."""

    sulks = False
    before = b""

    def _answer(self, request: Received, connection: EmulatedConnection) -> None:
        super()._answer(request, connection)
        if self.sulks and self.before == bytes((0, SLOW)):
            for address in FAST.values():
                self.faults.exceptions[1, Space.HOLDING, address] = 0
        self.before = request.pdu[1:3]


SLOW = 1
FAST = {"return_temperature": 100, "dhw_temperature": 101}


async def test_fast_points_that_fall_silent_are_told_by_the_slow_ones(
    drive: Any, eventually: Any
) -> None:
    """What shows that the device is there belongs to another kind of poll."""
    places = {"outdoor_temperature": SLOW, "supply_temperature": 50, **FAST}
    profile = Profile.model_validate(
        {
            "title": "Fast and slow", "kind": "heat_pump_controller", "source": "a test",
            "limits": {"registers": 125, "gap": 0}, "poll": {"slow": 0.5},
            "points": [
                {"point": name, "space": "holding", "address": address, "type": "int16",
                 "poll": "slow" if address == SLOW else "fast"}
                for name, address in places.items()
            ],
        }
    )  # fmt: skip
    gateway = Sulking("127.0.0.1", 0, {1: EmulatedDevice(profile, plain_tank())})
    await gateway.start()
    gateway.faults.exceptions[1, Space.HOLDING, 50] = 2  # so that not all blocks are answered
    driver, seen = drive(profile, gateway, timeout=0.15)
    await eventually(lambda: set(driver.refused) == {"supply_temperature"})
    gateway.sulks = True
    await eventually(lambda: set(driver.refused) == {"supply_temperature", *FAST})
    polls = driver.metrics.polls
    await eventually(lambda: driver.metrics.polls >= polls + 12)
    assert driver.connected
    assert seen.latest("outdoor_temperature")[1] == GOOD
    await gateway.stop()
