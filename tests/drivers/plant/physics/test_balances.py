"""The first law over a day, and what a day looks like."""

from __future__ import annotations

import pytest

DAY = 86_400.0
JOULES_PER_KWH = 3.6e6


@pytest.mark.parametrize("month", ["01", "07"])
def test_first_law_over_a_day(make_pump, month: str, live) -> None:
    pump = make_pump(f"2026-{month}-20T00:00:00", step=5.0)
    live(pump, DAY)
    ledger, left = pump.ledger, pump.residual
    # In July there is hot water to be made, and no more.
    assert ledger.heat_to_water > (10 if month == "01" else 2) * JOULES_PER_KWH
    assert abs(left.loop) < 0.01 * ledger.heat_to_water
    assert abs(left.tank) < 0.01 * ledger.loop_to_tank
    assert abs(left.building) < 1e-3 * ledger.to_outdoors
    # The machine: what comes from the air and the socket goes into the water or a cold start. A
    # defrost's heat is the water's own and its ice's.
    running = ledger.heat_from_air + ledger.compressor - ledger.defrost_electricity
    assert running == pytest.approx(ledger.heat_to_water + ledger.start_loss, rel=1e-6)
    parts = ledger.compressor + ledger.pump + ledger.standby + ledger.tank_heater
    assert ledger.electricity == pytest.approx(parts)


def test_the_meters_agree_with_the_truth(make_pump, live) -> None:
    pump = make_pump("2026-02-01T00:00:00")
    electricity, heat = pump.read("electrical_energy"), pump.read("heat_energy")
    live(pump, DAY)
    counted = pump.read("electrical_energy") - electricity
    assert counted == pytest.approx(pump.ledger.electricity / JOULES_PER_KWH, rel=0.015)
    # The heat meter sits behind some metres of pipe, and its sensors have their own small errors.
    assert pump.read("heat_energy") - heat == pytest.approx(
        pump.ledger.heat_to_water / JOULES_PER_KWH, rel=0.10
    )


def test_steps_of_1_s_and_10_s_give_the_same_energies(make_pump, live) -> None:
    results = []
    for step in (1.0, 10.0):
        pump = make_pump("2026-01-12T00:00:00", step=step, seed=3)
        live(pump, 0.3 * DAY)
        results.append(pump.ledger)
    fine, coarse = results
    assert coarse.electricity == pytest.approx(fine.electricity, rel=0.03)
    assert coarse.heat_to_water == pytest.approx(fine.heat_to_water, rel=0.03)
    assert coarse.loop_to_room == pytest.approx(fine.loop_to_room, rel=0.03)


def test_same_seed_same_plant_however_often_one_looks(make_pump, live) -> None:
    one, other = (make_pump("2026-03-03T05:00:00", seed=7) for _ in range(2))
    live(one, 7200.0)
    for _ in range(7200 // 9):
        live(other, 9.0)
        other.read("supply_temperature")
    other.advance(one.time)
    assert one.time == other.time
    assert one.truth() == other.truth()
    assert all(one.read(p) == other.read(p) for p in ("supply_temperature", "heat_energy"))
    different = make_pump("2026-03-03T05:00:00", seed=8)
    live(different, 7200.0)
    assert different.truth() != one.truth()
