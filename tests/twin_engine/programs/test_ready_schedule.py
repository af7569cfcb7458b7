"""Something warm by a time: when it starts, whether it keeps its word, and what if it cannot."""

from __future__ import annotations

import math

import pytest
from programs_rig import WHO, ProgramsRig
from structlog.testing import capture_logs

from heatpump_twin.config.settings import SmartStartSettings
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
from heatpump_twin.twin_engine.foresight.prediction import HeatUpModel
from heatpump_twin.twin_engine.smart_start.kept_word import HeatUpOutcome, HeatUpRecord
from heatpump_twin.twin_engine.smart_start.ready_program import ReadyPhase, ReadyQuantity
from heatpump_twin.twin_engine.smart_start.ready_request import QUANTITIES, ReadyRequest

HOUR = 3600 * MICROSECONDS
MINUTE = 60 * MICROSECONDS
WATER, ROOM, TANK = (QUANTITIES.index(one) for one in ReadyQuantity)
FALLBACK = SmartStartSettings().fallback / 60
"""[min]"""
STARTED = [("supply_setpoint", 45.0), ("unit_enabled", 1.0)]
WAITS, SERVED = ("dhw_setpoint", 40.0), ("dhw_setpoint", 48.0)


async def ask(rig: ProgramsRig, hours: float, target: float = 45.0, **more):
    ready_at = rig.clock.now() + round(hours * HOUR)
    return await rig.programs.schedules.set(ReadyRequest("hp1", ready_at, target, **WHO, **more))


def under_way(rig: ProgramsRig):
    """Return the next program; None: there is none."""
    return next(iter(rig.programs.schedules.of("hp1")), None)


def outlook(rig: ProgramsRig):
    return rig.programs.schedules.outlook(under_way(rig))


def starts_in(rig: ProgramsRig) -> float:
    """Return how far ahead the start is. [min]"""
    return (outlook(rig).start_at - rig.clock.now()) / MINUTE


async def lived(rig: ProgramsRig, minutes, initial=None) -> None:
    """Let the heat pump have had heat-ups to 45 °C, one a day until yesterday."""
    initial = initial or [25.0] * len(minutes)
    first = rig.clock.now() - len(minutes) * 24 * HOUR
    records = [
        HeatUpRecord(
            "hp1", ReadyQuantity.WATER, begin, begin + round(took * MINUTE), warm, 45.0, 7.0, None,
            None, None, None, HeatUpOutcome.OBSERVED, None, "", "olga",
        )
        for begin, took, warm in zip(
            range(first, rig.clock.now(), 24 * HOUR), minutes, initial, strict=True
        )
    ]  # fmt: skip
    await rig.store.remember(*records)
    await rig.restart()
    rig.poll()


@pytest.fixture
async def off(rig):
    """A heat pump that is switched off, with cool water."""
    rig.device.show("unit_enabled", 0.0)
    rig.device.show("supply_setpoint", 35.0)
    return rig


@pytest.fixture
async def blank(off):
    """The same, without a model."""
    off.model = False
    await off.restart()
    off.poll()
    return off


async def test_without_any_heat_up_it_starts_at_the_fallback_and_says_so(blank):
    verdict = await ask(blank, 6)
    assert verdict.status == GOOD
    assert "Scheduled: water at 45 °C at 07:00. It starts at about 04:00: " in verdict.message
    assert "nothing is known yet of its heat-ups" in verdict.message
    assert outlook(blank).status == UNCERTAIN_SUB_NORMAL
    await blank.pass_time(3 * 3600 - 30, every=30)
    assert blank.device.written == []
    await blank.pass_time(60)
    assert blank.device.written == [*STARTED, WAITS]
    (row,) = await blank.rows("unit_enabled")
    assert (row.user, row.origin, row.reason) == (
        "olga", "schedule, test client", "water ready at 07:00",
    )  # fmt: skip
    taken, started = await blank.rows("ScheduleReady")
    assert (taken.status, taken.requested, taken.user) == (GOOD, 45.0, "olga")
    assert started.message.startswith("Started: water at 45 °C at 07:00.")
    assert "Why now: nothing is known yet" in started.message


