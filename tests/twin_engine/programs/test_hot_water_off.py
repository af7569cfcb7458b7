"""Hot water that is switched off for a heat-up: it comes back, whatever happens meanwhile."""

from __future__ import annotations

import asyncio

import programs_rig
import pytest
from programs_rig import HOUR, ROOM, TANK, WATER, WHO, ProgramsRig, asked

from heatpump_twin.config.settings import HotWater
from heatpump_twin.drivers.status import BAD_NO_COMMUNICATION, BAD_NO_DATA, GOOD
from heatpump_twin.twin_engine.errors import ProgramStoreError
from heatpump_twin.twin_engine.programs.hot_water_book import LONGEST_OFF
from heatpump_twin.twin_engine.programs.tank_program import TankProgramKind
from heatpump_twin.twin_engine.smart_start.hot_water_wait import HotWaterWait
from heatpump_twin.twin_engine.smart_start.ready_program import ReadyPhase


def hot_water(rig: ProgramsRig) -> tuple[float, float, float]:
    """Return switch, setpoint and mode, as the device has them."""
    held = rig.device.held
    return held["dhw_enabled"], held["dhw_setpoint"], held["operating_mode"]


AS_EVER = (1.0, 48.0, 2.0)
OFF = (0.0, 48.0, 2.0)
LOW = (1.0, 40.0, 2.0)
NO_SWITCH = frozenset({"dhw_enabled"})


async def begun(rig: ProgramsRig, without: frozenset[str] = frozenset()) -> None:
    """Let a run begin with a heat pump that is off, at a site that switches hot water off."""
    rig.hot_water, rig.model, rig.without = HotWater.SWITCHED_OFF, False, without
    rig.device.show("unit_enabled", 0.0)
    rig.device.show("supply_setpoint", 35.0)
    await rig.restart()
    rig.poll()


@pytest.fixture
async def cold(rig):
    await begun(rig)
    return rig


async def again(rig: ProgramsRig, after: float = 30.0) -> None:
    """End a run without a word, and begin the next one; its devices answer soon."""
    await rig.restart(after=after)
    rig.poll()
    await rig.pass_time(5, every=1)


async def last(rig: ProgramsRig) -> str:
    return (await rig.rows("ScheduleReady"))[-1].message


async def test_it_is_off_until_it_is_warm(cold) -> None:
    await asked(cold)
    assert hot_water(cold) == OFF
    assert (await last(cold)).endswith("Hot water waits meanwhile.")
    (row,) = await cold.rows("dhw_enabled")
    assert (row.user, row.origin, row.requested) == ("olga", "schedule, test client", 0.0)
    assert "dhw_enabled" in cold.programs.overrides.of("hp1")
    cold.device.show("supply_temperature", 44.6)
    await cold.pass_time(20)
    assert hot_water(cold) == AS_EVER
    assert "dhw_enabled" not in cold.programs.overrides.of("hp1")


async def test_at_the_latest_when_it_has_to_be_warm(cold) -> None:
    await asked(cold)
    await cold.pass_time(3500, every=20)
    assert hot_water(cold) == OFF
    await cold.pass_time(120)
    assert hot_water(cold) == AS_EVER


async def test_for_three_hours_at_the_longest_then_it_is_lowered(cold) -> None:
    await asked(cold, ROOM, hours=2.9)
    await cold.pass_time(2.5 * 3600, every=60)
    await asked(cold, WATER, hours=2.0)
    cold.device.show("room_temperature", 21.4)
    await cold.pass_time(LONGEST_OFF - 2.6 * 3600, every=60)
    assert hot_water(cold) == OFF
    await cold.pass_time(600)
    assert hot_water(cold) == LOW
    assert (await last(cold)).startswith("Hot water is switched on again after 3 h")
    cold.device.show("supply_temperature", 45.0)
    await cold.pass_time(20)
    assert hot_water(cold) == AS_EVER


async def test_the_next_heat_up_does_not_begin_the_three_hours_anew(cold) -> None:
    await asked(cold, ROOM, hours=2.0)
    await cold.pass_time(3600, every=60)
    cold.device.show("room_temperature", 21.4)
    await cold.pass_time(60)
    assert hot_water(cold) == AS_EVER
    await asked(cold, WATER)
    assert hot_water(cold) == LOW
    cold.device.show("supply_temperature", 45.0)
    await cold.pass_time(4000, every=60)
    cold.device.show("supply_temperature", 25.0)
    await asked(cold, WATER, hours=0.1)
    assert hot_water(cold) == OFF


