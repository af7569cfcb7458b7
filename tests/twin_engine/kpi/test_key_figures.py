"""Key figures from arrays: against published numbers, and against what is known by construction."""

from __future__ import annotations

import math
from dataclasses import replace
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from heatpump_twin.config.settings import HeatPump
from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.drivers.status import UNCERTAIN_SUB_NORMAL
from heatpump_twin.twin_engine.derive.energy.counter_track import Doubt, NamedDoubt
from heatpump_twin.twin_engine.derive.energy.energy_curve import EnergyCurve, counter_curve
from heatpump_twin.twin_engine.derive.energy.energy_sources import EnergySource, heat_source
from heatpump_twin.twin_engine.derive.energy.period_columns import columns_of
from heatpump_twin.twin_engine.derive.operating_state import State
from heatpump_twin.twin_engine.history import Samples
from heatpump_twin.twin_engine.kpi.boundaries import Auxiliaries, boundaries, spf_gaps
from heatpump_twin.twin_engine.kpi.climate import degree_days, discomfort
from heatpump_twin.twin_engine.kpi.counting import CountingRules, tally_of
from heatpump_twin.twin_engine.kpi.energy_split import energy_split
from heatpump_twin.twin_engine.kpi.figure import Figure, ratio
from heatpump_twin.twin_engine.kpi.figure_needs import lacking
from heatpump_twin.twin_engine.kpi.heat_pump_figures import last_run_cop, run_cop
from heatpump_twin.twin_engine.kpi.heat_pump_record import HeatPumpRecord, RecordedEnergy
from heatpump_twin.twin_engine.kpi.meter_accuracy import electricity_error, heat_error
from heatpump_twin.twin_engine.kpi.meter_classes import MeterClasses
from heatpump_twin.twin_engine.kpi.runs import (
    Stretches,
    run_lengths,
    start_times,
    stretches,
    time_in,
)
from heatpump_twin.twin_engine.kpi.scop import ShownShare, scop_estimate, shown_share
from heatpump_twin.twin_engine.kpi.seasonal import (
    AVERAGE,
    WARMER,
    annual_consumption,
    cycling_cop,
    part_load,
    scop_on,
    seasonal_efficiency,
)
from heatpump_twin.twin_engine.kpi.tally import added
from heatpump_twin.twin_engine.kpi.tally_figures import FigureMaker, site_figures

S, HOUR = MICROSECONDS, 3600 * MICROSECONDS


def test_a_certificate_is_reckoned_as_its_laboratory_does():
    assert annual_consumption(5.0, 5.07) == pytest.approx(2037, rel=1e-3)
    assert 100 * seasonal_efficiency(5.07) == pytest.approx(199.8, rel=1e-3)
    # Hours of the standard's heating seasons.
    assert sum(AVERAGE.hours) == 4910
    assert sum(WARMER.hours) == 3590
    # The equivalent hours at full load follow from the bins.
    load = part_load(AVERAGE.temperatures, AVERAGE.design)
    assert (np.array(AVERAGE.hours) * load).sum() == pytest.approx(2066, rel=1e-3)


def test_a_season_at_one_cop_has_it_and_a_heater_lowers_it():
    hours = np.array(AVERAGE.hours, dtype=float)
    load = 5000 * part_load(AVERAGE.temperatures, AVERAGE.design)
    cop = np.full(len(load), 4.0)
    assert scop_on(hours, load, np.full(len(load), 5000.0), cop) == pytest.approx(4.0)
    assert scop_on(hours, load, np.full(len(load), 3000.0), cop) < 3.95
    assert cycling_cop(np.array([4.0]), np.array([1.3])) == pytest.approx(4.0)
    # Half of the time on: 0.5 / (0.9 · 0.5 + 0.1).
    assert cycling_cop(np.array([4.0]), np.array([0.5])) == pytest.approx(4.0 * 0.5 / 0.55)


def curve(*knots: tuple[float, float]) -> EnergyCurve:
    time, energy = zip(*knots, strict=True)
    return EnergyCurve(np.array([round(t * HOUR) for t in time]), np.array(energy))


