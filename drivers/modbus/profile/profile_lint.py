"""Lint of profiles: scales, types and writes that the schema allows and that can hardly be right.

An *error* cannot be true of any device; `hptwin check` refuses it. A *warning* is something that a
person should look at: the device may really be like that. What makes a profile unusable, such as
values on the same registers, is refused when it is loaded.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from heatpump_twin.config.catalogue import Group, PointKind, PointSpec
from heatpump_twin.config.errors import KeyPath, Problem
from heatpump_twin.drivers.modbus.profile.codec import reach
from heatpump_twin.drivers.modbus.profile.field_units import exact
from heatpump_twin.drivers.modbus.profile.profile import Profile, ProfilePoint, Space, ValueType
from heatpump_twin.drivers.modbus.profile.profile_files import load_profile, profile_source

_IMPOSSIBLE, _DOUBTFUL = 0.01, 0.5
"""Share of the usual range that the registers can hold: below, it is an error, or a doubt."""
_SHORT_COUNTER = 0.02
"""The same for a counter, which may start again at 0, but not every month."""
_SHORTEST_TIMEOUT = 0.02
"""Time-out that hardly any device keeps. [s]"""
_COARSE = 0.1
"""Step between two values, as a share of the usual range."""


_FIRST_PRINTED = {Space.DISCRETE: 10_001, Space.INPUT: 30_001, Space.HOLDING: 40_001}
"""Number of the first address of a table in Modicon's way of counting."""
_LAST_PRINTED = 9_998


@dataclass(frozen=True, slots=True)
class Finding:
    """A finding of the lint: something doubtful about a profile, with its place in the file."""

    problem: Problem
    is_error: bool


@dataclass(frozen=True, slots=True)
class Remark:
    """A doubt about a profile, by the place of the point in it and the key."""

    index: int | None
    """None: it is about the profile as a whole."""
    key: str
    message: str
    is_error: bool = False

    @property
    def place(self) -> KeyPath:
        """Where it stands in the file of a profile."""
        keys = tuple(self.key.split("."))
        return keys if self.index is None else ("points", self.index, *keys)


def lint_profile(name_or_path: str | Path) -> list[Finding]:
    """Return the findings on a profile that loads. Raises `ConfigError` if it does not."""
    profile = load_profile(name_or_path)
    source = profile_source(name_or_path)
    return [Finding(source.problem(r.place, r.message), r.is_error) for r in remarks(profile)]


def remarks(profile: Profile) -> Iterator[Remark]:
    """Give every doubt about a profile: on times, on points in their order, then on writes."""
    yield from _doubtful_times(profile)
    for index, point in enumerate(profile.points):
        if point.type is not ValueType.STRING and point.spec.kind is PointKind.ANALOG:
            yield from _scale(index, point)
        if point.write is not None and point.spec.kind is PointKind.MULTI_STATE and not point.enum:
            message = "a state that is written needs its enum: which number is which of the texts"
            yield Remark(index, "enum", message, is_error=True)
        for message in _doubtful_steps(point):
            yield Remark(index, "write", message)
    yield from _clashes(profile)
    if not profile.wire_addresses:
        yield from _modicon(profile)


def scale_doubt(point: ProfilePoint) -> str:
    """Say why the scale of a point cannot be right, or is doubtful; empty: it can."""
    if point.spec.kind is not PointKind.ANALOG:
        return ""
    return next((remark.message for remark in _scale(0, point)), "")


def _scale(index: int, point: ProfilePoint) -> Iterator[Remark]:
    span, held = point.spec.range, reach(point)
    # A float holds any number; of codes and plain counts the range says nothing about the scale.
    if span is None or held is None or _is_code(point.spec):
        return
    width = span[1] - span[0]
    share = max(0.0, min(span[1], held[1]) - max(span[0], held[0])) / width
    can = f"{point.type} can hold {held[0]:.5g} to {held[1]:.5g} {point.spec.unit}"
    usual = f"{point.point} is usually {span[0]:g} to {span[1]:g}"
    # With a scale that is ten times too small, the registers end before the usual range does.
    if _is_counter(point.spec):
        if share < _SHORT_COUNTER:
            yield Remark(index, "scale", f"{can}, so this counter soon starts again at 0")
    elif share < _DOUBTFUL:
        message = f"{can}, but {usual}: is it another scale or unit?"
        yield Remark(index, "scale", message, is_error=share < _IMPOSSIBLE)
    # An unsigned outdoor temperature is right until the first frost, and then 6553 °C.
    elif point.spec.unit == "Cel" and span[0] < 0 <= held[0]:
        yield Remark(index, "type", f"{can}, but {usual}: should it be signed?")
    # One that is ten times too large shows in the coarseness of the values.
    step = abs(point.scale * point.conversion.factor)
    if point.spec.deadband and step > _COARSE * width:
        message = f"one count is {step:g} {point.spec.unit}, but {usual}: is it another scale?"
        yield Remark(index, "scale", message, is_error=step > width)


