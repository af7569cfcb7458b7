"""A replay says what the live twin said: engine, shadow and rules, however frames are cut."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from known_machine import KnownMachine
from known_water import known_water

from heatpump_twin.config.catalogue import CATALOGUE
from heatpump_twin.config.load import load_site
from heatpump_twin.drivers.clock import ManualClock
from heatpump_twin.drivers.frame import Frame
from heatpump_twin.drivers.status import BAD_NO_COMMUNICATION, GOOD
from heatpump_twin.rules.engine import RuleEngine
from heatpump_twin.rules.pack import load_packs
from heatpump_twin.runtime.assembly import assemble
from heatpump_twin.twin_engine.engine import Engine
from heatpump_twin.twin_engine.model.calibration.calibrate import calibrate
from heatpump_twin.twin_engine.model.calibration.machine_course import machine_course
from heatpump_twin.twin_engine.model.calibration.water_fit import fit_water
from heatpump_twin.twin_engine.model.house.envelope import Envelope
from heatpump_twin.twin_engine.model.house.room_model import RoomModel
from heatpump_twin.twin_engine.model.shadow.shadow_points import BY_LOAD, OF_RUNS, SHADOWED
from heatpump_twin.twin_engine.model.water.learnt_model import LearntModel

S = 1_000_000
START = 1_767_225_600 * S
STEP = 20
DEVICES = (
    ("water_flow", "meter_supply_temperature", "meter_return_temperature"),
    ("electrical_power",),
    (
        "compressor_running", "defrost_active", "supply_temperature", "return_temperature",
        "outdoor_temperature", "supply_setpoint", "dhw_temperature", "valve_direction",
        "operation_cycle", "unit_enabled", "compressor_frequency", "fault_active", "error_code",
        "operating_mode", "dhw_heater_on", "room_temperature",
    ),
)  # fmt: skip
"""What comes in one frame, device by device."""
SITE = load_site("default", environment={})
PUMP = SITE.heat_pumps[0]
SPECS = CATALOGUE["heat_pump"]
JUDGED = ("sensor_implausible",)
PHASES = (Phase.explicit, Phase.reuse, Phase.generate)


def learnt() -> LearntModel:
    record = KnownMachine().record()
    card = calibrate(record, PUMP.plate, heat_pump=PUMP.id, now=0, software="test").card
    water = known_water()
    fitted = fit_water(water, machine_course(water, PUMP.plate))
    room = RoomModel.of(
        Envelope(), (2.0, 1.0, 1.0, 0.3, 0.6), np.full((2, 24), 300.0), (-10.0, 15.0),
        warmest=24.5, lit=0.4, with_light=False, spread=0.15,
    )  # fmt: skip
    return LearntModel(card.machine_model(), fitted, room)


MODEL = learnt()


@dataclass
class Twin:
    """Engine, shadow and rules of the default site."""

    def __post_init__(self) -> None:
        self.clock = ManualClock(START)
        assembly = assemble(SITE, None)
        self.table = assembly.table
        models = {PUMP.id: MODEL}
        self.engine = Engine(SITE, self.table, self.clock, lambda _: None, models=models)
        self.rules = RuleEngine(load_packs(SITE.rules.packs), SITE, self.table)
        self.rules.follow(self.engine.image)
        self.rules.advance(START)
        self.alarms: list[tuple[str, bool]] = []

    def take(self, values: dict[str, float], second: int) -> None:
        known = self.table.by_asset[PUMP.id]
        own = {point: value for point, value in values.items() if point in known}
        value = np.array([*own.values()])
        time = START + second * S
        self.clock.set(max(time, self.clock.now()))
        status = np.where(np.isnan(value), BAD_NO_COMMUNICATION, GOOD)
        self.engine.take(Frame.of([known[point].index for point in own], value, status, time))

    def look(self, second: int) -> None:
        found = self.rules.advance(START + second * S)
        # A sensor is judged with each frame, also while others of its second are still to come.
        told = (c for c in found if c.alarm.asset == PUMP.id and c.alarm.rule not in JUDGED)
        self.alarms += [(c.alarm.key, c.active) for c in told]

    @property
    def shadow(self) -> dict[str, tuple[float, int]]:
        image = self.engine.image
        return {
            point.id: (float(image.value[point.index]), int(image.status[point.index]))
            for point in self.table.by_asset[PUMP.id].values()
            if point.spec.role in SHADOWED
        }


def history(seed: int) -> Iterator[dict[str, float]]:
    """Yield what devices show step by step: heating, hot water, defrosts, rest, and gaps."""
    rng = np.random.default_rng(seed)
    kinds = ("heating", "hot water", "heating", "defrost", "rest")
    while True:
        kind = kinds[rng.integers(len(kinds))]
        air, extra = rng.uniform(-4.0, 9.0), rng.uniform(1.0, 1.5)
        for _ in range(rng.integers(15, 60)):
            running = kind != "rest"
            water = 46.0 if kind == "hot water" else 35.0
            heat = {"rest": 0.0, "defrost": -2000.0}.get(kind, 3500.0)
            values = {
                "water_flow": 14.0,
                "meter_supply_temperature": water + rng.normal(0.0, 0.05),
                "meter_return_temperature": water - heat / 970.0,
                "electrical_power": (extra * 900.0 if running else 40.0) + rng.normal(0.0, 5.0),
                "compressor_running": float(running),
                "defrost_active": float(kind == "defrost"),
                "supply_temperature": water,
                "return_temperature": water - heat / 970.0,
                "outdoor_temperature": air,
                "supply_setpoint": 36.0 - 0.6 * air,
                "dhw_temperature": 45.0,
                "valve_direction": float(kind == "hot water"),
                "operation_cycle": 0.0,
                "unit_enabled": 1.0,
                "compressor_frequency": 50.0 * running,
                "fault_active": 0.0,
                "error_code": 0.0,
                "operating_mode": 2.0,
                "dhw_heater_on": 0.0,
                "room_temperature": 20.5 + 0.01 * air,
            }
            if rng.random() < 0.03:
                values[str(rng.choice([*values]))] = np.nan
            yield values


@settings(max_examples=4, deadline=None, phases=PHASES, derandomize=True)
@given(st.integers(0, 2**32), st.integers(0, 2**32))
def test_a_replay_says_what_was_said_live(seed: int, cut: int) -> None:
    order = random.Random(cut)
    live, replayed = Twin(), Twin()
    for step, values in zip(range(150), history(seed), strict=False):
        second = (step + 1) * STEP
        devices = list(DEVICES)
        order.shuffle(devices)
        for device in devices:
            live.take({point: values[point] for point in device}, second)
            if order.random() < 0.3:
                live.engine.settle()
        live.engine.settle()
        live.look(second)
        replayed.take(values, second)
        if step % 10 == 9:
            same(live, replayed)
    end = 160 * STEP
    live.look(end)
    replayed.look(end)
    assert live.alarms == replayed.alarms


def test_the_shadow_of_the_test_does_say_something() -> None:
    twin, good = Twin(), set[str]()
    for step, values in zip(range(400), history(1), strict=False):
        twin.take(values, (step + 1) * STEP)
        good |= {point for point, (_, status) in twin.shadow.items() if status >> 30 == 0}
    # A room is Good after a day and a half, and said before.
    assert np.isfinite(twin.shadow["room_temperature_residual_score"][0])
    wanted = {"cop_residual_score", "run_cop_residual", "supply_setpoint_residual"}
    assert {*wanted, "supply_temperature_residual", "dhw_temperature_residual"} <= good


def same(live: Twin, replayed: Twin) -> None:
    said, again = live.shadow, replayed.shadow
    for point, (value, status) in said.items():
        assert again[point][1] == status, point
        # What is summed over a run takes the values of a moment before all of it has come: one step
        # in some forty, where others take none.
        low, high = SPECS[point].range or (0.0, 1.0)
        rel = 0.05 if point in (*OF_RUNS, *BY_LOAD) else 0.01
        near = pytest.approx(value, rel=rel, abs=5e-4 * (high - low), nan_ok=True)
        assert again[point][0] == near, point
