"""Water at a temperature by a time: when it starts, and what if that is not possible."""

from __future__ import annotations

import math

import numpy as np
import pytest
from programs_rig import MODEL, WHO, ProgramsRig
from structlog.testing import capture_logs

from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.drivers.status import (
    BAD_NO_COMMUNICATION,
    BAD_OUT_OF_RANGE,
    BAD_TIMEOUT,
    BAD_WAITING_FOR_INITIAL_DATA,
    GOOD,
    UNCERTAIN,
    UNCERTAIN_SUB_NORMAL,
)
from heatpump_twin.twin_engine.foresight.model_card import HORIZON
from heatpump_twin.twin_engine.foresight.prediction import HeatUpModel
from heatpump_twin.twin_engine.programs.heat_up_lead import HeatUpLead, Lead
from heatpump_twin.twin_engine.programs.ready_schedule import Due, ReadySchedule, due

HOUR = 3600 * MICROSECONDS
MINUTE = 60 * MICROSECONDS


async def ask(rig: ProgramsRig, hours: float, target: float = 45.0):
    ready_at = rig.clock.now() + round(hours * HOUR)
    return await rig.programs.schedules.set("hp1", ready_at, target, **WHO)


def starts_in(rig: ProgramsRig) -> float:
    """Return how far ahead the start is. [min]"""
    outlook = rig.programs.schedules.outlook("hp1")
    assert outlook is not None
    return (outlook.start_at - rig.clock.now()) / MINUTE


@pytest.fixture
async def off(rig):
    """A heat pump that is switched off, with cool water."""
    rig.device.show("unit_enabled", 0.0)
    rig.device.show("supply_setpoint", 35.0)
    return rig


@pytest.mark.parametrize(
    ("lead", "minutes", "expected"),
    [
        (1800.0, -31, Due.LATER),
        (1800.0, -30, Due.NOW),
        (1800.0, 59, Due.NOW),
        (1800.0, 61, Due.MISSED),
        (None, -1, Due.LATER),
        (None, 0, Due.NOW),
        (0.0, -1, Due.LATER),
    ],
)
def test_due(lead, minutes, expected):
    schedule = ReadySchedule("hp1", 0, 45.0, "olga", "test")
    assert due(schedule, lead, minutes * MINUTE) is expected


async def test_it_starts_by_the_slow_quantile_of_the_model_and_writes_as_the_caller(off):
    verdict = await ask(off, 6)
    assert verdict.status == GOOD
    assert "Scheduled: water at 45 °C at 07:00. It starts at about 0" in verdict.message
    outlook = off.programs.schedules.outlook("hp1")
    assert outlook.status == UNCERTAIN
    model = HeatUpModel(MODEL)
    (median,) = model.predict(np.array([[25.0, 45.0, 7.0, 20.0, 46.0]]))
    slow = median * (1 + model.card.interval[1])  # nine runs of ten are faster
    assert 360 - starts_in(off) == pytest.approx(slow, abs=0.01)
    await off.pass_time(starts_in(off) * 60 - 60)
    assert off.device.written == []
    await off.pass_time(120)
    assert off.device.written == [("supply_setpoint", 45.0), ("unit_enabled", 1.0)]
    assert off.programs.schedules.of("hp1") is None
    assert off.programs.schedules.outlook("hp1") is None
    (row,) = await off.rows("unit_enabled")
    assert (row.user, row.origin, row.reason) == (
        "olga", "schedule, test client", "water ready at 07:00",
    )  # fmt: skip
    taken, started = await off.rows("ScheduleReady")
    assert (taken.status, taken.requested, taken.user) == (GOOD, 45.0, "olga")
    assert started.message.startswith("Started: water at 45 °C at 07:00.")


async def test_the_start_follows_the_weather_and_the_target(off):
    await ask(off, 6)
    cold = starts_in(off)
    off.device.show("outdoor_temperature", 20.0)
    await off.programs.tick()
    assert starts_in(off) > cold + 1
    await ask(off, 6, target=54.0)
    assert starts_in(off) < cold - 1


