"""Hot water waits while a room or water is heated up: until when, and for whom it does not."""

from __future__ import annotations

import pytest
from programs_rig import HOUR, ROOM, TANK, WATER, WHO, ProgramsRig, asked

from heatpump_twin.config.settings import HotWater
from heatpump_twin.twin_engine.programs.tank_program import TankProgramKind
from heatpump_twin.twin_engine.smart_start.kept_word import HeatUpOutcome
from heatpump_twin.twin_engine.smart_start.ready_program import ReadyPhase, ReadyQuantity
from heatpump_twin.twin_engine.smart_start.ready_request import ReadyRequest


def hot_water(rig: ProgramsRig) -> float:
    return rig.device.held["dhw_setpoint"]


@pytest.fixture
async def cold(rig):
    """A heat pump that is switched off, with cool water, without a model."""
    rig.device.show("unit_enabled", 0.0)
    rig.device.show("supply_setpoint", 35.0)
    rig.model = False
    await rig.restart()
    rig.poll()
    return rig


@pytest.mark.parametrize(
    ("quantity", "point", "warm"),
    [(WATER, "supply_temperature", 44.6), (ROOM, "room_temperature", 21.1)],
)
async def test_it_waits_until_it_is_warm_over_a_restart(cold, quantity, point, warm) -> None:
    await asked(cold, quantity)
    assert hot_water(cold) == 40.0
    assert (await cold.rows("ScheduleReady"))[-1].message.endswith("Hot water waits meanwhile.")
    (row,) = await cold.rows("dhw_setpoint")
    assert (row.user, row.origin) == ("olga", "schedule, test client")
    assert row.reason.startswith("hot water waits: ")
    await cold.restart(after=30)
    cold.poll()
    await cold.pass_time(20)
    assert hot_water(cold) == 40.0
    cold.device.show(point, warm)
    await cold.pass_time(20)
    assert hot_water(cold) == 48.0
    assert "dhw_setpoint" not in cold.programs.overrides.of("hp1")
    assert "unit_enabled" in cold.programs.overrides.of("hp1")


async def test_at_the_longest_until_it_has_to_be_warm(cold) -> None:
    await asked(cold)
    await cold.pass_time(3500, every=20)
    assert hot_water(cold) == 40.0
    await cold.pass_time(120)
    assert hot_water(cold) == 48.0
    assert cold.programs.schedules.of("hp1")[0].phase is ReadyPhase.HEATING


@pytest.mark.parametrize("by", ["a person", "the unit"])
async def test_who_changes_it_has_it_so_and_the_heat_up_goes_on(cold, by) -> None:
    await asked(cold)
    if by == "a person":
        await cold.write("dhw_setpoint", 52.0)
    else:
        cold.device.show("dhw_setpoint", 52.0)
        await cold.pass_time(10)
    message = (await cold.rows("ScheduleReady"))[-1].message
    assert message.startswith("Hot water waits no longer: ")
    assert cold.programs.schedules.of("hp1")[0].phase is ReadyPhase.HEATING
    cold.device.show("supply_temperature", 45.0)
    await cold.pass_time(3700, every=20)
    assert hot_water(cold) == 52.0
    assert cold.programs.schedules.heat_ups("hp1")[-1].outcome is HeatUpOutcome.ON_TIME


@pytest.mark.parametrize("by", ["a person", "the unit", "a cancel", "another schedule"])
async def test_it_never_stays_lowered_when_the_heat_up_ends(cold, by) -> None:
    await asked(cold)
    if by == "a person":
        await cold.write("supply_setpoint", 38.0)
    elif by == "the unit":
        cold.device.show("supply_setpoint", 38.0)
        await cold.pass_time(10)
    elif by == "a cancel":
        await cold.programs.schedules.cancel("hp1", **WHO)
    else:
        later = ReadyRequest("hp1", cold.clock.now() + 9 * HOUR, 45.0, **WHO)
        await cold.programs.schedules.set(later)
    assert hot_water(cold) == 48.0
    # What else it has set stays until somebody releases it.
    assert cold.device.held["unit_enabled"] == 1.0
    assert "dhw_setpoint" not in cold.programs.overrides.of("hp1")


async def test_a_device_that_does_not_answer_is_asked_again(cold) -> None:
    await asked(cold)
    cold.device.refuses["dhw_setpoint"] = "busy"
    await cold.write("supply_setpoint", 38.0)
    assert hot_water(cold) == 40.0
    await cold.restart(after=10)
    cold.poll()
    cold.device.refuses.clear()
    await cold.pass_time(90)
    assert hot_water(cold) == 48.0
    assert cold.programs.schedules.of("hp1") == []