METER = EnergySource(("electrical_energy",), metered=True)
HEAT_METER = EnergySource(("heat_energy",), metered=True)
NOTHING = Stretches(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))
NO_VALUES = (np.empty(0, np.int64), np.empty(0))
ZONE = ZoneInfo("Europe/Madrid")
RULES = CountingRules(ZONE, None, None)
IDS = frozenset(
    {"electrical_energy", "heat_energy", "compressor_on", "operating_state", "unit_enabled"}
    | {"defrost_active", "dhw_heating", "backup_heater_on", "outdoor_temperature", "thermal_power"}
)
COLUMNS = columns_of(IDS, None)
CLASSES = MeterClasses("B", "2", electricity_metered=True, heat_metered=True)


def pump(**plate: float) -> HeatPump:
    rated = {"outdoor": 7, "water": 35, "capacity": 5000, "power": 1000}
    required = {"manufacturer": "", "model": "", "nominal_flow": 15, "max_power": 3000}
    meter = {"id": "meter", "profile": "eastron-sdm120", "connection": "emulated"}
    return HeatPump.model_validate(
        {
            "id": "hp1",
            "name": "HP",
            "plate": {**required, "heating": [rated], **plate},
            "devices": [meter],
        }
    )


def held(*parts: tuple[float, float, float]) -> Stretches:
    """Return stretches from (begin, end, value), in hours."""
    begin, end, value = (np.array(column) for column in zip(*parts, strict=True))
    return Stretches((begin * HOUR).astype(np.int64), (end * HOUR).astype(np.int64), value * 1.0)


def record(
    hours: float,
    used: EnergyCurve,
    given: EnergyCurve | None = None,
    state: Stretches = NOTHING,
    runs: Stretches = NOTHING,
    **heaters: Stretches,
) -> HeatPumpRecord:
    heat = RecordedEnergy(HEAT_METER, [given]) if given else RecordedEnergy(None, ())
    return HeatPumpRecord(
        0, round(hours * HOUR), RecordedEnergy(METER, [used]), heat, RecordedEnergy(None, ()),
        state, runs, list(heaters.items()), NO_VALUES, NO_VALUES, 21.0,
    )  # fmt: skip


def edges(*hours: float) -> np.ndarray:
    return np.array([round(hour * HOUR) for hour in hours], dtype=np.int64)


def figures(of: HeatPumpRecord, machine: HeatPump | None = None) -> dict[str, Figure]:
    machine = machine or pump()
    at = np.array([of.start, of.end])
    tally = tally_of(of, machine, RULES, COLUMNS, at)
    return dict(FigureMaker(machine, COLUMNS, CLASSES).of(tally, math.nan).figures)


def test_the_interval_is_that_of_the_class_and_widens_with_what_is_missing():
    whole = figures(record(24, curve((0, 0), (24, 48))))["electricity"]
    error = electricity_error("B", metered=True)
    assert (whole.value, whole.doubts) == (48, ())
    assert (whole.low, whole.high) == pytest.approx((48 * (1 - error), 48 * (1 + error)))
    part = figures(record(24, curve((0, 0), (12, 24))))
    # The latest reading counts for five minutes.
    assert part["electricity"].doubts == ("50.3% of the time",)
    assert part["electricity"].high > 48  # as much again may have been used
    assert part["electricity_completeness"].value == pytest.approx(50.35, abs=0.01)
    assert heat_error(None, 3.0, metered=True) > heat_error(None, 8.0, metered=True)
    assert heat_error("1", 5.0, metered=True) < heat_error("3", 5.0, metered=True)
    assert electricity_error("A", metered=True) == pytest.approx(
        4 * electricity_error("C", metered=True)
    )
    assert electricity_error(None, metered=False) > electricity_error("A", metered=True)


def test_a_replaced_meter_is_named_and_what_it_missed_is_in_the_interval():
    hours = np.arange(48)
    shown = np.where(hours < 20, 500 + hours * 1.0, 7000 + hours * 1.0)
    energy = figures(record(47, counter_curve(hours * HOUR, shown, 5.0)))["electricity"]
    assert "replaced" in energy.doubts
    assert energy.low <= 47 <= energy.high


