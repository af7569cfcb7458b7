"""The load of a link: how much of its time its devices' polls take, and a warning above 100 %."""

from __future__ import annotations

import structlog

log = structlog.stdlib.get_logger(__name__)

_ENOUGH = 5
"""Polls of a device until its share counts: the first one connects and reads everything."""
_MEMORY = 30
"""Polls over which a share is averaged, so that it has slow points and retries in it."""
_RELIEF = 0.9
"""Below this the link keeps up again; between this and 1 nothing is said."""


class LinkUtilisation:
    """Add up the time that the devices on one link keep it busy.

    The share of a device is the time for which its poll keeps the link from others, over its
    period. Where the shares come to more than 1, polls cannot be on time, however evenly they are
    spread: the polls of one device wait for those of another.
    """

    def __init__(self, link: str) -> None:
        self.overloaded = False
        self._link = link
        self._devices: dict[str, _Demand] = {}

    @property
    def load(self) -> float:
        """Time that the link would need for every second, to keep all periods. [s]"""
        return sum(demand.occupied / demand.period for demand in self._counted())

    @property
    def scan_time(self) -> float:
        """Time that the link needs to poll each of its devices once. [s]"""
        return sum(demand.occupied for demand in self._counted())

    def note(self, device: str, occupied: float, period: float) -> None:
        """Record for how long a poll of a device, one every ``period``, kept the link. [s]"""
        self._devices.setdefault(device, _Demand()).take(occupied, period)
        load = self.load
        if not self.overloaded and load > 1.0:
            self.overloaded = True
            log.warning(
                "link overloaded: polls are late",
                link=self._link,
                load=f"{load:.0%}",
                scan_time=f"{self.scan_time:.2f} s",
                devices=len(self._devices),
                remedy="poll them less often, skip points, or put some on another link",
            )
        elif self.overloaded and load < _RELIEF:
            self.overloaded = False
            log.info("link keeps up again", link=self._link, load=f"{load:.0%}")

    def _counted(self) -> list[_Demand]:
        return [demand for demand in self._devices.values() if demand.polls >= _ENOUGH]


class _Demand:
    """The time that one device's polls keep the link busy, and its poll period. [s]"""

    def __init__(self) -> None:
        self.polls = 0
        self.occupied = 0.0
        self.period = 1.0

    def take(self, occupied: float, period: float) -> None:
        """Average time and period of a device: over all its polls at first, later over the last."""
        self.polls += 1
        weight = 1 / min(self.polls, _MEMORY)
        self.occupied += weight * (occupied - self.occupied)
        self.period += weight * (period - self.period)
