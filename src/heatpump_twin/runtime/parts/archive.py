"""Open the database part of a twin: historian and audit log."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass

from heatpump_twin.runtime.parts.foundation import Foundation
from heatpump_twin.runtime.parts.heat_pump_part import HeatPumpPart
from heatpump_twin.twin_engine.commands.audit import AuditLog
from heatpump_twin.twin_engine.errors import AuditError
from heatpump_twin.twin_engine.historian.historian import Historian


@dataclass(frozen=True, slots=True)
class Archive(HeatPumpPart):
    """Database part of a twin: historian and audit log."""

    historian: Historian
    audit: AuditLog

    def grow(self) -> None:
        """Record the points that were added to the table."""
        self.historian.grow()


@asynccontextmanager
async def open_archive(foundation: Foundation) -> AsyncIterator[Archive]:
    """Open the archive; with the database away samples wait and commands are refused."""
    url, settings = foundation.database, foundation.site.historian
    async with AsyncExitStack() as stack:
        audit = AuditLog(url)
        stack.push_async_callback(audit.stop)
        with suppress(AuditError):  # away: the historian reports it
            await audit.start()
        historian = Historian(foundation.table, url, settings, foundation.clock)
        # The clean-up comes after the start: a historian that failed to start has no writer to
        # stop.
        await historian.start()
        stack.push_async_callback(historian.stop)
        yield Archive(historian, audit)
