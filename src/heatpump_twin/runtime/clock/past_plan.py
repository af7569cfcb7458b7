"""Whether an emulated site has a past: days that its plant lived through before the first start.

A site that nobody has looked at has no trend, no energy of yesterday and nothing to learn from. So
what its plant would have done in the days before is simulated, once, and recorded as its history.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, replace

import structlog

from heatpump_twin import __version__
from heatpump_twin.config.data_directory import DataDirectory
from heatpump_twin.config.durable_file import write_private
from heatpump_twin.config.quantities import DAY
from heatpump_twin.config.settings import Site
from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.drivers.plant.devices.past_span import PastSpan
from heatpump_twin.errors import TwinError

log = structlog.stdlib.get_logger(__name__)

MOST = 4
"""So many heat pumps get a past; more would delay the start of their plant."""


@dataclass(frozen=True, slots=True)
class PastPlan:
    """The past of an emulated site: from when to when, and whether all of it is recorded."""

    begin: int
    end: int
    """[µs since the Unix epoch]"""
    recorded: bool = False
    plant: str = ""
    """What plant it is of, as a digest."""

    @property
    def span(self) -> PastSpan:
        """Its time, as the plant is told of it."""
        return PastSpan(self.begin, self.end)

    @classmethod
    def read(cls, data: DataDirectory) -> PastPlan | None:
        """Return the past that was begun in a data directory; None: there is none."""
        try:
            return cls(**json.loads(data.past.read_text("utf-8")))
        except (OSError, ValueError, TypeError):
            return None

    def done(self, data: DataDirectory) -> None:
        """Write down that all of it is recorded."""
        replace(self, recorded=True).write(data)

    def write(self, data: DataDirectory) -> None:
        """Write it down."""
        write_private(data.past, json.dumps(asdict(self)) + "\n")


def plan_past(site: Site, data: DataDirectory, now: int) -> PastPlan | None:
    """Return the past that a run is to record; None: there is nothing to do.

    Only the first run begins one, up to ``now`` [µs since the Unix epoch]. One that was broken off
    is recorded again as a whole: it is the same to the last digit, so that nothing is doubled.

    Raises
    ------
    TwinError
        There is one, and the site has a real device; or it was broken off, and of another plant.
    """
    begun = PastPlan.read(data)
    real = real_device(site)
    if begun is not None:
        if real is not None:
            raise TwinError(
                f"{data.root} holds the history of an emulated plant ({data.past.name}), and "
                f"{real} is a real device, whose history would be mixed with it: begin with "
                "another directory, --data DIR"
            )
        if begun.recorded:
            return None
        if begun.plant != digest_of(site):
            raise TwinError(
                f"{data.root} holds a part of the past of another emulated plant ({data.past.name}"
                "), which the rest would be mixed with: start with the site and settings of then, "
                "or with another directory, --data DIR"
            )
        return begun
    plant = site.plant
    if plant is None or not plant.past or not plant.managed or real is not None:
        return None
    # A database that was there before has a history of its own, as that of `hptwin record`.
    if data.run_record.exists() or data.database.exists():
        return None
    if len(site.heat_pumps) > MOST:
        log.info("no past is simulated", heat_pumps=len(site.heat_pumps), most=MOST)
        return None
    begin = now - round(plant.past * DAY * MICROSECONDS)
    return PastPlan(begin, now, plant=digest_of(site))


def digest_of(site: Site) -> str:
    """Return a digest of all that decides how the plant of a site has lived."""
    plant = None if site.plant is None else (site.plant.seed, site.plant.house)
    told = (__version__, site.site, site.heat_pumps, site.tariff, plant)
    return hashlib.sha256(repr(told).encode()).hexdigest()[:16]


def real_device(site: Site) -> str | None:
    """Return the key of a device that is not emulated; None: all are."""
    real = next(site.real_devices(), None)
    return None if real is None else f"heat_pumps.{real[0].id}.devices.{real[1].id}"
