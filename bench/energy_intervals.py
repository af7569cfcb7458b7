"""``python -m bench.energy_intervals``: how often the truth lies in the intervals, as a page.

Months of emulated plants of all seeds and climates, each measured by many meters whose errors are
drawn; some are not read for a while, or replaced. The figures are made by the functions that
`hptwin kpi` and the ledger use. It takes ten minutes of one core; the same seeds give the same
page.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import product
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np

from bench.plant_months import CLIMATES, MONTHS, Minutes, PlantMonth, heat_pump, live_month
from heatpump_twin.drivers.plant.physics.meters import ElectricityMeter, HeatMeter, heat_power
from heatpump_twin.drivers.plant.sensors import SENSORS, Sensor
from heatpump_twin.twin_engine.derive.energy.energy_curve import EnergyCurve, counter_curve
from heatpump_twin.twin_engine.derive.energy.energy_sources import EnergySource
from heatpump_twin.twin_engine.derive.operating_state import State
from heatpump_twin.twin_engine.derive.sources import WATER_PAIRS
from heatpump_twin.twin_engine.kpi.counting import CountingRules, tally_of
from heatpump_twin.twin_engine.kpi.figure import Figure
from heatpump_twin.twin_engine.kpi.heat_pump_record import HeatPumpRecord, RecordedEnergy
from heatpump_twin.twin_engine.kpi.meter_accuracy import ELECTRICITY_MPE, FLOW_MPE
from heatpump_twin.twin_engine.kpi.meter_classes import MeterClasses
from heatpump_twin.twin_engine.kpi.runs import stretches
from heatpump_twin.twin_engine.kpi.tally_figures import FigureMaker

PAGE = Path("docs/energy-intervals.md")
SEEDS = range(1, 13)
DRAWS = 6
_FIGURES = ("electricity", "heat", "spf_h4")
_TITLES = ("electricity", "heat", "SPF H4")
_CLASSES = MeterClasses("B", "2", electricity_metered=True, heat_metered=True)
_COLUMNS = frozenset({*_FIGURES, "heat_taken_back", "defrost_hours", "run_hours"})
_RULES = CountingRules(ZoneInfo("UTC"), None, None)
_RUNS = 200.0
"""More than this a compressor takes that runs. [W]"""
_READ = 60
"""A counter is read once an hour. [min]"""
_NOTHING = (np.empty(0, np.int64), np.empty(0))


class Measured(NamedTuple):
    """What meters with errors measure of a month, minute by minute."""

    power: Minutes
    """[W]"""
    flow: Minutes
    """[l/min]"""
    difference: Minutes
    """Supply less return. [K]"""
    calculated: Minutes
    """Heat that the calculator makes of flow and difference, over what it should. [-]"""


Draw = Callable[[PlantMonth, int], Measured]


def emulated(month: PlantMonth, number: int) -> Measured:
    """Return what the emulated plant's own meters measure, of one of many plants."""
    electricity, heat = ElectricityMeter(number, 2590.0), HeatMeter(number)
    of = [Sensor(number, point, SENSORS[point]) for point in WATER_PAIRS[0]]
    # Drift is of days: once a day is enough.
    days = month.time[::1440]
    supply, back = (np.repeat([s.error(t) for t in days.tolist()], 1440) for s in of)
    return Measured(
        month.power * electricity.measured(1.0, 0.0),
        month.flow * heat.measured_flow(1.0),
        month.supply - month.back + supply - back,
        np.ones(len(month.flow)),
    )