async def test_a_machine_without_a_switch_changes_its_mode(rig) -> None:
    await begun(rig, NO_SWITCH)
    await asked(rig)
    assert hot_water(rig) == (1.0, 48.0, 1.0)
    rig.device.show("supply_temperature", 44.6)
    await rig.pass_time(20)
    assert hot_water(rig) == AS_EVER


@pytest.mark.parametrize("why", ["it has neither", "its mode says nothing of it", "it refuses"])
async def test_where_it_cannot_be_switched_off_it_is_lowered(rig, why) -> None:
    await begun(rig, NO_SWITCH | {"operating_mode"} if why == "it has neither" else NO_SWITCH)
    before = 6.0 if why == "its mode says nothing of it" else 2.0
    rig.device.held["operating_mode"] = before
    rig.poll()
    if why == "it refuses":
        rig.device.refuses["operating_mode"] = "not now"
    await asked(rig)
    assert hot_water(rig) == (1.0, 40.0, before)


async def test_a_switch_that_stays_on_is_no_switch(cold) -> None:
    cold.device.keeps.add("dhw_enabled")
    await asked(cold)
    assert hot_water(cold) == LOW
    assert "dhw_enabled" not in cold.programs.overrides.of("hp1")


@pytest.mark.parametrize("after", [5.0, 1800.0])
async def test_a_run_that_died_is_made_good_first_thing(cold, after) -> None:
    await asked(cold)
    await again(cold, after)
    assert hot_water(cold) == LOW
    assert "dhw_enabled" not in cold.programs.overrides.of("hp1")
    assert cold.programs.schedules.of("hp1")[0].phase is ReadyPhase.HEATING
    cold.device.show("supply_temperature", 44.6)
    await cold.pass_time(20)
    assert hot_water(cold) == AS_EVER


async def test_one_that_comes_back_after_its_time_gives_all_back(cold) -> None:
    await asked(cold)
    await again(cold, after=7 * 3600.0)
    assert hot_water(cold) == AS_EVER


async def test_the_database_knows_before_the_device_does(cold) -> None:
    known: list[bool] = []
    write = cold.device.write

    async def died(point: int, value: float):
        """The process dies when the write is out, before anybody has heard of it."""
        result = await write(point, value)
        if cold.device.names[point] == "dhw_enabled" and value == 0.0:
            known.append("hp1" in (await cold.store.load()).hot_water_waits)
            raise ConnectionAbortedError
        return result

    cold.device.write = died
    with pytest.raises(ExceptionGroup):
        await asked(cold)
    cold.device.write = write
    assert known == [True]
    assert hot_water(cold) == OFF
    await again(cold)
    assert hot_water(cold)[0] == 1.0
    assert "dhw_enabled" not in cold.programs.overrides.of("hp1")


async def test_a_device_that_is_away_at_the_start_is_waited_for(cold) -> None:
    await asked(cold)
    cold.device.silent = True
    await cold.restart(after=30)
    cold.device.show("dhw_enabled", 0.0, BAD_NO_COMMUNICATION)
    before = len(await cold.rows("dhw_enabled"))
    await cold.pass_time(300)
    assert len(await cold.rows("dhw_enabled")) == before
    cold.device.silent = False
    cold.poll()
    await cold.pass_time(2, every=1)
    assert hot_water(cold)[0] == 1.0


async def test_a_stop_in_order_gives_it_back_and_lets_no_other_wait(cold) -> None:
    await asked(cold)
    await cold.programs.rest()
    assert hot_water(cold) == AS_EVER
    await asked(cold, ROOM)
    assert hot_water(cold) == AS_EVER
    assert len(cold.programs.schedules.of("hp1")) == 2


async def test_a_heat_pump_that_is_removed_gets_it_back(cold) -> None:
    await asked(cold)
    await cold.programs.remove("hp1")
    assert hot_water(cold) == AS_EVER


@pytest.mark.parametrize(
    ("point", "value", "after"),
    [
        ("dhw_enabled", 1.0, AS_EVER),
        ("dhw_setpoint", 52.0, (1.0, 52.0, 2.0)),
        ("operating_mode", 3.0, (1.0, 48.0, 3.0)),
    ],
)
async def test_who_asks_for_hot_water_has_it(cold, point, value, after) -> None:
    await asked(cold)
    await cold.write(point, value)
    assert hot_water(cold) == after
    assert (await last(cold)).startswith("Hot water waits no longer: olga has set ")
    await cold.pass_time(600)
    assert hot_water(cold) == after
    assert cold.programs.schedules.of("hp1")[0].phase is ReadyPhase.HEATING


