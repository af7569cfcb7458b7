"""The HistoryUpdate service of recorded samples (OPC 10000-4, 5.11.5; OPC 10000-11, 6.9).

Each update of a request has its own result, and none is a fault of the whole: a client library ends
its process on one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import structlog
from asyncua import ua

from heatpump_twin.config.catalogue import Point, PointTable
from heatpump_twin.drivers.clock import MICROSECONDS, Clock
from heatpump_twin.server import limits
from heatpump_twin.server.history.raw_query import given
from heatpump_twin.server.history.update.point_correction import (
    FAILED,
    PointCorrection,
    result_of,
)
from heatpump_twin.server.history.update.written_values import sample_of, samples_of
from heatpump_twin.server.security.recorder import Recorder
from heatpump_twin.server.services.attribute_service import CORRECTORS
from heatpump_twin.server.services.method_table import Caller
from heatpump_twin.server.space.address_space import TwinAddressSpace
from heatpump_twin.server.space.ua_values import status_code
from heatpump_twin.twin_engine.commands.audit_entry import AuditKind
from heatpump_twin.twin_engine.correction import Change, HistoryEditor
from heatpump_twin.twin_engine.errors import EngineError

CODES = ua.StatusCodes
_AHEAD = 60 * MICROSECONDS
"""Clocks of clients may be ahead of ours by this much."""

log = structlog.stdlib.get_logger(__name__)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class UpdateService:
    """The corrections of recorded samples that clients ask for."""

    aspace: TwinAddressSpace
    table: PointTable
    namespace: int
    editor: HistoryEditor | None
    """Without one, nothing can be corrected."""
    recorder: Recorder
    clock: Clock

    async def update(self, session: Caller, details: object) -> ua.HistoryUpdateResult:
        """Carry out one update, or tell why not."""
        node = getattr(details, "NodeId", None)
        if node is None or node not in self.aspace:
            return _refused(CODES.BadNodeIdUnknown)
        if not session.may(CORRECTORS):
            denied = int(CODES.BadUserAccessDenied)
            who, words = (session.user_name, session.origin), f"It takes the role {CORRECTORS}."
            # Who tried what is part of the audit, too.
            await self.recorder.note(AuditKind.HISTORY, who, str(node.Identifier), denied, words)
            return _refused(denied)
        point = self._point(node)
        if point is None or self.editor is None:
            return _refused(CODES.BadHistoryOperationUnsupported)
        who = session.user_name, session.origin
        work = PointCorrection(self.editor, self.recorder, point.key, who, self.clock.now())
        match details:
            case ua.UpdateDataDetails():
                return await self._write(point, work, details)
            case ua.DeleteRawModifiedDetails():
                return await self._delete(work, details)
            case ua.DeleteAtTimeDetails():
                return await self._delete_times(work, details)
        return _refused(CODES.BadHistoryOperationUnsupported)

    def _point(self, node: ua.NodeId) -> Point | None:
        if node.NamespaceIndex != self.namespace or not isinstance(node.Identifier, str):
            return None
        return self.table.by_key.get(node.Identifier)

    async def _write(
        self, point: Point, work: PointCorrection, details: ua.UpdateDataDetails
    ) -> ua.HistoryUpdateResult:
        if details.PerformInsertReplace not in (1, 2, 3):  # Remove is for structures (6.9.2.1)
            return _refused(CODES.BadInvalidArgument)
        if not details.UpdateValues:
            return _refused(CODES.BadNothingToDo)
        change = Change(int(details.PerformInsertReplace))
        latest = self.clock.now() + _AHEAD
        found = [sample_of(point, value, latest) for value in details.UpdateValues]
        results = [one if isinstance(one, int) else FAILED for one in found]
        good = [(place, one) for place, one in enumerate(found) if not isinstance(one, int)]
        for some in _rounds(good, lambda one: one[0]):
            samples = samples_of([one for _, one in some])
            places = [place for place, _ in sorted(some, key=lambda item: item[1][0])]
            try:
                there = await work.write(change, samples)
            except EngineError as error:
                return _broken_off(results, error)
            for place, was in zip(places, there, strict=True):
                results[place] = result_of(change, there=was)
        return _results(results)

    async def _delete_times(
        self, work: PointCorrection, details: ua.DeleteAtTimeDetails
    ) -> ua.HistoryUpdateResult:
        if not details.ReqTimes:
            return _refused(CODES.BadNothingToDo)
        times = [given(time) for time in details.ReqTimes]
        known = [(place, time) for place, time in enumerate(times) if time is not None]
        results = [int(CODES.BadInvalidTimestamp) if time is None else FAILED for time in times]
        for some in _rounds(known, lambda time: time):
            ordered = sorted(some, key=lambda item: item[1])
            try:
                there = await work.delete_times(np.array([time for _, time in ordered], np.int64))
            except EngineError as error:
                return _broken_off(results, error)
            for (place, _), was in zip(ordered, there, strict=True):
                results[place] = result_of(Change.DELETE, there=was)
        return _results(results)

    async def _delete(
        self, work: PointCorrection, details: ua.DeleteRawModifiedDetails
    ) -> ua.HistoryUpdateResult:
        start, end = given(details.StartTime), given(details.EndTime)
        if start is None or end is None or start > end:
            return _refused(CODES.BadInvalidArgument)
        # Equal times mean that very moment (6.9.5.1).
        end = max(end, start + 1)
        most = limits.MAX_HISTORY_DELETED
        try:
            if details.IsDeleteModified:
                found = (await work.editor.read_modified(work.key, start, end)).samples
            else:
                found = await work.editor.read_raw(work.key, start, end, limit=most + 1)
            if not len(found):
                return _refused(CODES.BadNoData)
            if len(found) > most:
                return _refused(CODES.BadTooManyOperations)
            if details.IsDeleteModified:
                await work.forget(found, end)
            else:
                await work.delete(found.time, end)
        except EngineError as error:
            return _broken_off([], error)
        return _results([])


def _rounds(items: Sequence[tuple[int, T]], time: Callable[[T], int]) -> list[list[tuple[int, T]]]:
    """Divide items so that each time is in a round once: of two, the second meets the first."""
    rounds: list[list[tuple[int, T]]] = []
    seen: dict[int, int] = {}
    for item in items:
        turn = seen.get(time(item[1]), 0)
        seen[time(item[1])] = turn + 1
        if turn == len(rounds):
            rounds.append([])
        rounds[turn].append(item)
    return rounds


def _refused(code: int) -> ua.HistoryUpdateResult:
    answer = ua.HistoryUpdateResult()
    answer.StatusCode = status_code(int(code))
    return answer


def _results(codes: Sequence[int]) -> ua.HistoryUpdateResult:
    answer = ua.HistoryUpdateResult()
    answer.OperationResults = [status_code(code) for code in codes]
    return answer


def _broken_off(codes: Sequence[int], error: EngineError) -> ua.HistoryUpdateResult:
    """Return the result where storage fails: what was not reached says so itself."""
    log.error("history not corrected", error=str(error))
    answer = _results(codes)
    if not any(not code >> 31 for code in codes):
        answer.StatusCode = status_code(FAILED)
    return answer