async def test_a_packaged_model_is_believed_until_there_are_heat_ups_of_its_own(off):
    await ask(off, 8)
    model = 480 - starts_in(off)
    assert 20 < model < FALLBACK
    assert "by the model (0 heat-ups of its own)" in outlook(off).reason
    await lived(off, [150.0] * 8)
    await ask(off, 8)
    assert 480 - starts_in(off) > 150


async def test_from_the_median_of_the_last_five_with_a_reserve(blank):
    await lived(blank, [40.0, 45.0, 50.0, 44.0, 46.0, 45.0])
    await ask(blank, 6)
    assert 45 < 360 - starts_in(blank) < 70
    assert "6 heat-ups of its own" in outlook(blank).reason
    assert outlook(blank).status == UNCERTAIN_SUB_NORMAL
    early = starts_in(blank)
    await ask(blank, 6, probability=50.0)
    assert starts_in(blank) > early
    await lived(blank, [45.0] * 12)
    await ask(blank, 6)
    assert outlook(blank).status == UNCERTAIN


async def test_it_is_never_later_than_the_shortest_lead(blank):
    await lived(blank, [0.5] * 12)
    await ask(blank, 2)
    assert starts_in(blank) == pytest.approx(110)
    blank.device.show("supply_temperature", 46.0)
    await ask(blank, 2)
    assert starts_in(blank) == pytest.approx(110)
    assert outlook(blank).reason == "it is warm already"


async def test_the_start_follows_what_is_measured(blank):
    await lived(blank, [60.0, 30.0] * 4, [25.0, 35.0] * 4)
    await ask(blank, 6)
    cold = starts_in(blank)
    blank.device.show("supply_temperature", 40.0)
    await blank.pass_time(60)
    assert starts_in(blank) > cold + 5


class Flawed(HeatUpModel):
    """A model that fails."""

    def predict(self, features):
        raise ArithmeticError


async def test_a_model_that_fails_is_told_once_and_the_fallback_holds(off, monkeypatch):
    monkeypatch.setattr(HeatUpModel, "predict", Flawed.predict)
    with capture_logs() as logs:
        await ask(off, 6)
        await off.pass_time(120)
    assert [log["asset"] for log in logs if log.get("exc_info")] == ["hp1"]
    assert 360 - starts_in(off) == pytest.approx(FALLBACK + 2)


async def test_it_keeps_its_word_and_that_is_on_record_over_a_restart(blank):
    await lived(blank, [60.0] * 8)
    await ask(blank, 3, hold=1800.0)
    await blank.pass_time(starts_in(blank) * 60 + 60)
    assert under_way(blank).phase is ReadyPhase.HEATING
    blank.device.show("supply_temperature", 44.0)
    await blank.restart(after=60)
    blank.poll()
    assert under_way(blank).phase is ReadyPhase.HEATING
    await blank.pass_time(1800)
    blank.device.show("supply_temperature", 44.6)
    await blank.pass_time(10)
    reached = blank.clock.now()
    await blank.pass_time((under_way(blank).ready_at - reached) / MICROSECONDS)
    record = blank.programs.schedules.heat_ups("hp1")[-1]
    assert (record.outcome, record.ended) == (HeatUpOutcome.ON_TIME, reached)
    assert record.begin < reached
    assert record.expected == pytest.approx(3600, rel=0.1)
    assert (
        "Ready in time for 04:00: water at 45 °C after "
        in (await blank.rows("ScheduleReady"))[-1].message
    )
    assert under_way(blank).phase is ReadyPhase.HOLDING
    assert blank.device.held["supply_setpoint"] == 45.0
    await blank.restart(after=60)
    blank.poll()
    await blank.pass_time(1800)
    assert under_way(blank) is None
    assert (blank.device.held["supply_setpoint"], blank.device.held["unit_enabled"]) == (35.0, 0.0)
    assert blank.programs.schedules.heat_ups("hp1")[-1] == record