async def test_who_switches_it_on_at_the_unit_has_it_today_and_it_waits_tomorrow(cold) -> None:
    await asked(cold, weekdays=127, hold=600.0)
    cold.device.show("dhw_enabled", 1.0)
    await cold.pass_time(600)
    assert hot_water(cold) == AS_EVER
    cold.device.show("supply_temperature", 44.6)
    await cold.pass_time(6 * 3600, every=60)
    cold.device.show("supply_temperature", 25.0)
    while cold.programs.schedules.of("hp1")[0].phase is not ReadyPhase.HEATING:
        await cold.pass_time(600, every=60)
    assert hot_water(cold) == OFF


async def test_what_somebody_has_switched_off_stays_off(cold) -> None:
    await cold.write("dhw_enabled", 0.0)
    await asked(cold)
    cold.device.show("supply_temperature", 44.6)
    await cold.pass_time(3700, every=20)
    assert hot_water(cold) == OFF


@pytest.mark.parametrize("kind", list(TankProgramKind))
async def test_a_boost_and_a_disinfection_switch_it_on(cold, kind) -> None:
    await asked(cold)
    verdict = await cold.programs.heat_tank("hp1", kind, 60.0, 0.0, **WHO)
    assert verdict.status == 0
    assert hot_water(cold) == (1.0, 60.0, 2.0)
    await cold.programs.release("hp1", **WHO)
    assert hot_water(cold) == AS_EVER


async def test_none_is_started_that_would_bring_back_that_it_is_off(cold) -> None:
    await asked(cold)
    cold.device.refuses["dhw_enabled"] = "busy"
    verdict = await cold.programs.heat_tank("hp1", TankProgramKind.BOOST, 60.0, 0.0, **WHO)
    assert verdict.message.startswith("Nothing was started: hot water waits for a heat-up")
    assert (await cold.rows("StartDhwBoost"))[-1].status == verdict.status
    cold.device.refuses.clear()
    await cold.pass_time(70)
    verdict = await cold.programs.heat_tank("hp1", TankProgramKind.BOOST, 60.0, 0.0, **WHO)
    assert verdict.status == 0


async def test_a_schedule_of_the_tank_switches_it_on_and_keeps_it(cold) -> None:
    await asked(cold)
    cold.device.refuses["dhw_enabled"] = "busy"
    await asked(cold, TANK, hours=2.0)
    assert hot_water(cold)[0] == 0.0
    cold.device.refuses.clear()
    await cold.pass_time(120)
    assert hot_water(cold) == (1.0, 55.0, 2.0)
    await cold.pass_time(3600, every=30)
    assert hot_water(cold) == (1.0, 55.0, 2.0)


async def test_what_was_refused_is_told_once_and_tried_until_it_is_done(cold) -> None:
    await asked(cold)
    cold.device.refuses["dhw_enabled"] = "busy"
    cold.device.show("supply_temperature", 44.6)
    await cold.pass_time(300)
    told = [row for row in await cold.rows("ScheduleReady") if "could not be given" in row.message]
    assert len(told) == 1
    assert "Next attempt in 1 min." in told[0].message
    assert len(await cold.rows("dhw_enabled")) == 6
    cold.device.refuses.clear()
    await cold.pass_time(60)
    assert hot_water(cold) == AS_EVER


async def test_one_that_begins_meanwhile_takes_over_what_was_not_given_back(cold) -> None:
    await asked(cold)
    cold.device.refuses["dhw_enabled"] = "busy"
    cold.device.show("supply_temperature", 44.6)
    await cold.pass_time(20)
    await asked(cold, ROOM)
    cold.device.refuses.clear()
    await cold.pass_time(300)
    assert hot_water(cold) == OFF
    cold.device.show("room_temperature", 21.4)
    await cold.pass_time(20)
    assert hot_water(cold) == AS_EVER


async def test_a_database_that_is_away_lets_nothing_wait(cold, monkeypatch) -> None:
    keep = cold.store.keep

    async def away(promise) -> None:
        if isinstance(promise, HotWaterWait):
            raise ProgramStoreError("the disk is full")
        await keep(promise)

    monkeypatch.setattr(cold.store, "keep", away)
    await asked(cold)
    assert hot_water(cold) == AS_EVER
    assert cold.programs.schedules.of("hp1")[0].phase is ReadyPhase.HEATING


