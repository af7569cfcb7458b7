"""The site's totals: what they add up, and what they say when they cannot."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from heatpump_twin.config.load import load_site
from heatpump_twin.config.settings import HistorianSettings, Site
from heatpump_twin.config.tariff import Tariff
from heatpump_twin.drivers.clock import ManualClock
from heatpump_twin.drivers.frame import Frame
from heatpump_twin.drivers.protocol import MappedPoint
from heatpump_twin.drivers.status import (
    BAD_NO_COMMUNICATION,
    BAD_NO_DATA,
    BAD_WAITING_FOR_INITIAL_DATA,
    GOOD,
    UNCERTAIN_SENSOR_NOT_ACCURATE,
    UNCERTAIN_SUB_NORMAL,
    is_bad,
    is_good,
)
from heatpump_twin.twin_engine.historian.historian import Historian
from heatpump_twin.twin_engine.history import NO_SAMPLES
from heatpump_twin.twin_engine.image import Image
from heatpump_twin.twin_engine.site.point_table import build_table
from heatpump_twin.twin_engine.site.site_deriver import SiteDeriver

S = 1_000_000
MEASURED = (
    "water_flow",
    "meter_supply_temperature",
    "meter_return_temperature",
    "electrical_power",
    "electrical_energy",
    "heat_energy",
    "unit_enabled",
    "outdoor_temperature",
    "ambient_temperature",
    "outdoor_humidity",
)
RUNS = {
    "electrical_power": 1000.0,
    "thermal_power": 4000.0,
    "cop": 4.0,
    "compressor_on": 1.0,
    "operating_state": 2.0,
    "electrical_energy_today": 3.0,
    "heat_energy_today": 12.0,
    "outdoor_temperature": 7.0,
    "ambient_temperature": 7.5,
    "outdoor_humidity": 80.0,
}
RESTS = RUNS | {
    "electrical_power": 30.0,
    "thermal_power": 0.0,
    "cop": math.nan,
    "compressor_on": 0.0,
    "operating_state": 1.0,
}
NIGHT = {"from": "22:00", "to": "08:00", "price": 0.10}


def tariff(**changes: object) -> Tariff:
    parts = {"currency": "EUR", "price": 0.20, "periods": [NIGHT], "co2": 100.0}
    return Tariff.model_validate(parts | changes)


class NoHistory:
    async def read_raw(self, key, start, end, *, limit, reverse=False):
        return NO_SAMPLES


class Bench:
    """A site of some heat pumps whose derived points are set by hand."""

    def __init__(
        self,
        clock: ManualClock,
        heat_pumps: int = 3,
        tariff: Tariff | None = None,
        history=None,
        without: dict[str, set[str]] | None = None,
    ) -> None:
        self.clock = clock
        default = load_site("default", environment={})
        names = [f"hp{i}" for i in range(1, heat_pumps + 1)]
        pumps = [default.heat_pumps[0].model_copy(update={"id": name}) for name in names]
        self.site: Site = default.model_copy(update={"heat_pumps": pumps, "tariff": tariff})
        self.names = names
        missing = without or {}
        self.table = build_table(
            {
                name: [MappedPoint(p, None) for p in MEASURED if p not in missing.get(name, ())]
                for name in names
            },
            tariff=tariff,
        )
        self.image = Image(self.table, clock.now())
        self.deriver = SiteDeriver(self.image, self.site, history or NoHistory(), clock)
        self.image.subscribe(self.deriver.derive)

    def set(self, name: str, values: dict[str, float], status: int = GOOD) -> None:
        here = {p: v for p, v in values.items() if p in self.table.by_asset[name]}
        value = np.array([math.nan if is_bad(status) else v for v in here.values()])
        points = [self.table.by_asset[name][p].index for p in here]
        statuses = np.where(np.isnan(value), status if is_bad(status) else BAD_NO_DATA, status)
        self.image.ingest(Frame.of(points, value, statuses, self.clock.now()))

    def set_all(self, **states: dict[str, float]) -> None:
        """Set every heat pump, then let the site see it."""
        for name in self.names:
            self.set(name, states.get(name, RUNS))
        self.tick()

    def tick(self, seconds: float = 1.0) -> None:
        """Let time pass, and the first heat pump report something."""
        self.clock.advance(seconds)
        self.set(self.names[0], {"unit_enabled": 1.0})

    def lose(self, name: str) -> None:
        points = self.table.by_asset[name]
        self.set(name, dict.fromkeys(points, 0.0), BAD_NO_COMMUNICATION)

    def __getitem__(self, point: str) -> tuple[float, int]:
        index = self.table.by_asset["site"][point].index
        return float(self.image.value[index]), int(self.image.status[index])


@pytest.fixture
def bench(clock) -> Bench:
    return Bench(clock)


def test_totals_of_three_heat_pumps(bench):
    bench.set_all(hp2=RESTS, hp3=RUNS | {"operating_state": 6.0, "compressor_on": 0.0})
    assert bench["heat_pumps_running"] == (1.0, GOOD)
    assert bench["heat_pumps_in_fault"] == (1.0, GOOD)
    assert bench["heat_pumps_unreachable"] == (0.0, GOOD)
    assert bench["electrical_power"] == (2030.0, GOOD)
    assert bench["thermal_power"] == (8000.0, GOOD)
    assert bench["electrical_energy_today"] == (9.0, GOOD)
    assert bench["heat_energy_today"] == (36.0, GOOD)
    assert bench["cop_today"] == (4.0, GOOD)
    value, status = bench["cop"]
    assert value == pytest.approx(8000 / 2030)
    assert status == GOOD  # one rests, which is steady enough


def test_a_heat_pump_without_values_leaves_an_uncertain_sum(bench):
    bench.set_all()
    bench.lose("hp2")
    bench.tick()
    assert bench["electrical_power"] == (2000.0, UNCERTAIN_SUB_NORMAL)
    assert bench["thermal_power"] == (8000.0, UNCERTAIN_SUB_NORMAL)
    assert bench["cop"] == (4.0, UNCERTAIN_SUB_NORMAL)
    assert bench["heat_pumps_running"] == (2.0, UNCERTAIN_SUB_NORMAL)
    assert bench["heat_pumps_unreachable"] == (1.0, GOOD)


def test_energy_that_was_used_stays_used_when_a_heat_pump_falls_silent(bench):
    bench.set_all()
    bench.lose("hp2")
    bench.tick()
    assert bench["electrical_energy_today"] == (9.0, UNCERTAIN_SUB_NORMAL)
    bench.set("hp2", RUNS | {"electrical_energy_today": 3.5})
    bench.tick()
    assert bench["electrical_energy_today"] == (9.5, GOOD)


def test_without_any_value_a_total_is_bad_and_says_why(bench):
    bench.tick()
    for point in ("electrical_power", "thermal_power", "cop", "heat_pumps_running"):
        value, status = bench[point]
        assert math.isnan(value)
        assert status == BAD_WAITING_FOR_INITIAL_DATA
    bench.set_all()
    for name in bench.names:
        bench.lose(name)
    bench.clock.advance(1)
    bench.lose("hp1")
    for point in ("electrical_power", "thermal_power", "cop", "heat_pumps_running"):
        value, status = bench[point]
        assert math.isnan(value)
        assert status == BAD_NO_COMMUNICATION
    assert bench["heat_pumps_unreachable"] == (3.0, GOOD)


def test_a_heat_pump_without_a_meter_makes_the_total_uncertain_for_ever(clock):
    bench = Bench(clock, without={"hp3": {"electrical_power"}})
    bench.set_all()
    assert bench["electrical_power"] == (2000.0, UNCERTAIN_SUB_NORMAL)
    # Its heat is left out of the ratio: heat of three over electricity of two would flatter.
    assert bench["cop"] == (4.0, UNCERTAIN_SUB_NORMAL)
    assert bench["thermal_power"] == (12000.0, GOOD)


def test_cop_is_uncertain_while_one_heat_pump_is_not_steady(bench):
    bench.set_all()
    assert is_good(bench["cop"][1])
    bench.set("hp2", {"cop": 4.0}, UNCERTAIN_SUB_NORMAL)
    bench.tick()
    assert bench["cop"] == (4.0, UNCERTAIN_SUB_NORMAL)


def test_heat_after_a_stop_does_not_make_a_good_cop(bench):
    bench.set_all(hp2=RESTS | {"thermal_power": 900.0})
    assert not is_good(bench["cop"][1])
    bench.set_all(hp1=RESTS, hp2=RESTS, hp3=RESTS)
    value, status = bench["cop"]
    assert math.isnan(value)
    assert status == BAD_NO_DATA


def test_no_power_gives_no_cop(bench):
    off = RESTS | {"electrical_power": 0.0}
    bench.set_all(hp1=off, hp2=off, hp3=off)
    assert math.isnan(bench["cop"][0])
    assert bench["cop"][1] == BAD_NO_DATA


def test_the_weather_is_the_median_of_the_good_sensors(bench):
    bench.set_all()
    assert bench["outdoor_temperature"] == (7.25, GOOD)
    # One in the sun does not move it much, one that is not accurate is left out.
    bench.set("hp1", {"ambient_temperature": 31.0})
    bench.set("hp2", {"outdoor_temperature": -40.0}, UNCERTAIN_SENSOR_NOT_ACCURATE)
    bench.tick()
    assert bench["outdoor_temperature"] == (7.5, GOOD)
    assert bench["outdoor_humidity"] == (80.0, GOOD)


def test_the_weather_is_uncertain_when_most_sensors_are_gone(bench):
    bench.set_all()
    bench.lose("hp1")
    bench.lose("hp2")
    bench.tick()
    assert bench["outdoor_temperature"] == (7.25, UNCERTAIN_SUB_NORMAL)
    bench.set("hp3", {"outdoor_temperature": 6.0, "ambient_temperature": 8.0}, UNCERTAIN_SUB_NORMAL)
    bench.tick()
    assert bench["outdoor_temperature"] == (7.0, UNCERTAIN_SUB_NORMAL)
    bench.lose("hp3")
    bench.tick()
    assert bench["outdoor_temperature"][1] == BAD_NO_COMMUNICATION


def test_totals_are_computed_at_most_once_a_second(bench):
    frames: list[Frame] = []
    bench.set_all()
    site = {p.index for p in bench.table.by_asset["site"].values()}
    bench.image.subscribe(lambda frame: frames.append(frame) if frame.point[0] in site else None)
    for _ in range(100):
        bench.clock.advance(0.05)
        bench.set("hp1", {"electrical_power": 500.0})
    assert len(frames) == 5
    assert bench["electrical_power"] == (2500.0, GOOD)


async def test_the_site_does_not_fall_silent_with_its_devices(bench):
    bench.set_all()
    bench.set("hp1", {"electrical_power": 500.0})  # within the same second
    assert bench["electrical_power"] == (3000.0, GOOD)
    bench.clock.advance(1)
    computed = asyncio.Event()
    bench.image.subscribe(lambda _: computed.set())
    running = asyncio.create_task(bench.deriver.run())
    await computed.wait()
    running.cancel()
    assert bench["electrical_power"] == (2500.0, GOOD)


def test_a_day_ends_and_its_energies_with_it(clock):
    bench = Bench(clock, tariff=tariff())
    clock.advance(24 * 3600 - 3602)  # 23:59:58 in Madrid
    bench.set_all()
    assert bench["electrical_energy_today"] == (9.0, GOOD)
    bench.tick(2)
    # Midnight has passed, and no meter has been read since.
    assert bench["electrical_energy_today"] == (0.0, UNCERTAIN_SUB_NORMAL)
    assert bench["electricity_cost_today"][0] == 0.0
    for name in bench.names:
        bench.set(name, {"electrical_energy_today": 0.001, "heat_energy_today": 0.004})
    bench.tick()
    assert bench["electrical_energy_today"] == (pytest.approx(0.003), GOOD)


def test_a_night_that_begins_unread_costs_the_price_of_the_night(clock):
    bench = price_bench(clock, "23:59:59")
    used(bench, 5.0, 0.0)
    bench.tick(5)
    used(bench, 0.1, 60)
    assert bench["electricity_cost_today"] == (pytest.approx(0.3 * 0.10), GOOD)


def price_bench(clock: ManualClock, local: str, **changes: object) -> Bench:
    """Return a bench at a local time of 1 January 2026, a Thursday."""
    bench = Bench(clock, tariff=tariff(**changes))
    moment = datetime.fromisoformat(f"2026-01-01T{local}+01:00").timestamp()
    clock.advance(moment - clock.now() / S)
    return bench


def used(bench: Bench, energy: float, seconds: float = 1.0) -> None:
    bench.clock.advance(seconds)
    for name in bench.names:
        bench.set(name, RUNS | {"electrical_energy_today": energy})
    bench.tick()


def test_prices_follow_the_clock(clock):
    bench = price_bench(clock, "07:58:59")
    bench.tick()
    assert bench["electricity_price"] == (0.10, GOOD)
    assert bench["next_electricity_price"] == (0.20, GOOD)
    assert bench["electricity_price_change"] == (1.0, GOOD)
    bench.tick(60)
    assert bench["electricity_price"] == (0.20, GOOD)
    assert bench["electricity_price_change"] == (14 * 60.0, GOOD)


def test_energy_costs_the_price_of_its_time(clock):
    bench = price_bench(clock, "07:58:00")
    used(bench, 0.0)
    used(bench, 1.0)  # 3 kWh at night
    assert bench["electricity_cost_today"] == (pytest.approx(0.30), GOOD)
    bench.tick(10)
    assert bench["electricity_cost_today"] == (pytest.approx(0.30), GOOD)
    used(bench, 1.0, 119)
    used(bench, 1.5)  # 1.5 kWh by day
    assert bench["electricity_cost_today"] == (pytest.approx(0.60), GOOD)
    assert bench["co2_today"] == (pytest.approx(0.45), GOOD)


def test_energy_of_an_unseen_change_of_price_has_the_mean_and_is_uncertain(clock):
    bench = price_bench(clock, "07:00:00")
    used(bench, 0.0)
    used(bench, 1.0, 2 * 3600 - 1)  # half of it at night, half by day
    assert bench["electricity_cost_today"] == (
        pytest.approx(3 * 0.15, rel=1e-3),
        UNCERTAIN_SUB_NORMAL,
    )


def test_a_first_look_at_noon_prices_the_morning(clock):
    flat = price_bench(clock, "12:00:00", periods=[])
    used(flat, 2.0)
    assert flat["electricity_cost_today"] == (pytest.approx(6 * 0.20), GOOD)
    by_time = price_bench(clock, "12:00:00")
    used(by_time, 2.0)
    mean = (8 * 0.10 + 4 * 0.20) / 12
    value, status = by_time["electricity_cost_today"]
    assert value == pytest.approx(6 * mean, rel=1e-3)
    assert not is_good(status)


def test_costs_are_uncertain_without_one_heat_pump_and_bad_without_all(clock):
    bench = price_bench(clock, "12:00:00", periods=[])
    bench.set("hp1", RUNS)
    bench.tick()
    assert bench["electricity_cost_today"] == (pytest.approx(0.6), UNCERTAIN_SUB_NORMAL)
    nothing = Bench(clock, tariff=tariff())
    nothing.tick()
    assert is_bad(nothing["electricity_cost_today"][1])


@asynccontextmanager
async def recording(path: Path, bench: Bench) -> AsyncIterator[Historian]:
    """Run a historian of a bench's points."""
    url = f"sqlite:///{path / 'historian.sqlite'}"
    historian = Historian(bench.table, url, HistorianSettings(flush=0.02), bench.clock)
    await historian.start()
    yield historian
    await historian.stop()