async def test_what_comes_late_or_never_is_said(blank):
    await ask(blank, 0.01)
    await blank.pass_time(3600)
    blank.device.show("supply_temperature", 45.0)
    await blank.pass_time(10)
    late = blank.programs.schedules.heat_ups("hp1")[-1]
    assert late.outcome is HeatUpOutcome.LATE
    assert late.excess == pytest.approx(-3600, abs=60)
    assert (await blank.rows("ScheduleReady"))[-1].message.startswith("Late for 01:00: ")
    assert under_way(blank) is None
    blank.device.show("supply_temperature", 30.0)
    await ask(blank, 0.01)
    await blank.pass_time(4 * 3600 + 60, every=60)
    never = blank.programs.schedules.heat_ups("hp1")[-1]
    assert never.outcome is HeatUpOutcome.NOT_REACHED
    assert (await blank.rows("ScheduleReady"))[-1].status == BAD_TIMEOUT


async def test_another_regime_is_noticed_within_three_heat_ups(blank):
    await lived(blank, [45.0] * 10)
    await ask(blank, 6)
    assert 360 - starts_in(blank) < 75
    await lived(blank, [45.0] * 10 + [160.0] * 2)
    await ask(blank, 6)
    assert 360 - starts_in(blank) > 160


async def test_a_room_by_its_setpoint(blank):
    await ask(blank, 4, 21.5, quantity=ROOM, hold=3600.0)
    await blank.pass_time(starts_in(blank) * 60 + 60, every=30)
    # Valves throttle below their setpoint: it is set to the target once the room is there.
    assert blank.device.written == [("room_setpoint", 23.5), ("unit_enabled", 1.0), WAITS]
    blank.device.show("room_temperature", 21.2)
    await blank.pass_time(10)
    assert blank.device.held["room_setpoint"] == 21.5
    await blank.pass_time(4.5 * 3600, every=30)
    assert blank.programs.schedules.heat_ups("hp1")[-1].outcome is HeatUpOutcome.ON_TIME
    assert blank.device.held["room_setpoint"] == 21.0


async def test_a_tank_that_is_hardly_too_cool_is_charged_at_once_and_then_held(blank):
    await ask(blank, 4, 50.0, quantity=TANK)
    await blank.pass_time(starts_in(blank) * 60 + 60, every=30)
    # At 46 °C the controller would wait for 44 °C.
    assert blank.device.held["dhw_setpoint"] == 53.0
    blank.device.show("dhw_temperature", 49.6)
    await blank.pass_time(20)
    assert blank.device.held["dhw_setpoint"] == 50.0


async def test_water_and_tank_each_have_their_own(off):
    await ask(off, 6)
    await ask(off, 5, 50.0, quantity=TANK)
    assert off.programs.schedules.texts("hp1") == [
        "hot water at 50 °C at 06:00", "water at 45 °C at 07:00",
    ]  # fmt: skip
    await off.restart()
    assert [one.quantity for one in off.programs.schedules.of("hp1")] == ["tank", "water"]


async def test_every_week_without_holidays(blank):
    blank.holidays = ("2026-01-02",)
    await blank.restart()
    blank.poll()
    await blank.restart()
    blank.poll()
    verdict = await ask(blank, 6, weekdays=0b0011111, hold=600.0)
    assert "(Mon, Tue, Wed, Thu, Fri)" in verdict.message
    blank.device.show("supply_temperature", 46.0)
    await blank.pass_time(7 * 3600, every=60)
    # On Thursday it was; Friday is a holiday, and the weekend is free.
    assert (under_way(blank).ready_at - blank.programs.schedules.heat_ups("hp1")[-1].ready_at) == (
        4 * 24 * HOUR
    )
    assert under_way(blank).phase is ReadyPhase.WAITING
    assert blank.device.held["supply_setpoint"] == 35.0


