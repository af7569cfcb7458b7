"""What a device keeps for a time only is written again, as the twin's own, until it is released."""

from __future__ import annotations

import pytest
from programs_rig import WHO, ProgramsRig

from heatpump_twin.drivers.protocol import RefreshDuty
from heatpump_twin.drivers.status import BAD_NO_COMMUNICATION

KEY = "hp1.supply_setpoint"


def refreshed(rig: ProgramsRig) -> list[float]:
    return [value for name, value in rig.device.written if name == "supply_setpoint"]


async def pass_time(rig: ProgramsRig, seconds: int) -> None:
    for _ in range(seconds):
        rig.clock.advance(1.0)
        await rig.programs.tick()


@pytest.fixture
def duty(rig: ProgramsRig) -> ProgramsRig:
    rig.programs.refresher.add({KEY: RefreshDuty(30.0, 10.0)})
    return rig


async def test_nothing_is_written_that_nobody_has_set(duty: ProgramsRig) -> None:
    await pass_time(duty, 100)
    assert duty.device.written == []


async def test_a_value_that_holds_is_written_again_and_audited_as_the_twins_own(
    duty: ProgramsRig,
) -> None:
    await duty.write("supply_setpoint", 50.0)
    await pass_time(duty, 29)
    assert refreshed(duty) == [50.0]
    await pass_time(duty, 1)
    assert refreshed(duty) == [50.0, 50.0]
    await pass_time(duty, 60)
    assert refreshed(duty) == [50.0] * 4
    rows = await duty.rows("supply_setpoint")
    assert [row.user for row in rows] == ["olga", "twin", "twin", "twin"]
    assert rows[-1].origin == "refresh"
    assert rows[-1].reason == "set by olga; the device falls back by itself"


async def test_a_device_that_fell_back_gets_what_was_set(duty: ProgramsRig) -> None:
    await duty.write("supply_setpoint", 50.0)
    duty.device.show("supply_setpoint", 45.0)
    await pass_time(duty, 30)
    assert duty.device.held["supply_setpoint"] == 50.0
    # One that takes the write and keeps its own value does not change what was set.
    duty.device.keeps.add("supply_setpoint")
    duty.device.show("supply_setpoint", 45.0)
    await pass_time(duty, 60)
    duty.device.keeps.clear()
    await pass_time(duty, 30)
    assert duty.device.held["supply_setpoint"] == 50.0


async def test_a_newer_value_counts_from_its_own_write(duty: ProgramsRig) -> None:
    await duty.write("supply_setpoint", 50.0)
    await pass_time(duty, 25)
    await duty.write("supply_setpoint", 52.0)
    await pass_time(duty, 29)
    assert refreshed(duty) == [50.0, 52.0]
    await pass_time(duty, 1)
    assert refreshed(duty) == [50.0, 52.0, 52.0]


async def test_a_release_ends_it(duty: ProgramsRig) -> None:
    await duty.write("supply_setpoint", 50.0)
    await pass_time(duty, 30)
    await duty.programs.release("hp1", **WHO)
    await pass_time(duty, 100)
    assert refreshed(duty) == [50.0, 50.0, 45.0]


async def test_bringing_the_value_back_by_hand_ends_it(duty: ProgramsRig) -> None:
    await duty.write("supply_setpoint", 50.0)
    await duty.write("supply_setpoint", 45.0)
    await pass_time(duty, 100)
    assert refreshed(duty) == [50.0, 45.0]


async def test_a_device_that_is_away_is_not_tried_and_then_at_once(duty: ProgramsRig) -> None:
    await duty.write("supply_setpoint", 50.0)
    duty.device.show("supply_setpoint", 50.0, BAD_NO_COMMUNICATION)
    await pass_time(duty, 100)
    assert refreshed(duty) == [50.0]
    duty.device.show("supply_setpoint", 45.0)
    await pass_time(duty, 1)
    assert refreshed(duty) == [50.0, 50.0]


async def test_after_a_restart_no_sooner_than_the_memory_allows(duty: ProgramsRig) -> None:
    await duty.write("supply_setpoint", 50.0)
    await duty.restart()
    duty.poll()
    duty.programs.refresher.add({KEY: RefreshDuty(30.0, 10.0)})
    await pass_time(duty, 9)
    assert refreshed(duty) == [50.0]
    await pass_time(duty, 2)
    assert refreshed(duty) == [50.0, 50.0]
    await pass_time(duty, 30)
    assert refreshed(duty) == [50.0] * 3


async def test_a_heat_pump_that_goes_is_left_alone(duty: ProgramsRig) -> None:
    await duty.write("supply_setpoint", 50.0)
    await duty.programs.remove("hp1")
    await pass_time(duty, 100)
    assert refreshed(duty) == [50.0]