def test_energy_goes_to_the_span_and_the_state_in_which_it_was_used():
    state = held((0, 2, State.HEATING), (2, 3, State.HOT_WATER), (5, 10, State.STANDBY))
    used = curve((0, 0), (2, 4), (3, 10), (10, 10.7))
    each_minute = np.arange(0, 601) * 60 * S
    used = EnergyCurve(each_minute, np.interp(each_minute, used.time, used.energy))
    of = record(10, used, state=state)
    split = energy_split(of.electricity, of, pump().plate, edges(0, 1, 2.5, 10), heat=False)
    assert split.energy == pytest.approx([2.0, 5.0, 3.7])
    assert split.by_state[State.HEATING] == pytest.approx([2.0, 2.0, 0.0])
    assert split.by_state[State.HOT_WATER] == pytest.approx([0.0, 3.0, 3.0])
    assert split.by_state[State.STANDBY] == pytest.approx([0.0, 0.0, 0.5])
    assert split.unassigned == pytest.approx([0.0, 0.0, 0.2])
    tally = tally_of(of, pump(), RULES, COLUMNS, edges(0, 1, 2.5, 10))
    assert tally.doubtful["electricity_heating"].tolist() == [False, False, True]
    whole = tally.total()
    names = [name for name in whole.amount if name.startswith("electricity_")]
    parts = sum(float(whole.amount[name][0]) for name in names)
    assert parts + 0.2 == pytest.approx(float(whole.amount["electricity"][0]))


def test_a_heater_has_what_its_plate_says_for_as_long_as_it_was_on():
    heater = held((0, 4, 0), (4, 5, 1), (5, 10, 0))
    of = record(
        10, curve((0, 0), (4, 4), (5, 8), (10, 13)), curve((0, 0), (10, 44)),
        state=held((0, 10, State.HEATING)), runs=held((0, 10, 1)), backup_heater_on=heater,
    )  # fmt: skip
    known = figures(of, pump(backup_power=2000, pump_power=50, source_power=100))
    assert known["electricity_heater"].value == known["heat_heater"].value == pytest.approx(2.0)
    assert known["electricity_heating"].value == pytest.approx(11.0)
    assert known["heater_hours"].value == pytest.approx(1.0)
    assert known["spf_h4"].value == pytest.approx(44 / 13)
    assert known["spf_h3"].value == pytest.approx(44 / 12.5)
    assert known["spf_h2"].value == pytest.approx(42 / 10.5)
    assert known["spf_h1"].value == pytest.approx(42 / 9.5)
    assert "fan or source pump by its plate" in known["spf_h1"].doubts
    # Of a heater that no plate tells of, nothing is claimed.
    unknown = figures(of)
    assert math.isnan(unknown["electricity_heater"].value)
    assert math.isnan(unknown["spf_h1"].value)
    assert "a heater was on, and has no power on the plate" in unknown["spf_h1"].doubts
    assert unknown["spf_h3"].value > unknown["spf_h4"].value


def test_spf_is_less_what_defrosts_took_back():
    power = np.array([4000.0, 4000, -3000, -3000, 4000, 4000, 0, -50, -50])
    time = (np.array([0, 2, 2.0001, 2.2, 2.2001, 5, 5.0001, 5.0002, 10]) * HOUR).astype(np.int64)
    below = np.minimum(power, 0.0)
    energy = np.append(0, np.cumsum((below[1:] + below[:-1]) / 2 * np.diff(time) / HOUR / 1000))
    of = record(
        10, curve((0, 0), (10, 10)), curve((0, 0), (10, 40)),
        state=held((0, 2, 2), (2, 2.2, State.DEFROST), (2.2, 5, 2), (5, 10, State.STANDBY)),
        runs=held((0, 5, 1), (5, 10, 0)),
    )  # fmt: skip
    with_power = replace(of, taken_back=RecordedEnergy(HEAT_METER, [EnergyCurve(time, energy)]))
    found = figures(with_power)
    # What the sensors differ by at rest is no heat.
    assert found["heat_taken_back"].value == pytest.approx(0.6, rel=0.01)
    assert found["heat"].value == 40
    assert found["spf_h4"].value == pytest.approx(3.94, rel=1e-3)
    assert "what defrosts took back is in it" in figures(of)["spf_h4"].doubts
    # So is the COP of runs: 20 kWh less what was taken back, over 5.
    assert run_cop(with_power).value == pytest.approx((20 - 0.6) / 5, rel=1e-3)
    assert last_run_cop(replace(with_power, runs=held((0, 1, 0), (1, 5, 1), (5, 10, 0)))).cop == (
        pytest.approx((16 - 0.6) / 4, rel=1e-3)
    )