async def test_warm_water_needs_no_lead(off):
    off.device.show("supply_temperature", 46.0)
    await ask(off, 2)
    assert starts_in(off) == pytest.approx(120)


async def test_outside_its_training_the_model_says_so(off):
    off.device.show("outdoor_temperature", -25.0)
    await ask(off, 6)
    assert off.programs.schedules.outlook("hp1").status == UNCERTAIN_SUB_NORMAL


class Flawed(HeatUpModel):
    """A model that cannot reckon with frost."""

    def predict(self, features):
        assert features[0][2] > 0
        return super().predict(features)


async def test_a_model_that_fails_counts_as_the_longest_heat_up(off):
    lead = HeatUpLead(off.image, {"hp1": Flawed(MODEL)})
    assert lead.lead("hp1", 45.0).seconds < HORIZON
    off.device.show("outdoor_temperature", -5.0)
    with capture_logs() as logs:
        for _ in range(2):
            assert lead.lead("hp1", 45.0) == Lead(HORIZON, UNCERTAIN_SUB_NORMAL)
    assert [(log["asset"], log["exc_info"]) for log in logs] == [("hp1", True)]


@pytest.mark.parametrize(
    ("hours", "target", "argument", "words"),
    [
        (-0.1, 45.0, "ReadyAt", "ReadyAt is in the past."),
        (7 * 24 + 0.1, 45.0, "ReadyAt", "ReadyAt is more than 7 days ahead."),
        (6, 56.0, "Target", "Target takes 20 to 55 °C, not 56."),
        (6, math.nan, "Target", "Target takes 20 to 55 °C, not nan."),
    ],
)
async def test_what_cannot_be_scheduled_is_refused_and_recorded(
    off, hours, target, argument, words
):
    verdict = await ask(off, hours, target)
    assert (verdict.status, verdict.argument, verdict.message) == (
        BAD_OUT_OF_RANGE, argument, words,
    )  # fmt: skip
    assert off.programs.schedules.of("hp1") is None
    (row,) = await off.rows("ScheduleReady")
    assert (row.status, row.message) == (BAD_OUT_OF_RANGE, words)


async def test_a_new_one_replaces_the_old_one_and_says_so(off):
    await ask(off, 6)
    verdict = await ask(off, 8, target=50.0)
    assert verdict.message.endswith("This replaces water at 45 °C at 07:00.")
    assert off.programs.schedules.of("hp1").target == 50.0
    await off.restart()
    assert off.programs.schedules.of("hp1").target == 50.0


async def test_cancelled_it_does_not_start(off):
    await ask(off, 1)
    verdict = await off.programs.schedules.cancel("hp1", **WHO)
    assert (verdict.status, verdict.message) == (GOOD, "Cancelled: water at 45 °C at 02:00.")
    await off.pass_time(7200, every=60)
    assert off.device.written == []
    assert (await off.programs.schedules.cancel("hp1", **WHO)).message == "There is no schedule."
    assert [row.status for row in await off.rows("CancelSchedule")] == [GOOD, GOOD]
    await off.restart()
    assert off.programs.schedules.of("hp1") is None


async def test_it_survives_a_restart(off):
    await ask(off, 6)
    await off.restart(after=60)
    assert off.programs.schedules.of("hp1").target == 45.0
    await off.programs.tick()
    assert off.programs.schedules.outlook("hp1") is None  # nothing was polled yet
    off.poll()
    await off.pass_time(6 * 3600, every=60)
    assert off.device.written == [("supply_setpoint", 45.0), ("unit_enabled", 1.0)]


async def test_a_start_that_was_missed_while_down_is_made_up_for(off):
    await ask(off, 2)
    await off.restart(after=2.5 * 3600)
    off.poll()
    await off.programs.tick()
    assert off.device.written == [("supply_setpoint", 45.0), ("unit_enabled", 1.0)]
    assert (await off.rows("ScheduleReady"))[-1].message.endswith("It is 30 min late.")


