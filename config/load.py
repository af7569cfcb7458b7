"""Load a site file: YAML, then environment, then ``--set``; mistakes with file, line and key."""

from __future__ import annotations

import copy
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import yaml

from heatpump_twin.config.errors import ConfigError, Problem
from heatpump_twin.config.settings import Site
from heatpump_twin.config.yaml_source import YamlPath, YamlSource

ENVIRONMENT_PREFIX = "HPTWIN__"
DEFAULT_SITE = "default"

_Part = dict[str, object] | list[object]
"""Section or list that a step of a dotted key leads to."""


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


def site_source(site: str | Path | None) -> YamlSource:
    """Open a site file, or a packaged site by its name (``default``, ``two-heat-pumps``)."""
    name = str(site or DEFAULT_SITE)
    packaged = files("heatpump_twin.config.sites").joinpath(f"{name}.yaml")
    # A path has a slash: so a file of one's own is never hidden by a packaged site.
    if "/" not in name and packaged.is_file():
        return YamlSource(packaged.read_text("utf-8"), f"{name}.yaml")
    return YamlSource.read(Path(name))


def load_site(
    site: str | Path | None = None,
    overrides: Sequence[str] = (),
    environment: Mapping[str, str] | None = None,
) -> Site:
    """Return a validated site.

    ``overrides`` are ``dotted.key=value`` texts; a list is entered by position or by ``id``
    (``heat_pumps.hp1.name=East``). ``HPTWIN__OPCUA__PORT=4841`` in the environment does the same.
    """
    source = site_source(site)
    # A copy: `source` goes on to give the lines of what the file says.
    data = copy.deepcopy(source.data)
    if not isinstance(data, dict):
        raise ConfigError([Problem(source.name, 1, "", "a site file is a mapping of sections")])
    for origin, key, value in _overrides(
        overrides, os.environ if environment is None else environment
    ):
        _apply(data, key, value, origin)
    # Before the model, which is keyed by nothing and would take both; and after the overrides,
    # which can make two ids equal.
    check_unique(source, data)
    return source.validate(Site, data)


def check_unique(source: YamlSource, data: Mapping[str, object]) -> None:
    """Raise `ConfigError` for two heat pumps, or two devices of one, with the same id."""
    problems = []
    pumps = data.get("heat_pumps")
    for location, items in _id_lists(pumps if isinstance(pumps, list) else []):
        seen: set[str] = set()
        for index, item in enumerate(items):
            name = item.get("id") if isinstance(item, dict) else None
            if name in seen:
                problems.append(
                    source.problem((*location, index, "id"), f"the id {name!r} is used twice")
                )
            if name is not None:
                seen.add(name)
    if problems:
        raise ConfigError(problems)


def _id_lists(pumps: list[object]) -> list[tuple[YamlPath, list[object]]]:
    lists: list[tuple[YamlPath, list[object]]] = [(("heat_pumps",), pumps)]
    for index, pump in enumerate(pumps):
        devices = pump.get("devices") if isinstance(pump, dict) else None
        if isinstance(devices, list):
            lists.append((("heat_pumps", index, "devices"), devices))
    return lists


def _overrides(
    texts: Sequence[str], environment: Mapping[str, str]
) -> list[tuple[str, str, object]]:
    found = [
        (name, name.removeprefix(ENVIRONMENT_PREFIX).lower().replace("__", "."), value)
        for name, value in environment.items()
        if name.startswith(ENVIRONMENT_PREFIX)
    ]
    # After the environment, so that what is typed now wins over what the service has.
    for text in texts:
        key, separator, value = text.partition("=")
        if not separator or not key.strip():
            raise ConfigError(
                [Problem("--set", 1, text, "write dotted.key=value, for example opcua.port=4841")]
            )
        found.append(("--set", key.strip(), value))
    return [(origin, key, _scalar(origin, key, value)) for origin, key, value in found]


def _scalar(origin: str, key: str, text: str) -> object:
    try:
        # As YAML, so that a number is a number in `--set` as in the file.
        value: object = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ConfigError([Problem(origin, 1, key, f"{text!r} is not a YAML value")]) from error
    return value


def _apply(data: dict[str, object], key: str, value: object, origin: str) -> None:
    *path, last = key.split(".")
    place: _Part = data
    for step in path:
        place = _enter(place, step, key, origin)
    if isinstance(place, list):
        place[_position(place, last, key, origin)] = value
    else:
        place[last] = value


def _enter(data: _Part, step: str, key: str, origin: str) -> _Part:
    if isinstance(data, list):
        child = data[_position(data, step, key, origin)]
    else:
        child = data.get(step)
        if child is None:
            child = data[step] = dict[str, object]()
    if not isinstance(child, dict | list):
        raise ConfigError([Problem(origin, 1, key, f"{step!r} holds a value, not a section")])
    return child


def _position(items: list[object], step: str, key: str, origin: str) -> int:
    for index, item in enumerate(items):
        # The id before the position: it goes on to mean the same device when another one is put
        # in front.
        if isinstance(item, dict) and item.get("id") == step:
            return index
    if step.isdigit() and int(step) < len(items):
        return int(step)
    raise ConfigError([Problem(origin, 1, key, f"there is no item {step!r}")])
