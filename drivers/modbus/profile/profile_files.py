"""Find, read and check profile files, packaged ones and a site's own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from importlib.resources import files
from itertools import combinations
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from heatpump_twin.config.errors import ConfigError, Problem, ProblemAt
from heatpump_twin.config.reading.text_file import is_file
from heatpump_twin.config.yaml_source import YamlSource
from heatpump_twin.drivers.modbus.profile.profile import Profile, ProfilePoint, UnverifiedPoint

_PACKAGE = "heatpump_twin.drivers.modbus.profiles"


def packaged_profiles() -> list[str]:
    """Return the names of the profiles that come with the product."""
    return sorted(
        item.name.removesuffix(".yaml")
        for item in files(_PACKAGE).iterdir()
        if item.name.endswith(".yaml")
    )


def load_profile(name_or_path: str | Path) -> Profile:
    """Return a validated profile: a packaged one by its name, or any file.

    Raises `ConfigError` with file, line and key of every mistake.
    """
    source = profile_source(name_or_path)
    try:
        profile = source.validate(Profile)
    except ConfigError as error:
        raise ConfigError([*error.problems, *_of_the_others(source)]) from error
    if problems := list(across_points(source.problem, profile)):
        raise ConfigError(problems)
    return profile


def _of_the_others(source: YamlSource) -> list[Problem]:
    """Return the mistakes between the points that are right: all in one round, for a person."""
    data = source.data
    if not isinstance(data, dict) or not isinstance(data.get("points"), list):
        return []
    head = {key: value for key, value in data.items() if key not in ("points", *_LISTS)}
    good: list[int] = []
    for index, point in enumerate(data["points"]):
        with suppress(ValidationError):
            Profile.model_validate({**head, "points": [point]})
            good.append(index)
    try:
        profile = Profile.model_validate({**head, "points": [data["points"][i] for i in good]})
    except ValidationError:  # a mistake at the top
        return []

    def problem(location: Sequence[str | int], message: str) -> Problem:
        key, place, *rest = location
        return source.problem((key, good[int(place)], *rest), message)

    known = {p.point for p in profile.points}
    everywhere = {p.get("point") for p in data["points"] if isinstance(p, dict)}
    return [
        found
        for found in across_points(problem, profile)
        # An interlock may name a point that has a mistake of its own.
        if not any(f"{name!r}" in found.message for name in everywhere - known)
    ]


_LISTS = ("unverified_points",)


def profile_schema() -> dict[str, Any]:
    """Return the JSON Schema of profile files, for editors and other tools."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **Profile.model_json_schema(),
    }


def profile_source(name_or_path: str | Path) -> YamlSource:
    """Return the YAML source of a profile: a packaged one by its name, or any file."""
    # A bare name means the packaged profile first: a file that happens to lie in the working
    # directory must not take its place.
    name = str(name_or_path)
    packaged = files(_PACKAGE).joinpath(f"{name}.yaml")
    if "/" not in name and packaged.is_file():
        return YamlSource(packaged.read_text("utf-8"), f"{name}.yaml")
    if "/" not in name and not is_file(name):
        known = ", ".join(packaged_profiles())
        message = f"there is no such profile; name a file, or one of {known}"
        raise ConfigError([Problem(name, 1, "profile", message)])
    return YamlSource.read(Path(name))


def across_points(problem: ProblemAt, profile: Profile) -> Iterator[Problem]:
    """Find the mistakes of a profile that only show when its points are seen together."""
    first: dict[str, int] = {}
    for index, point in enumerate(profile.points):
        if point.point in first:
            yield problem(("points", index, "point"), f"{point.point} is given twice")
        first.setdefault(point.point, index)
        if len(point.parts[0]) > profile.limits.of(point.space):
            message = f"{point.size} addresses do not fit in one request of this device"
            yield problem(("points", index, "address"), message)
        for name in point.write.requires if point.write else ():
            if name not in profile.by_name:
                message = f"there is no point {name!r} in this profile"
                yield problem(("points", index, "write", "requires", name), message)
    for (_, a), (index, b) in combinations(enumerate(profile.points), 2):
        if overlap(a, b):
            message = f"{b.point} lies on the same {b.space} addresses as {a.point}"
            yield problem(("points", index, "address"), message)
    for index, point in enumerate(profile.points):
        for other in profile.points:
            if other is not point and point.space is other.space and _scaled_by(point, other):
                message = f"its scale factor lies on {other.point}"
                yield problem(("points", index, "scale_factor_address"), message)
    yield from _across_unverified(problem, profile)


def _across_unverified(problem: ProblemAt, profile: Profile) -> Iterator[Problem]:
    """Find readings that are given twice: as certain and as doubtful, or the same one again."""
    for index, reading in enumerate(profile.unverified_points):
        certain = profile.by_name.get(reading.point)
        if certain is not None and overlap(certain, reading):
            message = f"{reading.point} lies there among the points, where it is certain"
            yield problem(("unverified_points", index, "address"), message)
        if reading.size > profile.limits.of(reading.space):
            message = f"{reading.size} addresses do not fit in one request of this device"
            yield problem(("unverified_points", index, "address"), message)
        if _reading(reading) in map(_reading, profile.unverified_points[:index]):
            message = f"this reading of {reading.point} is given twice"
            yield problem(("unverified_points", index, "point"), message)


def _reading(point: UnverifiedPoint) -> dict[str, Any]:
    return point.model_dump(exclude={"why"})


def overlap(a: ProfilePoint, b: ProfilePoint) -> bool:
    """Tell whether two points claim the same bits of a device."""
    if a.space is not b.space or not _meet(a, b):
        return False
    # A bit of a value that is a combination of states may be a point as well.
    if (a.spec.flags and b.bit is not None) or (b.spec.flags and a.bit is not None):
        return False
    if a.bit is None or b.bit is None or a.address != b.address:
        return True
    return a.bit < b.bit + b.bits and b.bit < a.bit + a.bits


def _meet(a: ProfilePoint, b: ProfilePoint) -> bool:
    """Tell whether values share an address. Several may share the register of a scale factor."""
    if a.parts[1:] or b.parts[1:]:
        return not set(_addresses(a)).isdisjoint(_addresses(b))
    return a.address < b.end and b.address < a.end


def _scaled_by(point: ProfilePoint, other: ProfilePoint) -> bool:
    address = point.scale_factor_address
    return address is not None and address in _addresses(other)


def _addresses(point: ProfilePoint) -> Iterator[int]:
    runs = point.parts if point.scale_factor_address is None else point.parts[:-1]
    return (address for run in runs for address in run)
