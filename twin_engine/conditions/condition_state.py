"""State of a condition that survives a restart: its occurrences, and what people did about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from typing import Any

from heatpump_twin.twin_engine.conditions.occurrence import Occurrence


class Shelving(StrEnum):
    """How an alarm is shelved (OPC 10000-9, 5.8.17)."""

    UNSHELVED = "unshelved"
    TIMED = "timed"
    ONE_SHOT = "one_shot"


@dataclass(frozen=True, slots=True)
class Switch:
    """A state of the alarm that is on or off, and since when. [µs since the Unix epoch, UTC]"""

    on: bool = False
    since: int = 0


@dataclass(frozen=True, slots=True)
class ConditionState:
    """State of one condition. Times are µs since the Unix epoch, UTC."""

    key: str
    """``asset.rule``"""
    trunk: Occurrence = field(default_factory=Occurrence)
    """The present occurrence, or the latest."""
    branches: tuple[Occurrence, ...] = ()
    """Earlier ones that are still to be acknowledged or confirmed, the oldest first."""
    enabled: bool = True
    enabled_since: int = 0
    shelving: Shelving = Shelving.UNSHELVED
    shelving_since: int = 0
    shelved_until: int = 0
    suppressed: Switch = field(default_factory=Switch)
    out_of_service: Switch = field(default_factory=Switch)
    latched: Switch = field(default_factory=Switch)
    silenced: Switch = field(default_factory=Switch)
    """Whether somebody has silenced what sounds because of it."""

    @property
    def active(self) -> bool:
        """Whether the alarm is active now."""
        return self.trunk.active

    @property
    def retain(self) -> bool:
        """Whether the present occurrence is of interest (OPC 10000-9, 5.5.2: Retain)."""
        return self.enabled and (self.active or self.trunk.open or self.latched.on)

    @property
    def quiet(self) -> bool:
        """Whether nobody is to be bothered with it (5.8.2: SuppressedOrShelved)."""
        shelved = self.shelving is not Shelving.UNSHELVED
        return shelved or self.suppressed.on or self.out_of_service.on

    @property
    def hushed(self) -> bool:
        """Whether nobody is told of it at all: it is disabled, or not to bother anybody."""
        return not self.enabled or self.quiet

    @property
    def occurrences(self) -> tuple[Occurrence, ...]:
        """The present occurrence, or the latest, and those before it that wait for somebody."""
        return (self.trunk, *self.branches)

    def raised_at(self, time: int) -> Occurrence | None:
        """Return the occurrence that was raised at a time; None: it is not here any more. [µs]"""
        return next((known for known in self.occurrences if known.raised == time), None)

    def unshelved(self, now: int) -> ConditionState:
        """Return the state of the condition when it is shelved no longer. [µs]"""
        return replace(self, shelving=Shelving.UNSHELVED, shelving_since=now, shelved_until=0)

    def data(self) -> dict[str, Any]:
        """Return it as data that JSON can hold, without its key."""
        return {
            "enabled": self.enabled,
            "enabled_since": self.enabled_since,
            "shelving": self.shelving,
            "shelving_since": self.shelving_since,
            "shelved_until": self.shelved_until,
            "trunk": self.trunk.data(),
            "branches": [branch.data() for branch in self.branches],
            **{name: asdict(getattr(self, name)) for name in _SWITCHES},
        }

    @classmethod
    def read(cls, key: str, data: Mapping[str, Any]) -> ConditionState:
        """Return the state of such data; what an earlier version did not know is as at first."""
        return cls(
            key,
            Occurrence.read(data["trunk"]),
            tuple(Occurrence.read(branch) for branch in data.get("branches", ())),
            data["enabled"],
            data["enabled_since"],
            Shelving(data.get("shelving", Shelving.UNSHELVED)),
            data.get("shelving_since", 0),
            data.get("shelved_until", 0),
            *(Switch(**data.get(name, {})) for name in _SWITCHES),
        )


_SWITCHES = ("suppressed", "out_of_service", "latched", "silenced")
