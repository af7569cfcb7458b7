"""A ledger on a real SQLite history, with a clock that a test moves."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from heatpump_twin.config.catalogue import PointTable
from heatpump_twin.config.settings import HistorianSettings, Site
from heatpump_twin.drivers.clock import ManualClock
from heatpump_twin.drivers.frame import Frame
from heatpump_twin.drivers.protocol import MappedPoint
from heatpump_twin.drivers.status import GOOD
from heatpump_twin.twin_engine.correction import Change, Correction
from heatpump_twin.twin_engine.historian.historian import Historian
from heatpump_twin.twin_engine.history import Samples
from heatpump_twin.twin_engine.image import Image
from heatpump_twin.twin_engine.ledger.ledger import Ledger
from heatpump_twin.twin_engine.site.point_table import build_table

MINUTE = 60_000_000
HOUR = 60 * MINUTE
POINTS = (
    "electrical_energy", "heat_energy", "compressor_running", "defrost_active", "dhw_heating",
    "outdoor_temperature",
)  # fmt: skip


def site_of(
    zone: str = "Europe/Madrid", pumps: int = 1, tariff: object = None, max_power: float = 2590
) -> Site:
    """Return a site of heat pumps with one rated point each."""
    rated = {"outdoor": 7, "water": 35, "capacity": 5000, "power": 1080}
    plate = {
        "manufacturer": "", "model": "", "nominal_flow": 14.3, "max_power": max_power,
        "heating": [rated],
    }  # fmt: skip
    meter = {"id": "meter", "profile": "eastron-sdm120", "connection": "emulated"}
    return Site.model_validate(
        {
            "site": {"name": "S", "latitude": 39.6, "longitude": 2.6, "timezone": zone},
            "heat_pumps": [
                {"id": f"hp{i + 1}", "name": "HP", "plate": plate, "devices": [meter]}
                for i in range(pumps)
            ],
            "tariff": tariff,
        }
    )


class LedgerRig:
    """A history and a ledger, which may be stopped and started again."""

    def __init__(self, folder: Path, site: Site, start: int, points: tuple[str, ...] = POINTS):
        self.site, self._folder = site, folder
        self._offered = {
            pump.id: [MappedPoint(point, None, None) for point in points]
            for pump in site.heat_pumps
        }
        self.clock = ManualClock(start)
        self.table: PointTable
        self.image: Image
        self.history: Historian
        self.ledger: Ledger

    async def start(self) -> LedgerRig:
        """Open the history and the ledger, as at a start of the twin."""
        self.table = build_table(self._offered, None, self.site.tariff)
        self.image = Image(self.table, self.clock.now())
        url = f"sqlite:///{self._folder / 'history.sqlite'}"
        settings = HistorianSettings(flush=0.1, max_interval=60)
        self.history = Historian(self.table, url, settings, self.clock)
        await self.history.start()
        self.image.subscribe(self.history.append)
        self.ledger = Ledger(self.image, self.site, self.history, self.clock)
        return self

    async def stop(self) -> None:
        """Stop, with marks of the gap that begins."""
        await self.history.stop()

    async def restart(self, at: int | None = None) -> None:
        """Stop, and start again at a time."""
        await self.stop()
        self.clock.set(self.clock.now() if at is None else at)
        await self.start()

    def read(self, time: int, asset: str = "hp1", **values: float) -> None:
        """Take what devices answer now, at a time."""
        self.clock.set(max(time, self.clock.now()))
        known = self.table.by_asset[asset]
        points = [known[point].index for point in values]
        self.image.ingest(Frame.of(points, list(values.values()), GOOD, time))

    def bring(self, time: np.ndarray, values: Mapping[str, np.ndarray], asset: str = "hp1") -> None:
        """Record samples of any time, as a spool or a past brings them."""
        known = self.table.by_asset[asset]
        for point, value in values.items():
            self.history.take(Frame.of(np.full(len(time), known[point].index), value, GOOD, time))

    async def correct(
        self, point: str, change: Change, time: np.ndarray, value: np.ndarray
    ) -> None:
        """Correct recorded samples of a point, as HistoryUpdate does."""
        samples = Samples(value.astype(float), np.zeros(len(time), np.uint32), time)
        await self.history.correct(
            Correction(f"hp1.{point}", change, samples, "anna", self.clock.now())
        )

    async def count(self) -> None:
        """Bring the ledger up to date, however many passes it takes."""
        await self.ledger.bring_up_to_date()
        while self.ledger.behind:
            await self.ledger.bring_up_to_date()

    async def rows(self, point: str, start: int, end: int, asset: str = "hp1") -> Samples:
        """Return the rows of a table that begin in a span."""
        return await self.history.read_raw(f"{asset}.{point}", start, end, limit=100_000)
