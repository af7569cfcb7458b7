"""Parse sizes of files as people write them in YAML: ``500 MB``, ``2 GB``."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, WithJsonSchema

_BYTES = {"kB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12}
_SIZE = re.compile(r"\s*(\d{1,9}(?:\.\d{1,9})?)\s*(kB|MB|GB|TB)\s*")


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
