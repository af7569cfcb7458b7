"""It behaves like a heat pump: defrost, cycling, priority of hot water, reaction to its user."""

from __future__ import annotations

import itertools

import pytest

from heatpump_twin.config.catalogue import CATALOGUE, PointKind, PointRole
from heatpump_twin.drivers.plant.devices.readings import ABSENT
from heatpump_twin.drivers.plant.physics import moist_air
from heatpump_twin.drivers.plant.physics.frost import Coil, CoilParameters

HOUR = 3600.0


def test_defrosts_in_cold_humid_air_take_heat_from_the_water(make_pump, observe) -> None:
    pump = make_pump("2026-01-10T00:00:00", latitude=48.0, longitude=8.0)
    defrosting, coldest = 0, 99.0
    for x in observe(pump, 6 * HOUR, 10.0):
        assert -2.0 < x.truth()["outdoor_temperature"] < 4.0
        assert x.truth()["outdoor_humidity"] > 85
        if x.read("defrost_active"):
            defrosting += 1
            coldest = min(coldest, x.truth()["heat_power"])
            assert x.read("compressor_running")
    defrosts = pump.truth()["defrosts"]
    assert 3 <= defrosts <= 12
    assert 180 <= 10.0 * defrosting / defrosts <= 480
    assert coldest < -1000
    assert pump.ledger.defrost_from_water > 0
    # A few percent of the heat, as metered machines show.
    assert 0.01 < pump.ledger.defrost_from_water / pump.ledger.heat_to_water < 0.12


def test_no_defrost_in_mild_air(make_pump, observe) -> None:
    pump = make_pump("2026-04-20T06:00:00")
    pump.write("supply_setpoint", 55.0)
    coldest = min(x.truth()["outdoor_temperature"] for x in observe(pump, 12 * HOUR, 60.0))
    assert coldest > 10
    assert pump.ledger.compressor > 0
    assert pump.truth()["defrosts"] == 0
    assert pump.truth()["frost_level"] == 0


def test_it_cycles_at_low_load_with_a_minimum_run_time(make_pump, observe) -> None:
    pump = make_pump("2026-07-10T00:00:00", step=1.0)
    pump.write("dhw_enabled", 0.0)
    pump.write("supply_setpoint", 40.0)
    starts = pump.truth()["compressor_starts"]
    states = [bool(x.read("compressor_running")) for x in observe(pump, 4 * HOUR, 10.0)]
    starts = pump.truth()["compressor_starts"] - starts
    assert 3 <= starts <= 24
    edges = [i for i in range(1, len(states)) if states[i] != states[i - 1]]
    runs = [b - a for a, b in itertools.pairwise(edges)]
    assert min(runs) * 10.0 >= 60.0


@pytest.mark.parametrize(
    "start",
    ["2026-01-15T03:00:00", "2026-03-20T13:00:00", "2026-07-15T16:00:00", "2026-11-24T05:00:00"],
)
def test_a_higher_setpoint_is_felt_within_two_minutes(make_pump, start: str, live, observe) -> None:
    pump = make_pump(start, step=1.0)
    pump.write("dhw_enabled", 0.0)
    live(pump, 1800.0)
    before, power = pump.truth()["supply_temperature"], pump.read("electrical_power")
    pump.write("supply_setpoint", 50.0)
    assert pump.read("supply_setpoint") == 50.0
    live(pump, 120.0)
    assert pump.truth()["supply_temperature"] > before + 1.0
    assert pump.read("electrical_power") > power + 150.0
    # A defrost may come in between.
    warmest = max(x.truth()["supply_temperature"] for x in observe(pump, HOUR, 60.0))
    assert warmest == pytest.approx(50.0, abs=3.5)


def test_a_lower_setpoint_stops_the_compressor(make_pump, live) -> None:
    pump = make_pump("2026-01-15T03:00:00")
    pump.write("dhw_enabled", 0.0)
    live(pump, 600.0)
    pump.write("supply_setpoint", 25.0)
    live(pump, 400.0)
    assert not pump.read("compressor_running")
    assert pump.read("electrical_power") < 100.0


