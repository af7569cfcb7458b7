"""Load a site file: YAML, then environment, then ``--set``; mistakes with file, line and key."""

from __future__ import annotations

import copy
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from heatpump_twin.config.errors import ConfigError, Problem
from heatpump_twin.config.reading.overrides import ENVIRONMENT_PREFIX, Override, overrides_of
from heatpump_twin.config.reading.stand_ins import mend
from heatpump_twin.config.reading.strict_yaml import YamlPath
from heatpump_twin.config.settings import Site
from heatpump_twin.config.yaml_source import YamlSource, dotted, plain

__all__ = ["ENVIRONMENT_PREFIX", "SiteFile", "SiteReading", "load_site", "read_site", "site_source"]

DEFAULT_SITE = "default"
_MOST_ROUNDS = 12
"""A mistake may hide others behind it, but not many times over."""


@dataclass(frozen=True, slots=True)
class SiteFile:
    """Source of a site: a file or the name of a packaged site, with overrides."""

    file: str = DEFAULT_SITE
    overrides: Sequence[str] = ()

    def load(self) -> Site:
        """Return the validated site."""
        return load_site(self.file, self.overrides)

    @property
    def arguments(self) -> list[str]:
        """Command line arguments that tell a child process of the site."""
        return ["--site", self.file, *(p for item in self.overrides for p in ("--set", item))]


@dataclass
class SiteReading:
    """A site as it was read, with the mistakes found so far.

    Where there are some, what is wrong in ``site`` has a stand-in, so that the rest can be examined
    all the same. A problem that lies at a stand-in only follows from it, and is not taken.
    """

    source: YamlSource
    data: dict[str, Any]
    site: Site | None = None
    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    origins: dict[YamlPath, str] = field(default_factory=dict)
    """Where a value is from that is not from the file, by its place."""

    def problem(self, location: Sequence[str | int], message: str) -> Problem:
        """Return a problem at a place: in the file, or in what was set over it."""
        told = self.source.problem(location, message)
        origin = self._origin(tuple(location))
        return told if origin is None else Problem(origin, None, told.key, message)

    def spoilt(self, location: Sequence[str | int]) -> bool:
        """Tell whether a mistake at this place, above or below it was told already."""
        return self.source.spoilt(location)

    def states(self, location: Sequence[str | int]) -> bool:
        """Tell whether the file, or what was set over it, has this key."""
        return self.source.has(location) or self._origin(tuple(location)) is not None

    def add(self, location: Sequence[str | int], message: str) -> None:
        """Add a problem, unless it only follows from another one."""
        if not self.spoilt(location):
            self.problems.append(self.problem(location, message))

    def replaced(self, place: YamlPath, origin: str) -> None:
        """Note that a value is from elsewhere; what was wrong there in the file is so no more."""
        self.origins[place] = origin
        self.source.mended.discard(place)
        self.problems = [p for p in self.problems if p.key != dotted(place)]

    def doubt(self, location: Sequence[str | int], message: str) -> None:
        """Add a warning: what may be right, and a person should look at."""
        if not self.spoilt(location):
            self.warnings.append(self.problem(location, message))

    def bare(self, location: Sequence[str | int]) -> bool:
        """Tell whether a value is written as a number alone."""
        spot: Any = self.data
        for step in location:
            if isinstance(spot, dict):
                spot = spot.get(step)
            else:
                spot = spot[step] if isinstance(step, int) and isinstance(spot, list) else None
        return isinstance(spot, int | float)

    def take(self, problems: Sequence[Problem]) -> None:
        """Add the problems of a later look, without those that lie at a stand-in."""
        ours = {self.source.name, *self.origins.values()}
        spoilt = [dotted(place) for place in self.source.mended]
        self.problems += [
            problem
            for problem in problems
            if problem.file not in ours
            or not any(f"{problem.key}.".startswith(f"{place}.") for place in spoilt)
        ]

    def _origin(self, location: YamlPath) -> str | None:
        for place, origin in self.origins.items():
            if location[: len(place)] == place:
                return origin
        if not location or self.source.has(location):
            return None
        below = (o for place, o in self.origins.items() if place[: len(location)] == location)
        return next(below, None)


