"""The latest answer of a weather service on disk, so that a restart need not ask again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from heatpump_twin.config.durable_file import set_aside, write_private


@dataclass(frozen=True, slots=True)
class CachedAnswer:
    """An answer as it came, with what to send when it is asked again."""

    url: str
    """What was asked, with its parameters as far as they are of the place."""
    received: int
    """[µs since the Unix epoch]"""
    fresh_until: int
    """Before this the service need not be asked again. [µs since the Unix epoch]"""
    body: Any
    validators: Mapping[str, str] = field(default_factory=dict)


class ForecastCache:
    """A file with the latest answer. A damaged one is set aside: it is only a cache."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self, url: str, now: int) -> CachedAnswer | None:
        """Return the latest answer of a service; None: there is none of this one. [µs]"""
        try:
            content = self._path.read_bytes()
        except OSError:
            return None
        try:
            found = CachedAnswer(**json.loads(content))
            if not isinstance(found.received, int) or not isinstance(found.fresh_until, int):
                raise TypeError("a time is no number")
        except (ValueError, TypeError):
            set_aside(self._path, now)
            return None
        return found if found.url == url else None

    def write(self, answer: CachedAnswer) -> None:
        """Keep an answer; raise `OSError` if the disk is full."""
        write_private(self._path, json.dumps(asdict(answer)))
