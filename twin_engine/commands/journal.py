"""Journal of programs: each event is audited, logged and told to clients."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import structlog

from heatpump_twin.drivers.clock import Clock
from heatpump_twin.drivers.status import is_good
from heatpump_twin.twin_engine.commands.audit import AuditLog
from heatpump_twin.twin_engine.commands.audit_entry import AuditEntry, AuditKind
from heatpump_twin.twin_engine.happening import HappeningSink, ProgramReport

log = structlog.stdlib.get_logger(__name__)

Listener = Callable[[str], None]
"""Told that there are news of a heat pump. It must not block."""


@dataclass(frozen=True, slots=True)
class Report:
    """Latest event of a heat pump's programs."""

    time: int
    message: str


class Journal:
    """Events of the programs of all heat pumps."""

    def __init__(self, audit: AuditLog, clock: Clock) -> None:
        self._audit = audit
        self._clock = clock
        self._listeners: list[Listener] = []
        self._sinks: list[HappeningSink] = []
        self._latest: dict[str, Report] = {}

    def subscribe(self, listener: Listener) -> None:
        """Call a listener with every heat pump that has changed."""
        self._listeners.append(listener)

    def report_to(self, sink: HappeningSink) -> None:
        """Have a sink told of each event. It must not block."""
        self._sinks.append(sink)

    def latest(self, asset: str) -> Report | None:
        """Return the latest event of a heat pump; None: there was none in this run."""
        return self._latest.get(asset)

    def changed(self, asset: str) -> None:
        """Tell the listeners that the programs of a heat pump have changed."""
        for listener in self._listeners:
            listener(asset)

    async def record(
        self,
        asset: str,
        what: str,
        *,
        user: str,
        origin: str,
        status: int,
        message: str,
        requested: float | None = None,
    ) -> None:
        """Record a request to a program, or its outcome.

        Parameters
        ----------
        what : str
            The method (``ScheduleReady``); the audit log has it where others have a point.
        requested : float or None
            The number that was asked for, such as a target.
        """
        entry = AuditEntry(
            time=self._clock.now(),
            user=user,
            origin=origin,
            key=f"{asset}.{what}",
            old=None,
            requested=requested,
            read_back=None,
            status=status,
            message=message,
            kind=AuditKind.PROGRAM,
        )
        write = log.info if is_good(status) else log.warning
        write("program", asset=asset, what=what, user=user, message=message)
        # Unlike a write, a program's event has happened already: clients are told of it also while
        # the record waits for the database.
        await self._audit.note(entry)
        self._latest[asset] = Report(entry.time, message)
        for sink in self._sinks:
            sink(ProgramReport(asset, what, entry.time, user, status, message))
        self.changed(asset)
