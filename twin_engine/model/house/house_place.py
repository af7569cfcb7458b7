"""Where houses stand, and which clock their people live by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self
from zoneinfo import ZoneInfo

from heatpump_twin.config.settings import SiteInfo


@dataclass(frozen=True, slots=True)
class HousePlace:
    """Where a house stands."""

    latitude: float
    longitude: float
    zone: ZoneInfo

    @classmethod
    def of(cls, site: SiteInfo) -> Self:
        """Return where the houses of a site stand."""
        return cls(site.latitude, site.longitude, ZoneInfo(site.timezone))
