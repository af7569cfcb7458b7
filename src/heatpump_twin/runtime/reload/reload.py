"""Reload the site file on SIGHUP, and add and remove heat pumps while the twin runs."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import structlog

from heatpump_twin.config.catalogue import TWIN
from heatpump_twin.config.data_directory import DataDirectory
from heatpump_twin.config.errors import ConfigError
from heatpump_twin.config.load import SiteFile
from heatpump_twin.drivers.status import BAD_INVALID_STATE, GOOD
from heatpump_twin.errors import TwinError, UnreadableError
from heatpump_twin.runtime.assembly import assemble
from heatpump_twin.runtime.reload.reload_outcome import ReloadOutcome
from heatpump_twin.runtime.reload.roster import Roster
from heatpump_twin.runtime.reload.site_change import compare
from heatpump_twin.runtime.site_check import Examined, examine
from heatpump_twin.twin_engine.commands.audit import AuditLog
from heatpump_twin.twin_engine.commands.audit_entry import AuditEntry, AuditKind

log = structlog.stdlib.get_logger(__name__)


class Reload:
    """Reload on request. A site file with a mistake changes nothing."""

    def __init__(
        self,
        roster: Roster,
        file: SiteFile,
        data: DataDirectory,
        audit: AuditLog,
        requested: asyncio.Event,
    ) -> None:
        self._audit = audit
        self._roster = roster
        self._file = file
        self._data = data
        self._requested = requested

    async def run(self) -> None:
        """Reload at each request, for ever."""
        while True:
            await self._requested.wait()
            # Cleared before the work: a request that comes meanwhile may mean a newer file, and
            # is carried out.
            self._requested.clear()
            outcome = await self._reload(self._roster.clock.now())
            await self._record(outcome)
            try:
                await asyncio.to_thread(outcome.write, self._data)
            # A full disk: the reload itself has happened, and the log has its outcome.
            except OSError as error:
                log.error("the outcome of a reload cannot be told", error=str(error))

    async def _record(self, outcome: ReloadOutcome) -> None:
        status = GOOD if outcome.taken else BAD_INVALID_STATE
        now, who = self._roster.clock.now(), (TWIN, "SIGHUP")
        entry = AuditEntry.of(AuditKind.RELOAD, now, who, self._file.file, status, str(outcome))
        await self._audit.note(entry)

    async def _reload(self, begun: int) -> ReloadOutcome:
        roster = self._roster
        try:
            # In a thread: reading the profiles of a large site takes longer than a poll may wait.
            found: Examined = await asyncio.to_thread(examine, self._file, self._data)
        except ConfigError as error:
            return self._refused(begun, error.lines)
        except UnreadableError as error:
            log.exception("the site file cannot be examined")
            return self._refused(begun, [str(error)])
        except TwinError as error:
            return self._refused(begun, [str(error)])
        change = compare(roster.site, roster.assembly, found.site, found.assembly)
        if change.removed or change.added:
            # Of what runs afterwards, which is less than the file says where something has to wait.
            assembly = await asyncio.to_thread(assemble, change.site, self._data)
            await roster.change(change.site, assembly, change.removed, change.added)
        outcome = ReloadOutcome(
            begun, True, [pump.id for pump in change.added], change.removed, change.later
        )
        log.info("site file read again", outcome=str(outcome))
        return outcome

    def _refused(self, begun: int, problems: Sequence[str]) -> ReloadOutcome:
        for problem in problems:
            log.error("the site file was not taken; the twin goes on as before", problem=problem)
        return ReloadOutcome(begun, False, problems=problems)
