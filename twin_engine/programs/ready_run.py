"""Carry out one ready program: start, watch until it is warm, hold, give back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.drivers.status import (
    BAD_NOT_WRITABLE,
    BAD_OUT_OF_RANGE,
    GOOD,
    is_good,
)
from heatpump_twin.twin_engine.commands.commands import CommandResult
from heatpump_twin.twin_engine.programs.override_book import OverrideBook
from heatpump_twin.twin_engine.programs.ready_machine import ReadyMachine
from heatpump_twin.twin_engine.programs.start_outlook import Outlook
from heatpump_twin.twin_engine.smart_start.kept_word import HeatUpOutcome, HeatUpRecord
from heatpump_twin.twin_engine.smart_start.ready_program import (
    ReadyPhase,
    ReadyProgram,
    ReadyQuantity,
)
from heatpump_twin.twin_engine.wording import sentences

GIVEN_UP = 4 * 3600.0
"""What is not warm so long after its time will not be. [s]"""
_FOR_GOOD = (BAD_OUT_OF_RANGE, BAD_NOT_WRITABLE)
_LONGEST_STEP = 60.0
"""A longer time between two looks was not watched, and its energy is not known. [s]"""


@dataclass(frozen=True, slots=True)
class Started:
    """What became of an attempt to start."""

    program: ReadyProgram
    """As it was where that failed."""
    status: int
    message: str


async def started(
    program: ReadyProgram,
    machine: ReadyMachine,
    overrides: OverrideBook,
    outlook: Outlook | None,
    now: int,
    words: str,
) -> Started:
    """Write what heats, also where the target is refused.

    Until all is done it is tried again, which changes nothing where it was. No early end: cold
    water is worse than water at another temperature.
    """
    wanted = machine.wanted(program.target)
    results = {
        point: await write(program, overrides, point, value, words)
        for point, value in wanted.items()
    }
    message = sentences([result.message for result in results.values()])
    setpoint = results[machine.kind.setpoint]
    for point, result in results.items():
        # What the device limits, or will never take, no further attempt would change.
        settled = result.read_back is not None or result.status in _FOR_GOOD
        if not is_good(result.status) and not (point == machine.kind.setpoint and settled):
            return Started(program, result.status, message)
    held = {p: r.read_back for p, r in results.items() if r.read_back is not None}
    start = machine.start(now, program.target, float("nan"))
    if outlook is not None and outlook.start is not None:
        start = outlook.start
    after = replace(program, phase=ReadyPhase.HEATING, begin=now)
    if start is not None:
        expected = None if outlook is None else outlook.expected
        reason = "" if outlook is None else outlook.reason
        after = program.started(replace(start, begin=now), expected, reason)
    return Started(replace(after, written=held), setpoint.status, message)


async def write(
    program: ReadyProgram, overrides: OverrideBook, point: str, value: float, words: str
) -> CommandResult:
    """Write a setting in the name of who has asked for the program."""
    return await overrides.write(
        f"{program.asset}.{point}",
        value,
        user=program.user,
        origin=f"schedule, {program.origin}",
        reason=words,
    )


def awaits_hot_water(program: ReadyProgram, now: int) -> bool:
    """Tell whether a program heats for which hot water is to wait still."""
    heating = program.phase is ReadyPhase.HEATING and program.reached is None
    return heating and program.quantity is not ReadyQuantity.TANK and now < program.ready_at


def watched(program: ReadyProgram, machine: ReadyMachine, elapsed: float, now: int) -> ReadyProgram:
    """Return a program that heats after one look, ``elapsed`` seconds after the one before."""
    if program.reached is None:
        warm = machine.warm(program.target)
        return replace(program, reached=now) if warm else program
    power = machine.power
    if power is None or elapsed > _LONGEST_STEP or now > program.ready_at:
        return program
    return replace(program, held_energy=program.held_energy + power * elapsed / 3600.0)


def outcome_of(program: ReadyProgram, now: int) -> HeatUpOutcome | None:
    """Return what became of a program that heats; None: that is still open."""
    if program.reached is not None:
        if now < program.ready_at:
            return None
        late = program.reached > program.ready_at
        return HeatUpOutcome.LATE if late else HeatUpOutcome.ON_TIME
    over = now >= program.ready_at + round(GIVEN_UP * MICROSECONDS)
    return HeatUpOutcome.NOT_REACHED if over else None


def heat_up_record(program: ReadyProgram, outcome: HeatUpOutcome, now: int) -> HeatUpRecord:
    """Return the record of a heat-up that is over."""
    return HeatUpRecord(
        asset=program.asset,
        quantity=program.quantity,
        begin=now if program.begin is None else program.begin,
        ended=now if program.reached is None else program.reached,
        initial=program.initial,
        target=program.target,
        outdoor=program.outdoor,
        told=program.told,
        expected=program.expected,
        ready_at=program.ready_at,
        probability=program.probability,
        outcome=outcome,
        held_energy=None if program.reached is None else program.held_energy,
        reason=program.reason,
        user=program.user,
        tank=program.tank,
        lately=program.lately,
    )


async def given_back(program: ReadyProgram, overrides: OverrideBook) -> tuple[bool, str]:
    """Write back what was before, where it still holds what the program has written.

    Return whether nothing is left, and what was said.
    """
    ours = _ours(program.written, overrides, program.asset)
    if not ours:
        return True, ""
    verdict = await overrides.release(
        program.asset,
        user=program.user,
        origin=f"schedule, {program.origin}",
        points=ours,
    )
    return verdict.status == GOOD, verdict.message


def _ours(written: Mapping[str, float], overrides: OverrideBook, asset: str) -> frozenset[str]:
    active = overrides.of(asset)
    return frozenset(
        point for point, value in written.items()
        if point in active and active[point].written == value
    )  # fmt: skip
