"""Expected values and residuals: what they say, and above all when they may say it."""

from __future__ import annotations

import math
from copy import deepcopy
from datetime import UTC, datetime

import numpy as np
import pytest

from heatpump_twin.config.catalogue import CATALOGUE
from heatpump_twin.config.load import load_site
from heatpump_twin.drivers.clock import ManualClock
from heatpump_twin.drivers.frame import Frame
from heatpump_twin.drivers.plant.devices.emulated_heat_pump import SHORT_WARM_UP, EmulatedHeatPump
from heatpump_twin.drivers.protocol import MappedPoint
from heatpump_twin.drivers.status import (
    BAD,
    BAD_CONFIGURATION_ERROR,
    BAD_NO_COMMUNICATION,
    BAD_NO_DATA,
    GOOD,
    UNCERTAIN_SUB_NORMAL,
    is_bad,
    is_good,
)
from heatpump_twin.twin_engine.derive.deriver import Deriver
from heatpump_twin.twin_engine.derive.operating_state import State
from heatpump_twin.twin_engine.history import NO_SAMPLES
from heatpump_twin.twin_engine.image import Image
from heatpump_twin.twin_engine.model.machine.plate_performance import PlatePerformance
from heatpump_twin.twin_engine.model.shadow.shadow import Shadow
from heatpump_twin.twin_engine.sample import Sample
from heatpump_twin.twin_engine.site.point_table import build_table

EXPECTED = (
    "expected_cop",
    "expected_electrical_power",
    "cop_residual",
    "electrical_power_residual",
)
RATED = {
    "water_flow": 14.3,
    "meter_supply_temperature": 35.0,
    "meter_return_temperature": 30.0,
    "outdoor_temperature": 7.0,
    "electrical_power": 1100.0,
    "compressor_running": 1.0,
    "unit_enabled": 1.0,
    "defrost_active": 0.0,
    "fault_active": 0.0,
    "valve_direction": 0.0,
    "operation_cycle": 2.0,
    "backup_heater_on": 0.0,
}
S = 1_000_000


def default_plate():
    return load_site("default", environment={}).heat_pumps[0].plate


class NoHistory:
    async def before(self, key, time):
        return NO_SAMPLES


class Machine:
    """A heat pump whose readings hold until they are changed, derived and compared."""

    def __init__(self, plate=None, model=None, **readings: float) -> None:
        self.readings = {**RATED, **readings}
        self.status = dict.fromkeys(self.readings, GOOD)
        self.time = 0
        site = load_site("default", environment={})
        pump = site.heat_pumps[0].model_copy(update={"plate": plate or default_plate()})
        site = site.model_copy(update={"heat_pumps": [pump]})
        table = build_table({"hp1": [MappedPoint(point, None) for point in self.readings]})
        clock = ManualClock(0)
        self.image = Image(table, 0)
        models = {} if model is None else {"hp1": model}
        self.shadow = Shadow(self.image, site, NoHistory(), clock, models)
        self.image.subscribe(Deriver(self.image, site, NoHistory(), clock).derive)
        self.image.subscribe(self.shadow.take)
        self.points = table.by_asset["hp1"]

    def run(self, seconds: int, **changes: float) -> dict[str, Sample]:
        self.readings |= changes
        index = [self.points[point].index for point in self.readings]
        for _ in range(seconds):
            self.time += S
            status = np.array([self.status[p] for p in self.readings], np.uint32)
            value = np.where(status >= BAD, np.nan, list(self.readings.values()))
            self.image.ingest(Frame.of(index, value, status, self.time))
        return {name: self.shown(point.index) for name, point in self.points.items()}

    def shown(self, index: int) -> Sample:
        image = self.image
        return Sample(float(image.value[index]), int(image.status[index]), int(image.time[index]))


@pytest.fixture(scope="module")
def settled() -> Machine:
    """Five minutes of it take a second: they are lived through once."""
    machine = Machine()
    machine.run(310)
    return machine


@pytest.fixture
def machine(settled: Machine) -> Machine:
    return deepcopy(settled)


def test_at_a_rated_point_the_plate_is_what_is_expected(machine):
    out = machine.run(1)
    heat, pump = out["thermal_power"].value, default_plate().pump_power
    performance = PlatePerformance(default_plate().heating)
    assert heat == pytest.approx(performance.rated_capacity, rel=0.02)
    power = heat / (4.63 * (1 + performance.part_load_gain(heat))) + pump
    assert out["expected_electrical_power"].value == pytest.approx(power, rel=1e-3)
    assert out["expected_cop"].value == pytest.approx(heat / power, rel=1e-3)
    assert out["electrical_power_residual"].value == pytest.approx(1100 - power, abs=2)
    assert out["cop_residual"].value == pytest.approx(heat / 1100 - heat / power, abs=0.01)
    assert {out[point].status for point in EXPECTED} == {GOOD}
    assert {out[point].time for point in EXPECTED} == {machine.time}


def test_a_machine_that_takes_more_than_its_plate_shows_it(machine):
    out = machine.run(1, electrical_power=1500.0)
    assert out["electrical_power_residual"].value > 350
    assert out["cop_residual"].value < -1
    assert is_good(out["cop_residual"].status)


