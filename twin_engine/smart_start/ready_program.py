"""A ready program: something warm by a time, once or on a calendar, and how far it is."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from heatpump_twin.twin_engine.smart_start.heat_ups import HeatUpStart


class ReadyQuantity(StrEnum):
    """What is to be warm."""

    WATER = "water"
    ROOM = "room"
    TANK = "tank"


class ReadyPhase(StrEnum):
    """How far a program is."""

    WAITING = "waiting"
    HEATING = "heating"
    HOLDING = "holding"
    RESTORING = "restoring"


@dataclass(frozen=True, slots=True)
class ReadyProgram:
    """What one heat pump is to have warm, and by when."""

    asset: str
    quantity: ReadyQuantity
    ready_at: int
    """The next time. [µs since the Unix epoch, UTC]"""
    target: float
    """[°C]"""
    probability: float
    """How probable it shall be that it is ready in time. [0 to 1]"""
    weekdays: int
    """Days of the week as bits, Monday the lowest; 0: once."""
    hold: float
    """How long the target is held from then on; 0: until somebody releases it. [s]"""
    user: str
    origin: str
    phase: ReadyPhase = ReadyPhase.WAITING
    begin: int | None = None
    """When it was started. [µs since the Unix epoch, UTC]"""
    initial: float | None = None
    """Temperature at the start. [°C]"""
    outdoor: float | None = None
    """[°C]"""
    tank: float | None = None
    """Hot water at the start. [°C]"""
    lately: float | None = None
    """Mean of a room over the day before. [°C]"""
    told: float | None = None
    """How long a model said at the start that it takes. [s]"""
    expected: float | None = None
    """How long it was then thought to take. [s]"""
    reason: str = ""
    """Why it was started then."""
    reached: int | None = None
    """When it was warm. [µs since the Unix epoch, UTC]"""
    held_energy: float = 0.0
    """Electricity from when it was warm until it had to be. [Wh]"""
    written: Mapping[str, float] = field(default_factory=dict)
    """What the device read back of what was written, by point id."""

    @property
    def key(self) -> str:
        """Under which it is kept: one of a heat pump for each quantity."""
        return f"{self.asset}.{self.quantity}"

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> ReadyProgram:
        """Return the program that a database row holds."""
        known = {name: value for name, value in row.items() if name != "key"}
        known["quantity"] = ReadyQuantity(row["quantity"])
        known["phase"] = ReadyPhase(row["phase"])
        return cls(**known)

    def again(self, ready_at: int) -> ReadyProgram:
        """Return the program as it waits for its next time."""
        return ReadyProgram(
            self.asset, self.quantity, ready_at, self.target, self.probability, self.weekdays,
            self.hold, self.user, self.origin,
        )  # fmt: skip

    def started(self, start: HeatUpStart, expected: float | None, reason: str) -> ReadyProgram:
        """Return the program once it is started."""
        return replace(
            self,
            phase=ReadyPhase.HEATING,
            begin=start.begin,
            initial=_known(start.initial),
            outdoor=_known(start.outdoor),
            tank=_known(start.tank),
            lately=_known(start.lately),
            told=_known(start.told),
            expected=expected,
            reason=reason,
        )


def _known(value: float) -> float | None:
    return None if math.isnan(value) else value