def _modicon(profile: Profile) -> Iterator[Remark]:
    """Doubt addresses as tables for people print them: 40001 is the first holding register."""
    doubtful = [
        (index, point, first)
        for index, point in enumerate(profile.points)
        if 0 <= point.address - (first := _FIRST_PRINTED.get(point.space, 65536)) <= _LAST_PRINTED
    ]
    for index, point, first in doubtful[:1]:
        more = f", as {len(doubtful) - 1} more do" if len(doubtful) > 1 else ""
        message = (
            f"{point.address} looks like Modicon numbering{more}; address {point.address - first}? "
            "Where the device has it so on the wire, write `wire_addresses: true` in the profile"
        )
        yield Remark(index, "address", message)


def _clashes(profile: Profile) -> Iterator[Remark]:
    """Find two points that are read in different places and written to one."""
    for (_, a), (index, b) in combinations(enumerate(profile.points), 2):
        # Loading compares where points are read (`overlap`), which does not show this.
        same_table = a.write_space is not None and a.write_space is b.write_space
        elsewhere = _is_written_elsewhere(a) or _is_written_elsewhere(b)
        if same_table and elsewhere and _write_one_place(a, b):
            message = f"a write goes where {a.point} is written"
            yield Remark(index, "write", message, is_error=True)


def _is_written_elsewhere(point: ProfilePoint) -> bool:
    return (point.write_space, point.write_address) != (point.space, point.address)


def _write_one_place(a: ProfilePoint, b: ProfilePoint) -> bool:
    first, second = a.write_address, b.write_address
    if a.bit is not None and b.bit is not None and first == second:
        return a.bit < b.bit + b.bits and b.bit < a.bit + a.bits
    return first < second + b.size and second < first + a.size


def _doubtful_times(profile: Profile) -> Iterator[Remark]:
    """Doubt times that no device needs: mostly milliseconds that were written as seconds."""
    for key, value, most in (
        ("timeout", profile.timeout, 30.0),
        ("pause", profile.pause, 5.0),
        ("connect_delay", profile.connect_delay, 60.0),
        ("poll.slow", profile.poll.slow, 86_400.0),
    ):
        if value > most:
            message = f"{value:g} s is very long; did you mean {value:g} ms? Write the unit"
            yield Remark(None, key, message)
    if profile.timeout < _SHORTEST_TIMEOUT:
        message = f"{profile.timeout * 1000:g} ms is shorter than most devices take for a response"
        yield Remark(None, "timeout", message)


def _doubtful_steps(point: ProfilePoint) -> Iterator[str]:
    """Say which limits of a write do not go with its step, or with that of the registers."""
    rules = point.write
    if rules is None or point.type.is_float or point.scale_factor_address is not None:
        return
    if point.spec.kind is not PointKind.ANALOG or point.scale == 0:
        return
    unit = point.unit or point.spec.unit or ""
    count = abs(exact(point.scale))
    for key, value, start in (
        ("min", rules.min, point.offset),
        ("max", rules.max, point.offset),
        ("step", rules.step, 0.0),
    ):
        if value is not None and (exact(value) - exact(start)) % count:
            yield f"{key} {value:g}: the registers hold steps of {point.scale:g} {unit} only"
    if rules.step is None or rules.min is None or rules.max is None:
        return
    width = exact(rules.max) - exact(rules.min)
    if rest := width % exact(rules.step):
        last = float(exact(rules.max) - rest)
        yield f"max {rules.max:g} is no step of {rules.step:g} from min: the last one is {last:g}"


def _is_counter(spec: PointSpec) -> bool:
    return spec.group in (Group.STATISTICS, Group.MAINTENANCE)


def _is_code(spec: PointSpec) -> bool:
    return spec.unit == "1" and not spec.deadband