def test_a_moment_makes_no_month_uncertain_and_lost_energy_does():
    minutes = np.arange(0, 30 * 1440) * 60 * S
    end = 30 * 24
    energy = EnergyCurve(minutes, minutes / HOUR * 0.5)
    seconds = 20 / 3600
    state = held((0, 100, State.HEATING), (100 + seconds, end, State.HEATING))
    runs = held((0, 100, 1), (100 + seconds, end, 1))
    at = edges(*range(0, end + 1, 24))
    of = record(end, energy, state=state, runs=runs)
    tally = tally_of(of, pump(), RULES, COLUMNS, at)
    month = tally.total()
    for name in ("electricity", "electricity_heating", "starts", "run_hours"):
        assert not month.doubtful[name].any(), name
    # An hour in which it is not known what the machine did, of a day: that is doubtful.
    away = held((0, 100, State.HEATING), (101, end, State.HEATING))
    tally = tally_of(record(end, energy, state=away, runs=away), pump(), RULES, COLUMNS, at)
    assert tally.doubtful["electricity_heating"].tolist() == [i == 4 for i in range(30)]
    assert not tally.total().doubtful["electricity_heating"].any()
    lost = EnergyCurve(
        energy.time, energy.energy, (NamedDoubt(Doubt.RESET, 9 * HOUR, 9 * HOUR + 60 * S),)
    )
    tally = tally_of(record(end, lost, state=state, runs=runs), pump(), RULES, COLUMNS, at)
    assert tally.total().doubtful["electricity"].all()


def test_runs_are_those_that_were_seen():
    minutes = np.arange(0, 600)
    on = ((minutes % 60) < 20).astype(float)  # ten runs of twenty minutes
    of = stretches(minutes * 60 * S, on, 0, 600 * 60 * S)
    # The first was on already.
    assert len(start_times(of)) == 9
    assert time_in(of, edges(0, 0.5, 10), lambda v: v == 1) / HOUR == pytest.approx([1 / 3, 3])
    assert {f.name: f.value for f in run_lengths(of)}["run_length_median"] == pytest.approx(20)
    # After twenty minutes without a sample nothing is known: no start, and no hour.
    kept = (minutes < 200) | (minutes > 400)
    gap = stretches(minutes[kept] * 60 * S, on[kept], 0, 600 * 60 * S)
    assert 3 < len(start_times(gap)) < 9
    known = figures(record(10, curve((0, 0), (10, 10)), runs=gap))
    assert known["starts"].doubts == ("69.7% of the time",)
    assert known["operation_completeness"].value == pytest.approx(69.7, abs=0.1)
    assert known["starts_per_hour"].value == known["starts"].value / known["run_hours"].value


def test_degree_days_and_discomfort():
    time = np.arange(0, 49) * HOUR
    days, known = degree_days(time, np.full(49, 5.5), edges(0, 24, 48))
    assert days == pytest.approx([10.0, 10.0])
    assert known == pytest.approx([24 * HOUR] * 2)
    cold, _ = discomfort(time, np.full(49, 19.5), 21.0, edges(0, 48))
    assert cold == pytest.approx([2.0])
    # A line through the edge between two samples is cut there.
    ramp, _ = degree_days(np.array([0, 2 * HOUR]), np.array([15.5, 13.5]), edges(0, 1, 2))
    assert ramp * 24 == pytest.approx([0.5, 1.5])
    nothing, known = degree_days(*NO_VALUES, edges(0, 1))
    assert np.isnan(nothing).all()
    assert known.tolist() == [0.0]
    # What is more than three hours without a sample is not known.
    away = np.array([0, HOUR, 9 * HOUR, 10 * HOUR])
    assert degree_days(away, np.full(4, 5.5), edges(0, 10))[1] == pytest.approx([2 * HOUR])