@pytest.mark.parametrize("by", ["a person", "the unit", "a release"])
async def test_a_hand_goes_before_it(blank, by):
    await ask(blank, 1, hold=3600.0)
    await blank.pass_time(60)
    assert under_way(blank).phase is ReadyPhase.HEATING
    if by == "a person":
        await blank.write("supply_setpoint", 40.0)
    elif by == "the unit":
        blank.device.show("supply_setpoint", 40.0)
        await blank.pass_time(10)
    else:
        await blank.programs.release("hp1", **WHO)
    assert under_way(blank) is None
    await blank.pass_time(3 * 3600, every=60)
    assert blank.device.held["supply_setpoint"] == (35.0 if by == "a release" else 40.0)
    record = blank.programs.schedules.heat_ups("hp1")[-1]
    assert record.outcome is HeatUpOutcome.OVERRIDDEN
    assert len(blank.programs.schedules.heat_ups("hp1")) == 1


async def test_cancelled_under_way_gives_back_what_it_holds_for_a_time(blank):
    await ask(blank, 1, hold=3600.0)
    await blank.pass_time(60)
    await blank.programs.schedules.cancel("hp1", **WHO)
    assert (blank.device.held["supply_setpoint"], blank.device.held["unit_enabled"]) == (35.0, 0.0)
    assert under_way(blank) is None


@pytest.mark.parametrize(
    ("change", "argument", "words"),
    [
        ({"hours": -0.1}, "ReadyAt", "ReadyAt is in the past."),
        ({"hours": 7 * 24 + 0.1}, "ReadyAt", "ReadyAt is more than 7 days ahead."),
        ({"target": 56.0}, "Target", "Target takes 20 to 55 °C, not 56."),
        ({"target": math.nan}, "Target", "Target takes 20 to 55 °C, not nan."),
        ({"target": 31.0, "quantity": ROOM}, "Target", "Target takes 10 to 30 °C, not 31."),
        ({"probability": 40.0}, "Probability", "Probability takes 50 to 99 %."),
        ({"quantity": 3}, "Quantity", "Quantity takes 0 (water), 1 (room), 2 (tank)."),
        ({"weekdays": 128}, "Weekdays", "Weekdays takes 0 to 127: bits from Monday on."),
        ({"weekdays": 1}, "HoldTime", "A weekly schedule needs a HoldTime."),
        ({"hold": 30.0}, "HoldTime", "HoldTime takes 1 min to 24 h."),
    ],
)
async def test_what_cannot_be_scheduled_is_refused_and_recorded(off, change, argument, words):
    verdict = await ask(off, **{"hours": 6, **change})
    assert (verdict.status, verdict.argument, verdict.message) == (
        BAD_OUT_OF_RANGE, argument, words,
    )  # fmt: skip
    assert under_way(off) is None
    (row,) = await off.rows("ScheduleReady")
    assert (row.status, row.message) == (BAD_OUT_OF_RANGE, words)


async def test_a_new_one_replaces_the_old_one_and_says_so(off):
    await ask(off, 6)
    verdict = await ask(off, 8, target=50.0)
    assert verdict.message.endswith("This replaces water at 45 °C at 07:00.")
    assert under_way(off).target == 50.0
    await off.restart()
    assert under_way(off).target == 50.0


async def test_cancelled_it_does_not_start(off):
    await ask(off, 1)
    verdict = await off.programs.schedules.cancel("hp1", **WHO)
    assert (verdict.status, verdict.message) == (GOOD, "Cancelled: water at 45 °C at 02:00.")
    await off.pass_time(7200, every=60)
    assert off.device.written == []
    assert (await off.programs.schedules.cancel("hp1", **WHO)).message == "There is no schedule."
    assert [row.status for row in await off.rows("CancelSchedule")] == [GOOD, GOOD]
    await off.restart()
    assert under_way(off) is None


async def test_it_survives_a_restart(off):
    await ask(off, 6)
    await off.restart(after=60)
    assert under_way(off).target == 45.0
    await off.programs.tick()
    assert outlook(off) is None  # nothing was polled yet
    off.poll()
    await off.pass_time(6 * 3600, every=60)
    assert off.device.written == [*STARTED, WAITS, SERVED]


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
    assert under_way(off) is None


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
    await off.pass_time(20)
    assert off.device.written == [*STARTED, WAITS]
    assert under_way(off).phase is ReadyPhase.HEATING


