"""``python -m bench.plausible_days``: whether days without a fault ever name a sensor.

Emulated plants of twelve seeds in three climates, house, machine and people varied, live through
days of each season; their devices are read at some period, judged and derived as live. What is
named is printed with its plant, day and reason.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from itertools import product
from typing import NamedTuple

import numpy as np

from bench.plant_year import CLIMATES
from heatpump_twin.config.catalogue import PointRole
from heatpump_twin.config.load import load_site
from heatpump_twin.config.settings import HouseKind, SiteInfo
from heatpump_twin.drivers.clock import MICROSECONDS, ManualClock
from heatpump_twin.drivers.frame import Frame
from heatpump_twin.drivers.plant.devices.emulated_heat_pump import SHORT_WARM_UP, EmulatedHeatPump
from heatpump_twin.drivers.status import GOOD
from heatpump_twin.runtime.assembly import assemble
from heatpump_twin.twin_engine.engine import Engine

SEEDS = range(1, 13)
MONTHS = (1, 4, 7, 11)
_DAY = 86_400


class Judged(NamedTuple):
    """Days of a plant, and how many polls named a sensor for a reason."""

    days: int
    named: Counter[str]


class _Asked(NamedTuple):
    climate: int
    seed: int
    month: int
    days: int
    period: int


def judged_days(asked: _Asked) -> Judged:
    """Let a plant live through days, and count what is named of its sensors."""
    place = CLIMATES[asked.climate]
    settings = load_site("default", environment={})
    info = SiteInfo(
        name=place.name, latitude=place.latitude, longitude=place.longitude, timezone="UTC"
    )
    site = settings.model_copy(update={"site": info})
    start = round(datetime(2026, asked.month, 3, tzinfo=UTC).timestamp()) * MICROSECONDS
    clock, pump = ManualClock(start), site.heat_pumps[0]
    plant = EmulatedHeatPump(
        pump, info, asked.seed, start, step=min(asked.period, 10.0), warm_up=SHORT_WARM_UP,
        house=HouseKind.VARIED,
    )  # fmt: skip
    engine = Engine(site, assemble(site, None).table, clock, lambda _: None)
    points = engine.image.table.by_asset[pump.id]
    roles = (PointRole.MEASURED, PointRole.SETPOINT)
    read = {id_: p.index for id_, p in points.items() if p.spec.role in roles}
    told = [points[name] for name in ("implausible_sensor", "implausible_reason")]
    named: Counter[str] = Counter()
    for _ in range(asked.days * _DAY // asked.period):
        clock.advance(asked.period)
        plant.advance(clock.now())
        values = {index: plant.read(id_) for id_, index in read.items()}
        there = {index: value for index, value in values.items() if value is not None}
        engine.take(Frame.of(list(there), list(there.values()), GOOD, clock.now()))
        code, reason = (float(engine.image.value[point.index]) for point in told)
        if code > 0:
            words = [str(p.spec.codes[int(v)]) for p, v in zip(told, (code, reason), strict=True)]
            day = np.datetime64(clock.now(), "us").astype("datetime64[m]")
            named[f"{place.name}, seed {asked.seed}, {day}: {', '.join(words)}"] += 1
    return Judged(asked.days, named)


def _asked(seeds: int, days: int, period: int) -> Iterator[_Asked]:
    for climate, seed, month in product(range(len(CLIMATES)), range(1, seeds + 1), MONTHS):
        yield _Asked(climate, seed, month, days, period)


def main() -> None:
    """Print how many days were judged, and what was named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=len(SEEDS))
    parser.add_argument("--days", type=int, default=2, help="of each season")
    parser.add_argument("--period", type=int, default=60, help="of the polls [s]")
    parser.add_argument("--jobs", type=int, default=1)
    wanted = parser.parse_args()
    with ProcessPoolExecutor(wanted.jobs) as pool:
        found = list(pool.map(judged_days, _asked(wanted.seeds, wanted.days, wanted.period)))
    days, named = sum(one.days for one in found), sum((one.named for one in found), Counter())
    print(f"{days} days, polled every {wanted.period} s: {named.total()} polls name a sensor")
    for what, count in named.most_common(40):
        print(f"{count:6d}  {what}")


if __name__ == "__main__":
    main()
