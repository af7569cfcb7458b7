from __future__ import annotations

import math

import numpy as np
import pytest

from heatpump_twin.config.catalogue import PointTable
from heatpump_twin.config.load import load_site
from heatpump_twin.config.settings import HistorianSettings
from heatpump_twin.drivers.clock import ManualClock
from heatpump_twin.drivers.frame import Frame
from heatpump_twin.drivers.protocol import MappedPoint
from heatpump_twin.drivers.status import (
    BAD_NO_COMMUNICATION,
    BAD_WAITING_FOR_INITIAL_DATA,
    GOOD,
    UNCERTAIN_SENSOR_NOT_ACCURATE,
    UNCERTAIN_SUB_NORMAL,
    is_bad,
    is_good,
)
from heatpump_twin.twin_engine.derive.deriver import Deriver
from heatpump_twin.twin_engine.historian.historian import Historian
from heatpump_twin.twin_engine.history import NO_SAMPLES
from heatpump_twin.twin_engine.image import Image
from heatpump_twin.twin_engine.site.point_table import build_table

S = 1_000_000
METER = {
    "water_flow": 14.3,
    "meter_supply_temperature": 35.0,
    "meter_return_temperature": 30.0,
    "heat_energy": 500.0,
}
ELECTRICITY = {"electrical_power": 1080.0, "electrical_energy": 100.0}
CONTROLLER = {
    "supply_temperature": 35.2,
    "return_temperature": 30.1,
    "unit_enabled": 1.0,
    "defrost_active": 0.0,
    "fault_active": 0.0,
    "valve_direction": 0.0,
}


class NoHistory:
    async def read_raw(self, key, start, end, *, limit, reverse=False):
        return NO_SAMPLES


class Bench:
    """An image with a deriver, fed device by device."""

    def __init__(self, clock: ManualClock, history=None, site=None, without: str = "") -> None:
        self.clock = clock
        self.site = site or load_site("default", environment={})
        self.without = without
        there = [p for p in (*METER, *ELECTRICITY, *CONTROLLER) if p != without]
        points = [MappedPoint(p, None) for p in there]
        self.table: PointTable = build_table({a.id: points for a in self.site.heat_pumps})
        self.image = Image(self.table, clock.now())
        self.deriver = Deriver(self.image, self.site, history or NoHistory(), clock)
        self.image.subscribe(self.deriver.derive)

    def feed(self, values: dict[str, float], asset: str = "hp1", status: int = GOOD) -> None:
        values = {p: value for p, value in values.items() if p != self.without}
        points = [self.table.by_key[f"{asset}.{p}"].index for p in values]
        value = list(values.values()) if status == GOOD else math.nan
        self.image.ingest(Frame.of(points, value, status, self.clock.now()))

    def feed_all(self, **changes: float) -> None:
        for device in (METER, ELECTRICITY, CONTROLLER):
            self.feed({p: changes.get(p, v) for p, v in device.items()})

    def run(self, seconds: int, **changes: float) -> None:
        for _ in range(seconds):
            self.clock.advance(1)
            self.feed_all(**changes)

    def __getitem__(self, point: str) -> tuple[float, int, int]:
        index = self.table.by_key[point if "." in point else f"hp1.{point}"].index
        image = self.image
        return float(image.value[index]), int(image.status[index]), int(image.time[index])


@pytest.fixture
def bench(clock) -> Bench:
    return Bench(clock)


def test_thermal_power_comes_from_the_heat_meter(bench):
    bench.feed_all()
    value, status, time = bench["thermal_power"]
    assert value == pytest.approx(4951, rel=0.01)
    assert (status, time) == (GOOD, bench.clock.now())


def test_without_the_meters_sensors_the_controllers_do_but_not_accurately(bench):
    bench.feed_all()
    bench.feed({"meter_supply_temperature": math.nan}, status=BAD_NO_COMMUNICATION)
    value, status, _ = bench["thermal_power"]
    assert value == pytest.approx(4951 * 5.1 / 5.0, rel=0.01)
    assert status == UNCERTAIN_SENSOR_NOT_ACCURATE


def test_before_the_first_sample_everything_waits(bench):
    bench.feed(METER)
    assert bench["compressor_on"][1] == BAD_WAITING_FOR_INITIAL_DATA
    assert bench["cop"][1] == BAD_WAITING_FOR_INITIAL_DATA


def test_cop_is_good_only_after_five_steady_minutes(bench):
    bench.run(299)
    assert not is_good(bench["cop"][1])
    assert not is_bad(bench["cop"][1])
    bench.run(2)
    value, status, time = bench["cop"]
    assert value == pytest.approx(4.58, rel=0.01)
    assert (status, time) == (GOOD, bench.clock.now())


