"""Settings on top of a site file: ``--set key=value`` and ``HPTWIN__KEY`` in the environment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import yaml

from heatpump_twin.config.errors import ConfigError, Problem
from heatpump_twin.config.hosts import is_address
from heatpump_twin.config.reading.strict_yaml import YamlPath, parse

ENVIRONMENT_PREFIX = "HPTWIN__"
OPTION = "--set"

_Part = dict[str, object] | list[object]
"""Section or list that a step of a dotted key leads to."""


@dataclass(frozen=True, slots=True)
class Override:
    """A setting from elsewhere than the file."""

    origin: str
    """``--set``, or the name of a variable of the environment."""
    key: str
    text: str

    def apply(self, data: dict[str, object]) -> YamlPath:
        """Set the value in the data of a site file; return its place there.

        Raises `ConfigError` where there is no such place, or the text is no value.
        """
        value = self._value()
        *path, last = self.key.split(".")
        place: _Part = data
        steps: list[str | int] = []
        for step in path:
            place, taken = self._enter(place, step)
            steps.append(taken)
        if isinstance(place, list):
            position = self._position(place, last)
            place[position] = value
            return (*steps, position)
        place[last] = value
        return (*steps, last)

    def _value(self) -> object:
        # From the environment, bytes that are no UTF-8 arrive as halves of characters.
        if not _is_unicode(self.text):
            raise self._mistake("is not UTF-8")
        # YAML takes `::` and `::1` for a section; nobody writes an address in quotes here.
        if is_address(self.text.strip()):
            return self.text.strip()
        try:
            # As YAML, so that a number is a number in `--set` as in the file.
            document = parse(self.text)
        except yaml.YAMLError as error:
            raise self._mistake(f"{self.text!r} is not a YAML value") from error
        if document.faults:
            raise self._mistake(document.faults[0].message)
        return document.data

    def _enter(self, data: _Part, step: str) -> tuple[_Part, str | int]:
        taken: str | int = step
        if isinstance(data, list):
            taken = self._position(data, step)
            child = data[taken]
        else:
            child = data.get(step)
            if child is None:
                child = data[step] = dict[str, object]()
        if not isinstance(child, dict | list):
            raise self._mistake(f"{step!r} holds a value, not a section")
        return child, taken

    def _position(self, items: list[object], step: str) -> int:
        for index, item in enumerate(items):
            # The id before the position: it goes on to mean the same device when another one is
            # put in front.
            if isinstance(item, dict) and item.get("id") == step:
                return index
        if step.isdecimal() and len(step) < 10 and int(step) < len(items):
            return int(step)
        raise self._mistake(f"there is no item {step!r}")

    def _mistake(self, message: str) -> ConfigError:
        return ConfigError([Problem(self.origin, None, self.key, message)])


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def overrides_of(
    texts: Sequence[str], environment: Mapping[str, str]
) -> tuple[list[Override], list[Problem]]:
    """Return the overrides of a command line and an environment, and those that are none."""
    found = [
        Override(name, name.removeprefix(ENVIRONMENT_PREFIX).lower().replace("__", "."), value)
        for name, value in environment.items()
        if name.startswith(ENVIRONMENT_PREFIX)
    ]
    problems = [
        Problem(o.origin, None, o.key, f"write {ENVIRONMENT_PREFIX}SECTION__KEY=value")
        for o in found
        if not all(o.key.split("."))
    ]
    found = [override for override in found if all(override.key.split("."))]
    # After the environment, so that what is typed now wins over what the service has.
    for text in texts:
        key, separator, value = text.partition("=")
        if separator and all(step.strip() for step in key.split(".")):
            found.append(Override(OPTION, key.strip(), value))
        else:
            message = "write dotted.key=value, for example opcua.port=4841"
            problems.append(Problem(OPTION, None, text, message))
    return found, problems
