"""Record of a point of the site: its id, its inputs and its function (ADR 11)."""

from __future__ import annotations

from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass
from typing import Any

from heatpump_twin.config.catalogue import Span
from heatpump_twin.config.tariff import Tariff
from heatpump_twin.twin_engine.site.site_sources import SiteSources

TotalValue = tuple[float, int]
"""A value of the site and its status; NaN where that is Bad."""
Take = Callable[[SiteSources], Any]
"""Takes an argument of a site point's function from the sources."""


@dataclass(frozen=True, slots=True)
class SiteInput:
    """One argument of a site point's function."""

    take: Take
    points: frozenset[str] = frozenset()
    """Points of heat pumps that it may be taken from: a heat pump has it if it has one of them."""
    priced: Callable[[Tariff], bool] | None = None
    """What it needs of the site's tariff; None: no tariff."""
    required = True

    def possible(self, tariff: Tariff | None) -> bool:
        """Tell whether a site with this tariff has it, as far as that is up to the tariff."""
        return self.priced is None or (tariff is not None and self.priced(tariff))


@dataclass(frozen=True, slots=True)
class SiteSize:
    """Number of heat pumps and tariff, on which the range of a total depends."""

    heat_pumps: int
    tariff: Tariff | None


@dataclass(frozen=True, slots=True)
class SitePoint:
    """One point of the site.

    The site has it if one of its heat pumps has all of the inputs, and the tariff is as they need
    it.
    """

    id: str
    """In the catalogue, which has its unit and texts."""
    takes: tuple[str | SiteInput, ...]
    """Its inputs, in the order of the function's arguments; a string is a quantity of all heat
    pumps, as a `FleetReading`."""
    function: Callable[..., TotalValue]
    """Computes it. Quality follows from that of the arguments; an exception makes it Bad."""
    span: Callable[[SiteSize], Span] | None = None
    """Its range on a site of some size; None: that of the catalogue."""

    @property
    def inputs(self) -> tuple[SiteInput, ...]:
        """Inputs of the point, ids turned into inputs."""
        return tuple(quantity(i) if isinstance(i, str) else i for i in self.takes)

    @property
    def arguments(self) -> int:
        """Number of arguments of its function."""
        return len(self.takes)

    def possible(self, heat_pumps: Sequence[Set[str]], tariff: Tariff | None) -> bool:
        """Tell whether a site has it whose heat pumps have these points."""
        inputs = self.inputs
        needed = [i.points for i in inputs if i.points]
        # One heat pump must have them all: heat of one and electricity of another make no COP.
        return all(i.possible(tariff) for i in inputs) and any(
            all(points & ids for points in needed) for ids in heat_pumps
        )


def quantity(point: str) -> SiteInput:
    """Return the input of one quantity of all heat pumps."""
    return SiteInput(lambda sources: sources.fleet(point), frozenset((point,)))


def sensors(*points: str) -> SiteInput:
    """Return the input of all sensors of some kinds."""
    return SiteInput(lambda sources: sources.sensors(points), frozenset(points))


def energy_of_day(point: str) -> SiteInput:
    """Return the input of an energy of the day, kept while a heat pump does not answer."""
    return SiteInput(lambda sources: sources.energy(point), frozenset((point,)))
