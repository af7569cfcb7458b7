"""Stand-ins for what is wrong in a site file, so that the rest of it can be looked at as well.

Nothing runs with them: a site with a stand-in has a mistake, and is refused.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

from heatpump_twin.config.reading.strict_yaml import YamlPath

_PLATE = {
    "manufacturer": "x",
    "model": "x",
    "nominal_flow": 14.0,
    "max_power": 2600.0,
    "heating": [{"outdoor": 7.0, "water": 35.0, "capacity": 5000.0, "power": 1100.0}],
}
# No profile has an empty name: the device is left out of what follows.
_DEVICE = {"id": "stand_in", "profile": "", "connection": "tcp://stand-in"}
_PUMP = {"id": "stand_in", "name": "x", "plate": _PLATE, "devices": [_DEVICE]}
_SITE = {
    "site": {"name": "x", "latitude": 0.0, "longitude": 0.0, "timezone": "UTC"},
    "heat_pumps": [_PUMP],
}


def mend(data: dict[str, Any], location: Sequence[str | int]) -> YamlPath | None:
    """Put a stand-in where something is wrong or missing, or take it out where it is optional.

    Returns the place that was changed; None: there is none.
    """
    spot: Any = data
    path: list[str | int] = []
    for step in location[:-1]:
        if not _has(spot, step):
            return None
        spot = spot[step]
        path.append(step)
    found = _stand_in(location)
    if found is not None and (isinstance(spot, dict) or _has(spot, location[-1])):
        spot[location[-1]] = _unique(found, location)
        return tuple(location)
    if isinstance(spot, dict):
        last = location[-1]
        # A key that is not a word is found by what it is, as pydantic gives it.
        keys = [last] if last in spot else [key for key in spot if str(key) == str(last)]
        for key in keys:
            del spot[key]
        if keys:
            return tuple(location)
    # An item of a list cannot go: the places of those behind it would be others.
    return mend(data, path) if path else None


def _has(spot: Any, step: str | int) -> bool:
    if isinstance(spot, list):
        return isinstance(step, int) and step < len(spot)
    return isinstance(spot, dict) and step in spot


def _stand_in(location: Sequence[str | int]) -> Any:
    found: Any = _SITE
    for step in location:
        # The first of a list stands for all.
        place = 0 if isinstance(step, int) else step
        if not _has(found, place):
            return None
        found = found[place]
    return copy.deepcopy(found)


def _unique(found: Any, location: Sequence[str | int]) -> Any:
    """Return a stand-in that collides with no other one of its kind."""
    number = "_".join(str(step) for step in location if isinstance(step, int))
    if isinstance(found, str) and location[-1] == "id":
        return f"stand_in_{number}"
    if isinstance(found, str) and location[-1] == "connection":
        return f"tcp://stand-in-{number.replace('_', '-')}"
    if isinstance(found, dict):
        return {key: _unique(value, (*location, key)) for key, value in found.items()}
    if isinstance(found, list):
        return [_unique(value, (*location, index)) for index, value in enumerate(found)]
    return found
