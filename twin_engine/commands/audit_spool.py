"""Records of the audit that wait for the database: from commands, or while it is away."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import structlog

from heatpump_twin.twin_engine.commands.audit_entry import AuditEntry

log = structlog.stdlib.get_logger(__name__)

LARGEST = 10_000_000
"""A database that stays away must not fill the disk by what waits for it. [B]"""


class AuditSpool:
    """File with one record a line, for several processes at once; durable when `append` returns.

    A twin takes the records into the database and empties the file. All methods raise OSError.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def require(self) -> None:
        """Make sure that the file can be written, before something is done that it will have."""
        with self._locked(os.O_WRONLY | os.O_APPEND | os.O_CREAT):
            pass

    def append(self, entry: AuditEntry) -> None:
        """Append a record."""
        line = json.dumps(asdict(entry), ensure_ascii=True) + "\n"
        with self._locked(os.O_WRONLY | os.O_APPEND | os.O_CREAT) as file:
            if os.fstat(file).st_size > LARGEST:
                raise OSError(0, f"{self._path} is full: is the database away?")
            os.write(file, line.encode())
            os.fsync(file)

    @property
    def is_empty(self) -> bool:
        """Whether nothing waits."""
        try:
            return self._path.stat().st_size == 0
        except FileNotFoundError:
            return True

    def waiting(self) -> list[AuditEntry]:
        """Return what waits."""
        try:
            return list(_entries(self._path.read_bytes(), self._path))
        except FileNotFoundError:
            return []

    def take(self, store: Callable[[Sequence[AuditEntry]], None]) -> None:
        """Hand all that waits to ``store``, and empty the file when that has returned."""
        if self.is_empty:
            return
        with self._locked(os.O_RDWR) as file:
            with os.fdopen(os.dup(file), "rb") as reader:
                store(list(_entries(reader.read(), self._path)))
            os.ftruncate(file, 0)
            os.fsync(file)

    @contextmanager
    def _locked(self, flags: int) -> Iterator[int]:
        file = os.open(self._path, flags, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield file
        finally:
            os.close(file)


def _entries(content: bytes, path: Path) -> Iterator[AuditEntry]:
    for line in content.splitlines():
        try:
            yield AuditEntry(**json.loads(line))
        # The last line of a crash or a full disk may be a part of one; the others count.
        except (ValueError, TypeError):
            log.error("a record of the audit cannot be read", file=str(path), line=line[:200])
