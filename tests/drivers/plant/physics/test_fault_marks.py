"""Each fault leaves the mark that physics gives it, and more of it leaves more."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest

from heatpump_twin.drivers.plant.devices.emulated_heat_pump import EmulatedHeatPump
from heatpump_twin.drivers.plant.errors import DisturbanceError
from heatpump_twin.drivers.plant.physics.disturbances import KINDS

COLD = "2026-01-15T02:00:00"
SEVERITIES = (0.0, 0.25, 0.5, 0.75, 1.0)
Figure = Callable[[EmulatedHeatPump], float]


def superheat(x: EmulatedHeatPump) -> float:
    """Return the superheat of the suction gas. [K]"""
    return x.physics.machine.circuit.suction - x.physics.machine.circuit.evaporating


def cop(x: EmulatedHeatPump) -> float:
    """Return the COP of the machine since the start. [-]"""
    return x.ledger.heat_to_water / x.ledger.compressor


HARD = {"operating_mode": 1.0, "supply_setpoint": 50.0}
"""Only the rooms, and warmer water than there is: the compressor runs at its highest speed."""
CHARGE = {"dhw_setpoint": 54.0}
OFF = {"unit_enabled": 0.0}

# name, what the user sets, seconds, figure, whether more of the fault makes it rise or fall
MARKS: list[tuple[str, dict[str, float], float, Figure, int]] = [
    ("strainer_clogged", HARD, 300, lambda x: x.physics.circulation.flow, -1),
    ("air_in_circuit", HARD, 300, lambda x: x.physics.circulation.flow, -1),
    ("air_in_circuit", HARD, 900, lambda x: x.ledger.loop_to_room, -1),
    ("refrigerant_undercharge", HARD, 900, superheat, 1),
    ("refrigerant_undercharge", HARD, 900, cop, -1),
    ("refrigerant_undercharge", HARD, 900, lambda x: x.physics.machine.circuit.discharge, 1),
    ("coil_fouled", HARD, 900, lambda x: x.physics.machine.circuit.low_pressure, -1),
    ("coil_fouled", HARD, 900, cop, -1),
    ("fan_stopped", HARD, 900, lambda x: x.physics.machine.circuit.low_pressure, -1),
    ("fan_stopped", HARD, 900, lambda x: x.ledger.heat_to_water, -1),
    ("reversing_valve_stuck", HARD, 900, cop, -1),
    ("reversing_valve_stuck", HARD, 900, lambda x: x.ledger.heat_to_water, -1),
    ("curve_wrong", {"operating_mode": 1.0}, 3 * 3600, lambda x: x.read("supply_setpoint"), 1),
    ("water_leak", HARD, 600, lambda x: x.physics.circulation.pressure, -1),
    ("valve_stuck", CHARGE, 3600, lambda x: x.ledger.loop_to_tank, -1),
    ("controller_error", HARD, 4 * 3600, lambda x: x.ledger.compressor, -1),
    ("diverter_leaking", HARD, 900, lambda x: x.ledger.loop_to_tank, 1),
    ("mixing_valve_stuck", HARD, 900, lambda x: x.ledger.loop_to_room, -1),
    ("tank_coil_scaled", CHARGE, 1500, lambda x: x.ledger.loop_to_tank, -1),
    ("tank_coil_scaled", CHARGE, 600, lambda x: x.physics.loop.supply, 1),
    ("tank_heater_stuck", OFF, 600, lambda x: x.read("electrical_power"), 1),
    ("backup_heater_stuck", HARD, 600, lambda x: x.read("electrical_power"), 1),
    (
        "backup_heater_stuck", HARD, 600,
        lambda x: x.physics.loop.heater_outlet - x.physics.loop.supply, 1,
    ),
    ("meter_offset", OFF, 60, lambda x: x.read("electrical_power"), 1),
    ("sensor_offset", HARD, 60, lambda x: x.read("return_temperature"), 1),
    ("sensor_drift", OFF, 6 * 3600, lambda x: x.read("return_temperature"), 1),
]  # fmt: skip
_IDS = [f"{name}-{number}" for number, (name, *_) in enumerate(MARKS)]


def grown(make_pump, live, name: str, user: dict[str, float], seconds: float, severity: float):
    """Return a heat pump that has lived with a fault for so long."""
    pump = make_pump(COLD, step=20.0)
    for point, value in user.items():
        pump.write(point, value)
    point = "return_temperature" if KINDS[name].of_sensor else None
    pump.disturb(name, severity=severity, point=point)
    live(pump, seconds)
    return pump


@pytest.mark.parametrize(("name", "user", "seconds", "figure", "sign"), MARKS, ids=_IDS)
def test_more_of_a_fault_leaves_more_of_its_mark(
    make_pump, live, name: str, user: dict[str, float], seconds: float, figure: Figure, sign: int
) -> None:
    values = [
        figure(grown(make_pump, live, name, user, seconds, severity)) for severity in SEVERITIES
    ]
    steps = [sign * (b - a) for a, b in itertools.pairwise(values)]
    assert all(step >= -1e-6 * abs(values[0]) for step in steps), values
    assert sign * (values[-1] - values[0]) > 0.02 * abs(values[0]), values


def test_every_kind_of_fault_is_marked_here() -> None:
    elsewhere = {"sensor_stuck", "sensor_open", "backup_heater_failed"}
    assert {name for name, *_ in MARKS} | elsewhere == set(KINDS)


def test_the_backup_heater_helps_in_frost_alone_and_a_failed_one_does_not(make_pump, live) -> None:
    def strained(start: str, failed: float) -> EmulatedHeatPump:
        pump = make_pump(start, latitude=59.3, longitude=18.0, step=20.0)
        pump.write("operating_mode", 1.0)
        pump.write("supply_setpoint", 55.0)
        pump.disturb("backup_heater_failed", failed)
        live(pump, 3 * 3600)
        return pump

    given = [strained("2026-01-20T00:00:00", failed).ledger.backup_heater for failed in (0, 0.5, 1)]
    assert given[0] > given[1] > given[2] == 0.0
    mild = strained("2026-04-20T10:00:00", 0.0)
    assert mild.physics.weather.temperature > 0.0
    assert mild.ledger.backup_heater == 0.0


def test_a_broken_wire_shows_the_impossible_and_stops_the_machine(make_pump, live) -> None:
    pump = make_pump(COLD)
    pump.disturb("sensor_open", point="return_temperature")
    live(pump, 60)
    assert pump.read("return_temperature") == -50.0
    assert (pump.read("error_code"), pump.read("compressor_running")) == (65.0, False)
    assert pump.disturbances.stop("sensor_open") == 1
    live(pump, 1200)
    assert pump.read("return_temperature") > 15.0
    assert pump.read("error_code") == 0.0


def test_a_loose_contact_comes_and_goes(make_pump, observe) -> None:
    shares = []
    for severity in (0.2, 0.7):
        pump = make_pump(COLD, step=20.0)
        pump.disturb("sensor_open", severity=severity, point="dhw_temperature")
        seen = [x.read("dhw_temperature") == -50.0 for x in observe(pump, 4 * 3600, 60)]
        shares.append(sum(seen) / len(seen))
    assert 0.05 < shares[0] < 0.4 < shares[1] < 0.9


def test_a_sticking_sensor_is_stuck_for_its_share_of_the_time(make_pump, observe) -> None:
    shares = []
    for severity in (0.0, 0.2, 0.7, 1.0):
        pump = make_pump(COLD, step=20.0)
        pump.disturb("sensor_stuck", 55.5, "dhw_temperature", severity)
        seen = [x.read("dhw_temperature") == 55.5 for x in observe(pump, 24 * 3600, 600)]
        shares.append(sum(seen) / len(seen))
    assert shares == [0.0, pytest.approx(0.2, abs=0.15), pytest.approx(0.7, abs=0.15), 1.0]


@pytest.mark.parametrize("name", KINDS)
def test_of_no_severity_there_is_nothing_to_see(make_pump, live, name: str) -> None:
    healthy, other = (make_pump(COLD, step=20.0) for _ in range(2))
    other.disturb(name, severity=0.0, point="supply_temperature" if KINDS[name].of_sensor else None)
    for pump in (healthy, other):
        pump.write("dhw_setpoint", 54.0)
        live(pump, 2 * 3600)
    assert other.truth() == healthy.truth()
    assert other.ledger == healthy.ledger


def test_no_defrost_clears_the_coil_of_a_machine_that_cannot_reverse(make_pump, live) -> None:
    frosts = []
    for severity in (0.0, 1.0):
        pump = make_pump("2026-01-10T00:00:00", latitude=48.0, longitude=8.0, step=20.0)
        pump.disturb("reversing_valve_stuck", severity=severity)
        live(pump, 6 * 3600)
        frosts.append(pump.ledger.defrost_from_water)
        assert abs(pump.residual.loop) < 1e-3 * pump.ledger.heat_to_water
        # It tries, heats again in between, and cannot get fuller of ice than full.
        assert pump.truth()["frost_level"] < 2.1
        assert pump.ledger.defrost_electricity < 0.5 * pump.ledger.compressor
    assert frosts[0] > 0.0 == frosts[1]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"name": "coil_fouled", "severity": 1.1}, "outside 0…1"),
        ({"name": "coil_fouled", "severity": 0.5, "magnitude": 0.5}, "not both"),
        ({"name": "controller_error", "severity": -0.5}, "outside 0…1"),
    ],
)
def test_a_severity_that_means_nothing_is_refused(make_pump, arguments, says: str) -> None:
    pump = make_pump(COLD)
    with pytest.raises(DisturbanceError, match=says):
        pump.disturb(**arguments)