async def test_what_could_not_be_brought_back_is_left_alone(rig) -> None:
    # The unit has more than the twin may write.
    rig.device.show("dhw_setpoint", 70.0)
    await begun(rig, NO_SWITCH)
    rig.device.show("operating_mode", 0.0)
    rig.poll()
    await asked(rig)
    assert hot_water(rig)[1] == 70.0


async def test_what_was_not_taken_in_time_is_not_taken_later(cold) -> None:
    cold.device.keeps.add("dhw_enabled")
    await asked(cold)
    rows = await cold.rows("dhw_enabled")
    # The last that a device that is only slow has been told.
    assert [row.requested for row in rows] == [0.0, 1.0]
    assert hot_water(cold) == LOW


async def test_who_sets_it_while_it_is_about_to_come_back_has_it_so(rig) -> None:
    await begun(rig)
    await asked(rig, ROOM)
    rig.device.show("room_temperature", 21.5)
    write, under_way, goes_on = rig.device.write, asyncio.Event(), asyncio.Event()

    async def slow(point: int, value: float) -> object:
        if rig.device.names[point] == "room_setpoint":
            under_way.set()
            await goes_on.wait()
        return await write(point, value)

    rig.device.write = slow
    rig.clock.advance(10)
    tick = asyncio.create_task(rig.programs.tick())
    await under_way.wait()
    person = asyncio.create_task(rig.write("dhw_setpoint", 55.0))
    while rig.device.held["dhw_setpoint"] != 55.0:  # noqa: ASYNC110 (the device tells nobody)
        await asyncio.sleep(0)
    goes_on.set()
    await tick
    assert (await person).status == GOOD
    assert hot_water(rig) == (1.0, 55.0, 2.0)


async def test_a_setting_that_is_not_read_any_more_holds_up_no_other(cold) -> None:
    await asked(cold)
    cold.device.refuses["dhw_enabled"] = "busy"
    await again(cold)
    await cold.pass_time(20)
    assert hot_water(cold) == (0.0, 40.0, 2.0)
    cold.device.refuses.clear()
    cold.device.show("dhw_setpoint", 40.0, BAD_NO_DATA)
    cold.device.show("supply_temperature", 45.0)
    await cold.pass_time(200, every=20)
    assert hot_water(cold)[0] == 1.0


async def test_a_disk_that_has_failed_once_gives_nobodys_choice_back_later(
    cold, monkeypatch
) -> None:
    await asked(cold)

    async def locked(*_: object) -> None:
        raise ProgramStoreError("database is locked")

    with monkeypatch.context() as patch:
        patch.setattr(cold.store, "drop", locked)
        cold.device.show("supply_temperature", 45.0)
        await cold.pass_time(20)
    assert hot_water(cold) == AS_EVER
    await cold.pass_time(20)
    assert (await cold.store.load()).hot_water_waits == {}


async def test_a_clock_that_is_set_back_makes_no_pause_longer(cold) -> None:
    await asked(cold)
    cold.device.refuses["dhw_enabled"] = "busy"
    cold.device.show("supply_temperature", 45.0)
    await cold.pass_time(20)
    cold.device.refuses.clear()
    cold.clock.set(cold.clock.now() - 6 * HOUR)
    await cold.pass_time(200, every=20)
    assert hot_water(cold) == AS_EVER


async def test_a_switch_that_may_not_be_written_any_more_stops_nothing(cold, monkeypatch) -> None:
    await asked(cold)
    monkeypatch.delitem(programs_rig.LIMITS, "dhw_enabled")
    await again(cold)
    cold.device.show("supply_temperature", 45.0)
    await cold.pass_time(60)
    assert hot_water(cold)[0] == 0.0
    assert (await last(cold)).startswith("Hot water could not be given back.")


async def test_however_long_it_could_not_come_back_it_stays_on_for_a_while(cold) -> None:
    await asked(cold)
    cold.device.refuses["dhw_enabled"] = "busy"
    cold.device.show("supply_temperature", 45.0)
    await cold.pass_time(2 * LONGEST_OFF, every=120)
    cold.device.refuses.clear()
    await cold.pass_time(120)
    assert hot_water(cold) == AS_EVER
    await asked(cold, ROOM)
    assert hot_water(cold) == LOW