async def test_a_start_that_no_longer_makes_sense_is_reported_as_missed(off):
    await ask(off, 2)
    await off.restart(after=3.5 * 3600)
    off.poll()
    await off.programs.tick()
    assert off.device.written == []
    row = (await off.rows("ScheduleReady"))[-1]
    assert (row.status, row.message) == (
        BAD_TIMEOUT, "Missed, and given up: water at 45 °C at 03:00.",
    )  # fmt: skip
    assert off.programs.journal.latest("hp1").message == row.message
    assert off.programs.schedules.of("hp1") is None


async def test_a_device_that_does_not_answer_is_tried_again(off):
    await ask(off, 0.01)
    off.device.silent = True
    await off.pass_time(170)
    attempts = await off.rows("unit_enabled")
    assert 2 <= len(attempts) <= 3  # one a minute
    assert "Next attempt in 1 min." in (await off.rows("ScheduleReady"))[-1].message
    off.device.silent = False
    await off.pass_time(70)
    assert off.device.written == [("supply_setpoint", 45.0), ("unit_enabled", 1.0)]


async def test_a_device_that_limits_the_target_is_switched_on_all_the_same(off):
    off.device.keeps.add("supply_setpoint")
    await ask(off, 0.01)
    await off.pass_time(60)
    assert off.device.written == [("supply_setpoint", 45.0), ("unit_enabled", 1.0)]
    assert off.programs.schedules.of("hp1") is None


async def test_a_target_that_cannot_be_written_now_does_not_keep_it_off(off):
    off.device.refuses["supply_setpoint"] = "write again in 40 s"
    await ask(off, 0.01)
    await off.pass_time(60)
    assert off.device.written == [("unit_enabled", 1.0)]
    off.device.refuses.clear()
    await off.pass_time(60)
    assert off.device.written[-2:] == [("supply_setpoint", 45.0), ("unit_enabled", 1.0)]


async def test_a_broken_sensor_starts_early_rather_than_never(off):
    off.device.show("room_temperature", math.nan, BAD_NO_COMMUNICATION)
    await ask(off, 6)
    assert starts_in(off) == pytest.approx(120)  # four hours before
    assert off.programs.schedules.outlook("hp1").status == UNCERTAIN_SUB_NORMAL


async def test_before_the_first_poll_it_waits(off):
    index = off.table.by_key["hp1.room_temperature"].index
    off.image.status[index] = BAD_WAITING_FOR_INITIAL_DATA
    verdict = await ask(off, 1)
    assert verdict.message.endswith("When it starts cannot be told before the devices answer.")
    await off.programs.tick()
    assert off.device.written == []
    assert off.programs.schedules.outlook("hp1") is None


async def test_what_it_changed_can_be_released(off):
    await ask(off, 0.01)
    await off.pass_time(60)
    await off.programs.release("hp1", **WHO)
    assert off.device.held["supply_setpoint"] == 35.0
    assert off.device.held["unit_enabled"] == 0.0


async def test_clients_hear_of_each_change(off):
    heard: list[str] = []
    off.programs.journal.subscribe(heard.append)
    await ask(off, 6)
    taken = len(heard)
    await off.programs.tick()
    assert len(heard) == taken  # nothing moved
    off.device.show("outdoor_temperature", 20.0)
    await off.programs.tick()
    assert len(heard) == taken + 1


@pytest.mark.parametrize("missing", ["unit_enabled", "supply_setpoint", "model"])
async def test_it_is_offered_only_where_it_works(rig, missing):
    assert rig.programs.schedules.offered("hp1")
    if missing == "model":
        rig.model = False
    else:
        rig.without = frozenset({missing})
        rig.model = missing != "supply_setpoint"
    await rig.restart()
    assert not rig.programs.schedules.offered("hp1")
