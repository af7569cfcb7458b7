"""The HistoryUpdate service of samples and events (OPC 10000-4, 5.11.5; OPC 10000-11, 6.9).

Each update of a request has its own result, and none is a fault of the whole: a client library ends
its process on one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from asyncua import ua

from heatpump_twin.config.catalogue import Point, PointTable
from heatpump_twin.drivers.clock import MICROSECONDS, Clock
from heatpump_twin.server import limits
from heatpump_twin.server.history.raw_query import given
from heatpump_twin.server.history.update.event_record import key_of
from heatpump_twin.server.history.update.event_updates import EventUpdates
from heatpump_twin.server.history.update.point_correction import PointCorrection
from heatpump_twin.server.history.update.update_results import (
    FAILED,
    broken_off,
    in_rounds,
    rejected,
    result_of,
    results_of,
)
from heatpump_twin.server.history.update.written_values import sample_of, samples_of
from heatpump_twin.server.security.recorder import Recorder
from heatpump_twin.server.services.attribute_service import CORRECTORS
from heatpump_twin.server.services.method_table import Caller
from heatpump_twin.server.space.address_space import TwinAddressSpace
from heatpump_twin.twin_engine.commands.audit_entry import AuditKind
from heatpump_twin.twin_engine.correction import Change, HistoryEditor
from heatpump_twin.twin_engine.errors import EngineError

CODES = ua.StatusCodes


@dataclass(frozen=True, slots=True)
class UpdateService:
    """The corrections of what is recorded that clients ask for."""

    aspace: TwinAddressSpace
    table: PointTable
    namespace: int
    editor: HistoryEditor | None
    """Without one, nothing can be corrected."""
    events: EventUpdates
    recorder: Recorder
    clock: Clock

    async def update(self, session: Caller, details: object) -> ua.HistoryUpdateResult:
        """Carry out one update, or tell why not."""
        node = getattr(details, "NodeId", None)
        if node is None or node not in self.aspace:
            return rejected(CODES.BadNodeIdUnknown)
        who = session.user_name, session.origin
        if not session.may(CORRECTORS):
            denied, words = int(CODES.BadUserAccessDenied), f"It takes the role {CORRECTORS}."
            # Who tried what is part of the audit, too.
            await self.recorder.note(AuditKind.HISTORY, who, key_of(node), denied, words)
            return rejected(denied)
        if isinstance(details, ua.UpdateEventDetails | ua.DeleteEventDetails):
            return await self.events.update(who, details)
        point = self._point(node)
        if point is None or self.editor is None:
            return rejected(CODES.BadHistoryOperationUnsupported)
        work = PointCorrection(self.editor, self.recorder, point.key, who, self.clock.now())
        match details:
            case ua.UpdateDataDetails():
                return await self._write(point, work, details)
            case ua.DeleteRawModifiedDetails():
                return await self._delete(work, details)
            case ua.DeleteAtTimeDetails():
                return await self._delete_times(work, details)
        return rejected(CODES.BadHistoryOperationUnsupported)

    def _point(self, node: ua.NodeId) -> Point | None:
        if node.NamespaceIndex != self.namespace or not isinstance(node.Identifier, str):
            return None
        return self.table.by_key.get(node.Identifier)

    async def _write(
        self, point: Point, work: PointCorrection, details: ua.UpdateDataDetails
    ) -> ua.HistoryUpdateResult:
        if details.PerformInsertReplace not in (1, 2, 3):  # Remove is for structures (6.9.2.1)
            return rejected(CODES.BadInvalidArgument)
        if not details.UpdateValues:
            return rejected(CODES.BadNothingToDo)
        change = Change(int(details.PerformInsertReplace))
        latest = self.clock.now() + round(limits.MAX_AHEAD * MICROSECONDS)
        found = [sample_of(point, value, latest) for value in details.UpdateValues]
        results = [one if isinstance(one, int) else FAILED for one in found]
        good = [(place, one) for place, one in enumerate(found) if not isinstance(one, int)]
        for some in in_rounds(good, lambda one: one[0]):
            samples = samples_of([one for _, one in some])
            places = [place for place, _ in sorted(some, key=lambda item: item[1][0])]
            try:
                there = await work.write(change, samples)
            except EngineError as error:
                return broken_off(results, error)
            for place, was in zip(places, there, strict=True):
                results[place] = result_of(change, there=was)
        return results_of(results)

    async def _delete_times(
        self, work: PointCorrection, details: ua.DeleteAtTimeDetails
    ) -> ua.HistoryUpdateResult:
        if not details.ReqTimes:
            return rejected(CODES.BadNothingToDo)
        times = [given(time) for time in details.ReqTimes]
        known = [(place, time) for place, time in enumerate(times) if time is not None]
        results = [int(CODES.BadInvalidTimestamp) if time is None else FAILED for time in times]
        for some in in_rounds(known, lambda time: time):
            ordered = sorted(some, key=lambda item: item[1])
            try:
                there = await work.delete_times(np.array([time for _, time in ordered], np.int64))
            except EngineError as error:
                return broken_off(results, error)
            for (place, _), was in zip(ordered, there, strict=True):
                results[place] = result_of(Change.DELETE, there=was)
        return results_of(results)

    async def _delete(
        self, work: PointCorrection, details: ua.DeleteRawModifiedDetails
    ) -> ua.HistoryUpdateResult:
        start, end = given(details.StartTime), given(details.EndTime)
        if start is None or end is None or start > end:
            return rejected(CODES.BadInvalidArgument)
        # Equal times mean that very moment (6.9.5.1).
        end = max(end, start + 1)
        most = limits.MAX_HISTORY_DELETED
        try:
            if details.IsDeleteModified:
                found = (await work.editor.read_modified(work.key, start, end)).samples
            else:
                found = await work.editor.read_raw(work.key, start, end, limit=most + 1)
            if not len(found):
                return rejected(CODES.BadNoData)
            if len(found) > most:
                return rejected(CODES.BadTooManyOperations)
            if details.IsDeleteModified:
                await work.forget(found, end)
            else:
                await work.delete(found.time, end)
        except EngineError as error:
            return broken_off([], error)
        return results_of([])