def of_class(draw: Callable[[np.random.Generator], float]) -> Draw:
    """Return meters of class B and 2 whose parts are each off by a share of what is permissible."""

    def measured(month: PlantMonth, number: int) -> Measured:
        rng = np.random.default_rng([number, month.seed, month.month])
        used, flow, pair, calculator = (draw(rng) for _ in range(4))
        true = np.maximum(month.supply - month.back, 3.0)
        constant, of_flow = FLOW_MPE["2"]
        # Of a nominal flow that is twice what goes through it.
        slower = 2 * heat_pump().plate.nominal_flow / np.maximum(month.flow, 1.0)
        return Measured(
            month.power * (1 + used * ELECTRICITY_MPE["B"]),
            month.flow * (1 + flow * (constant + of_flow * slower)),
            month.supply - month.back + pair * (0.005 * true + 0.09),
            1 + calculator * (0.005 + 0.03 / true),
        )

    return measured


def _normal(deviations: float) -> Callable[[np.random.Generator], float]:
    def draw(rng: np.random.Generator) -> float:
        while abs(error := rng.normal(0.0, 1.0 / deviations)) > 1.0:
            pass
        return error

    return draw


POPULATIONS: dict[str, Draw] = {
    "the emulated plant's own meters": emulated,
    "class B and 2, the MPE is three standard deviations": of_class(_normal(3.0)),
    "class B and 2, the MPE is two standard deviations": of_class(_normal(2.0)),
    "class B and 2, any error within the MPE as likely": of_class(lambda rng: rng.uniform(-1, 1)),
}


def figures(month: PlantMonth, measured: Measured, number: int) -> dict[str, Figure]:
    """Return the figures of a month by meters that are read each hour, with their mishaps."""
    q = heat_power(measured.flow, measured.difference, 0.0)
    used = _counter(measured.power / 60e3, 0.01)
    given = _counter(np.maximum(q, 0.0) * measured.calculated / 60e3, 0.1)
    volume = measured.flow.sum() / 1000.0
    rng = np.random.default_rng([7, number, month.seed, month.month])
    begin, end = month.start, int(month.time[-1])
    state = np.where(month.power > _RUNS, State.HEATING, State.STANDBY)
    state = np.where(month.defrosting > 0, State.DEFROST, state).astype(float)
    back = np.append(0.0, np.cumsum(np.minimum(q, 0.0) / 60e3))
    record = HeatPumpRecord(
        begin, end,
        RecordedEnergy(EnergySource(("electrical_energy",), True), [_read(month, used, rng)]),
        RecordedEnergy(EnergySource(("heat_energy",), True), [_read(month, given, rng)]),
        RecordedEnergy(
            EnergySource(("thermal_power",), True, True),
            [EnergyCurve(np.append(begin, month.time), back)],
        ),
        stretches(month.time - 60_000_000, state, begin, end),
        stretches(month.time - 60_000_000, (state != State.STANDBY) * 1.0, begin, end),
        [], _NOTHING, _NOTHING, 21.0,
    )  # fmt: skip
    tally = tally_of(record, heat_pump(), _RULES, _COLUMNS, np.array([begin, end]))
    heat = float(tally.amount["heat"][0])
    difference = heat / (1.163 * volume) if volume > 0 else np.nan
    return dict(FigureMaker(heat_pump(), _COLUMNS, _CLASSES).of(tally, difference).figures)


def _counter(energy: Minutes, digit: float) -> Minutes:
    return np.floor(np.append(0.0, np.cumsum(energy)) / digit + 1e-9) * digit + 5000.0


def _read(month: PlantMonth, counter: Minutes, rng: np.random.Generator) -> EnergyCurve:
    """Return the curve of a counter that is read each hour, with what may happen to it."""
    time = np.append(month.start, month.time)[::_READ]
    shown = counter[::_READ].copy()
    kept = np.ones(len(time), dtype=bool)
    kind, at = rng.random(), int(rng.integers(48, len(time) - 60))
    if kind < 0.25:
        kept[at : at + int(rng.integers(2, 48))] = False
    elif kind < 0.40:
        # Another meter, after some hours without one.
        gone = int(rng.integers(1, 12))
        kept[at : at + gone] = False
        shown[at + gone :] += rng.uniform(10.0, 900.0) - shown[at + gone]
    return counter_curve(time[kept], shown[kept], 10 * heat_pump().plate.max_power / 1000)