async def test_a_boost_brings_back_what_was_before_it_waited(cold) -> None:
    await asked(cold)
    verdict = await cold.programs.heat_tank("hp1", TankProgramKind.BOOST, 58.0, 0.0, **WHO)
    assert verdict.status == 0
    assert hot_water(cold) == 58.0
    cold.device.show("dhw_temperature", 58.0)
    await cold.pass_time(60)
    assert hot_water(cold) == 48.0


async def test_a_tank_that_has_to_be_hot_itself_does_not_wait(cold) -> None:
    await asked(cold, ROOM)
    await asked(cold, TANK)
    assert hot_water(cold) == 55.0
    await asked(cold, WATER)
    assert hot_water(cold) == 55.0


@pytest.mark.parametrize("first", ["is warm", "is taken over", "is replaced"])
async def test_it_waits_for_the_last_of_two_that_heat(cold, first) -> None:
    await asked(cold, WATER)
    await asked(cold, ROOM)
    if first == "is warm":
        cold.device.show("supply_temperature", 44.6)
    elif first == "is taken over":
        await cold.write("supply_setpoint", 38.0)
    else:
        later = ReadyRequest("hp1", cold.clock.now() + 9 * HOUR, 45.0, **WHO)
        await cold.programs.schedules.set(later)
    await cold.pass_time(20)
    assert hot_water(cold) == 40.0
    await cold.restart(after=30)
    cold.poll()
    await cold.pass_time(20)
    assert hot_water(cold) == 40.0
    cold.device.show("room_temperature", 21.1)
    await cold.pass_time(20)
    assert hot_water(cold) == 48.0
    assert "dhw_setpoint" not in cold.programs.overrides.of("hp1")


async def test_whoever_ends_both_gets_hot_water_back(cold) -> None:
    await asked(cold, WATER)
    await asked(cold, ROOM)
    # What both have switched on.
    await cold.write("unit_enabled", 0.0)
    await cold.pass_time(20)
    assert hot_water(cold) == 48.0


@pytest.mark.parametrize("why", ["the site says so", "somebody has set it", "it is low", "late"])
async def test_where_it_does_not_wait(cold, why) -> None:
    if why == "the site says so":
        cold.hot_water = HotWater.AS_USUAL
    await cold.restart()
    cold.poll()
    before = 40.0 if why == "it is low" else 48.0
    cold.device.show("dhw_setpoint", before)
    if why == "somebody has set it":
        await cold.write("dhw_setpoint", before := 51.0)
    await asked(cold, hours=0.001 if why == "late" else 1.0)
    assert cold.programs.schedules.of("hp1")[0].phase is ReadyPhase.HEATING
    assert hot_water(cold) == before


async def test_water_on_its_way_to_the_tank_is_not_warm_water(cold) -> None:
    await asked(cold)
    cold.device.show("dhw_heating", 1.0)
    cold.device.show("supply_temperature", 52.0)
    await cold.pass_time(60)
    assert cold.programs.schedules.of("hp1")[0].reached is None
    cold.device.show("dhw_heating", 0.0)
    await cold.pass_time(10)
    assert cold.programs.schedules.of("hp1")[0].reached is not None


@pytest.mark.parametrize("hold", [0.0, 1800.0])
async def test_what_is_refused_when_it_is_due_is_given_back_later(cold, hold: float) -> None:
    await asked(cold, hold=hold)
    await cold.pass_time(3540, every=20)
    cold.device.refuses["dhw_setpoint"] = "busy"
    cold.device.show("supply_temperature", 45.0)
    await cold.pass_time(140, every=10)
    assert hot_water(cold) == 40.0
    cold.device.refuses.clear()
    await cold.pass_time(900, every=20)
    assert hot_water(cold) == 48.0
    assert "dhw_setpoint" not in cold.programs.overrides.of("hp1")
    # All else stays: nobody has released it, and its hold is not over.
    assert cold.device.held["unit_enabled"] == 1.0
    assert len(cold.programs.schedules.of("hp1")) == (1 if hold else 0)


async def test_the_end_of_one_leaves_on_what_another_one_needs(cold) -> None:
    await asked(cold, hold=1800.0)
    await asked(cold, ROOM, hours=2.0, hold=600.0)
    cold.device.show("supply_temperature", 44.6)
    await cold.pass_time(3600 + 1900, every=20)
    (room,) = cold.programs.schedules.of("hp1")
    assert (room.quantity, room.phase) == (ReadyQuantity.ROOM, ReadyPhase.HEATING)
    assert cold.device.held["unit_enabled"] == 1.0
    assert cold.device.held["supply_setpoint"] == 35.0
    cold.device.show("room_temperature", 21.5)
    await cold.pass_time(2600, every=20)
    assert cold.programs.schedules.of("hp1") == []
    assert cold.device.held["unit_enabled"] == 0.0