def site_source(site: str | Path | None) -> YamlSource:
    """Open a site file, or a packaged site by its name (``default``, ``two-heat-pumps``)."""
    name = str(site or DEFAULT_SITE)
    # A path has a slash: so a file of one's own is never hidden by a packaged site.
    if "/" not in name and "\0" not in name:
        packaged = files("heatpump_twin.config.sites").joinpath(f"{name}.yaml")
        if packaged.is_file():
            return YamlSource(packaged.read_text("utf-8"), f"{name}.yaml")
    return YamlSource.read(Path(name))


def load_site(
    site: str | Path | None = None,
    overrides: Sequence[str] = (),
    environment: Mapping[str, str] | None = None,
) -> Site:
    """Return a validated site; raise `ConfigError` with all mistakes of the file itself.

    ``overrides`` are ``dotted.key=value`` texts; a list is entered by position or by ``id``
    (``heat_pumps.hp1.name=East``). ``HPTWIN__OPCUA__PORT=4841`` in the environment does the same.
    """
    reading = read_site(site, overrides, environment)
    if reading.problems or reading.site is None:
        raise ConfigError(reading.problems)
    return reading.site


def read_site(
    site: str | Path | None = None,
    overrides: Sequence[str] = (),
    environment: Mapping[str, str] | None = None,
) -> SiteReading:
    """Read a site as far as it can be read, with all mistakes of the file itself.

    Raises `ConfigError` for a file of which nothing can be read.
    """
    source = site_source(site)
    if not isinstance(source.data, dict):
        what = "the file is empty" if source.data is None else "this is something else"
        message = f"a site file is a mapping of sections, such as `site:`; {what}"
        raise ConfigError([*source.faults, Problem(source.name, 1, "", message)])
    # A copy: `source` goes on to give the lines of what the file says.
    reading = SiteReading(source, copy.deepcopy(source.data), problems=source.faults)
    given = os.environ if environment is None else environment
    _override(reading, *overrides_of(overrides, given))
    # Before the model, which is keyed by nothing and would take both; and after the overrides,
    # which can make two ids equal.
    _check_unique(reading)
    _validate(reading)
    return reading


def _override(reading: SiteReading, overrides: list[Override], bad: list[Problem]) -> None:
    reading.problems += bad
    for override in overrides:
        try:
            place = override.apply(reading.data)
        except ConfigError as error:
            reading.problems += error.problems
        else:
            reading.replaced(place, override.origin)


def _validate(reading: SiteReading) -> None:
    """Validate the data; where something is wrong, mend it and look at what that had hidden."""
    for _ in range(_MOST_ROUNDS):
        try:
            reading.site = Site.model_validate(reading.data)
        except ValidationError as error:
            for place, words in reading.source.mistakes(error, Site):
                reading.problems.append(reading.problem(place, words))
            places = [place for e in error.errors(include_url=False) if (place := plain(e["loc"]))]
            mended = [done for place in places if (done := mend(reading.data, place))]
            if not mended:
                return
            reading.source.mended.update(mended)
        else:
            return


def _check_unique(reading: SiteReading) -> None:
    """Find two heat pumps, or two devices of one, with the same id."""
    pumps = reading.data.get("heat_pumps")
    for location, items in _id_lists(pumps if isinstance(pumps, list) else []):
        seen: set[str] = set()
        for index, item in enumerate(items):
            name = item.get("id") if isinstance(item, dict) else None
            if isinstance(name, str) and name in seen:
                reading.add((*location, index, "id"), f"the id {name!r} is used twice")
            if isinstance(name, str):
                seen.add(name)


def _id_lists(pumps: list[object]) -> Iterator[tuple[YamlPath, list[object]]]:
    yield ("heat_pumps",), pumps
    for index, pump in enumerate(pumps):
        devices = pump.get("devices") if isinstance(pump, dict) else None
        if isinstance(devices, list):
            yield ("heat_pumps", index, "devices"), devices