async def test_a_restart_goes_on_with_energies_and_cost(tmp_path, clock):
    first = price_bench(clock, "07:50:00")
    async with recording(tmp_path, first) as historian:
        first.image.subscribe(historian.append)
        used(first, 0.0)
        used(first, 1.0)
        used(first, 2.0)  # 6 kWh at night
    assert first["electricity_cost_today"] == (pytest.approx(0.60), GOOD)

    clock.advance(1800)  # 08:20
    async with recording(tmp_path, first) as historian:
        second = Bench(clock, tariff=tariff(), history=historian)
        await second.deriver.start()
    second.tick()
    # Nobody has reported yet: what was used before is known, and that it may be more.
    assert second["electrical_energy_today"] == (pytest.approx(6.0), UNCERTAIN_SUB_NORMAL)
    assert second["electricity_cost_today"] == (pytest.approx(0.60), UNCERTAIN_SUB_NORMAL)
    for name in second.names:
        second.set(name, RUNS | {"electrical_energy_today": 2.1})
    second.tick()
    # What was used while it stood still, a third of it at night, is priced at the mean.
    value, status = second["electricity_cost_today"]
    assert value == pytest.approx(0.60 + 0.3 * (10 * 0.10 + 20 * 0.20) / 30, rel=0.01)
    assert status == UNCERTAIN_SUB_NORMAL
    assert second["electrical_energy_today"] == (pytest.approx(6.3), GOOD)


async def test_a_day_that_ended_meanwhile_is_not_taken_up(tmp_path, clock):
    first = price_bench(clock, "22:30:00")
    async with recording(tmp_path, first) as historian:
        first.image.subscribe(historian.append)
        used(first, 1.0)

    clock.advance(2 * 3600)
    async with recording(tmp_path, first) as historian:
        second = Bench(clock, tariff=tariff(), history=historian)
        await second.deriver.start()
    used(second, 0.2)
    assert second["electricity_cost_today"] == (pytest.approx(0.06), GOOD)


def test_a_site_without_an_outdoor_sensor_has_its_other_totals(clock):
    outdoor = {"outdoor_temperature", "ambient_temperature", "outdoor_humidity"}
    bench = Bench(clock, heat_pumps=1, without={"hp1": outdoor})
    bench.set_all()
    assert "outdoor_temperature" not in bench.table.by_asset["site"]
    assert bench["electrical_power"] == (1000.0, GOOD)
