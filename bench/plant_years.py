"""``python -m bench.plant_years``: years of the emulated plant beside metered ones, as a page.

Twelve seeds in three climates, house, machine and people varied. It takes half an hour of one core;
``--every 5`` lives through every fifth day alone. The same seeds always give the same page.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from bench.plant_year import CLIMATES, Climate, Figures, carnot_input, live_year
from heatpump_twin.config.load import load_site
from heatpump_twin.config.settings import HouseKind

PAGE = Path("docs/plant-years.md")
SEEDS = range(1, 13)


def fleet_line(lift: float) -> float:
    """Return the seasonal performance of metered systems at a lift in K. [-]

    A fit to 149 air-to-water systems of openenergymonitor.org with calibrated meters, a year each;
    its mean error is 6.7 %.
    """
    return 6.683 - 0.0979 * lift


def flat_line(lift: float) -> float:
    """Return the same of 40 of them, whose lift is of another kind of mean. [-]"""
    return 5.470 - 0.0548 * lift


@dataclass(frozen=True)
class Fleet:
    """What metered systems have, and why some of the emulated ones have not."""

    low: float
    median: float
    high: float
    """What 10, 50 and 90 % of them have at most."""
    reason: str


@dataclass(frozen=True)
class Column:
    """A figure of each year, beside that of the metered systems."""

    title: str
    of: Callable[[Figures], float]
    digits: int
    fleet: Fleet | None = None

    def outside(self, figures: Figures) -> bool:
        """Whether the figure lies outside of the fleet's 10 to 90 %."""
        return self.fleet is not None and not self.fleet.low <= self.of(figures) <= self.fleet.high

    def text(self, value: float) -> str:
        """Return a value as the table shows it."""
        return f"{value:.{self.digits}f}"


_PLATE = (
    "the plate's COP at A2/W35 is low (below), and standby weighs more where little heat is used"
)
COLUMNS = (
    Column("SPF", lambda x: x.spf, 2),
    Column(
        "water less air [K]",
        lambda x: x.lift,
        1,
        Fleet(23.2, 27.3, 32.0, "the fleet stands in mild British winters"),
    ),
    Column(
        "SPF over the line of 149 [%]",
        lambda x: 100 * x.spf / fleet_line(x.lift) - 100,
        0,
        Fleet(-10, 1, 10, _PLATE),
    ),
    Column(
        "SPF over the line of 40 [%]",
        lambda x: 100 * x.spf / flat_line(x.lift) - 100,
        0,
        Fleet(
            -12,
            -1,
            12,
            f"{_PLATE}; and beyond its 36 K the line goes down more slowly than Carnot's does",
        ),
    ),
    Column(
        "share of Carnot [%]",
        lambda x: 100 * x.carnot,
        1,
        Fleet(44.5, 48.8, 53.5, _PLATE),
    ),
    Column(
        "ΔT [K]",
        lambda x: x.spread,
        1,
        Fleet(2.9, 3.9, 5.4, "the pump keeps two thirds of its flow, however little heat it has"),
    ),
    Column(
        "starts [1/h]",
        lambda x: x.starts,
        2,
        Fleet(0.13, 0.27, 0.58, "fewer: heated floors and buffers hold what a long run gives"),
    ),
    Column("defrosts", lambda x: x.defrosts, 0),
    Column(
        "heating [% of time]",
        lambda x: 100 * x.heating,
        1,
        Fleet(18.7, 36.2, 50.1, "the seasons of the climates differ more than the fleet's"),
    ),
    Column(
        "hot water [% of time]",
        lambda x: 100 * x.hot_water,
        1,
        Fleet(1.6, 4.2, 8.2, "as many people as in a large house, and a machine of 5 kW for them"),
    ),
    Column("defrost [% of time]", lambda x: 100 * x.defrosting, 1),
    Column(
        "at rest [% of time]",
        lambda x: 100 * x.resting,
        1,
        Fleet(45.1, 58.7, 74.1, "the seasons of the climates differ more than the fleet's"),
    ),
    Column(
        "hot water [% of heat]",
        lambda x: 100 * x.hot_water_share,
        0,
        Fleet(7, 14, 30, "a machine of 5 kW has a small house around it, and as many people"),
    ),
    Column("backup [% of electricity]", lambda x: 100 * x.backup, 1),
    Column("standby [% of electricity]", lambda x: 100 * x.standby, 1),
    Column("coldest room [°C]", lambda x: x.coldest_room, 1),
    Column("first law, worst day [%]", lambda x: 100 * x.worst_day, 3),
)


def page(years: Sequence[Figures], every: int) -> str:
    """Return the page."""
    return "\n".join(_lines(years, every)) + "\n"


def _lines(years: Sequence[Figures], every: int) -> Iterator[str]:
    yield "# Years of the emulated plant"
    yield ""
    lived = "all days" if every == 1 else f"one day in {every}"
    yield (
        f"Made by `python -m bench.plant_years{'' if every == 1 else f' --every {every}'}`: twelve "
        "seeds in three climates, "
        f"`plant.house: varied`, {lived} of a year. The fleet: 149 metered air-to-water systems of "
        "openenergymonitor.org, a year each. Its line: SPF = 6.683 − 0.0979 · (water less air); a "
        "flatter one, 5.470 − 0.0548 · (water less air), is of 40 of them. "
        "What lies outside of its 10 to 90 % is **bold**, with the reason below."
    )
    yield ""
    yield f"| | {' | '.join(c.title for c in COLUMNS)} |"
    yield "|---" * (len(COLUMNS) + 1) + "|"
    for name, of in (
        ("fleet, 10 %", lambda fleet: fleet.low),
        ("fleet, median", lambda fleet: fleet.median),
        ("fleet, 90 %", lambda fleet: fleet.high),
    ):
        cells = ("–" if c.fleet is None else c.text(of(c.fleet)) for c in COLUMNS)
        yield f"| {name} | {' | '.join(cells)} |"
    for figures in years:
        cells = (
            f"**{c.text(c.of(figures))}**" if c.outside(figures) else c.text(c.of(figures))
            for c in COLUMNS
        )
        yield f"| {figures.climate}, seed {figures.seed} | {' | '.join(cells)} |"
    yield ""
    for column in COLUMNS:
        outside = sum(column.outside(figures) for figures in years)
        if outside and column.fleet is not None:
            yield f"- {column.title}: {outside} of {len(years)} outside; {column.fleet.reason}."
    yield ""
    yield (
        "The plate's own share of Carnot, which the machine keeps to: "
        f"{', '.join(_plate_shares())}. Part load adds 10 to 20 % to it; pump, starts and standby "
        "take theirs off. A machine of the fleet's median has 49 % at all of it in a whole year."
    )


def _plate_shares() -> Iterator[str]:
    for point in load_site("default", environment={}).heat_pumps[0].plate.heating:
        share = point.capacity / point.power * carnot_input(point.water, point.outdoor)
        yield f"{100 * share:.0f} % at A{point.outdoor:.0f}/W{point.water:.0f}"


def _year(of: tuple[Climate, int, int]) -> Figures:
    climate, seed, every = of
    return live_year(climate, seed, HouseKind.VARIED, every)


def main() -> None:
    """Write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--every", type=int, default=1, help="live through one day in so many")
    parser.add_argument("--jobs", type=int, default=1)
    wanted = parser.parse_args()
    years = [(climate, seed, wanted.every) for climate, seed in product(CLIMATES, SEEDS)]
    with ProcessPoolExecutor(wanted.jobs) as pool:
        PAGE.write_text(page(list(pool.map(_year, years)), wanted.every))


if __name__ == "__main__":
    main()
