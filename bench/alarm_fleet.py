"""Emulated heat pumps that are read, judged, derived and watched by the rules in one process.

Each is a variant: a climate, a season, a fault or none. They stand side by side as the heat pumps
of one site, since a rule looks at all of them at once; each lives in a time of its own.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from bench.plant_year import Climate
from heatpump_twin.config.catalogue import CATALOGUE, HEAT_PUMP, PointRole
from heatpump_twin.config.load import load_site
from heatpump_twin.config.settings import Site, SiteInfo
from heatpump_twin.drivers.clock import MICROSECONDS, ManualClock
from heatpump_twin.drivers.frame import Frame, Values
from heatpump_twin.drivers.plant.devices.emulated_heat_pump import SHORT_WARM_UP, EmulatedHeatPump
from heatpump_twin.drivers.status import GOOD
from heatpump_twin.rules.engine import RuleEngine
from heatpump_twin.rules.pack import load_packs
from heatpump_twin.runtime.assembly import assemble
from heatpump_twin.twin_engine.alarm import AlarmTransition
from heatpump_twin.twin_engine.engine import Engine

_STEP = 30.0
"""Longest step of the physics. [s]"""
_REPORTED = (PointRole.MEASURED, PointRole.SETPOINT)
_START = round(datetime(2026, 1, 1, tzinfo=UTC).timestamp() * MICROSECONDS)


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault of the emulated plant, and how bad it is."""

    name: str
    severity: float | None = None
    """From 0 to 1; None: by its magnitude."""
    magnitude: float | None = None
    point: str | None = None


@dataclass(frozen=True, slots=True)
class Variant:
    """A heat pump of the fleet."""

    climate: Climate
    start: datetime
    fault: Fault | None = None
    seed: int = 1
    more: tuple[str, ...] = ()
    """Points that its devices report beside those of the default site."""


class Fleet:
    """A fleet that lives day by day.

    Parameters
    ----------
    period : float
        Between two polls. [s]
    """

    def __init__(self, variants: Sequence[Variant], period: float) -> None:
        self.variants = variants
        site = _site(len(variants), period)
        self._clock, self._period = ManualClock(_START), period
        self._plants = [_plant(site, variant, period) for variant in variants]
        assembly = assemble(site, None)
        table = assembly.table
        for pump, variant in zip(site.heat_pumps, variants, strict=True):
            specs = CATALOGUE[HEAT_PUMP]
            table.extend((pump.id, point, specs[point], None) for point in variant.more)
        self._engine = Engine(site, table, self._clock, lambda _: None, totals_every=10**9)
        self._rules = RuleEngine(load_packs(site.rules.packs), site, table, faults=assembly.faults)
        self._rules.follow(self._engine.image)
        self._readers = [
            (plant.read, point.id, point.index)
            for plant, pump in zip(self._plants, site.heat_pumps, strict=True)
            for point in table.by_asset[pump.id].values()
            if point.spec.role in _REPORTED and plant.read(point.id) is not None
        ]
        self._index = np.array([index for _, _, index in self._readers], dtype=np.int32)
        self._numbers = {pump.id: number for number, pump in enumerate(site.heat_pumps)}

    def begin_faults(self) -> None:
        """Let every heat pump that has a fault get it now."""
        for plant, variant in zip(self._plants, self.variants, strict=True):
            if (fault := variant.fault) is not None:
                plant.disturb(fault.name, fault.magnitude, fault.point, fault.severity)

    def seen(self, points: Sequence[str]) -> Values:
        """Return what the image has of some points of each variant: shape (variants, points)."""
        image, table = self._engine.image, self._engine.image.table
        by_variant = [table.by_asset[asset] for asset in self._numbers]
        return image.value[[[known[point].index for point in points] for known in by_variant]]

    def live(self, seconds: float) -> Iterator[tuple[int, AlarmTransition, float]]:
        """Yield what is raised and returns: variant, transition, and when from now on. [s]"""
        begun = self._clock.now()
        for _ in range(round(seconds / self._period)):
            self._clock.advance(self._period)
            for plant in self._plants:
                plant.advance(plant.time + round(self._period * MICROSECONDS))
            value = [_shown(read(point)) for read, point, _ in self._readers]
            now = self._clock.now()
            self._engine.take(Frame.of(self._index, value, GOOD, now))
            for change in self._rules.advance(now):
                if (number := self._numbers.get(change.alarm.asset)) is not None:
                    yield number, change, (change.time - begun) / MICROSECONDS


def _shown(value: float | None) -> float:
    return math.nan if value is None else value


def _site(count: int, period: float) -> Site:
    site = load_site("default", environment={})
    pump = site.heat_pumps[0]
    devices = [device.model_copy(update={"poll": period}) for device in pump.devices]
    pumps = [
        pump.model_copy(update={"id": f"hp{number}", "devices": devices}) for number in range(count)
    ]
    return site.model_copy(update={"heat_pumps": pumps})


def _plant(site: Site, variant: Variant, period: float) -> EmulatedHeatPump:
    place = SiteInfo(
        name=variant.climate.name,
        latitude=variant.climate.latitude,
        longitude=variant.climate.longitude,
        timezone="UTC",
    )
    start = round(variant.start.timestamp() * MICROSECONDS)
    return EmulatedHeatPump(
        site.heat_pumps[0], place, variant.seed, start, step=min(period, _STEP),
        warm_up=SHORT_WARM_UP,
    )  # fmt: skip