@pytest.mark.parametrize(
    "change",
    [
        {"defrost_active": 1.0},
        {"meter_supply_temperature": 37.0},
    ],
)
def test_whatever_disturbs_the_machine_makes_cop_uncertain_for_five_minutes(bench, change):
    bench.run(301)
    assert is_good(bench["cop"][1])
    bench.run(1, **change)
    assert not is_good(bench["cop"][1])
    assert math.isfinite(bench["cop"][0])
    bench.run(299)
    assert not is_good(bench["cop"][1])
    bench.run(3)
    assert is_good(bench["cop"][1])


def test_cop_is_bad_when_a_meter_is_and_starts_over_after_it(bench):
    bench.run(301)
    bench.feed(ELECTRICITY, status=BAD_NO_COMMUNICATION)
    value, status, _ = bench["cop"]
    assert math.isnan(value)
    assert status == BAD_NO_COMMUNICATION
    bench.run(1)
    assert not is_good(bench["cop"][1])


def test_no_power_gives_no_cop_rather_than_infinity(bench):
    bench.feed_all(electrical_power=0.0)
    value, status, _ = bench["cop"]
    assert math.isnan(value)
    assert is_bad(status)


def test_a_good_value_is_never_nan(bench):
    rng = np.random.default_rng(3)
    for _ in range(400):
        bench.clock.advance(float(rng.choice([0.3, 1, 30])))
        for device in (METER, ELECTRICITY, CONTROLLER):
            bad = rng.random() < 0.1
            changed = {p: v * rng.choice([0.0, 0.5, 1.0, 2.0]) for p, v in device.items()}
            bench.feed(changed, status=BAD_NO_COMMUNICATION if bad else GOOD)
            value, status = bench.image.value, bench.image.status
            assert not np.any(np.isnan(value) & (status >> 31 == 0))
            assert not np.any(~np.isnan(value) & (status >> 31 == 1))


def test_states_and_difference(bench):
    bench.feed_all()
    assert bench["compressor_on"][0] == 1
    assert bench["operating_state"][0] == 2
    assert bench["temperature_difference"][0] == pytest.approx(5.1)
    bench.feed_all(valve_direction=1.0)
    assert bench["operating_state"][0] == 3
    bench.feed(CONTROLLER, status=BAD_NO_COMMUNICATION)
    assert is_bad(bench["operating_state"][1])
    assert is_good(bench["compressor_on"][1])


def test_energy_and_cop_of_the_day(bench):
    bench.feed_all()
    assert bench["electrical_energy_today"][0] == 0
    assert is_bad(bench["cop_today"][1])
    bench.clock.advance(24 * 3600 - 3660)  # 23:59 in Madrid
    bench.feed_all(heat_energy=540.0, electrical_energy=110.0)
    bench.clock.advance(120)
    bench.feed_all(heat_energy=540.0, electrical_energy=110.0)
    bench.clock.advance(3600)
    bench.feed_all(heat_energy=544.0, electrical_energy=111.0)
    assert bench["electrical_energy_today"][:2] == (1.0, GOOD)
    assert bench["heat_energy_today"][:2] == (4.0, GOOD)
    assert bench["cop_today"][:2] == (4.0, GOOD)


def test_one_asset_does_not_touch_another(clock):
    bench = Bench(clock, site=load_site("two-heat-pumps", environment={}))
    bench.feed(METER, "east")
    assert is_good(bench["east.thermal_power"][1])
    assert bench["west.thermal_power"][1] == BAD_WAITING_FOR_INITIAL_DATA


async def test_a_restart_goes_on_with_the_day(tmp_path, clock):
    url = f"sqlite:///{tmp_path / 'historian.sqlite'}"
    clock.advance(24 * 3600 - 3660)  # 23:59 in Madrid

    first = Bench(clock)
    historian = Historian(first.table, url, HistorianSettings(flush=0.02), clock)
    await historian.start()
    first.image.subscribe(historian.append)
    first.feed_all()
    clock.advance(120)
    first.feed_all()
    clock.advance(3600)
    first.feed_all(electrical_energy=101.5)
    await historian.stop()

    clock.advance(1800)
    historian = Historian(first.table, url, HistorianSettings(flush=0.02), clock)
    await historian.start()
    second = Bench(clock, historian)
    await second.deriver.start()
    second.feed_all(electrical_energy=102.0)
    await historian.stop()
    assert second["electrical_energy_today"][:2] == (2.0, GOOD)


