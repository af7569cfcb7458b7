"""Open the database part of a twin: historian and audit log."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass

from heatpump_twin import __version__
from heatpump_twin.config.catalogue import TWIN
from heatpump_twin.drivers.status import GOOD
from heatpump_twin.runtime.parts.database_check import examine_database
from heatpump_twin.runtime.parts.foundation import Foundation
from heatpump_twin.runtime.parts.heat_pump_part import HeatPumpPart
from heatpump_twin.runtime.parts.twin_health import TwinHealth
from heatpump_twin.runtime.run_record import RunRecord
from heatpump_twin.twin_engine.commands.audit import AuditLog
from heatpump_twin.twin_engine.commands.audit_entry import AuditEntry, AuditKind
from heatpump_twin.twin_engine.commands.audit_spool import AuditSpool
from heatpump_twin.twin_engine.conditions.condition_store import ConditionStore
from heatpump_twin.twin_engine.errors import AuditError
from heatpump_twin.twin_engine.historian.events.event_log import EventLog
from heatpump_twin.twin_engine.historian.historian import Historian
from heatpump_twin.twin_engine.historian.recording.spool import Spool
from heatpump_twin.twin_engine.historian.trajectories.trajectory_log import TrajectoryLog

_LONG_PAUSE = 30 * 86_400.0
"""[s]"""


@dataclass(frozen=True, slots=True)
class Archive(HeatPumpPart):
    """Database part of a twin: historian and audit log."""

    historian: Historian
    audit: AuditLog
    conditions: ConditionStore
    events: EventLog
    trajectories: TrajectoryLog
    damage: str
    """Why the database was begun anew at this start; empty: it was not."""

    def grow(self) -> None:
        """Record the points that were added to the table."""
        self.historian.grow()


@asynccontextmanager
async def open_archive(foundation: Foundation, health: TwinHealth) -> AsyncIterator[Archive]:
    """Open the archive; with the database away samples wait and commands are refused."""
    url, settings = foundation.database, foundation.site.historian
    damage = await asyncio.to_thread(examine_database, foundation)
    async with AsyncExitStack() as stack:
        audit = AuditLog(url, AuditSpool(foundation.data.audit_spool), foundation.clock)
        stack.push_async_callback(audit.stop)
        conditions = ConditionStore(url)
        stack.push_async_callback(conditions.stop)
        events = EventLog(url)
        stack.push_async_callback(events.stop)
        trajectories = TrajectoryLog(foundation.table, url)
        stack.callback(trajectories.close)
        with suppress(AuditError):  # away: the historian reports it
            await audit.start()
        await _record(audit, foundation, "start")
        stack.push_async_callback(_record, audit, foundation, "stop")
        spool = Spool(foundation.data.spool)
        historian = Historian(foundation.table, url, settings, foundation.clock, spool=spool)
        # A year off, or a clock that is wrong: until that is known nothing is old.
        record = RunRecord.read(foundation.data)
        if record is not None and record.pause > _LONG_PAUSE:
            historian.hold_retention()
        # The clean-up comes after the start: a historian that failed to start has no writer to
        # stop.
        await historian.start()
        stack.push_async_callback(historian.stop)
        _watch(health, historian, foundation)
        health.watch("history_begun_anew", lambda: bool(damage or historian.health.trouble))
        yield Archive(historian, audit, conditions, events, trajectories, damage)


async def _record(audit: AuditLog, foundation: Foundation, what: str) -> None:
    """Record a start or a stop of the twin."""
    record = RunRecord.read(foundation.data)
    cut_off = record is not None and record.after == "crash" and what == "start"
    message = f"{what} of version {__version__}"
    if cut_off:
        message += "; the run before this one was not stopped"
    who = (TWIN, f"process {os.getpid()}")
    now = foundation.clock.now()
    await audit.note(AuditEntry.of(AuditKind.RUN, now, who, what, GOOD, message))


def _watch(health: TwinHealth, historian: Historian, foundation: Foundation) -> None:
    health.watch("history_waiting", lambda: historian.health.queue_rows)
    health.watch("history_delay", lambda: historian.health.delay)
    health.watch("history_lost", lambda: historian.health.rows_dropped)
    health.watch("history_shortened", lambda: historian.health.giving_way)
    health.watch("disk_free", lambda: _free_share(foundation))


def _free_share(foundation: Foundation) -> float:
    """Return what is free on the disk of the data directory. [%]"""
    usage = shutil.disk_usage(foundation.data.root)
    # Of what our user may have: a file system keeps a part of itself for root.
    return 100.0 * usage.free / max(usage.used + usage.free, 1)