def test_boundaries_without_a_meter_of_their_own_say_so():
    heat = Figure("heat", "kWh", 300.0, 290.0, 310.0)
    used = Figure("electricity", "kWh", 100.0, 99.0, 101.0)
    others = Auxiliaries(4.0, None, 0.0, heaters_told=True, backup_heat=0.0)
    h1, h2, h3, h4 = (b.spf for b in boundaries(heat, used, others))
    assert h4.value == pytest.approx(3.0)
    assert h4.low < 3.0 < h4.high
    assert not h4.doubts
    assert h1.value == h2.value == h3.value == pytest.approx(300 / 96)
    assert "pump by its plate" in h3.doubts
    assert "fan or source pump not told apart: as H2" in h1.doubts
    untold = Auxiliaries(4.0, None, 0.0, heaters_told=False, backup_heat=0.0)
    assert all(
        "whether a heater is behind the meter is not told" in b.spf.doubts
        for b in boundaries(heat, used, untold)
    )
    assert math.isnan(ratio("SPF", heat, Figure("electricity", "kWh", 0.0, 0.0, 0.0)).value)
    assert spf_gaps(pump().plate, IDS) == 1 + 4 + 16
    assert spf_gaps(pump(source_power=40, backup_power=3000).plate, IDS) == 1 + 2 + 8
    assert spf_gaps(pump().plate, {"controller_heat_energy"}) == 1 + 4 + 16 + 32


def test_a_site_adds_its_heat_pumps_and_divides_only_what_belongs_together():
    first = record(10, curve((0, 0), (10, 10)), curve((0, 0), (10, 40)), runs=held((0, 10, 1)))
    second = record(10, curve((0, 0), (10, 30)), runs=held((0, 5, 0), (5, 10, 1)))
    at = edges(0, 10)
    tallies = [tally_of(one, pump(), RULES, COLUMNS, at) for one in (first, second)]
    both = [FigureMaker(pump(), COLUMNS, CLASSES).of(tally, math.nan) for tally in tallies]
    site = site_figures(both)
    assert site["electricity"].value == pytest.approx(40)
    assert site["starts"].value == 1
    assert site["starts_per_hour"].value == pytest.approx(1 / 15)
    # Heat of one and electricity of another make no SPF.
    assert site["spf_h4"].value == pytest.approx(4.0)
    assert "1 of 2 heat pumps" in site["heat"].doubts
    joint = added(tallies, COLUMNS)
    assert joint.amount["electricity"] == pytest.approx([40])
    assert joint.doubtful["heat"].tolist() == [True]
    assert joint.known["heat"] == pytest.approx([5 * HOUR])


def test_a_scop_is_scaled_by_what_the_machine_has_shown():
    minutes = np.arange(0, 20 * 60) * 60 * S
    n = len(minutes)
    expected = Samples(np.full(n, 4.0), np.zeros(n, np.uint32), minutes)
    shown = shown_share(Samples(np.full(n, 3.6), np.zeros(n, np.uint32), minutes + S), expected)
    assert shown.share == pytest.approx(0.9)
    assert shown.hours == pytest.approx(20, abs=0.1)
    promised = scop_estimate(pump(), ShownShare(1.0, 0.0))
    assert "by the plate alone" in promised.doubts
    assert scop_estimate(pump(), shown).value == pytest.approx(0.9 * promised.value)
    # What is not Good is no proof, and a few hours are none either.
    uncertain = np.full(n, UNCERTAIN_SUB_NORMAL, np.uint32)
    assert shown_share(Samples(np.full(n, 3.6), uncertain, minutes), expected).hours == 0
    few = scop_estimate(pump(), ShownShare(0.5, 3.0))
    assert few.value == promised.value


def test_what_a_site_lacks_is_named():
    assert lacking({"electrical_power"}).keys() >= {"heat", "SPF", "degree days"}
    counters = {"heating_heat_energy", "dhw_heat_energy"}
    assert heat_source(counters).points == ("heating_heat_energy", "dhw_heat_energy")
    assert heat_source({"dhw_heat_energy"}) is None
    both = {*counters, "heating_electrical_energy", "dhw_electrical_energy"}
    assert lacking(both).keys() >= {"runs and starts", "degree days"}
    assert not lacking(both).keys() & {"electricity", "heat", "SPF", "energy by use"}
    # One of two counters is not enough, and it is said which are needed together.
    assert ("heating_heat_energy", "dhw_heat_energy") in lacking({"dhw_heat_energy"})["heat"][0]


def test_only_what_a_machine_can_tell_is_a_figure_of_it():
    assert "electricity_cooling" not in COLUMNS
    assert {"electricity_defrost", "electricity_heater", "heat_heater", "spf_h1"} <= COLUMNS
    assert columns_of({"outdoor_temperature"}, None) == {"degree_days"}
    by_use = columns_of({"heating_electrical_energy", "dhw_electrical_energy"}, None)
    assert by_use == {
        "electricity", "electricity_completeness", "electricity_heating", "electricity_hot_water",
    }  # fmt: skip
