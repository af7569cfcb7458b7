"""Rooms expected in the month after a house was learnt: ``python -m bench.room_shadow``.

The installations are those of `bench.house_months`: emulated, each drawn by its seed. Thirty days
are learnt from as `hptwin calibrate` does, without irradiance, as sites are without a weather
service that has it, and with it; the next thirty go through the shadow, read each quarter of an
hour. Prints the table of docs/computed-points.md. The plant's physics are others than the model's,
and no substitute for real houses.
"""

from __future__ import annotations

import argparse
import statistics
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from bench.house_months import DAY, DAYS, LIGHT, observed_months
from bench.observed_plant import Installation
from heatpump_twin.calibrating.calibrated_house import calibrate_house
from heatpump_twin.config.load import load_site
from heatpump_twin.config.settings import SiteInfo
from heatpump_twin.drivers.clock import ManualClock
from heatpump_twin.drivers.frame import Frame, Times, Values
from heatpump_twin.drivers.protocol import MappedPoint
from heatpump_twin.drivers.status import GOOD
from heatpump_twin.twin_engine.derive.operating_state import State
from heatpump_twin.twin_engine.engine import NO_HISTORY
from heatpump_twin.twin_engine.image import Image
from heatpump_twin.twin_engine.model.calibration.calibrate import calibrate
from heatpump_twin.twin_engine.model.calibration.record import Record
from heatpump_twin.twin_engine.model.house.house_place import HousePlace
from heatpump_twin.twin_engine.model.shadow.shadow import Shadow
from heatpump_twin.twin_engine.model.water.learnt_model import LearntModel
from heatpump_twin.twin_engine.model.whatif.observed_house import heat_of
from heatpump_twin.twin_engine.site.point_table import build_table

_TOGETHER = 15
"""Minutes of a record that are one frame."""
_MEASURED = (
    "outdoor_temperature", "room_temperature", "meter_supply_temperature",
    "meter_return_temperature", "supply_temperature", "water_flow", "compressor_running",
)  # fmt: skip
_SHOWN = ("expected_room_temperature", "expected_room_temperature_uncertainty")


class RoomMonth(NamedTuple):
    """What became of a month."""

    error: float
    """Root mean square of measured less expected, where that is Good. [K]"""
    promised: float
    """Standard deviation that the card has. [K]"""
    within: float
    """Share inside the interval of 90 %."""
    good: float
    """Share of the month, but for its first day and a half, in which it is Good."""


def main() -> None:
    """Print a line for each seed, then medians."""
    parser = argparse.ArgumentParser(prog="python -m bench.room_shadow", description=__doc__)
    parser.add_argument("--seeds", type=int, default=12, metavar="N")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="where records are kept")
    arguments = parser.parse_args()
    print("| seed | climate | irradiance | error, K | promised, K | within 90 % | Good |\n"
          "|--:|---|---|--:|--:|--:|--:|")  # fmt: skip
    found: dict[bool, list[RoomMonth]] = {False: [], True: []}
    for seed in range(1, arguments.seeds + 1):
        plant = Installation(seed)
        record = observed_months(plant, arguments.keep)
        for lit in found:
            one = _judged(plant, record, lit=lit)
            found[lit].append(one)
            print(_line(str(seed), plant.climate.name, one, lit=lit), flush=True)
    for lit, months in found.items():
        middle = RoomMonth(*(statistics.median(values) for values in zip(*months, strict=True)))
        print(_line("median", "", middle, lit=lit))


def _judged(plant: Installation, record: Record, *, lit: bool) -> RoomMonth:
    if not lit:
        columns = {point: c for point, c in record.columns.items() if point != LIGHT}
        record = replace(record, columns=columns)
    climate = plant.climate
    where = SiteInfo(
        name=climate.name, latitude=climate.latitude, longitude=climate.longitude, timezone="UTC"
    )
    middle = plant.begin + DAYS * DAY
    learnt = record.between(plant.begin, middle)
    card = calibrate(learnt, plant.plate, heat_pump="hp1", now=middle, software="bench").card
    place = HousePlace.of(where)
    house = calibrate_house(learnt, plant.plate, card.machine_model(), place, None).section
    if house is None or house.followed is None:
        raise SystemExit(f"seed {plant.seed}: the month does not tell the house")
    model = replace(card.learnt(), room=house.room_model())
    later = record.between(middle, middle + DAYS * DAY)
    return _month(where, model, later, house.followed.spread)


def _month(where: SiteInfo, model: LearntModel, record: Record, promised: float) -> RoomMonth:
    """Show a month to the shadow, and hold its rooms against what was measured."""
    default = load_site("default", environment={})
    pump = default.heat_pumps[0]
    site = default.model_copy(update={"site": where, "heat_pumps": [pump]})
    table = build_table({pump.id: [MappedPoint(point, None) for point in _MEASURED]}, weather=True)
    image = Image(table, int(record.time[0]))
    shadow = Shadow(image, site, NO_HISTORY, ManualClock(0), {pump.id: model})
    own = table.by_asset[pump.id]
    time, values = _frames(record)
    index = [own[point].index for point in values]
    light = table.by_asset["site"]["forecast_irradiance"].index
    rows, shone = np.array([*values.values()]).T, _meant(record.column(LIGHT))
    expected = [own[point].index for point in _SHOWN]
    seen = np.full((3, len(time)), np.nan)
    good = np.zeros(len(time), dtype=bool)
    for k, moment in enumerate(time.tolist()):
        if np.isfinite(shone[k]):
            image.ingest(Frame.of([light], [shone[k]], GOOD, moment))
        frame = Frame.of(index, rows[k], GOOD, moment)
        image.ingest(frame)
        shadow.take(frame)
        seen[:, k] = (values["room_temperature"][k], *image.value[expected])
        good[k] = image.status[expected[0]] >> 30 == 0
    settled = time - time[0] >= round(1.6 * DAY)
    off = (seen[0] - seen[1])[good]
    return RoomMonth(
        float(np.sqrt(np.mean(off**2))),
        promised,
        float(np.mean(np.abs(off) <= seen[2][good])),
        float(good[settled].mean()),
    )


def _frames(record: Record) -> tuple[Times, dict[str, Values]]:
    """Return times, and values by point, of what holds from each time on."""
    values = {point: _meant(record.column(point)) for point in _MEASURED}
    room = record.column("room_temperature")
    count = len(room) // _TOGETHER
    values["room_temperature"] = room[: count * _TOGETHER : _TOGETHER]
    running, charging = (_meant(record.column(p)) for p in ("compressor_running", "dhw_heating"))
    state = np.where(running > 0.5, float(State.HEATING), float(State.STANDBY))
    values["operating_state"] = np.where(charging > 0.5, float(State.HOT_WATER), state)
    values["thermal_power"] = _meant(heat_of(record))
    time = record.time[: count * _TOGETHER : _TOGETHER]
    return time, values


def _meant(values: Values) -> Values:
    whole = values[: len(values) // _TOGETHER * _TOGETHER]
    return np.asarray(whole.reshape(-1, _TOGETHER).mean(axis=1))


def _line(seed: str, climate: str, one: RoomMonth, *, lit: bool) -> str:
    kind = "by the weather service" if lit else "usual share"
    return (
        f"| {seed} | {climate} | {kind} | {one.error:.2f} | {one.promised:.2f} | "
        f"{one.within:.0%} | {one.good:.0%} |"
    )


if __name__ == "__main__":
    main()
