"""What a plant remembers over a restart: the state of its heat pumps in a file.

A real machine goes on with its counters and its temperatures when somebody restarts a computer. The
state is taken as it is, attribute by attribute, so that nothing of the physics has to know of it; a
file that does not fit what is there now is as good as none.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import is_dataclass
from enum import Enum
from pathlib import Path
from typing import TypeAlias

import structlog

from heatpump_twin.config.durable_file import write_private

log = structlog.stdlib.get_logger(__name__)

State: TypeAlias = "bool | int | float | str | list[State] | dict[str, State] | None"
"""As JSON holds it. What is a mapping in the plant is a list of pairs: keys are no texts there."""
_OURS = ("heatpump_twin.drivers.plant.physics", "heatpump_twin.drivers.plant.controller")


class PlantMemory:
    """Memory of a plant in a file: a state for each heat pump."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def read(self) -> Mapping[str, State]:
        """Return the state of each heat pump; nothing where there is none that can be read."""
        try:
            read = json.loads(self._file.read_text("utf-8"))
        except (OSError, ValueError):
            return {}
        return read if isinstance(read, dict) else {}

    def write(self, states: Mapping[str, State]) -> None:
        """Write the state of each heat pump."""
        try:
            write_private(self._file, json.dumps(states))
        except OSError as error:
            log.warning("not written", file=str(self._file), error=error.strerror)


def state_of(thing: object) -> dict[str, State]:
    """Return the state of an object of the physics: what may change in it, and in what it holds."""
    found: dict[str, State] = {}
    for name, value in _attributes(thing).items():
        if _is_part(value):
            found[name] = state_of(value)
        elif _is_plain(value):
            found[name] = _plain(value)
    return found


def restore(thing: object, state: State) -> None:
    """Give an object the state of one like it.

    Raises
    ------
    ValueError
        It is not of one like it.
    """
    own = _attributes(thing)
    wanted = {name for name, value in own.items() if _is_part(value) or _is_plain(value)}
    if not isinstance(state, dict) or state.keys() != wanted:
        raise ValueError(f"it is not of a {type(thing).__name__} as it is now")
    for name, value in state.items():
        if _is_part(own[name]):
            restore(own[name], value)
        else:
            setattr(thing, name, _like(own[name], value))


def _attributes(thing: object) -> dict[str, object]:
    slots = {name for kind in type(thing).__mro__ for name in getattr(kind, "__slots__", ())}
    held = {name: getattr(thing, name) for name in slots if hasattr(thing, name)}
    return held | getattr(thing, "__dict__", {})


def _is_part(value: object) -> bool:
    """Tell whether a value is an object of the physics that changes."""
    if isinstance(value, Enum | tuple) or not type(value).__module__.startswith(_OURS):
        return False
    parameters = getattr(value, "__dataclass_params__", None)
    return not (is_dataclass(value) and parameters is not None and parameters.frozen)


def _is_plain(value: object) -> bool:
    if isinstance(value, dict):
        return all(_is_plain(part) for pair in value.items() for part in pair)
    if isinstance(value, list):
        return all(_is_plain(part) for part in value)
    return value is None or isinstance(value, int | float | str | Enum)


def _plain(value: object) -> State:
    if isinstance(value, Enum):
        return _plain(value.value)
    if isinstance(value, dict):
        return [[_plain(key), _plain(part)] for key, part in value.items()]
    if isinstance(value, list):
        return [_plain(part) for part in value]
    assert value is None or isinstance(value, int | float | str)  # noqa: S101 (`_is_plain`)
    return value


def _like(own: object, value: State) -> object:
    """Return a plain value as the attribute that is there now has it."""
    if isinstance(own, Enum):
        return type(own)(value)
    if isinstance(own, dict):
        return dict(value) if isinstance(value, list) else _misfit()  # type: ignore[arg-type]
    # A loop with a buffer has one node more than one without.
    if isinstance(own, list) and not (isinstance(value, list) and len(value) == len(own)):
        return _misfit()
    return value


def _misfit() -> object:
    raise ValueError("it has something else where a mapping or as long a list belongs")
