"""What somebody asks to have ready, and what can be wrong with it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from heatpump_twin.config.catalogue import PointTable, Span
from heatpump_twin.config.phrase import Context, Phrase, Text
from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.drivers.status import BAD_OUT_OF_RANGE
from heatpump_twin.drivers.write_range import out_of_range
from heatpump_twin.twin_engine.smart_start.ready_calendar import ALL_DAYS, ONCE
from heatpump_twin.twin_engine.smart_start.ready_kinds import KINDS
from heatpump_twin.twin_engine.smart_start.ready_program import ReadyProgram, ReadyQuantity
from heatpump_twin.twin_engine.verdict import Verdict
from heatpump_twin.twin_engine.wording import duration_text

LONGEST_AHEAD = 7 * 86400.0
"""How far ahead the first time may be. [s]"""
PROBABILITIES: Span = (50.0, 99.0)
USUAL_PROBABILITY = 90.0
"""What holds where a caller asks for 0. [%]"""
HOLD_TIMES: Span = (60.0, 24 * 3600.0)
"""[s]"""
QUANTITIES = tuple(ReadyQuantity)
"""In the order of their codes."""


@dataclass(frozen=True, slots=True)
class ReadyRequest:
    """Something at a temperature by a time, as a caller asks for it."""

    asset: str
    ready_at: int
    """[µs since the Unix epoch, UTC]"""
    target: float
    """[°C]"""
    user: str
    origin: str
    probability: float = 0.0
    """How probable it shall be that it is ready in time; 0: as usual. [%]"""
    quantity: int = 0
    """Code of `QUANTITIES`."""
    weekdays: int = ONCE
    hold: float = 0.0
    """How long it is held from then on; 0: until somebody releases it. [s]"""


def request_of(request: ReadyRequest) -> ReadyProgram:
    """Return the program that is asked for."""
    known = 0 <= request.quantity < len(QUANTITIES)
    return ReadyProgram(
        asset=request.asset,
        quantity=QUANTITIES[request.quantity if known else 0],
        ready_at=request.ready_at,
        target=request.target,
        probability=(request.probability or USUAL_PROBABILITY) / 100.0,
        weekdays=request.weekdays,
        hold=request.hold,
        user=request.user,
        origin=request.origin,
    )


def mistake(
    request: ReadyRequest,
    offered: Mapping[ReadyQuantity, Span],
    table: PointTable,
    now: int,
) -> Verdict | None:
    """Return a refusal that names the wrong argument; None: all are right."""
    if request.ready_at <= now:
        return _refusal("ReadyAt", Text("ReadyAt is in the past.", Context.MESSAGES))
    if request.ready_at > now + round(LONGEST_AHEAD * MICROSECONDS):
        words = Text("ReadyAt is more than 7 days ahead.", Context.MESSAGES)
        return _refusal("ReadyAt", words)
    codes = [code for code, quantity in enumerate(QUANTITIES) if quantity in offered]
    if request.quantity not in codes:
        takes = ", ".join(f"{code} ({QUANTITIES[code]})" for code in codes)
        return _refusal("Quantity", Phrase("Quantity takes {codes}.", codes=takes))
    quantity = QUANTITIES[request.quantity]
    point = table.by_asset[request.asset][KINDS[quantity].setpoint]
    refusal = out_of_range(point.spec, offered[quantity], request.target, "Target")
    if refusal is not None:
        return Verdict(refusal.status, refusal.message, "Target")
    return _mistake_of_numbers(request)


def _mistake_of_numbers(request: ReadyRequest) -> Verdict | None:
    low, high = PROBABILITIES
    if request.probability != 0.0 and not low <= request.probability <= high:
        words = Phrase("Probability takes {low} to {high} %.", low=low, high=high)
        return _refusal("Probability", words)
    if not 0 <= request.weekdays <= ALL_DAYS:
        words = Phrase("Weekdays takes 0 to {most}: bits from Monday on.", most=ALL_DAYS)
        return _refusal("Weekdays", words)
    low, high = HOLD_TIMES
    if math.isnan(request.hold) or (request.hold != 0.0 and not low <= request.hold <= high):
        shortest, longest = duration_text(low), duration_text(high)
        words = Phrase("{name} takes {low} to {high}.", name="HoldTime", low=shortest, high=longest)
        return _refusal("HoldTime", words)
    if request.weekdays and not request.hold:
        # Else the first morning would hold for ever, and no later one heat anything up.
        needed = Text("A weekly schedule needs a HoldTime.", Context.MESSAGES)
        return _refusal("HoldTime", needed)
    return None


def _refusal(argument: str, words: str) -> Verdict:
    return Verdict(BAD_OUT_OF_RANGE, words, argument)
