"""The origin of recorded samples: a field, an emulated plant, or a past that was simulated."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from heatpump_twin.config.catalogue import SITE, TWIN
from heatpump_twin.config.data_directory import DataDirectory
from heatpump_twin.config.settings import Site
from heatpump_twin.drivers.frame import Times
from heatpump_twin.runtime.clock.past_plan import PastPlan


class Origin(StrEnum):
    """The origin of a sample."""

    FIELD = "field"
    EMULATED = "emulated"
    """Recorded of a plant with emulated devices."""
    SIMULATED = "simulated"
    """Recorded by nobody: of the days before the first start."""


@dataclass(frozen=True, slots=True)
class Origins:
    """The origins of the samples of a site."""

    emulated: frozenset[str]
    """Assets with emulated devices."""
    simulated_until: int | None = None
    """[µs since the Unix epoch]"""

    @classmethod
    def of(cls, site: Site, data: DataDirectory) -> Origins:
        """Return the origins of what a data directory holds of a site."""
        emulated = {pump.id for pump in site.heat_pumps if pump.emulated}
        past = PastPlan.read(data)
        # What the totals add up is emulated as soon as a part of it is.
        return cls(
            frozenset(emulated | {SITE} if emulated else emulated),
            None if past is None else past.end,
        )

    def parts(self, key: str, times: Times) -> list[tuple[Origin, int]]:
        """Return the origins of samples in order of time: each with how many come from it."""
        asset = key.partition(".")[0]
        before, rest = 0, Origin.EMULATED if asset in self.emulated else Origin.FIELD
        # A directory with a past takes no real device, and its own parts the twin does not emulate.
        if self.simulated_until is not None and asset != TWIN:
            before = int(np.searchsorted(times, self.simulated_until, side="right"))
            rest = Origin.EMULATED
        found = [(Origin.SIMULATED, before), (rest, len(times) - before)]
        return [(origin, count) for origin, count in found if count]