async def test_what_was_used_while_the_twin_was_away_over_midnight_is_spread(tmp_path, clock):
    url = f"sqlite:///{tmp_path / 'historian.sqlite'}"
    clock.advance(20 * 3600 - 3600)  # 20:00 in Madrid
    first = Bench(clock)
    historian = Historian(first.table, url, HistorianSettings(flush=0.02), clock)
    await historian.start()
    first.image.subscribe(historian.append)
    first.feed_all(electrical_energy=108.0)
    await historian.stop()

    clock.advance(13 * 3600)  # 09:00
    historian = Historian(first.table, url, HistorianSettings(flush=0.02), clock)
    await historian.start()
    second = Bench(clock, historian)
    await second.deriver.start()
    second.feed_all(electrical_energy=114.0)
    await historian.stop()
    assert second["electrical_energy_today"][:2] == (
        pytest.approx(6 * 9 / 13),
        UNCERTAIN_SUB_NORMAL,
    )


def test_without_a_counter_the_power_is_integrated(clock):
    """The heat too: this heat meter has no counter that the profile maps."""
    site = load_site("default", environment={})
    points = {a.id: [MappedPoint(p, None) for p in (*METER, *ELECTRICITY)] for a in site.heat_pumps}
    without = {a: [p for p in ps if not p.id.endswith("_energy")] for a, ps in points.items()}
    table = build_table(without)
    image = Image(table, clock.now())
    deriver = Deriver(image, site, NoHistory(), clock)
    image.subscribe(deriver.derive)
    values = {p: v for p, v in {**METER, **ELECTRICITY}.items() if not p.endswith("_energy")}
    for _ in range(61):
        index = [table.by_key[f"hp1.{p}"].index for p in values]
        image.ingest(Frame.of(index, list(values.values()), GOOD, clock.now()))
        clock.advance(60)
    assert image.value[table.by_key["hp1.electrical_energy_today"].index] == pytest.approx(1.08)
    assert image.value[table.by_key["hp1.heat_energy_today"].index] == pytest.approx(4.95, rel=0.01)


def frosty_morning(bench: Bench) -> float:
    """Heat from midnight in Madrid on, with two defrosts; return what they took back. [kWh]"""
    bench.clock.advance(24 * 3600 - 3660 + 30)
    heat, used, back = 540.0, 110.0, 0.0
    for number in range(2 * 3600 // 10):
        defrost = number % 360 > 320
        supply = 25.0 if defrost else 35.0
        bench.feed_all(
            heat_energy=heat,
            electrical_energy=used,
            defrost_active=float(defrost),
            meter_supply_temperature=supply,
        )
        bench.clock.advance(10)
        power = bench["thermal_power"][0]
        # The counter of a heat meter counts up only.
        heat += max(power, 0.0) / 360e3
        back -= min(power, 0.0) / 360e3
        used += 1.08 / 360
    bench.feed_all(heat_energy=heat, electrical_energy=used)
    return back


def test_cop_today_is_less_what_defrosts_took_back(clock):
    bench = Bench(clock)
    bench.feed_all()
    back = frosty_morning(bench)
    heat, used = bench["heat_energy_today"][0], bench["electrical_energy_today"][0]
    assert back > 0.05 * heat
    value, status, _ = bench["cop_today"]
    assert value == pytest.approx((heat - back) / used, rel=1e-3)
    assert is_good(status)


async def test_what_defrosts_took_back_is_recalled_at_a_start(clock, tmp_path):
    bench = Bench(clock)
    url = f"sqlite:///{tmp_path / 'history.sqlite'}"
    historian = Historian(bench.table, url, HistorianSettings(flush=0.02), clock)
    await historian.start()
    bench.image.subscribe(historian.append)
    bench.feed_all()
    frosty_morning(bench)
    before = bench["cop_today"][0]
    await historian.stop()
    historian = Historian(bench.table, url, HistorianSettings(flush=0.02), clock)
    await historian.start()
    again = Bench(clock, history=historian)
    await again.deriver.start()
    again.feed({p: bench[p][0] for p in METER})
    again.feed({p: bench[p][0] for p in ELECTRICITY})
    again.feed(CONTROLLER)
    assert again["cop_today"][0] == pytest.approx(before, rel=2e-3)
    await historian.stop()


def test_a_power_has_taken_off_what_defrosts_took_back(clock):
    bench = Bench(clock, without="heat_energy")
    bench.feed_all()
    frosty_morning(bench)
    heat, used = bench["heat_energy_today"][0], bench["electrical_energy_today"][0]
    assert bench["cop_today"][0] == pytest.approx(heat / used)
