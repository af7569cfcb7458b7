"""Answer to a request for a schedule, tank program, override release, fault reset or training."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer to a request."""

    status: int
    """OPC UA status."""
    message: str
    """One sentence or a few for a person: what happens now or, if nothing does, what to do."""
    argument: str = ""
    """The argument that is to blame, by its name; empty: none."""
    read_back: float | None = None
    """What the device holds afterwards, where something was written."""
