"""How well a month of an emulated house tells the next: ``python -m bench.house_months``.

Each house is drawn by its seed: house, emitters, machine, climate, people. Thirty days of what its
sensors show are learnt from; the next thirty are predicted from the weather alone. The weather is
given with its irradiance, as a weather service tells it. The plant's physics are others than the
model's, and no substitute for real houses. Prints the table of docs/house-model.md.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

from bench.observed_plant import Installation
from heatpump_twin.config.load import load_site
from heatpump_twin.config.settings import HouseKind, SiteInfo
from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.drivers.frame import Times, Values
from heatpump_twin.drivers.plant.devices.emulated_heat_pump import EmulatedHeatPump
from heatpump_twin.twin_engine.model.calibration.calibrate import calibrate
from heatpump_twin.twin_engine.model.calibration.record import Record
from heatpump_twin.twin_engine.model.house.house_place import HousePlace
from heatpump_twin.twin_engine.model.simulation.simulate import Simulated, simulate
from heatpump_twin.twin_engine.model.whatif.model_machine import ModelMachine
from heatpump_twin.twin_engine.model.whatif.observed_house import ObservedHouse, observed_house
from heatpump_twin.twin_engine.model.whatif.outlook import HouseOutlook, by_day, outlook, steps_of

DAYS = 30
DAY = 86_400 * MICROSECONDS
_DRAWN = 40
LIGHT = "irradiance"
POINTS = (
    "electrical_power", "water_flow", "meter_supply_temperature", "meter_return_temperature",
    "supply_temperature", "return_temperature", "outdoor_temperature", "outdoor_humidity",
    "room_temperature", "dhw_temperature", "compressor_running", "defrost_active", "dhw_heating",
    "backup_heater_on", "dhw_heater_on", "supply_setpoint", "room_setpoint", "dhw_setpoint",
)  # fmt: skip


@dataclass(frozen=True)
class Judged:
    """What became of one house."""

    seed: int
    climate: str
    structure: str
    seconds: float
    """CPU time of the calibration of the house. [s]"""
    heat: float
    """Mean of the absolute errors of days, each over that day. [-]"""
    power: float
    room: float
    """Root mean square of half hours. [K]"""
    covered: dict[str, float]
    """Share of the days whose mean lies in the interval of 90 %."""


def main() -> None:
    """Print a line for each seed, then medians and the worst."""
    parser = argparse.ArgumentParser(prog="python -m bench.house_months", description=__doc__)
    parser.add_argument("--seeds", type=int, default=12, metavar="N")
    parser.add_argument("--no-irradiance", action="store_true", help="the weather has none")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="where records are kept")
    arguments = parser.parse_args()
    print("| seed | climate | structure | heat | electricity | room, K | covered: heat | "
          "electricity | room | fit, s |\n|--:|---|---|--:|--:|--:|--:|--:|--:|--:|")  # fmt: skip
    found = []
    for seed in range(1, arguments.seeds + 1):
        found.append(_judged(seed, known=not arguments.no_irradiance, keep=arguments.keep))
        print(_line(found[-1]), flush=True)
    print(_summary("median", found, statistics.median))
    print(_summary("worst", found, max))
    sys.stdout.flush()


def _judged(seed: int, *, known: bool, keep: Path | None) -> Judged:
    plant = Installation(seed)
    record = observed_months(plant, keep)
    if not known:
        columns = {point: c for point, c in record.columns.items() if point != LIGHT}
        record = replace(record, columns=columns)
    place = HousePlace(plant.climate.latitude, plant.climate.longitude, ZoneInfo("UTC"))
    middle, end = plant.begin + DAYS * DAY, plant.begin + 2 * DAYS * DAY
    learnt = record.between(plant.begin, middle)
    card = calibrate(learnt, plant.plate, heat_pump="hp1", now=middle, software="bench").card
    machine = ModelMachine(card.machine_model(), plant.plate.max_power)
    begin = time.process_time()
    view = outlook(observed_house(learnt, place), plant.plate, machine, place)
    taken = time.process_time() - begin
    whole = observed_house(record, place)
    cases = view.cases(whole.weather, _DRAWN, seed)
    run = simulate(cases, middle, end, every=30, warm_up=float(DAYS - 2))
    return _held(
        seed, plant, view, run, steps_of(whole, len(whole.time) // 2, len(whole.time)), taken
    )


def _held(
    seed: int, plant: Installation, view: HouseOutlook, run: Simulated, later: ObservedHouse,
    taken: float,
) -> Judged:  # fmt: skip
    """Hold the predicted month against the one that came."""
    columns: dict[str, Values] = {"heat": later.heat, "power": later.power, "room": later.room}
    errors, covered = {}, {}
    for name, column in columns.items():
        came = by_day(column[None], later.step)[0]
        said = view.days(run, name)
        errors[name] = float(np.mean(np.abs(said.value / came - 1.0)))
        covered[name] = float(np.mean(np.abs(said.value - came) <= said.half))
    room = float(np.sqrt(np.mean((run.of("room")[0] - later.room) ** 2)))
    structure = str(view.fit.house.structure)
    return Judged(
        seed, plant.climate.name, structure, taken, errors["heat"], errors["power"], room, covered
    )


def observed_months(plant: Installation, keep: Path | None) -> Record:
    """Return what sensors show in two months, each minute, with the light as it is."""
    path = keep and keep / f"house_{plant.seed}.npz"
    time = plant.begin + np.arange(2 * DAYS * 1440, dtype=np.int64) * 60 * MICROSECONDS
    kept = path is not None and path.exists()
    values = np.load(str(path))["values"] if kept else lived(plant, time)
    if path is not None and not kept:
        np.savez_compressed(path, values=values)
    columns = dict(zip((*POINTS, LIGHT), values, strict=True))
    ones = np.ones(len(time))
    return Record("hp1", True, time, 60.0, columns, dict.fromkeys(columns, ones))


def lived(plant: Installation, time: Times) -> Values:
    """Return what sensors show at times in µs, and the light as it is: shape (points, n)."""
    settings = load_site("default", environment={}).heat_pumps[0]
    climate = plant.climate
    place = SiteInfo(
        name=climate.name,
        latitude=climate.latitude,
        longitude=climate.longitude,
        timezone="UTC",
    )
    pump = EmulatedHeatPump(
        settings, place, plant.seed, int(time[0]),
        step=60.0, warm_up=((5 * 86_400, 60.0),), house=HouseKind.VARIED,
    )  # fmt: skip
    values = np.empty((len(POINTS) + 1, len(time)))
    for k, moment in enumerate(time.tolist()):
        pump.advance(moment)
        shown = [pump.read(point) for point in POINTS]
        values[:-1, k] = [np.nan if value is None else value for value in shown]
        values[-1, k] = pump.physics.weather.irradiance
    return values


def _line(one: Judged) -> str:
    shares = " | ".join(f"{one.covered[name]:.0%}" for name in ("heat", "power", "room"))
    return (
        f"| {one.seed} | {one.climate} | {one.structure} | {one.heat:.1%} | {one.power:.1%} | "
        f"{one.room:.2f} | {shares} | {one.seconds:.0f} |"
    )


def _summary(word: str, found: list[Judged], of: Callable[[list[float]], float]) -> str:
    """Return a line of the middle, or of the worst with their seeds."""

    def at(values: list[float], form: str) -> str:
        value = of(values)
        seed = f" ({found[values.index(value)].seed})" if of is max else ""
        return f"{value:{form}}{seed}"

    shares = [
        f"{statistics.mean(one.covered[name] for one in found):.0%}"
        for name in ("heat", "power", "room")
    ]
    mean = " | ".join(shares) if of is not max else " | | "
    errors = " | ".join((
        at([one.heat for one in found], ".1%"),
        at([one.power for one in found], ".1%"),
        at([one.room for one in found], ".2f"),
    ))  # fmt: skip
    return f"| {word} | | | {errors} | {mean} | {at([one.seconds for one in found], '.0f')} |"


if __name__ == "__main__":
    main()
