"""Parse quantities as people write them in YAML: ``1 s``, ``5 min``, ``2 GB``."""

from __future__ import annotations

import math
import re
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, WithJsonSchema

HOUR, DAY = 3600.0, 86400.0
"""[s]"""
_SECONDS = {"ms": 1e-3, "s": 1.0, "min": 60.0, "h": HOUR, "d": DAY}
_COMMA = re.compile(r"\s*(\d+),(\d+)(.*)")
_BYTES = {"kB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12}
_SIZE = re.compile(r"\s*(\d{1,9}(?:\.\d{1,9})?)\s*(kB|MB|GB|TB)\s*")
_DURATION = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(ms|s|min|h|d)\s*")


def seconds(text: object) -> float:
    """Return a duration in seconds, from ``90``, ``"90 s"`` or ``"1.5 min"``."""
    # A bool is an int to Python; `poll: yes` is no second.
    if isinstance(text, int | float) and not isinstance(text, bool):
        value = float(text)
    elif isinstance(text, str) and (match := _DURATION.fullmatch(text)):
        value = float(match[1]) * _SECONDS[match[2]]
    else:
        shown = f"{text[:40]}…" if isinstance(text, str) and len(text) > 40 else text
        raise ValueError(f"{shown!r} is not a duration; {_remedy(text)}")
    if not math.isfinite(value):
        raise ValueError(f"{text!r} is not a duration; write a finite one, such as '1 s'")
    return value


def _remedy(text: object) -> str:
    if isinstance(text, str) and (match := _COMMA.fullmatch(text)):
        return f"a decimal comma: write '{match[1]}.{match[2]}{match[3]}'"
    return "write for example '1 s', '5 min' or '2 h'"


def between(low: float, high: float, never: bool = False) -> AfterValidator:
    """Return a limit of durations, whose message has units; ``never``: 0 is one as well. [s]"""

    def check(value: float) -> float:
        if never and value == 0.0:
            return value
        if value < low:
            remedy = f"write {duration_text(low)} or more{', or 0 for never' if never else ''}"
            raise ValueError(f"{duration_text(value)} is too short; {remedy}")
        if value > high:
            raise ValueError(
                f"{duration_text(value)} is too long; write {duration_text(high)} or less"
            )
        return value

    return AfterValidator(check)


def duration_text(value: float) -> str:
    """Return a duration as a person writes it: ``1.5 min``. [s]"""
    unit, size = "ms", 1e-3
    for name, seconds_in_it in _SECONDS.items():
        if abs(value) >= seconds_in_it:
            unit, size = name, seconds_in_it
    return f"{value / size:g} {unit}"


Duration = Annotated[
    float,
    BeforeValidator(seconds),
    WithJsonSchema(
        {
            "oneOf": [
                {"type": "number", "minimum": 0},
                {"type": "string", "pattern": _DURATION.pattern},
            ]
        }
    ),
]
"""A duration in seconds that YAML may state with its unit."""


def file_size(text: object) -> float:
    """Return a size in bytes from ``"500 MB"`` or ``"1.5 GB"``; powers of ten, as disks count."""
    match = _SIZE.fullmatch(text) if isinstance(text, str) else None
    # A number alone could be meant as anything from bytes to gigabytes.
    if match is None:
        shown = f"{text[:40]}…" if isinstance(text, str) and len(text) > 40 else text
        raise ValueError(f"{shown!r} is not a size; write for example '500 MB' or '2 GB'")
    return float(match[1]) * _BYTES[match[2]]


def at_least(least: str) -> AfterValidator:
    """Return a lower limit of sizes, whose message has units."""

    def check(value: float) -> float:
        if value < file_size(least):
            raise ValueError(f"{value / _BYTES['MB']:g} MB is too small; write {least} or more")
        return value

    return AfterValidator(check)


FileSize = Annotated[
    float,
    BeforeValidator(file_size),
    WithJsonSchema({"type": "string", "pattern": _SIZE.pattern}),
]
"""A size in bytes that YAML states with its unit."""
