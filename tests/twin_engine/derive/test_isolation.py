"""What fails fails alone: one point of one heat pump, one sink of the image."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from heatpump_twin.config.catalogue import CATALOGUE
from heatpump_twin.config.load import load_site
from heatpump_twin.drivers.clock import ManualClock
from heatpump_twin.drivers.frame import Frame
from heatpump_twin.drivers.protocol import MappedPoint
from heatpump_twin.drivers.status import (
    BAD_INTERNAL_ERROR,
    GOOD,
    UNCERTAIN_SUB_NORMAL,
    is_bad,
    is_good,
)
from heatpump_twin.twin_engine.derive.derivation import Derivation
from heatpump_twin.twin_engine.derive.derived_inputs import Chosen
from heatpump_twin.twin_engine.derive.derived_records import RECORDS
from heatpump_twin.twin_engine.derive.deriver import Deriver
from heatpump_twin.twin_engine.derive.water import heat_into_water
from heatpump_twin.twin_engine.history import NO_SAMPLES
from heatpump_twin.twin_engine.image import Image
from heatpump_twin.twin_engine.model.shadow.shadow import Shadow
from heatpump_twin.twin_engine.sample import Sample
from heatpump_twin.twin_engine.site.point_table import build_table
from heatpump_twin.twin_engine.site.site_deriver import SiteDeriver
from heatpump_twin.twin_engine.site.site_records import SITE_RECORDS

READINGS = {
    "water_flow": 14.3,
    "meter_supply_temperature": 35.0,
    "meter_return_temperature": 30.0,
    "heat_energy": 500.0,
    "electrical_power": 1080.0,
    "electrical_energy": 100.0,
    "outdoor_temperature": 7.0,
    "unit_enabled": 1.0,
}
UPSET = 13.0
"""A water flow at which the arithmetic of this test fails."""
OF_HEAT = ("thermal_power", "cop")


class NoHistory:
    async def read_raw(self, key, start, end, *, limit, reverse=False):
        return NO_SAMPLES

    async def before(self, key, time):
        return NO_SAMPLES


def heat_with_a_flaw(flow: Chosen, water: Chosen, states: Mapping[str, Sample]) -> Sample:
    (litres,) = flow.samples
    assert 1.0 / (litres.value - UPSET)  # a division by zero
    return heat_into_water(flow, water, states)


class Bench:
    """Two heat pumps, derived, and their site."""

    def __init__(self, clock: ManualClock, records=RECORDS, site_records=SITE_RECORDS) -> None:
        self.clock = clock
        self.site = load_site("two-heat-pumps", environment={})
        points = [MappedPoint(point, None) for point in READINGS]
        self.table = build_table({pump.id: points for pump in self.site.heat_pumps})
        self.image = Image(self.table, clock.now())
        derivation = Derivation(records, CATALOGUE["heat_pump"])
        self.deriver = Deriver(self.image, self.site, NoHistory(), clock, derivation)
        totals = SiteDeriver(self.image, self.site, NoHistory(), clock, site_records)
        self.shadow = Shadow(self.image, self.site, NoHistory(), clock)
        self.image.subscribe(self.deriver.derive)
        self.image.subscribe(self.shadow.take)
        self.image.subscribe(totals.derive)

    def poll(self, asset: str, **changes: float) -> None:
        readings = READINGS | changes
        points = [self.table.by_asset[asset][point].index for point in readings]
        self.image.ingest(Frame.of(points, list(readings.values()), GOOD, self.clock.now()))

    def second(self, **east: float) -> list[dict]:
        """Poll both; return what was logged."""
        self.clock.advance(1)
        with capture_logs() as logs:
            self.poll("east", **east)
            self.poll("west")
        return logs

    def __getitem__(self, key: str) -> tuple[float, int]:
        index = self.table.by_key[key].index
        return float(self.image.value[index]), int(self.image.status[index])


def flawed(clock: ManualClock) -> Bench:
    return Bench(
        clock,
        [
            replace(record, function=heat_with_a_flaw) if record.id == "thermal_power" else record
            for record in RECORDS
        ],
    )


def test_an_exception_is_that_points_and_what_follows_from_it(clock):
    bench = flawed(clock)
    assert bench.second() == []
    assert bench["east.thermal_power"] == bench["west.thermal_power"]

    logs = bench.second(water_flow=UPSET)
    assert [(log["point"], log["exc_info"]) for log in logs] == [("east.thermal_power", True)]
    for point in OF_HEAT:
        value, status = bench[f"east.{point}"]
        assert math.isnan(value)
        assert status == BAD_INTERNAL_ERROR, point
        assert not is_bad(bench[f"west.{point}"][1]), point
    assert bench["east.compressor_on"] == (1.0, GOOD)
    assert is_good(bench["east.operating_state"][1])
    assert bench["east.electrical_energy_today"][0] == 0.0
    # The site goes on with the other one.
    assert bench["site.thermal_power"] == (bench["west.thermal_power"][0], UNCERTAIN_SUB_NORMAL)
    assert bench["site.electrical_power"] == (2 * 1080.0, GOOD)


def test_it_is_logged_once_and_again_after_it_had_worked(clock):
    bench = flawed(clock)
    assert len(bench.second(water_flow=UPSET)) == 1
    assert bench.second(water_flow=UPSET) == []
    assert [log["log_level"] for log in bench.second()] == ["info"]
    assert is_good(bench["east.thermal_power"][1])
    assert bench["east.thermal_power"] == bench["west.thermal_power"]
    assert bench.second() == []
    assert len(bench.second(water_flow=UPSET)) == 1


async def test_a_plate_that_cannot_be_reckoned_with_costs_its_expectation_only(clock):
    bench = Bench(clock)
    east = bench.site.heat_pumps[0]
    point = east.plate.heating[0].model_copy(update={"outdoor": math.nan})
    plate = east.plate.model_copy(update={"heating": [point]})
    bench.shadow.remove("east")
    with capture_logs() as logs:
        await bench.shadow.add(east.model_copy(update={"plate": plate}))
    assert [(log["event"], log["heat_pump"]) for log in logs] == [
        ("a heat pump has no shadow", "east")
    ]
    assert bench.second() == []
    assert bench["east.expected_electrical_power"][1] == BAD_INTERNAL_ERROR
    assert bench["east.cop_residual"][1] == BAD_INTERNAL_ERROR
    assert bench["east.thermal_power"] == bench["west.thermal_power"]
    assert not is_bad(bench["west.expected_electrical_power"][1])


def test_a_total_that_cannot_be_computed_costs_that_total_only(clock):
    def flaw(reading) -> tuple[float, int]:
        return 1.0 / (float(reading.value[0]) - UPSET), GOOD

    records = [
        replace(record, function=flaw, takes=("water_flow",))
        if record.id == "thermal_power"
        else record
        for record in SITE_RECORDS
    ]
    bench = Bench(clock, site_records=records)
    assert bench.second() == []
    logs = bench.second(water_flow=UPSET)
    assert [(log["point"], log["exc_info"]) for log in logs] == [("site.thermal_power", True)]
    assert bench["site.thermal_power"][1] == BAD_INTERNAL_ERROR
    assert bench["site.electrical_power"] == (2 * 1080.0, GOOD)
    assert bench.second(water_flow=UPSET) == []
    bench.second()
    assert bench["site.thermal_power"] == (pytest.approx(1 / 1.3), GOOD)


def test_a_sink_that_fails_costs_nobody_else_a_frame(clock):
    bench = Bench(clock)
    frames: list[Frame] = []
    failing = True

    def sink(_: Frame) -> None:
        if failing:
            raise RuntimeError("full")

    bench.image.subscribe(sink)
    bench.image.subscribe(frames.append)
    logs = bench.second()
    told = [(log["log_level"], log["exc_info"]) for log in logs]
    assert told == [("error", True)]
    assert logs[0]["sink"].endswith("sink")
    count = len(frames)
    assert count >= 2
    assert bench.second() == []
    assert len(frames) > count
    failing = False
    assert [log["log_level"] for log in bench.second()] == ["info"]
    failing = True
    assert len(bench.second()) == 1
