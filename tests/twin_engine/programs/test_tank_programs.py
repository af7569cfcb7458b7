"""Boosts and disinfections on a device: what they change, who may stop them, what comes back."""

from __future__ import annotations

import math

import pytest
from programs_rig import WHO, ProgramsRig

from heatpump_twin.drivers.status import (
    BAD_DEVICE_FAILURE,
    BAD_INVALID_STATE,
    BAD_NO_COMMUNICATION,
    BAD_OUT_OF_RANGE,
    GOOD,
)
from heatpump_twin.twin_engine.programs.tank_program import TankProgramKind, TankProgramPhase


async def boost(rig: ProgramsRig, target: float = 55.0, seconds: float = 0.0):
    return await rig.programs.heat_tank("hp1", TankProgramKind.BOOST, target, seconds, **WHO)


async def disinfect(rig: ProgramsRig, target: float = 60.0, seconds: float = 600.0):
    return await rig.programs.heat_tank("hp1", TankProgramKind.DISINFECTION, target, seconds, **WHO)


def phase(rig: ProgramsRig) -> TankProgramPhase | None:
    program = rig.programs.tank.of("hp1")
    return program.phase if program else None


async def test_a_boost_raises_the_setpoint_and_brings_it_back(rig):
    verdict = await boost(rig)
    assert (verdict.status, verdict.read_back) == (GOOD, 55.0)
    assert verdict.message == (
        "The tank is heated to 55 °C, for 2 h at the longest. Afterwards: Hot water setpoint 48 °C."
    )
    assert rig.device.written == [("dhw_setpoint", 55.0)]
    await rig.pass_time(600)
    assert phase(rig) is TankProgramPhase.HEATING
    rig.device.show("dhw_temperature", 54.8)
    await rig.pass_time(10)
    assert rig.device.written[1:] == [("dhw_setpoint", 48.0)]
    assert phase(rig) is None
    assert rig.programs.overrides.of("hp1") == {}
    begun, ended = await rig.rows("StartDhwBoost")
    assert (begun.requested, begun.user, begun.status) == (55.0, "olga", GOOD)
    assert ended.message == (
        "Boost ended: the tank has reached 54.8 °C. Hot water setpoint is 48 °C."
    )
    origin = {row.origin for row in await rig.rows("dhw_setpoint")}
    assert origin == {"boost, test client"}


async def test_a_boost_switches_hot_water_on_and_off_again(rig):
    rig.device.show("dhw_enabled", 0.0)
    rig.device.show("operating_mode", 1.0)
    await boost(rig)
    assert rig.device.written == [
        ("operating_mode", 2.0), ("dhw_enabled", 1.0), ("dhw_setpoint", 55.0),
    ]  # fmt: skip
    rig.device.show("dhw_temperature", 55.0)
    await rig.pass_time(10)
    assert {k: rig.device.held[k] for k in ("dhw_setpoint", "dhw_enabled", "operating_mode")} == {
        "dhw_setpoint": 48.0, "dhw_enabled": 0.0, "operating_mode": 1.0,
    }  # fmt: skip


async def test_a_boost_gives_up_after_its_time(rig):
    await boost(rig, seconds=1800.0)
    await rig.pass_time(1790)
    assert phase(rig) is TankProgramPhase.HEATING
    await rig.pass_time(10)
    assert rig.device.held["dhw_setpoint"] == 48.0
    row = (await rig.rows("StartDhwBoost"))[-1]
    assert row.status == BAD_DEVICE_FAILURE
    assert "the time is over, the tank is at 46 °C" in row.message


async def test_a_boost_comes_back_to_what_a_person_had_set(rig):
    await rig.write("dhw_setpoint", 50.0)
    await boost(rig)
    rig.device.show("dhw_temperature", 55.0)
    await rig.pass_time(10)
    assert rig.device.held["dhw_setpoint"] == 50.0
    assert rig.programs.overrides.of("hp1")["dhw_setpoint"].before == 48.0


async def test_a_disinfection_holds_and_then_brings_back(rig):
    verdict = await disinfect(rig)
    assert "heated to 60 °C and held for 10 min, for 4 h 10 min at the longest" in verdict.message
    rig.device.show("dhw_temperature", 60.1)
    await rig.pass_time(590)
    assert phase(rig) is TankProgramPhase.HOLDING
    await rig.pass_time(30)
    assert phase(rig) is None
    assert rig.device.held["dhw_setpoint"] == 48.0
    messages = [row.message for row in await rig.rows("StartDisinfection")]
    assert messages[1] == "60 °C is reached and held."
    assert messages[2].startswith("Disinfection ended: the temperature was held for the whole time")


