"""Put what is done by command, beside the twin, on record in its audit."""

from __future__ import annotations

import getpass
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from heatpump_twin.config.data_directory import DataDirectory, unusable
from heatpump_twin.drivers.clock import SystemClock
from heatpump_twin.drivers.status import BAD_INVALID_STATE, GOOD
from heatpump_twin.errors import TwinError
from heatpump_twin.server.errors import ServerError
from heatpump_twin.twin_engine.commands.audit_entry import AuditEntry, AuditKind
from heatpump_twin.twin_engine.commands.audit_spool import AuditSpool


@contextmanager
def audited(
    data: DataDirectory, kind: AuditKind, key: str, what: str, before: str = "", after: str = ""
) -> Iterator[None]:
    """Record what is done in the context, or that it failed; raise `StorageError` if it cannot be.

    The record waits beside the database: a command does not know which one the twin has, and a twin
    that runs takes it in within a second or two.
    """
    spool, clock = AuditSpool(data.audit_spool), SystemClock()

    def entry(status: int, message: str) -> AuditEntry:
        return AuditEntry.of(
            kind, clock.now(), who(), key, status, message, before=before, after=after
        )

    try:
        # First, so that nothing is done that cannot be recorded.
        spool.require()
        try:
            yield
        except (TwinError, ServerError) as error:
            spool.append(entry(BAD_INVALID_STATE, f"{what}: {error}"))
            raise
        spool.append(entry(GOOD, what))
    except OSError as error:
        raise unusable(data.root, error) from error


def who() -> tuple[str, str]:
    """Return the user of the operating system who runs this command, and where."""
    try:
        name = os.environ.get("SUDO_USER") or getpass.getuser()
    except (KeyError, OSError):  # a container may have a user without a name
        name = f"uid {os.getuid()}"
    return name, f"hptwin on {socket.gethostname()}"
