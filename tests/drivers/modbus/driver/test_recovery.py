"""A device is found again and kept whatever has happened before, if it answers anything at all."""

from __future__ import annotations

from typing import Any

import pytest
from device_lives import FRAMINGS, live
from plain_device import PLACES, VALUES, is_plain, link_at, plain_profile, plain_tank

from heatpump_twin.drivers.modbus.emulator.emulated_gateway import RtuSession
from heatpump_twin.drivers.modbus.profile.profile import Space

LIVES = 60
"""How many lives of each framing. Of thousands, one in a dozen met each thing that was wrong."""


@pytest.mark.parametrize("framing", FRAMINGS)
def test_a_device_is_found_and_kept_whatever_happened_to_it(framing: str) -> None:
    for seed in range(LIVES):
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
