"""The profile of one device of a site: its file's, as the site file adapts it."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any, cast

from pydantic import ValidationError

from heatpump_twin.config.adaptation import Adaptation
from heatpump_twin.config.catalogue import PointSpec
from heatpump_twin.config.errors import ConfigError, KeyPath, Problem, ProblemAt
from heatpump_twin.config.settings import Device
from heatpump_twin.config.yaml_source import YamlSource
from heatpump_twin.drivers.modbus.profile.profile import Profile, ValueType
from heatpump_twin.drivers.modbus.profile.profile_files import (
    across_points,
    load_profile,
    profile_source,
)

_MARKED = frozenset(v for v in ValueType if v not in (ValueType.BOOL, ValueType.STRING))


def site_profile(
    device: Device, quantities: Mapping[str, PointSpec], problem: ProblemAt
) -> Profile:
    """Return the profile of a device. Raises `ConfigError` with all its mistakes.

    ``problem`` makes one out of a key of the device in the site file.
    """
    profile = load_profile(device.profile)
    if device.adapt is None:
        return profile
    return _Adapter(profile_source(device.profile), device.adapt, problem).profile(quantities)


class _Adapter:
    """Adapter of the data of a profile's file, which knows where the site says what."""

    def __init__(self, source: YamlSource, adapt: Adaptation, problem: ProblemAt) -> None:
        self._adapt = adapt
        self._problem = problem
        # A mapping, since the profile loads as it is.
        self._data: dict[str, Any] = copy.deepcopy(dict(cast("Mapping[str, Any]", source.data)))

    def profile(self, quantities: Mapping[str, PointSpec]) -> Profile:
        """Return the adapted profile, or raise `ConfigError`."""
        self._change()
        # Only those that are used, so that a reload knows whether the device has changed.
        used = {name: q for name, q in quantities.items() if name in self._adapt.points}
        declared: dict[str, Any] = {**used, **(self._data.get("quantities") or {})}
        try:
            adapted = Profile.model_validate({**self._data, "quantities": declared})
        except ValidationError as error:
            problems = [self._at(e["loc"], _message(e["msg"])) for e in error.errors()]
            raise ConfigError(problems) from error
        if problems := list(across_points(self._at, adapted)):
            raise ConfigError(problems)
        return adapted

    def _change(self) -> None:
        adapt, data = self._adapt, self._data
        for key in ("word_order", "byte_order", "pause"):
            value = getattr(adapt, key)
            if value is not None:
                data[key] = value
        if adapt.limits:
            data["limits"] = {**(data.get("limits") or {}), **adapt.limits}
        points: list[dict[str, Any]] = data["points"]
        by_name = {point["point"]: point for point in points}
        for name, keys in adapt.points.items():
            if name in by_name:
                _merge(by_name[name], keys)
            else:
                points.append({"point": name, **keys})
        if adapt.absent:
            for point in points:
                self._mark(point)

    def _mark(self, point: dict[str, Any]) -> None:
        """Give a point without marks those of the device that its type can hold."""
        if "absent" in point or point.get("type") not in _MARKED:
            return
        for mark in self._adapt.absent:
            trial = {**point, "absent": [*point.get("absent", []), mark]}
            try:
                Profile.model_validate({**self._data, "points": [trial], "unverified_points": []})
            except ValidationError:
                continue
            point["absent"] = trial["absent"]

    def _at(self, location: KeyPath, message: str) -> Problem:
        """Return a problem at the key of the site file that made it."""
        if len(location) > 1 and location[0] == "points" and isinstance(location[1], int):
            name = self._data["points"][location[1]]["point"]
            if name in self._adapt.points:
                return self._problem(("adapt", "points", name, *location[2:]), message)
            return self._problem(("adapt",), f"{name}: {message}")
        return self._problem(("adapt", *location), message)


def _merge(point: dict[str, Any], keys: Mapping[str, Any]) -> None:
    """Change keys of a point; ``write: {max: 50}`` changes one rule, ``write: null`` all."""
    for key, value in keys.items():
        if value is None:
            point.pop(key, None)
        elif key == "write" and isinstance(value, Mapping) and isinstance(point.get(key), Mapping):
            point[key] = {**point[key], **value}
        else:
            point[key] = value


def _message(text: str) -> str:
    return text.removeprefix("Value error, ").replace(
        "Extra inputs are not permitted", "unknown key; see `hptwin schema profile`"
    )
