"""Foundation of all parts: the assembled site, the image of its points, and the clock."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import URL

from heatpump_twin.config.catalogue import PointTable
from heatpump_twin.config.data_directory import DataDirectory
from heatpump_twin.config.settings import Site
from heatpump_twin.drivers.clock import Clock
from heatpump_twin.runtime.assembly import Assembly, assemble
from heatpump_twin.runtime.parts.heat_pump_part import HeatPumpPart
from heatpump_twin.twin_engine.historian.database.database_access import database_url
from heatpump_twin.twin_engine.image import Image


@dataclass(frozen=True, slots=True)
class Foundation(HeatPumpPart):
    """Site as assembled at the start, with data directory, image and clock."""

    site: Site
    assembly: Assembly
    data: DataDirectory
    image: Image
    clock: Clock

    @classmethod
    def lay(cls, site: Site, data: DataDirectory, clock: Clock) -> Foundation:
        """Assemble a site and make its image; every point waits for its first value."""
        assembly = assemble(site, data)
        return cls(site, assembly, data, Image(assembly.table, clock.now()), clock)

    @property
    def table(self) -> PointTable:
        """All points. It only grows while the twin runs."""
        return self.image.table

    @property
    def database(self) -> URL:
        """URL of the database of history, audit and programs."""
        return database_url(self.site.historian, self.data)

    def grow(self) -> None:
        """Append rows for points added to the table in the image."""
        self.image.grow(self.clock.now())
