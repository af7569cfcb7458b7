"""Load rule packs: packaged ones by name, a site's own by path."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from heatpump_twin.config.yaml_source import YamlSource
from heatpump_twin.rules.event_rule import EventRule
from heatpump_twin.rules.schema import Rule, RulePack

TWIN_PACK = "twin"
"""The packaged pack that every site has: whoever lists packs chooses those of heat pumps."""


@dataclass(frozen=True, slots=True)
class Pack:
    """A rule pack with the file that it came from."""

    rules: tuple[Rule, ...]
    source: YamlSource
    events: tuple[EventRule, ...] = ()


def load_packs(names: Iterable[str]) -> list[Pack]:
    """Load the packs that a site names, behind that of the twin itself.

    Raises
    ------
    ConfigError
        As `load_pack`.
    """
    # First, so that a rule of the site's own packs takes the place of one with the same id.
    return [load_pack(name) for name in dict.fromkeys((TWIN_PACK, *names))]


def load_pack(name: str) -> Pack:
    """Load a packaged pack (``heat-pump``) or a file (``./my-rules.yaml``).

    Raises
    ------
    ConfigError
        The file has mistakes; each is named with its file, line and key.
    """
    source = _source(name)
    pack = source.validate(RulePack)
    return Pack(tuple(pack.rules), source, tuple(pack.events))


def packaged_packs() -> list[str]:
    """Return the names of the packs that come with the product."""
    return sorted(
        item.name.removesuffix(".yaml")
        for item in files("heatpump_twin.rules.packs").iterdir()
        if item.name.endswith(".yaml")
    )


def _source(name: str) -> YamlSource:
    packaged = files("heatpump_twin.rules.packs").joinpath(f"{name}.yaml")
    # A slash is a path: a file of a site may have the name of a packaged pack without being taken
    # for it.
    if "/" not in name and packaged.is_file():
        return YamlSource(packaged.read_text("utf-8"), f"{name}.yaml")
    return YamlSource.read(Path(name))
