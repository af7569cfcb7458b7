"""Parse quantities as people write them in YAML: ``1 s``, ``5 min``."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import BeforeValidator, WithJsonSchema

_SECONDS = {"ms": 1e-3, "s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
_DURATION = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(ms|s|min|h|d)\s*")


def seconds(text: object) -> float:
    """Return a duration in seconds, from ``90``, ``"90 s"`` or ``"1.5 min"``."""
    # A bool is an int to Python; `poll: yes` is no second.
    if isinstance(text, int | float) and not isinstance(text, bool):
        return float(text)
    match = _DURATION.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise ValueError(f"{text!r} is not a duration; write for example '1 s', '5 min' or '2 h'")
    return float(match[1]) * _SECONDS[match[2]]


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
