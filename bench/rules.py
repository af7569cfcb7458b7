"""What the rules cost: 250 heat pumps that report everything each second, and replayed days."""

from __future__ import annotations

import time

import numpy as np
from rich.console import Console
from rich.table import Table

from heatpump_twin.config.catalogue import CATALOGUE, HEAT_PUMP, PointRole, PointTable
from heatpump_twin.config.load import load_site
from heatpump_twin.config.settings import Site
from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.drivers.frame import Frame
from heatpump_twin.drivers.status import GOOD
from heatpump_twin.rules.engine import RuleEngine
from heatpump_twin.rules.pack import load_packs

_HEAT_PUMPS = 250
_DEVICES = 3
"""Frames a second of one heat pump."""
_SECONDS = 30
_DAYS = 12
_START = 1_767_225_600 * MICROSECONDS
_MINUTE = 60 * MICROSECONDS


def run(console: Console) -> None:
    """Print the share of a core live, and the CPU time of a replayed year."""
    table = Table(title="Rules of heat pumps")
    for column in ("what", "measured", "bar"):
        table.add_column(column)
    live = _live()
    table.add_row(f"{_HEAT_PUMPS} heat pumps × all rules at 1 s", f"{live:.1%} of a core", "5 %")
    year = _replayed() * 365.0
    table.add_row("a year of one heat pump, a frame a minute", f"{year:.0f} s of CPU", "60 s")
    console.print(table)


def _engine(count: int) -> tuple[RuleEngine, PointTable]:
    site: Site = load_site("default", environment={})
    pump = site.heat_pumps[0]
    pumps = [pump.model_copy(update={"id": f"hp{number}"}) for number in range(count)]
    site = site.model_copy(update={"heat_pumps": pumps})
    specs = CATALOGUE[HEAT_PUMP]
    table = PointTable.build((p.id, point, specs[point], None) for p in pumps for point in specs)
    rules = RuleEngine(load_packs(site.rules.packs), site, table)
    rules.advance(_START)
    return rules, table


def _values(table: PointTable) -> tuple[np.ndarray, np.ndarray]:
    """Return what all points show about, and how much it moves."""
    low, high = np.array([point.spec.range or (0.0, 1.0) for point in table]).T
    # Nobody turns a setting each second, and what nobody turns stands still.
    moves = np.array([point.spec.role is not PointRole.SETPOINT for point in table])
    return (low + high) / 2, (high - low) * 1e-3 * moves


def _live() -> float:
    """Return the share of a core."""
    rules, table = _engine(_HEAT_PUMPS)
    middle, noise = _values(table)
    parts = np.array_split(np.arange(len(table)), _HEAT_PUMPS * _DEVICES)
    chance = np.random.default_rng(1)
    spent = 0.0
    for second in range(-5, _SECONDS):
        now = _START + (second + 6) * MICROSECONDS
        value = middle + noise * chance.normal(size=len(table))
        frames = [
            Frame.of(part, value[part], GOOD, now - int(chance.integers(MICROSECONDS)))
            for part in parts
        ]
        begin = time.process_time()
        for frame in frames:
            rules.take(frame)
        for half in (MICROSECONDS // 2, 0):
            rules.advance(now - half)
        # The first looks begin all memories at once.
        spent += (time.process_time() - begin) if second >= 0 else 0.0
    return spent / _SECONDS


def _replayed() -> float:
    """Return the CPU time of a day of one heat pump, as a replay judges it. [s]"""
    rules, table = _engine(1)
    middle, noise = _values(table)
    chance = np.random.default_rng(1)
    points, spent = np.arange(len(table)), 0.0
    for day in range(_DAYS):
        frames = [
            Frame.of(
                points,
                middle + noise * chance.normal(size=len(table)),
                GOOD,
                _START + (day * 1440 + minute + 1) * _MINUTE,
            )
            for minute in range(1440)
        ]
        begin = time.process_time()
        for frame in frames:
            rules.take(frame)
        rules.advance(int(frames[-1].time[0]))
        spent += time.process_time() - begin
    return spent / _DAYS