def test_before_it_is_steady_nothing_is_certain():
    out = Machine().run(200)
    for point in EXPECTED:
        assert math.isfinite(out[point].value)
        assert out[point].status == UNCERTAIN_SUB_NORMAL


@pytest.mark.parametrize(
    "change",
    [
        {"outdoor_temperature": 15.0},
        {"outdoor_temperature": -5.0},
        {"water_flow": 3.0},
        {"backup_heater_on": 1.0},
        {"valve_direction": 1.0},
    ],
)
def test_away_from_the_plate_values_are_uncertain(machine, change):
    out = machine.run(310, **change)
    for point in EXPECTED:
        assert math.isfinite(out[point].value)
        assert not is_good(out[point].status)
        assert not is_bad(out[point].status)


@pytest.mark.parametrize(
    "change", [{"defrost_active": 1.0}, {"fault_active": 1.0}, {"operation_cycle": 1.0}]
)
def test_what_no_plate_tells_is_not_expected(machine, change):
    out = machine.run(1, **change)
    for point in EXPECTED:
        assert math.isnan(out[point].value)
        assert out[point].status == BAD_NO_DATA


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"unit_enabled": 0.0, "water_flow": 0.0}, 30.0),
        ({"water_flow": 0.0}, 30.0),
        ({"water_flow": 14.3}, 64.0),
    ],
)
def test_at_rest_it_takes_its_standby_power(machine, change, expected):
    out = machine.run(1, compressor_running=0.0, electrical_power=90.0, **change)
    assert out["expected_electrical_power"][:2] == (expected, UNCERTAIN_SUB_NORMAL)
    assert out["electrical_power_residual"][:2] == (90.0 - expected, UNCERTAIN_SUB_NORMAL)
    for point in ("expected_cop", "cop_residual"):
        assert out[point].status == BAD_NO_DATA


def test_a_start_that_gives_no_heat_yet_is_not_compared(machine):
    out = machine.run(1, meter_return_temperature=36.0)
    assert {out[point].status for point in EXPECTED} == {BAD_NO_DATA}


@pytest.mark.parametrize("point", ["outdoor_temperature", "water_flow", "unit_enabled"])
def test_without_an_input_there_is_no_expectation(machine, point):
    machine.status[point] = BAD_NO_COMMUNICATION
    out = machine.run(1)
    assert {out[point].status for point in EXPECTED} == {BAD_NO_COMMUNICATION}


def test_without_its_meter_the_power_is_still_expected_but_not_compared(machine):
    machine.status["electrical_power"] = BAD_NO_COMMUNICATION
    out = machine.run(1)
    assert math.isfinite(out["expected_electrical_power"].value)
    assert not is_good(out["expected_electrical_power"].status)
    assert out["electrical_power_residual"].status == BAD_NO_COMMUNICATION
    assert out["cop_residual"].status == BAD_NO_COMMUNICATION


def test_a_brine_machine_is_not_judged_by_the_outdoor_air():
    brine = default_plate().model_copy(update={"source": "brine"})
    out = Machine(brine).run(310)
    assert {out[point].status for point in EXPECTED} == {BAD_CONFIGURATION_ERROR}
    out = Machine(brine, outdoor_temperature=-20.0, source_inlet_temperature=7.0).run(310)
    assert out["expected_cop"].value == pytest.approx(4.49, abs=0.05)
    assert is_good(out["expected_cop"].status)


def test_states_are_the_codes_of_the_catalogue():
    texts = CATALOGUE["heat_pump"]["operating_state"].enum
    assert {int(state) for state in State} == set(texts)
    for state in State:
        assert texts[state].replace(" ", "_").upper() == state.name


def run_plant(hours: int, disturbance: tuple[str, float] | None = None) -> list[dict[str, Sample]]:
    """Return what is derived of the emulated plant in a winter night, with low water."""
    site = load_site("default", environment={})
    pump = site.heat_pumps[0]
    start = int(datetime(2026, 1, 12, 20, tzinfo=UTC).timestamp()) * S
    plant = EmulatedHeatPump(pump, site.site, 1, start, step=5.0, warm_up=SHORT_WARM_UP)
    plant.write("supply_setpoint", 35.0)
    if disturbance:
        plant.disturbances.start(*disturbance)
    machine = Machine()
    derived = []
    for time in range(start, start + hours * 3600 * S, 20 * S):
        plant.advance(time)
        machine.time = time - S
        derived.append(machine.run(1, **{point: plant.read(point) for point in RATED}))
    return derived


def relative_residuals(derived: list[dict[str, Sample]]) -> np.ndarray:
    good = [d for d in derived if is_good(d["cop_residual"].status)]
    return np.array([d["cop_residual"].value / d["expected_cop"].value for d in good])


def test_good_residuals_of_the_healthy_plant_are_small_and_a_fouled_coil_is_seen():
    healthy = relative_residuals(run_plant(10))
    assert len(healthy) > 1000
    assert np.mean(np.abs(healthy)) < 0.06
    assert np.quantile(np.abs(healthy), 0.9) < 0.09
    fouled = relative_residuals(run_plant(10, ("coil_fouled", 0.4)))
    assert len(fouled) > 500
    assert np.median(fouled) < np.median(healthy) - 0.07
