"""Asking a controller to clear its fault: what counts is whether the fault is gone."""

from __future__ import annotations

import asyncio
import math

import pytest
from programs_rig import WHO, ProgramsRig

from heatpump_twin.drivers.status import (
    BAD_INVALID_STATE,
    BAD_NO_COMMUNICATION,
    GOOD,
    UNCERTAIN,
)
from heatpump_twin.twin_engine.programs.fault_reset import FaultReset


@pytest.fixture
async def faulty(rig: ProgramsRig) -> ProgramsRig:
    rig.device.show("fault_active", 1.0)
    rig.device.show("error_code", 62.0)
    rig.device.show("fault_reset", 0.0)
    rig.programs.fault_reset = FaultReset(rig.image, rig.programs.commands, patience=0.05)
    return rig


async def test_it_waits_for_the_fault_to_be_gone(faulty):
    faulty.programs.fault_reset = FaultReset(faulty.image, faulty.programs.commands)
    asked = asyncio.create_task(faulty.programs.reset_fault("hp1", **WHO))
    while not faulty.device.written:  # noqa: ASYNC110 (one turn of the loop at a time)
        await asyncio.sleep(0)
    faulty.device.show("supply_temperature", 30.0)
    faulty.device.show("fault_active", 0.0)
    verdict = await asked
    assert (verdict.status, verdict.message) == (GOOD, "The fault is cleared.")
    assert faulty.device.written == [("fault_reset", 1.0)]
    (row,) = await faulty.rows("ResetFault")
    assert (row.user, row.status) == ("olga", GOOD)


async def test_a_fault_that_stays_is_told_with_its_code(faulty):
    verdict = await faulty.programs.reset_fault("hp1", **WHO)
    assert verdict.status == BAD_INVALID_STATE
    assert verdict.message == (
        "The reset was sent, but the controller still reports a fault after 0 s. Error code 62. "
        "Its cause is still there, or it has to be reset at the unit."
    )


async def test_without_a_fault_nothing_is_sent(faulty):
    faulty.device.show("fault_active", 0.0)
    verdict = await faulty.programs.reset_fault("hp1", **WHO)
    assert (verdict.status, verdict.message) == (GOOD, "There is no fault to reset.")
    assert faulty.device.written == []


async def test_a_device_that_refuses_is_told(faulty):
    faulty.device.silent = True
    verdict = await faulty.programs.reset_fault("hp1", **WHO)
    assert verdict.status == BAD_NO_COMMUNICATION


async def test_a_device_that_goes_silent_leaves_it_open(faulty):
    faulty.device.show("fault_active", math.nan, BAD_NO_COMMUNICATION)
    verdict = await faulty.programs.reset_fault("hp1", **WHO)
    assert verdict.status == UNCERTAIN


@pytest.mark.parametrize("missing", ["fault_reset", "fault_active"])
async def test_it_is_offered_only_where_there_is_a_button_and_a_fault(rig, missing):
    assert rig.programs.fault_reset.offered("hp1")
    rig.without = frozenset({missing})
    await rig.restart()
    assert not rig.programs.fault_reset.offered("hp1")
