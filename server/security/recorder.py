"""Record what clients do, or try, in the audit."""

from __future__ import annotations

from heatpump_twin.drivers.clock import Clock
from heatpump_twin.drivers.status import UNCERTAIN
from heatpump_twin.twin_engine.commands.audit import AuditLog
from heatpump_twin.twin_engine.commands.audit_entry import AuditEntry, AuditKind


class Recorder:
    """The server's way into the audit. User and origin of a client are given as ``who``."""

    def __init__(self, audit: AuditLog, clock: Clock) -> None:
        self._audit = audit
        self._clock = clock

    async def note(
        self,
        kind: AuditKind,
        who: tuple[str, str],
        key: str,
        status: int,
        message: str,
        **texts: str,
    ) -> None:
        """Record what has happened, or was refused; it waits where the database is away."""
        now = self._clock.now()
        await self._audit.note(AuditEntry.of(kind, now, who, key, status, message, **texts))

    async def begin(self, kind: AuditKind, who: tuple[str, str], key: str, **texts: str) -> int:
        """Record what is about to be done; raise `AuditError`, and then it must not be done."""
        message = "The outcome is not on record."
        entry = AuditEntry.of(kind, self._clock.now(), who, key, UNCERTAIN, message, **texts)
        return await self._audit.append(entry.begun())

    async def end(
        self, number: int, status: int, message: str, *, before: str | None = None
    ) -> None:
        """Record the outcome of what was begun; raise `AuditError`."""
        await self._audit.complete(
            number, status=status, read_back=None, message=message, before=before
        )