async def test_a_disinfection_that_is_not_reached_gives_up(rig):
    await disinfect(rig)
    await rig.pass_time(4 * 3600 + 610, every=60)
    assert phase(rig) is None
    row = (await rig.rows("StartDisinfection"))[-1]
    assert row.status == BAD_DEVICE_FAILURE
    assert rig.device.held["dhw_setpoint"] == 48.0


async def test_a_person_wins(rig):
    rig.device.show("dhw_enabled", 0.0)
    await boost(rig)
    result = await rig.write("dhw_setpoint", 52.0)
    assert result.status == GOOD
    assert phase(rig) is None
    assert rig.device.held["dhw_setpoint"] == 52.0
    assert rig.device.held["dhw_enabled"] == 0.0
    assert (await rig.rows("StartDhwBoost"))[-1].message == (
        "Boost ended: olga has set “Hot water setpoint”. Hot water on is Off."
    )


async def test_a_person_who_is_refused_ends_nothing(rig):
    await boost(rig)
    assert (await rig.write("dhw_setpoint", 99.0)).status == BAD_OUT_OF_RANGE
    assert phase(rig) is TankProgramPhase.HEATING


async def test_other_settings_do_not_concern_it(rig):
    await boost(rig)
    await rig.write("dhw_enabled", 1.0)  # it was on: the boost did not touch it
    await rig.write("supply_setpoint", 50.0)
    assert phase(rig) is TankProgramPhase.HEATING


async def test_somebody_at_the_unit_wins_too(rig):
    await boost(rig)
    rig.device.show("dhw_setpoint", 44.0)
    await rig.pass_time(10)
    assert phase(rig) is None
    assert rig.device.held["dhw_setpoint"] == 44.0


async def test_a_release_ends_it_and_gives_back_what_was_before(rig):
    await rig.write("dhw_setpoint", 50.0)
    await boost(rig)
    verdict = await rig.programs.release("hp1", **WHO)
    assert verdict.message == "Hot water setpoint is 48 °C."
    assert phase(rig) is None
    assert rig.device.held["dhw_setpoint"] == 48.0


async def test_a_second_one_is_refused_with_words(rig):
    await boost(rig)
    verdict = await disinfect(rig)
    assert verdict.status == BAD_INVALID_STATE
    assert verdict.message.startswith("Boost that olga has started is under way.")
    assert rig.device.held["dhw_setpoint"] == 55.0


@pytest.mark.parametrize("after", [60.0, 3 * 3600.0])
async def test_a_boost_survives_a_restart(rig, after):
    await boost(rig)
    await rig.restart(after=after)
    rig.poll()
    await rig.programs.tick()
    if after == 60.0:
        assert phase(rig) is TankProgramPhase.HEATING
        rig.device.show("dhw_temperature", 55.0)
        await rig.programs.tick()
    assert phase(rig) is None
    assert rig.device.held["dhw_setpoint"] == 48.0
    await rig.restart()
    assert phase(rig) is None


async def test_the_time_held_survives_a_restart_but_the_time_down_does_not_count(rig):
    await disinfect(rig)
    rig.device.show("dhw_temperature", 60.0)
    await rig.pass_time(310)
    await rig.restart(after=3600)
    rig.poll()
    held = rig.programs.tank.of("hp1").held_for
    assert 240 <= held <= 300
    await rig.pass_time(600 - held - 10)
    assert phase(rig) is TankProgramPhase.HOLDING
    await rig.pass_time(20)
    assert phase(rig) is None


async def test_what_cannot_be_brought_back_now_is_tried_again_and_not_forgotten(rig):
    await boost(rig)
    rig.device.show("dhw_temperature", 55.0)
    rig.device.refuses["dhw_setpoint"] = "the memory wears out"
    await rig.pass_time(600)
    assert phase(rig) is TankProgramPhase.RESTORING
    assert "Next attempt in 30 s." in (await rig.rows("StartDhwBoost"))[-1].message
    attempts = len(await rig.rows("dhw_setpoint")) - 1
    assert 4 <= attempts <= 6  # at 0, 30, 90, 210, 450 s
    await rig.restart()
    rig.poll()
    rig.device.refuses.clear()
    await rig.pass_time(10)
    assert rig.device.held["dhw_setpoint"] == 48.0
    assert phase(rig) is None


