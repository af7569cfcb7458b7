"""How far a boost or a disinfection is: pure steps over what is seen of the tank."""

from __future__ import annotations

from dataclasses import replace

import pytest

from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.twin_engine.programs.tank_program import (
    TankObservation,
    TankProgram,
    TankProgramKind,
    TankProgramPhase,
    step,
)

HOUR = 3600 * MICROSECONDS
BOOST = TankProgram(
    asset="hp1", kind=TankProgramKind.BOOST, phase=TankProgramPhase.HEATING, target=55.0,
    deadline=2 * HOUR, hold=0.0, held_for=0.0, setpoint=55.0,
    restore={"dhw_setpoint": 48.0, "dhw_enabled": 0.0}, outcome="",
    failed=False, user="olga", origin="test",
)  # fmt: skip
DISINFECTION = replace(
    BOOST, kind=TankProgramKind.DISINFECTION, target=60.0, setpoint=60.0, hold=600.0
)


def look(program: TankProgram, tank: float | None, setpoint: float | None = None, **more):
    seen = TankObservation(tank, program.target if setpoint is None else setpoint)
    return step(program, seen, more.get("elapsed", 1.0), more.get("now", HOUR))


@pytest.mark.parametrize(
    ("tank", "phase"),
    [
        (54.4, TankProgramPhase.HEATING),
        (54.5, TankProgramPhase.RESTORING),
        (None, TankProgramPhase.HEATING),
    ],
)
def test_a_boost_ends_when_the_tank_is_there(tank, phase):
    after = look(BOOST, tank)
    assert after.phase is phase
    assert not after.failed
    assert after.restore == BOOST.restore


def test_a_boost_ends_when_its_time_is_over():
    assert look(BOOST, 51.0, now=2 * HOUR - 1) == BOOST
    after = look(BOOST, 51.0, now=2 * HOUR)
    assert (after.phase, after.failed) == (TankProgramPhase.RESTORING, True)
    assert after.outcome == "the time is over, the tank is at 51 °C"
    assert look(BOOST, None, now=2 * HOUR).outcome.endswith("is not known")


def test_somebody_at_the_unit_wins():
    after = look(BOOST, 50.0, setpoint=45.0)
    assert after.phase is TankProgramPhase.RESTORING
    assert after.restore == {"dhw_enabled": 0.0}
    assert look(BOOST, 50.0, setpoint=55.04) == BOOST
    assert step(BOOST, TankObservation(50.0, None), 1.0, HOUR) == BOOST
    unread = replace(BOOST, setpoint=None)
    assert step(unread, TankObservation(50.0, 48.0), 1.0, HOUR) == unread


def test_a_disinfection_holds_its_temperature_without_a_break():
    held = look(DISINFECTION, 59.5)
    assert (held.phase, held.held_for) == (TankProgramPhase.HOLDING, 0.0)
    for _ in range(59):
        held = look(held, 59.0, elapsed=10.0)
    assert (held.phase, held.held_for) == (TankProgramPhase.HOLDING, 590.0)
    done = look(held, 59.0, elapsed=10.0)
    assert (done.phase, done.failed) == (TankProgramPhase.RESTORING, False)


def test_a_tank_that_cools_down_is_heated_and_held_again():
    held = replace(DISINFECTION, phase=TankProgramPhase.HOLDING, held_for=590.0)
    assert look(held, 58.0, elapsed=5.0).held_for == 595.0
    lost = look(held, 57.9, elapsed=5.0)
    assert (lost.phase, lost.held_for) == (TankProgramPhase.HEATING, 0.0)


@pytest.mark.parametrize(("tank", "elapsed"), [(None, 10.0), (60.0, 61.0)])
def test_what_was_not_watched_does_not_count(tank, elapsed):
    held = replace(DISINFECTION, phase=TankProgramPhase.HOLDING, held_for=100.0)
    assert look(held, tank, elapsed=elapsed).held_for == 100.0


def test_a_disinfection_gives_up():
    held = replace(DISINFECTION, phase=TankProgramPhase.HOLDING, held_for=100.0)
    for program in (DISINFECTION, held):
        after = look(program, 59.0, now=2 * HOUR)
        assert (after.phase, after.failed) == (TankProgramPhase.RESTORING, True)


def test_one_that_ends_stays_ended():
    ending = BOOST.ended("olga has set the hot water setpoint", keep="dhw_setpoint")
    assert look(ending, 40.0, setpoint=50.0, now=9 * HOUR) == ending
    assert ending.restore == {"dhw_enabled": 0.0}
