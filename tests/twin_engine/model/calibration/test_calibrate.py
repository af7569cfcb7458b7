"""Calibration on machines whose performance is known: what it finds, and what it refuses."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from known_machine import DAY, STANDBY, START, KnownMachine, plate, with_a_constant_loss

from heatpump_twin.config.load import load_site
from heatpump_twin.twin_engine.errors import CalibrationError
from heatpump_twin.twin_engine.model.calibration.calibrate import Calibration, calibrate
from heatpump_twin.twin_engine.model.calibration.calibration_card import card_of, write_card
from heatpump_twin.twin_engine.model.calibration.model_versions import ModelVersions, card_in_use
from heatpump_twin.twin_engine.model.calibration.promotion import promotion
from heatpump_twin.twin_engine.model.calibration.record import Record
from heatpump_twin.twin_engine.model.machine.operating_points import OperatingPoints


def learnt(record: Record) -> Calibration:
    return calibrate(record, plate(), heat_pump="hp1", now=START, software="test")


@pytest.mark.parametrize("step", [60.0, 900.0])
def test_a_machine_worse_than_its_plate_is_found_out(step):
    machine = KnownMachine(step=step)
    found = learnt(machine.record())
    assert found.card.heat == "measured"
    assert found.card.model.form == "share of Carnot"
    # Its meter is off by 1 % from step to step.
    assert found.card.held_out.cop < 0.012
    assert found.card.held_out.plate > 0.08
    assert found.card.held_out.daily_electricity < 0.02
    source, water, heat = (np.array(v) for v in ([-5.0, 2.0, 8.0], [42.0, 38.0, 34.0], [4.5e3] * 3))
    said = found.card.machine_model().power.power(OperatingPoints.steady(source, water, heat))
    truth = machine.power(source, water, heat)
    assert said.value == pytest.approx(truth, rel=0.02)
    assert (np.abs(said.value - truth) <= said.uncertainty).all()
    assert found.card.model.others.standby == pytest.approx(STANDBY)


def test_a_constant_loss_is_the_form_that_unseen_days_choose():
    machine = KnownMachine(power=with_a_constant_loss)
    found = learnt(machine.record())
    assert found.card.model.form == "constant loss"
    assert found.card.held_out.cop < 0.012
    assert found.card.held_out.other_form > found.card.held_out.cop
    source, water = np.array([0.0, 0.0]), np.array([38.0, 38.0])
    heat = np.array([2000.0, 6000.0])
    said = found.card.machine_model().power.power(OperatingPoints.steady(source, water, heat))
    assert said.value == pytest.approx(machine.power(source, water, heat), rel=0.03)


def test_intervals_hold_what_they_promise_on_days_to_come():
    machine = KnownMachine(days=40, noise=0.02)
    record = machine.record()
    found = learnt(record.between(START, START + 20 * DAY))
    later = learnt(record.between(START + 20 * DAY, START + 40 * DAY)).periods
    said = found.card.machine_model().power.power(later.at)
    inside = np.abs(later.power - said.value) <= said.uncertainty
    assert 0.85 <= inside.mean() <= 0.95


def test_a_change_of_the_machine_ends_what_was_learnt_before():
    machine = KnownMachine(days=24, changed={12: 1.12})
    found = learnt(machine.record())
    assert "changed by +1" in found.card.fitted.left_out
    assert found.card.fitted.start.startswith("2026-01-13")
    source, water, heat = np.array([2.0]), np.array([38.0]), np.array([4000.0])
    said = found.card.machine_model().power.power(OperatingPoints.steady(source, water, heat))
    assert said.value == pytest.approx(1.12 * machine.power(source, water, heat), rel=0.02)
    assert learnt(KnownMachine(days=24).record()).card.fitted.left_out == ""


@pytest.mark.parametrize(
    ("without", "named"),
    [
        (("electrical_power",), "electrical_power"),
        (("outdoor_temperature",), "outdoor_temperature"),
        (("meter_supply_temperature",), "meter_supply_temperature"),
    ],
)
def test_what_cannot_be_told_is_refused_by_the_name_of_the_sensor(without, named):
    with pytest.raises(CalibrationError, match=named):
        learnt(KnownMachine(days=6).record(*without))


def test_too_short_a_record_is_refused_with_what_is_needed():
    with pytest.raises(CalibrationError, match="steady periods on 2 days; 60 on 4 are needed"):
        learnt(KnownMachine(days=2).record())


def test_without_a_heat_meter_heat_is_estimated_and_the_card_says_so():
    found = learnt(KnownMachine(days=10).record("water_flow", "outdoor_humidity"))
    card = found.card
    assert (card.heat, card.model.form, card.held_out.cop) == ("estimated", "plate", None)
    assert card.held_out.daily_electricity < 0.2
    missing = {part.sensor: part.consequence for part in card.missing}
    assert (
        "estimated from the plate"
        in missing["heat meter (water_flow with supply and return temperature)"]
    )
    assert "85 %" in missing["outdoor_humidity"]
    assert not promotion(found, None).promoted


def test_every_card_says_what_no_calibration_can_tell():
    card = learnt(KnownMachine(days=10).record()).card
    assert any("refrigerant" in words for words in card.cannot_know)
    assert any("fouled" in words for words in card.cannot_know)


def test_spikes_of_a_meter_do_not_bend_the_model():
    machine = KnownMachine()
    record = machine.record()
    power = record.columns["electrical_power"].copy()
    power[::47] *= 6.0
    spiked = replace(record, columns={**record.columns, "electrical_power": power})
    source, water, heat = np.array([2.0]), np.array([38.0]), np.array([4000.0])
    at = OperatingPoints.steady(source, water, heat)
    said = learnt(spiked).card.machine_model().power.power(at)
    assert said.value == pytest.approx(machine.power(source, water, heat), rel=0.03)


def test_a_card_is_the_same_after_it_was_written(tmp_path):
    card = learnt(KnownMachine(days=8).record()).card
    write_card(tmp_path / "card.json", card)
    assert card_of(tmp_path / "card.json") == card
    (tmp_path / "card.json").write_text('{"heat_pump": "hp1"}')
    with pytest.raises(CalibrationError, match="calibrate again"):
        card_of(tmp_path / "card.json")


def test_a_model_is_promoted_only_where_unseen_days_speak_for_it():
    early, late = KnownMachine(days=20), KnownMachine(days=20, seed=5)
    first = learnt(early.record())
    assert promotion(first, None).promoted
    # The same machine with a meter that has become wild: what is learnt of it predicts worse.
    wild = learnt(replace(late, noise=0.2).record())
    assert not promotion(wild, first.card).promoted or wild.card.held_out.cop < 0.15
    changed = learnt(replace(late, changed={0: 1.15}).record())
    assert promotion(changed, first.card).promoted


def test_versions_are_kept_promoted_and_taken_back(tmp_path):
    versions = ModelVersions(tmp_path, "hp1")
    assert versions.promoted is None
    with pytest.raises(CalibrationError, match="none to take back"):
        versions.roll_back()
    card = learnt(KnownMachine(days=8).record()).card
    for _ in range(3):
        versions.promote(versions.keep(card))
    assert (versions.numbers, versions.promoted) == ([1, 2, 3], 3)
    assert [versions.roll_back() for _ in range(3)] == [2, 1, None]
    assert versions.numbers == [1, 2, 3]
    assert versions.keep(card) == 4


def test_a_model_of_the_emulated_plant_is_not_used_on_a_real_machine(tmp_path):
    pump = load_site("default", environment={}).heat_pumps[0]
    assert pump.emulated
    versions = ModelVersions(tmp_path, pump.id)
    for emulated in (True, False):
        card = learnt(KnownMachine(days=8).record(emulated=emulated)).card
        assert card.connection == ("emulated" if emulated else "real")
        versions.promote(versions.keep(card.model_copy(update={"plate": pump.plate})))
        if emulated:
            assert card_in_use(tmp_path, pump) is not None
        else:
            with pytest.raises(CalibrationError, match="real, and this one is emulated"):
                card_in_use(tmp_path, pump)
    versions.promote(versions.keep(card.model_copy(update={"connection": "emulated"})))
    with pytest.raises(CalibrationError, match="another plate"):
        card_in_use(tmp_path, pump)
