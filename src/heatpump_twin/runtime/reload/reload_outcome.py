"""Outcome of a reload: written by the twin, read by ``hptwin reload`` (ADR 8)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cache

from pydantic import TypeAdapter

from heatpump_twin.config.data_directory import DataDirectory
from heatpump_twin.config.durable_file import write_private


@dataclass(frozen=True, slots=True)
class ReloadOutcome:
    """Outcome of one reload. Nothing has changed where it was not taken."""

    begun: int
    """When the twin began to read the site file. [µs since the Unix epoch]"""
    taken: bool
    added: Sequence[str] = ()
    removed: Sequence[str] = ()
    """Ids of heat pumps; one that has changed is in both."""
    later: Sequence[str] = ()
    """Keys of changes that take effect at the next start."""
    problems: Sequence[str] = ()
    """Why it was not taken, as `hptwin check` says it."""

    def write(self, data: DataDirectory) -> None:
        """Write the outcome to the data directory."""
        write_private(data.reload, json.dumps(asdict(self), indent=2) + "\n")

    @classmethod
    def read(cls, data: DataDirectory) -> ReloadOutcome | None:
        """Return the outcome of the latest reload; None: there is none that can be read."""
        try:
            return _shape().validate_json(data.reload.read_bytes(), strict=True)
        except (OSError, ValueError):
            return None

    def __str__(self) -> str:
        if not self.taken:
            return "\n".join(["The twin goes on with the site file as it was:", *self.problems])
        changed = [asset for asset in self.added if asset in self.removed]
        parts = (
            ("added", [asset for asset in self.added if asset not in changed]),
            ("removed", [asset for asset in self.removed if asset not in changed]),
            ("changed", changed),
            ("takes effect at the next start", self.later),
        )
        told = [f"{what}: {', '.join(names)}" for what, names in parts if names]
        return "; ".join(told) or "nothing has changed"


@cache
def _shape() -> TypeAdapter[ReloadOutcome]:
    return TypeAdapter(ReloadOutcome)
