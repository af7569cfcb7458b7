"""Results of the updates of a request (OPC 10000-4, 5.11.5.2)."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import TypeVar

import structlog
from asyncua import ua

from heatpump_twin.server.space.ua_values import status_code
from heatpump_twin.twin_engine.correction import Change
from heatpump_twin.twin_engine.errors import EngineError

CODES = ua.StatusCodes
FAILED = int(CODES.BadResourceUnavailable)

log = structlog.stdlib.get_logger(__name__)
T = TypeVar("T")


def result_of(change: Change, *, there: bool) -> int:
    """Return the result of one value, time or event (OPC 10000-11, 6.9)."""
    match change:
        case Change.INSERT:
            return int(CODES.BadEntryExists if there else CODES.GoodEntryInserted)
        case Change.REPLACE:
            return int(CODES.GoodEntryReplaced if there else CODES.BadNoEntryExists)
        case Change.UPDATE:
            return int(CODES.GoodEntryReplaced if there else CODES.GoodEntryInserted)
    return int(CODES.Good if there else CODES.BadNoEntryExists)


def in_rounds(
    items: Sequence[tuple[int, T]], key: Callable[[T], Hashable]
) -> list[list[tuple[int, T]]]:
    """Divide items so that each key is in a round once: of two, the second meets the first."""
    rounds: list[list[tuple[int, T]]] = []
    seen: dict[Hashable, int] = {}
    for item in items:
        turn = seen.get(key(item[1]), 0)
        seen[key(item[1])] = turn + 1
        if turn == len(rounds):
            rounds.append([])
        rounds[turn].append(item)
    return rounds


def rejected(code: int) -> ua.HistoryUpdateResult:
    """Return the result of an update that is refused as a whole."""
    answer = ua.HistoryUpdateResult()
    answer.StatusCode = status_code(int(code))
    return answer


def results_of(codes: Sequence[int]) -> ua.HistoryUpdateResult:
    """Return the result of an update whose values have results of their own."""
    answer = ua.HistoryUpdateResult()
    answer.OperationResults = [status_code(code) for code in codes]
    return answer


def broken_off(codes: Sequence[int], error: EngineError) -> ua.HistoryUpdateResult:
    """Return the result where storage fails: what was not reached says so itself."""
    log.error("history not corrected", error=str(error))
    answer = results_of(codes)
    if not any(not code >> 31 for code in codes):
        answer.StatusCode = status_code(FAILED)
    return answer
