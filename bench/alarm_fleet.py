"""Emulated heat pumps that are read, judged, derived and watched by the rules in one process.

Each is a variant: a climate, a season, a fault or none. They stand side by side as the heat pumps
of one site, since a rule looks at all of them at once; each lives in a time of its own.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from bench.plant_year import Climate
from heatpump_twin.config.catalogue import CATALOGUE, HEAT_PUMP, PointRole
from heatpump_twin.config.load import load_site
from heatpump_twin.config.settings import HouseKind, Site, SiteInfo
from heatpump_twin.drivers.clock import MICROSECONDS, ManualClock
from heatpump_twin.drivers.frame import Frame, Values
from heatpump_twin.drivers.plant.devices.emulated_heat_pump import SHORT_WARM_UP, EmulatedHeatPump
from heatpump_twin.drivers.status import GOOD
from heatpump_twin.rules.engine import RuleEngine
from heatpump_twin.rules.pack import load_packs
from heatpump_twin.runtime.assembly import assemble
from heatpump_twin.twin_engine.alarm import AlarmTransition
from heatpump_twin.twin_engine.engine import Engine
from heatpump_twin.twin_engine.image import Image
from heatpump_twin.twin_engine.model.water.learnt_model import LearntModel

_STEP = 60.0
"""Longest step of the physics. [s]"""
_JUDGED = 144
"""Polls that the rules judge at once."""
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
    house: HouseKind = HouseKind.REFERENCE


class PolledFleet:
    """A fleet that is polled, and of which all is derived and expected.

    Parameters
    ----------
    period : float
        Between two polls. [s]
    models
        Calibrated models by number; the others have what their plates tell.
    """

    def __init__(
        self,
        variants: Sequence[Variant],
        period: float,
        models: Mapping[int, LearntModel] | None = None,
    ) -> None:
        self.variants = variants
        self.site = site = _site(len(variants), period)
        self._clock, self._period = ManualClock(_START), period
        self._plants = [emulated(variant, min(period, _STEP)) for variant in variants]
        self.assembly = assembly = assemble(site, None)
        table = assembly.table
        for pump, variant in zip(site.heat_pumps, variants, strict=True):
            specs = CATALOGUE[HEAT_PUMP]
            table.extend((pump.id, point, specs[point], None) for point in variant.more)
        self._engine = Engine(
            site, table, self._clock, lambda _: None, totals_every=10**9,
            models={site.heat_pumps[n].id: model for n, model in (models or {}).items()},
        )  # fmt: skip
        self._readers = [
            (plant.read, point.id, point.index)
            for plant, pump in zip(self._plants, site.heat_pumps, strict=True)
            for point in table.by_asset[pump.id].values()
            if point.spec.role in _REPORTED and plant.read(point.id) is not None
        ]
        self._index = np.array([index for _, _, index in self._readers], dtype=np.int32)
        self._numbers = {pump.id: number for number, pump in enumerate(site.heat_pumps)}

    @property
    def image(self) -> Image:
        """Image of all heat pumps."""
        return self._engine.image

    def begin_faults(self, severity: float | None = None) -> None:
        """Let every heat pump that has a fault get it now, as bad as it is or as is given."""
        for plant, variant in zip(self._plants, self.variants, strict=True):
            if (fault := variant.fault) is not None:
                how_bad = fault.severity if severity is None else severity
                plant.disturb(fault.name, fault.magnitude, fault.point, how_bad)

    def truth(self, points: Sequence[str]) -> Values:
        """Return what is true of some points behind the sensors: shape (variants, points)."""
        true = [plant.truth() for plant in self._plants]
        return np.array([[values[point] for point in points] for values in true])

    def seen(self, points: Sequence[str]) -> Values:
        """Return what the image has of some points of each variant: shape (variants, points)."""
        return self.image.value[self.places(points)]

    def places(self, points: Sequence[str]) -> NDArray[np.int64]:
        """Return where some points of each variant are in the image: shape (variants, points)."""
        by_variant = [self.image.table.by_asset[asset] for asset in self._numbers]
        return np.array([[known[point].index for point in points] for known in by_variant])

    def poll(self) -> int:
        """Let all live until the next poll, and take what it brings; return when that is. [µs]"""
        self._clock.advance(self._period)
        for plant in self._plants:
            plant.advance(plant.time + round(self._period * MICROSECONDS))
        value = [_shown(read(point)) for read, point, _ in self._readers]
        now = self._clock.now()
        self._engine.take(Frame.of(self._index, value, GOOD, now))
        return now


class Fleet(PolledFleet):
    """A fleet that lives day by day, and is watched by the rules."""

    def __init__(
        self,
        variants: Sequence[Variant],
        period: float,
        models: Mapping[int, LearntModel] | None = None,
    ) -> None:
        super().__init__(variants, period, models)
        site, table, faults = self.site, self.assembly.table, self.assembly.faults
        self._rules = RuleEngine(load_packs(site.rules.packs), site, table, faults=faults)
        self._rules.follow(self.image)
        # From now on: what is before the first look is not judged.
        self._rules.advance(self._clock.now())

    def live(self, seconds: float) -> Iterator[tuple[int, AlarmTransition, float]]:
        """Yield what is raised and returns: variant, transition, and when from now on. [s]"""
        begun = self._clock.now()
        count = round(seconds / self._period)
        for number in range(1, count + 1):
            now = self.poll()
            # Many polls together: the rules tell the same as after each, and take a tenth as long.
            if number % _JUDGED and number < count:
                continue
            for change in self._rules.advance(now):
                if (variant := self._numbers.get(change.alarm.asset)) is not None:
                    yield variant, change, (change.time - begun) / MICROSECONDS


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


def emulated(variant: Variant, step: float) -> EmulatedHeatPump:
    """Return the heat pump of a variant as it is before its fault; steps in s."""
    place = SiteInfo(
        name=variant.climate.name,
        latitude=variant.climate.latitude,
        longitude=variant.climate.longitude,
        timezone="UTC",
    )
    pump = load_site("default", environment={}).heat_pumps[0].model_copy(update={"id": "hp0"})
    start = round(variant.start.timestamp() * MICROSECONDS)
    return EmulatedHeatPump(
        pump, place, variant.seed, start, step=step, warm_up=SHORT_WARM_UP, house=variant.house
    )
