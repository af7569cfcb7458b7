"""What the twin remembers of a setting before it changes it, and how it gives it back."""

from __future__ import annotations

import pytest
from programs_rig import WHO, ProgramsRig

from heatpump_twin.drivers.status import (
    BAD_NO_COMMUNICATION,
    BAD_RESOURCE_UNAVAILABLE,
    GOOD,
    UNCERTAIN,
    is_good,
)


def overridden(rig: ProgramsRig) -> dict[str, float]:
    return {point: o.before for point, o in rig.programs.overrides.of("hp1").items()}


async def test_the_first_write_is_remembered_and_the_release_gives_it_back(rig):
    for value in (50.0, 52.0):
        assert is_good((await rig.write("supply_setpoint", value)).status)
    await rig.write("room_setpoint", 19.0)
    assert overridden(rig) == {"supply_setpoint": 45.0, "room_setpoint": 21.0}
    verdict = await rig.programs.release("hp1", **WHO)
    assert verdict.status == GOOD
    assert verdict.message == "Supply setpoint is 45 °C. Room setpoint is 21 °C."
    assert rig.device.held["supply_setpoint"] == 45.0
    assert rig.device.held["room_setpoint"] == 21.0
    assert overridden(rig) == {}
    (row,) = await rig.rows("ReleaseOverride")
    assert (row.user, row.status, row.message) == ("olga", GOOD, verdict.message)
    assert (await rig.rows("supply_setpoint"))[-1].reason == "release"
    assert (await rig.programs.release("hp1", **WHO)).message == "Nothing is overridden."


async def test_it_survives_a_restart(rig):
    await rig.write("supply_setpoint", 50.0)
    await rig.restart()
    rig.poll()
    assert overridden(rig) == {"supply_setpoint": 45.0}
    await rig.write("supply_setpoint", 51.0)
    assert overridden(rig) == {"supply_setpoint": 45.0}
    await rig.programs.release("hp1", **WHO)
    await rig.restart()
    assert overridden(rig) == {}
    assert rig.device.held["supply_setpoint"] == 45.0


async def test_a_write_that_brings_the_value_back_ends_the_override(rig):
    await rig.write("supply_setpoint", 50.0)
    await rig.write("supply_setpoint", 45.0)
    assert overridden(rig) == {}
    await rig.restart()
    assert overridden(rig) == {}


async def test_a_write_that_changes_nothing_is_no_override(rig):
    rig.device.refuses["supply_setpoint"] = "the memory wears out"
    assert (await rig.write("supply_setpoint", 50.0)).status == BAD_NO_COMMUNICATION
    assert (await rig.write("supply_setpoint", 99.0)).touched is False
    assert overridden(rig) == {}
    await rig.restart()
    assert overridden(rig) == {}
    rig.device.refuses.clear()
    rig.poll()
    await rig.write("supply_setpoint", 50.0)
    rig.device.refuses["supply_setpoint"] = "the memory wears out"
    await rig.write("supply_setpoint", 52.0)
    assert overridden(rig) == {"supply_setpoint": 45.0}


async def test_a_value_that_the_device_limits_is_overridden_all_the_same(rig):
    rig.device.show("supply_setpoint", 45.0)
    await rig.write("supply_setpoint", 50.0)
    rig.device.keeps.add("supply_setpoint")
    await rig.write("supply_setpoint", 53.0)
    assert overridden(rig) == {"supply_setpoint": 45.0}


async def test_the_last_good_value_counts_while_the_device_is_away(rig):
    rig.device.show("supply_setpoint", 44.0)
    rig.device.show("supply_setpoint", float("nan"), BAD_NO_COMMUNICATION)
    await rig.write("supply_setpoint", 50.0)
    assert overridden(rig) == {"supply_setpoint": 44.0}


async def test_what_was_never_seen_is_written_and_said_to_be_lost(rig):
    await rig.restart()  # nothing was polled in this run
    result = await rig.write("supply_setpoint", 50.0)
    assert result.status == GOOD
    assert result.message == (
        "Supply setpoint is 50 °C. What it was before is not known, so it cannot be released."
    )
    assert overridden(rig) == {}


async def test_a_change_at_the_unit_is_said_and_released_all_the_same(rig):
    await rig.write("supply_setpoint", 50.0)
    rig.device.show("supply_setpoint", 35.0)
    verdict = await rig.programs.release("hp1", **WHO)
    assert verdict.message == (
        "Supply setpoint is 45 °C. (It had been changed at the unit, to 35 °C.)"
    )
    assert rig.device.held["supply_setpoint"] == 45.0


async def test_what_cannot_be_released_stays_and_is_named(rig):
    await rig.write("supply_setpoint", 50.0)
    await rig.write("room_setpoint", 19.0)
    rig.device.refuses["supply_setpoint"] = "the memory wears out"
    verdict = await rig.programs.release("hp1", **WHO)
    assert verdict.status == UNCERTAIN
    assert verdict.message == (
        "1 of 2 released. Supply setpoint was not changed: the memory wears out. "
        "Room setpoint is 21 °C."
    )
    assert overridden(rig) == {"supply_setpoint": 45.0}
    assert (await rig.programs.release("hp1", **WHO)).status == BAD_NO_COMMUNICATION
    rig.device.refuses.clear()
    assert (await rig.programs.release("hp1", **WHO)).status == GOOD


async def test_the_main_switch_is_released_last(rig):
    rig.device.show("unit_enabled", 0.0)
    await rig.write("unit_enabled", 1.0)
    await rig.write("operating_mode", 1.0)
    rig.device.written.clear()
    await rig.programs.release("hp1", **WHO)
    assert rig.device.written == [("operating_mode", 2.0), ("unit_enabled", 0.0)]


async def test_a_push_button_and_a_moving_balance_are_not_overridden(rig):
    rig.device.show("fault_reset", 0.0)
    rig.device.show("degree_minutes", -60.0)
    await rig.write("fault_reset", 1.0)
    await rig.write("degree_minutes", -200.0)
    assert overridden(rig) == {}


async def test_what_cannot_be_remembered_is_not_written(rig):
    with rig.store._engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE override RENAME TO gone")
    result = await rig.write("supply_setpoint", 50.0)
    assert result.status == BAD_RESOURCE_UNAVAILABLE
    assert rig.device.written == []
    assert (await rig.rows("supply_setpoint"))[-1].status == BAD_RESOURCE_UNAVAILABLE


async def test_nothing_is_written_before_the_last_run_s_memory_is_read(rig, tmp_path):
    from heatpump_twin.twin_engine.programs.program_store import ProgramStore

    away = ProgramStore(f"sqlite:///{tmp_path / 'missing' / 'historian.sqlite'}")
    rig.programs._store = away
    rig.programs.overrides._active = None
    await rig.programs.start()
    assert (await rig.write("supply_setpoint", 50.0)).status == BAD_RESOURCE_UNAVAILABLE
    rig.programs._store, rig.programs._loaded = rig.store, False
    await rig.programs.tick()
    assert (await rig.write("supply_setpoint", 50.0)).status == GOOD
    await away.stop()


@pytest.mark.parametrize("before", [True, False])
async def test_listeners_hear_of_what_is_overridden(rig, before):
    heard: list[str] = []
    if not before:
        await rig.write("supply_setpoint", 50.0)
    rig.programs.journal.subscribe(heard.append)
    await rig.write("supply_setpoint", 50.0 if before else 45.0)
    assert heard == ["hp1"]