async def test_a_person_also_wins_over_bringing_back(rig):
    await boost(rig)
    rig.device.show("dhw_temperature", 55.0)
    rig.device.refuses["dhw_setpoint"] = "the memory wears out"
    await rig.pass_time(10)
    rig.device.refuses.clear()
    await rig.write("dhw_setpoint", 51.0)
    assert phase(rig) is None
    await rig.pass_time(600)
    assert rig.device.held["dhw_setpoint"] == 51.0


async def test_a_start_that_fails_half_way_is_undone(rig):
    rig.device.show("dhw_enabled", 0.0)
    rig.device.refuses["dhw_setpoint"] = "the memory wears out"
    verdict = await boost(rig)
    assert verdict.status == BAD_NO_COMMUNICATION
    assert verdict.message == (
        "Not started. Hot water setpoint was not changed: the memory wears out."
    )
    assert rig.device.written == [("dhw_enabled", 1.0), ("dhw_enabled", 0.0)]
    assert phase(rig) is None


async def test_a_twin_that_dies_while_it_begins_undoes_it_after_its_start(rig):
    async def die(*args, **kwargs):
        raise SystemExit

    rig.device.show("dhw_enabled", 0.0)
    write, rig.device.write = rig.device.write, die
    with pytest.raises(SystemExit):
        await boost(rig)
    rig.device.write = write
    rig.device.held["dhw_enabled"] = 1.0  # the write got through
    await rig.restart()
    rig.poll()
    await rig.programs.tick()
    assert phase(rig) is None
    assert rig.device.held["dhw_enabled"] == 0.0
    assert rig.device.held["dhw_setpoint"] == 48.0


async def test_a_tank_that_is_warm_already_is_left_alone(rig):
    rig.device.show("dhw_temperature", 56.0)
    verdict = await boost(rig)
    assert (verdict.status, verdict.read_back) == (GOOD, 48.0)
    assert verdict.message == "The tank is at 56 °C already; nothing was changed."
    assert rig.device.written == []
    assert phase(rig) is None


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("unit_enabled", 0.0, GOOD), "The heat pump is off: start it first."),
        (("dhw_temperature", math.nan, BAD_NO_COMMUNICATION),
         "Hot water temperature is not known now, so nothing was started."),
        (("operating_mode", math.nan, BAD_NO_COMMUNICATION),
         "Operating mode is not known now, so nothing was started."),
    ],
)  # fmt: skip
async def test_where_it_could_not_work_it_is_not_started(rig, change, words):
    rig.device.show(*change)
    verdict = await boost(rig)
    assert (verdict.status, verdict.message) == (BAD_INVALID_STATE, words)
    assert rig.device.written == []
    assert (await rig.rows("StartDhwBoost"))[-1].status == BAD_INVALID_STATE


@pytest.mark.parametrize(
    ("start", "target", "seconds", "argument", "words"),
    [
        (boost, 39.9, 0.0, "Target", "Target takes 40 to 65 °C, not 39.9."),
        (boost, math.nan, 0.0, "Target", "Target takes 40 to 65 °C, not nan."),
        (boost, 55.0, 59.0, "MaxDuration", "MaxDuration takes 1 min to 12 h."),
        (boost, 55.0, math.nan, "MaxDuration", "MaxDuration takes 1 min to 12 h."),
        (disinfect, 59.0, 0.0, "Target", "Target takes 60 to 65 °C, not 59."),
        (disinfect, 66.0, 0.0, "Target", "Target takes 60 to 65 °C, not 66."),
        (disinfect, 60.0, 5 * 3600.0, "HoldTime", "HoldTime takes 1 min to 4 h."),
    ],
)
async def test_what_cannot_be_asked_for(rig, start, target, seconds, argument, words):
    verdict = await start(rig, target, seconds)
    assert (verdict.status, verdict.argument, verdict.message) == (
        BAD_OUT_OF_RANGE, argument, words,
    )  # fmt: skip
    assert rig.device.written == []


@pytest.mark.parametrize("missing", ["dhw_setpoint", "dhw_temperature"])
async def test_they_are_offered_only_where_they_work(rig, missing):
    assert rig.programs.tank.targets("hp1", TankProgramKind.BOOST) == (40.0, 65.0)
    assert rig.programs.tank.targets("hp1", TankProgramKind.DISINFECTION) == (60.0, 65.0)
    rig.without, rig.model = frozenset({missing}), False
    await rig.restart()
    for kind in TankProgramKind:
        assert rig.programs.tank.targets("hp1", kind) is None
