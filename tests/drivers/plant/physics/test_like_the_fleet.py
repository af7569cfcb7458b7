"""Seasonal figures of days from all months, beside those of metered machines.

The line is a fit to the seasonal performance of 149 metered air-to-water systems over how much
warmer their water is than the air (openenergymonitor.org, a year each).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

STEP = 60.0
DAY = 86_400.0


@dataclass
class Season:
    """Sums over days."""

    heat: float = 0.0
    electricity: float = 0.0
    lift: float = 0.0
    spread: float = 0.0
    starts: int = 0
    seconds: float = 0.0
    pumping: float = 0.0

    def performance(self) -> float:
        """Return the seasonal performance factor. [-]"""
        return self.heat / self.electricity

    def lift_mean(self) -> float:
        """Return the mean of water less air, weighted by heat. [K]"""
        return self.lift / self.heat


def days(make_pump: Callable, latitude: float, longitude: float, months: range) -> Season:
    """Live through a day of each month."""
    season = Season()
    for month in months:
        pump = make_pump(
            f"2026-{month:02d}-11T00:00:00", latitude=latitude, longitude=longitude, step=STEP
        )
        x, starts = pump.physics, pump.physics.controller.starts
        for _ in range(round(DAY / STEP)):
            x.step(STEP)
            season.lift += x.machine.heat * (x.loop.supply - x.weather.temperature) * STEP
            season.spread += x.machine.heat * (x.loop.supply - x.loop.back) * STEP
            season.pumping += x.controller.pump_on * STEP
        ledger = pump.ledger
        season.heat += ledger.heat_to_water - ledger.defrost_from_water
        season.electricity += ledger.electricity
        season.starts += x.controller.starts - starts
        season.seconds += DAY
        lost = abs(pump.residual.loop) + abs(pump.residual.tank) + abs(pump.residual.building)
        assert lost < 1e-3 * ledger.heat_to_water
    return season


@pytest.mark.parametrize(("latitude", "longitude"), [(52.5, 13.4), (39.637, 2.643), (51.5, -1.0)])
def test_a_year_is_one_that_metered_machines_have(
    make_pump, latitude: float, longitude: float
) -> None:
    season = days(make_pump, latitude, longitude, range(1, 13))
    line = 5.470 - 0.0548 * season.lift_mean()
    assert season.performance() == pytest.approx(line, rel=0.15)
    # The fleet's 10 and 90 %: 2.9 and 5.4 K, 0.13 and 0.58 starts an hour.
    assert 2.9 < season.spread / season.heat < 5.4
    assert 0.1 < season.starts / season.seconds * 3600.0 < 0.6
    assert season.pumping < 0.9 * season.seconds