def truth(month: PlantMonth) -> dict[str, float]:
    """Return what meters without error would have shown."""
    q = heat_power(month.flow, month.supply, month.back)
    used, net = month.power.sum() / 60e3, q.sum() / 60e3
    return {"electricity": used, "heat": np.maximum(q, 0.0).sum() / 60e3, "spf_h4": net / used}


class Covered(NamedTuple):
    """Whether the truth lay in each figure's interval, and half its width over the value."""

    climate: str
    month: int
    population: str
    inside: tuple[bool, ...]
    width: tuple[float, ...]


def of_month(asked: tuple[int, int, int]) -> list[Covered]:
    """Return what the draws of one month give."""
    climate, seed, number = asked
    month = live_month(CLIMATES[climate], seed, number)
    true, found = truth(month), []
    for name, draw in POPULATIONS.items():
        for k in range(DRAWS):
            plant = 1 + k + DRAWS * (seed + 100 * climate)
            known = figures(month, draw(month, plant), k)
            some = [known[name] for name in _FIGURES]
            inside = tuple(f.low <= true[f.name] <= f.high for f in some)
            width = tuple((f.high - f.low) / 2 / f.value for f in some)
            found.append(Covered(CLIMATES[climate].name, number, name, inside, width))
    return found


def page(found: Sequence[Covered]) -> str:
    """Return the page."""
    return "\n".join(_lines(found)) + "\n"


def _lines(found: Sequence[Covered]) -> Iterator[str]:
    months = len(found) // len(POPULATIONS) // DRAWS
    seeds = months // len(CLIMATES) // len(MONTHS)
    chance = 200 * (0.9 * 0.1 / (months * DRAWS)) ** 0.5
    yield "# Intervals of energy and SPF"
    yield ""
    yield (
        f"Made by `python -m bench.energy_intervals --seeds {seeds}`: {months} months of emulated "
        "plants (three climates, a month of each season, `plant.house: varied`), each measured "
        f"by {DRAWS} sets of meters of each population, {len(found):,} sets in all. One counter "
        "in four is not read for 2 to 48 hours, one in seven is replaced after up to twelve "
        "hours without one. The truth is what meters without error would have shown; of SPF, "
        "with what defrosts took out of the water taken off. The interval is that of 90 %; in so "
        f"many of a hundred months the truth lay in it (by chance {chance:.1f} more or less, two "
        "standard deviations):"
    )
    yield ""
    yield f"| meters | {' | '.join(_TITLES)} | half the interval, mean |"
    yield "|---" * (len(_TITLES) + 2) + "|"
    for population in POPULATIONS:
        yield _row(population, [one for one in found if one.population == population])
    yield ""
    yield "The emulated plant's own meters, by climate and month:"
    yield ""
    yield f"| | {' | '.join(_TITLES)} | half the interval, mean |"
    yield "|---" * (len(_TITLES) + 2) + "|"
    own = [one for one in found if one.population == next(iter(POPULATIONS))]
    for climate, month in product(CLIMATES, MONTHS):
        some = [one for one in own if (one.climate, one.month) == (climate.name, month)]
        yield _row(f"{climate.name}, month {month}", some)


def _row(title: str, some: Sequence[Covered]) -> str:
    inside = 100 * np.mean([one.inside for one in some], axis=0)
    width = 100 * np.mean([one.width for one in some], axis=0)
    half = " / ".join(f"{w:.1f}" for w in width)
    return f"| {title} | {' | '.join(f'{share:.0f}' for share in inside)} | {half} % |"


def main() -> None:
    """Write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--seeds", type=int, default=len(SEEDS))
    wanted = parser.parse_args()
    asked = list(product(range(len(CLIMATES)), range(1, wanted.seeds + 1), MONTHS))
    with ProcessPoolExecutor(wanted.jobs) as pool:
        found = [one for some in pool.map(of_month, asked) for one in some]
    PAGE.write_text(page(found))


if __name__ == "__main__":
    main()