def test_hot_water_comes_first(make_pump, live, observe) -> None:
    pump = make_pump("2026-01-15T12:00:00")
    assert pump.read("operating_mode") == 2
    live(pump, 600.0)
    pump.write("dhw_setpoint", 54.0)
    live(pump, 300.0)
    room_heat = pump.ledger.loop_to_room
    assert pump.read("dhw_heating")
    assert pump.read("valve_direction") == 1
    live(pump, 300.0)
    # The radiators only give off what they still hold; the machine's heat goes to the tank.
    assert pump.physics.loop.fluxes.to_tank > 2000
    assert pump.ledger.loop_to_room - room_heat < 300.0 * 2500
    for x in observe(pump, 3 * HOUR):
        if not x.read("dhw_heating"):
            break
    assert pump.truth()["dhw_temperature"] > 52.5
    assert not pump.read("dhw_heater_on")
    live(pump, 60.0)
    assert pump.read("valve_direction") == 0


def test_heating_only_never_charges_the_tank(make_pump, observe) -> None:
    pump = make_pump("2026-01-15T12:00:00")
    pump.write("operating_mode", 1)
    pump.write("dhw_setpoint", 55.0)
    assert not any(x.read("dhw_heating") for x in observe(pump, 2 * HOUR, 60.0))


def test_off_is_standby_and_the_water_cools(make_pump, live) -> None:
    pump = make_pump("2026-01-15T20:00:00")
    pump.write("unit_enabled", 0.0)
    live(pump, 600.0)
    assert pump.read("electrical_power") == pytest.approx(30.0, abs=8.0)
    assert pump.read("water_flow") < 0.2
    live(pump, 8 * HOUR)
    assert abs(pump.truth()["supply_temperature"] - pump.truth()["room_temperature"]) < 2.5
    pump.write("unit_enabled", 1.0)
    live(pump, 300.0)
    assert pump.read("electrical_power") > 500.0


def test_setpoints_stay_within_the_limits(make_pump, settings) -> None:
    pump = make_pump("2026-01-15T20:00:00")
    pump.write("supply_setpoint", 90.0)
    assert pump.read("supply_setpoint") == settings.plate.max_supply
    pump.write("supply_setpoint", -5.0)
    assert pump.read("supply_setpoint") == pump.read("supply_setpoint_min") == 20.0
    pump.write("zone2_supply_setpoint", 40.0)  # a register that nothing stands behind
    assert pump.read("zone2_supply_setpoint") == 20.0


def test_every_field_point_of_the_catalogue_has_a_plausible_value(make_pump, live) -> None:
    pump = make_pump("2026-01-15T20:00:00")
    live(pump, 600.0)
    for point, spec in CATALOGUE["heat_pump"].items():
        value = pump.read(point)
        if spec.role not in (PointRole.MEASURED, PointRole.SETPOINT) or point in ABSENT:
            assert value is None, point
        elif spec.kind is PointKind.TWO_STATE:
            assert value in (0.0, 1.0), point
        elif spec.flags:
            assert value in range(sum(spec.flags) + 1), point
        elif spec.kind is PointKind.MULTI_STATE:
            assert value in spec.enum, point
        else:
            low, high = spec.range
            assert low <= value <= high, point


def test_counters_never_run_backwards_not_even_over_a_restart(make_pump, observe) -> None:
    counters = ("electrical_energy", "heat_energy", "heat_volume")
    pump = make_pump("2026-01-10T00:00:00", latitude=48.0, longitude=8.0)
    last = {c: pump.read(c) for c in counters}
    for x in observe(pump, 6 * HOUR, 60.0):
        now = {c: x.read(c) for c in counters}
        assert all(now[c] >= last[c] for c in counters)
        last = now
    assert pump.truth()["defrosts"] > 0
    restarted = make_pump("2026-01-10T06:00:00", latitude=48.0, longitude=8.0)
    assert all(restarted.read(c) >= last[c] for c in counters)