async def test_a_target_that_cannot_be_written_now_does_not_keep_it_off(off):
    off.device.refuses["supply_setpoint"] = "write again in 40 s"
    await ask(off, 0.01)
    await off.pass_time(60)
    assert off.device.written == [("unit_enabled", 1.0)]
    off.device.refuses.clear()
    await off.pass_time(60)
    assert off.device.written[-2:] == [("supply_setpoint", 45.0), ("unit_enabled", 1.0)]


async def test_a_broken_sensor_starts_early_rather_than_never(off):
    off.device.show("supply_temperature", math.nan, BAD_NO_COMMUNICATION)
    await ask(off, 6)
    assert 360 - starts_in(off) == pytest.approx(FALLBACK)
    assert outlook(off).status == UNCERTAIN_SUB_NORMAL
    assert outlook(off).reason.startswith("its sensor shows nothing")


async def test_before_the_first_poll_it_waits(off):
    index = off.table.by_key["hp1.supply_temperature"].index
    off.image.status[index] = BAD_WAITING_FOR_INITIAL_DATA
    verdict = await ask(off, 1)
    assert verdict.message.endswith("When it starts cannot be told before the devices answer.")
    await off.programs.tick()
    assert off.device.written == []
    assert outlook(off) is None


async def test_what_it_changed_can_be_released(off):
    await ask(off, 0.01)
    await off.pass_time(60)
    await off.programs.release("hp1", **WHO)
    assert off.device.held["supply_setpoint"] == 35.0
    assert off.device.held["unit_enabled"] == 0.0


async def test_clients_hear_of_each_change(off):
    heard: list[str] = []
    await lived(off, [60.0, 30.0] * 4, [25.0, 35.0] * 4)
    off.programs.journal.subscribe(heard.append)
    await ask(off, 6)
    taken = len(heard)
    await off.pass_time(120)
    assert len(heard) == taken  # nothing moved
    off.device.show("supply_temperature", 40.0)
    await off.pass_time(60)
    assert len(heard) == taken + 1


@pytest.mark.parametrize("missing", ["unit_enabled", "supply_setpoint", "supply_temperature"])
async def test_it_is_offered_only_where_it_works(rig, missing):
    assert list(rig.programs.schedules.offered("hp1")) == list(ReadyQuantity)
    rig.without = frozenset({missing})
    rig.model = False
    await rig.restart()
    offered = list(rig.programs.schedules.offered("hp1"))
    assert offered == ([] if missing == "unit_enabled" else [ReadyQuantity.ROOM, "tank"])


async def test_how_cold_the_tank_and_the_walls_were_is_kept_with_a_heat_up(blank):
    blank.device.show("room_temperature", 19.0)
    blank.device.show("dhw_temperature", 36.0)
    await ask(blank, 30, 21.0, quantity=ROOM)
    await blank.pass_time(13 * 3600, every=600)
    blank.device.show("room_temperature", 17.0)
    await blank.pass_time(14 * 3600 + 60, every=600)
    assert under_way(blank).phase is ReadyPhase.HEATING
    await blank.restart(after=600)
    blank.poll()
    blank.device.show("room_temperature", 21.0)
    await blank.pass_time(3 * 3600, every=600)
    (found,) = blank.programs.schedules.heat_ups("hp1")
    assert (found.outcome, found.tank) == (HeatUpOutcome.ON_TIME, 36.0)
    assert found.lately == pytest.approx(17.8, abs=0.1)
    await blank.restart()
    assert blank.programs.schedules.heat_ups("hp1") == [found]


@pytest.mark.parametrize("recorded", [True, False])
async def test_the_last_day_of_a_room_is_known_after_a_restart(blank, recorded: bool) -> None:
    blank.recorded = recorded
    await blank.restart()
    for quarter in range(26 * 4):
        blank.clock.advance(900)
        blank.device.show("room_temperature", 17.0 if quarter < 56 else 19.0)
    await blank.restart(after=60)
    blank.poll()
    await ask(blank, 1, 21.5, quantity=ROOM)
    await blank.pass_time(20)
    # Twelve hours of each of the day's two halves.
    assert under_way(blank).lately == (pytest.approx(18.0, abs=0.05) if recorded else None)
