"""Hot water boost or disinfection: its phases and when it ends. Pure functions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from heatpump_twin.config.phrase import Context, Phrase, Text

REACHED = 0.5
"""The tank has reached its target when it is within this: controllers stop there. [K]"""
FALLEN = 2.0
"""While a temperature is held it may sink this far: the controller's own hysteresis. [K]"""
SETPOINT = "dhw_setpoint"
_AT_THE_UNIT = Text("the setpoint was changed at the unit", Context.MESSAGES)
_HELD = Text("the temperature was held for the whole time", Context.MESSAGES)
_ROUNDING = 0.05
"""Half of the finest resolution in which a device reads back a temperature. [K]"""
_LONGEST_STEP = 60.0
"""A longer time between two looks was not watched, and does not count as held. [s]"""


class TankProgramKind(StrEnum):
    """Purpose of a tank program."""

    BOOST = "boost"
    DISINFECTION = "disinfection"


class TankProgramPhase(StrEnum):
    """Phase of a tank program."""

    HEATING = "heating"
    HOLDING = "holding"
    RESTORING = "restoring"


@dataclass(frozen=True, slots=True)
class TankProgram:
    """Hot water boost or disinfection of one heat pump."""

    asset: str
    kind: TankProgramKind
    phase: TankProgramPhase
    target: float
    """Tank temperature. [°C]"""
    deadline: int
    """When it gives up. [µs since the Unix epoch, UTC]"""
    hold: float
    """How long the target is held once it is reached. [s]"""
    held_for: float
    """How long it was held without a break. [s]"""
    setpoint: float | None
    """What the device reads back of ours; None: not written yet."""
    restore: Mapping[str, float]
    """By point id: what was before, and is to be again."""
    outcome: str
    """Why it ends, once it does."""
    failed: bool
    """Whether it ends without having done what it was for."""
    user: str
    origin: str

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> TankProgram:
        """Return the tank program that a database row holds."""
        return cls(
            **{**row, "kind": TankProgramKind(row["kind"]), "phase": TankProgramPhase(row["phase"])}
        )

    def ended(self, outcome: str, *, keep: str = "", failed: bool = False) -> TankProgram:
        """Return the program in its restoring phase; what a person has set (``keep``) stays."""
        restore = {point: value for point, value in self.restore.items() if point != keep}
        return replace(
            self, phase=TankProgramPhase.RESTORING, outcome=outcome, failed=failed, restore=restore
        )


@dataclass(frozen=True, slots=True)
class TankObservation:
    """Tank temperature and setpoint (°C) as known now; None: not known."""

    temperature: float | None
    setpoint: float | None


def step(program: TankProgram, seen: TankObservation, elapsed: float, now: int) -> TankProgram:
    """Return the tank program after one look at the tank.

    Parameters
    ----------
    elapsed : float
        Time since the look before. [s]
    now : int
        [µs since the Unix epoch, UTC]
    """
    # What is on its way back stays so: a tank that gets warm again meanwhile must not revive it.
    if program.phase is TankProgramPhase.RESTORING:
        return program
    # A hand at the unit goes before everything: whoever stands there has a reason, and that value
    # is not brought back over.
    if _changed_at_the_unit(program, seen):
        return program.ended(_AT_THE_UNIT, keep=SETPOINT)
    if program.phase is TankProgramPhase.HOLDING:
        program = _held(program, seen.temperature, elapsed)
    elif seen.temperature is not None and seen.temperature >= program.target - REACHED:
        if program.kind is TankProgramKind.BOOST:
            return program.ended(
                Phrase("the tank has reached {value} °C", value=round(seen.temperature, 1))
            )
        program = replace(program, phase=TankProgramPhase.HOLDING, held_for=0.0)
    if program.phase is TankProgramPhase.HOLDING and program.held_for >= program.hold:
        return program.ended(_HELD)
    # Last, so that a target reached in the very last look still counts as reached.
    if now >= program.deadline:
        return program.ended(_time_over(seen.temperature), failed=True)
    return program


def _time_over(temperature: float | None) -> str:
    if temperature is None:
        return Text("the time is over, and how warm the tank is is not known", Context.MESSAGES)
    return Phrase("the time is over, the tank is at {value} °C", value=round(temperature, 1))


def _changed_at_the_unit(program: TankProgram, seen: TankObservation) -> bool:
    # Compared with what the device read back, not with what was asked for: devices round.
    known = program.setpoint is not None and seen.setpoint is not None
    return known and abs((seen.setpoint or 0.0) - (program.setpoint or 0.0)) > _ROUNDING


def _held(program: TankProgram, temperature: float | None, elapsed: float) -> TankProgram:
    """Count the time held; a tank that cools down is heated again and held from the start."""
    # A sensor that is away proves neither heat nor cold: the clock stands still until it is back.
    if temperature is None:
        return program
    # Legionella survive a hold with a break: the time counts only in one piece.
    if temperature < program.target - FALLEN:
        return replace(program, phase=TankProgramPhase.HEATING, held_for=0.0)
    watched = elapsed if elapsed <= _LONGEST_STEP else 0.0
    return replace(program, held_for=program.held_for + watched)