def test_the_water_follows_the_curve_and_a_written_setpoint_holds(make_pump, live) -> None:
    pump = make_pump("2026-01-15T03:00:00")
    assert pump.read("heating_setting_method") == 0
    curve = pump.read("supply_setpoint")
    assert 28.0 < curve < 40.0
    pump.write("supply_setpoint", 48.0)
    live(pump, 3600.0)
    assert (pump.read("supply_setpoint"), pump.read("heating_setting_method")) == (48.0, 1)
    # Whoever releases an override writes what was before, and the curve goes on from there.
    pump.write("supply_setpoint", curve)
    assert pump.read("supply_setpoint") == curve
    live(pump, 4 * HOUR)
    assert pump.read("heating_setting_method") == 0
    assert abs(pump.read("supply_setpoint") - curve) < 6.0


def test_in_summer_only_the_tank_is_heated_and_the_pump_rests(make_pump, observe) -> None:
    pump = make_pump("2026-07-10T00:00:00")
    states = [
        (x.read("water_pump_running"), x.read("dhw_heating")) for x in observe(pump, 24 * HOUR, 60)
    ]
    # The rest is what the pipes lose, and what they hold at the end of a charge.
    assert pump.ledger.loop_to_room < 0.15 * pump.ledger.heat_to_water
    on = sum(running for running, _ in states)
    assert on < 1.3 * sum(charging for _, charging in states) + 30
    assert on < 0.2 * len(states)


def test_starts_are_few_in_mild_weather(make_pump, live) -> None:
    pump = make_pump("2026-03-25T00:00:00", longitude=2.6)
    before = pump.truth()["compressor_starts"]
    live(pump, 4 * 24 * HOUR)
    assert (pump.truth()["compressor_starts"] - before) / 96 < 1.0


def test_frost_is_worst_around_freezing() -> None:
    """Ice that the coil of a running machine collects in an hour of humid air."""
    coil_of = {}
    for outdoor in (-12, -7, -2, 1, 3, 6):
        vapour = moist_air.saturation_pressure(outdoor) * (1.0 if outdoor < 0 else 0.92)
        # The colder it is, the faster the compressor runs.
        speed = min(max((16 - outdoor) / 30, 0.27), 1.0)
        coil = Coil(CoilParameters(), 1.0)
        for _ in range(60):
            coil.collect(60.0, outdoor, moist_air.humidity_ratio(vapour), speed)
        coil_of[outdoor] = coil.level
    assert max(coil_of, key=coil_of.__getitem__) in (1, 3)
    assert coil_of[1] > 1.5 * coil_of[-12]
    assert coil_of[6] == 0.0
    assert 0.4 < coil_of[1] < 1.5


def test_in_summer_it_cools_and_makes_hot_water(make_pump, observe) -> None:
    warm, cooled = (make_pump("2026-07-20T00:00:00", step=20.0) for _ in range(2))
    cooled.write("operating_mode", 4)
    cycles, rooms = set(), []
    for x, y in zip(
        observe(warm, 3 * 24 * HOUR, 600), observe(cooled, 3 * 24 * HOUR, 600), strict=True
    ):
        cycles.add((y.read("operation_cycle"), y.read("dhw_heating")))
        rooms.append(x.truth()["room_temperature"] - y.truth()["room_temperature"])
    assert {(1.0, 0.0), (2.0, 1.0)} <= cycles
    assert max(rooms) > 0.5
    ledger = cooled.ledger
    assert ledger.cooling_from_water > 5 * 3.6e6
    # Far from its rated A35/W7, with warmer water and cooler air.
    assert 3.0 < ledger.cooling_from_water / ledger.cooling_electricity < 7.0
    assert ledger.loop_to_room < 0.0
    assert ledger.heat_to_air == pytest.approx(
        ledger.cooling_from_water + ledger.cooling_electricity
    )
    left = cooled.residual
    assert abs(left.loop) + abs(left.tank) + abs(left.building) < 1e-4 * ledger.heat_to_air
    assert cooled.truth()["supply_temperature"] > 10.0


def test_automatic_cools_where_the_maker_has_cooling(make_pump, live) -> None:
    cooled = []
    for codes in ({0, 3, 6}, {1, 5, 6}):
        pump = make_pump("2026-07-20T00:00:00", step=20.0)
        pump.offer("operating_mode", frozenset(codes))
        pump.write("operating_mode", 6)
        live(pump, 2 * 24 * HOUR)
        cooled.append(pump.ledger.cooling_from_water)
    assert cooled[0] == 0.0 < cooled[1]
