"""An emulated heat pump that is read, judged and derived in one process, minutes in a second."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from heatpump_twin.config.catalogue import PointRole
from heatpump_twin.config.load import load_site
from heatpump_twin.drivers.clock import MICROSECONDS, ManualClock
from heatpump_twin.drivers.frame import Frame
from heatpump_twin.drivers.plant.devices.emulated_heat_pump import EmulatedHeatPump
from heatpump_twin.drivers.status import GOOD, is_bad, is_good
from heatpump_twin.runtime.assembly import assemble
from heatpump_twin.twin_engine.derive.deriver import Deriver
from heatpump_twin.twin_engine.history import NO_SAMPLES
from heatpump_twin.twin_engine.image import Image
from heatpump_twin.twin_engine.model.shadow.shadow import Shadow

WINTER, SUMMER = datetime(2026, 1, 12, tzinfo=UTC), datetime(2026, 6, 12, tzinfo=UTC)
Falsify = Callable[[dict[str, float]], Mapping[str, float]]
"""What a device shows in place of some values, from all that are right."""


class NoHistory:
    async def read_raw(self, key, start, end, *, limit, reverse=False):
        return NO_SAMPLES


class JudgedPlant:
    """The default site's heat pump, read every ``period`` seconds of its own time."""

    def __init__(self, start: datetime, period: float = 10.0, seed: int = 1) -> None:
        settings = load_site("default", environment={})
        pump = settings.heat_pumps[0]
        self.clock = ManualClock(round(start.timestamp() * MICROSECONDS))
        self.plant = EmulatedHeatPump(
            pump, settings.site, seed, self.clock.now(), step=min(period, 10.0)
        )
        self.asset = pump.id
        table = assemble(settings, None).table
        self.image = Image(table, self.clock.now())
        self.deriver = Deriver(self.image, settings, NoHistory(), self.clock)
        self.image.subscribe(self.deriver.derive)
        self.image.subscribe(Shadow(self.image, settings, NoHistory(), self.clock).take)
        self._points = table.by_asset[pump.id]
        roles = (PointRole.MEASURED, PointRole.SETPOINT)
        self._read = [p for p, point in self._points.items() if point.spec.role in roles]
        self._period = period

    def live(self, seconds: float, falsify: Falsify = lambda _: {}) -> list[dict[str, object]]:
        """Return for each poll of a time the reason, the sensor, and what else the twin shows."""
        seen = []
        for _ in range(round(seconds / self._period)):
            self.clock.advance(self._period)
            self.plant.advance(self.clock.now())
            values = {p: self.plant.read(p) for p in self._read}
            there = {p: v for p, v in values.items() if v is not None}
            there |= falsify(there)
            index = [self._points[p].index for p in there]
            self.image.ingest(Frame.of(index, list(there.values()), GOOD, self.clock.now()))
            seen.append({p: self[p] for p in self._points})
        return seen

    def __getitem__(self, point: str) -> tuple[float, int]:
        index = self._points[point].index
        return float(self.image.value[index]), int(self.image.status[index])

    def text(self, point: str) -> str:
        value, status = self[point]
        return "" if is_bad(status) or math.isnan(value) else self._points[point].spec.codes[value]


def good(seen: list[dict[str, object]], point: str) -> int:
    """Count the polls in which a point was Good."""
    return sum(is_good(poll[point][1]) for poll in seen)
