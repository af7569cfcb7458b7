"""The file of an SQLite database: whether it is sound, and which file it is."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from pathlib import Path

from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError

from heatpump_twin.config.durable_file import dated_name, move_into_place

_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_PRIMARY = 0xFF
"""Extended result codes have the plain one in their lowest byte."""
_COMPANIONS = ("-wal", "-shm")
CHECK_LIMIT = 20.0
"""Longest check at a start; a card of years would take minutes. [s]"""

Identity = tuple[int, int]
"""Device and inode: what a file is, whatever lies under its name by now."""


class DatabaseFile:
    """File of an SQLite database, with the log that lies beside it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def of(cls, url: URL) -> DatabaseFile | None:
        """Return the file of a database; None: it has none that is ours."""
        if url.get_backend_name() != "sqlite" or url.database in (None, "", ":memory:"):
            return None
        return cls(Path(str(url.database)))

    @property
    def identity(self) -> Identity | None:
        """What lies under the name now; None: nothing."""
        try:
            found = self.path.stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino

    @property
    def obstacle(self) -> str:
        """What lies where the file belongs, and the remedy; empty: nothing that is seen."""
        if self.path.is_dir():
            return f"{self.path} is a directory, where the database belongs: move it away"
        if self.path.is_symlink() and not self.path.resolve().parent.is_dir():
            place = self.path.readlink()
            return f"{self.path} leads to {place}, which is not there: mount it, or remove the link"
        return ""

    @property
    def size(self) -> int:
        """Size of the file with its log. [B]"""
        places = (self.path.with_name(self.path.name + end) for end in ("", "-wal"))
        return sum(place.stat().st_size for place in places if place.exists())

    @property
    def log_size(self) -> int:
        """Size of its log. [B]"""
        log = self.path.with_name(self.path.name + "-wal")
        return log.stat().st_size if log.exists() else 0

    @property
    def is_empty(self) -> bool:
        """Whether there is no file, or nothing in it."""
        try:
            return not self.path.stat().st_size
        except OSError:
            return True

    def damage(self, *, thorough: bool, limit: float = CHECK_LIMIT) -> str | None:
        """Return what is wrong with the content; None: nothing that was found.

        The quick check opens the file and reads the beginning of each table; a thorough one reads
        all of it, for ``limit`` seconds at the most. A file that cannot be read, because it is
        locked or its disk is away, is not called damaged.
        """
        if self.is_empty:
            return None
        try:
            with closing(sqlite3.connect(self.path, timeout=2.0)) as connection:
                _look(connection)
                return _verdict(connection, limit) if thorough else None
        except sqlite3.Error as error:
            return str(error) if _is_damage(error) else None

    def set_aside(self, now: int, why: str = "damaged") -> Path:
        """Rename the file, with its log, to a name with the date, and return that.

        Raises
        ------
        OSError
            The directory cannot be written.
        """
        target = dated_name(self.path, now, why)
        # The log goes first: a new database beside the log of another one would take it for its
        # own. Under the name by which SQLite finds it, for whoever tries to rescue something.
        for end in _COMPANIONS:
            log = self.path.with_name(self.path.name + end)
            if log.exists():
                log.replace(target.with_name(target.name + end))
        move_into_place(self.path, target)
        return target


def means_damage(error: Exception) -> bool:
    """Tell whether an error of a query says that its database is damaged."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    return isinstance(cause, sqlite3.Error) and _is_damage(cause)


def means_full(error: Exception) -> bool:
    """Tell whether an error of a query says that there is no room for what it writes."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    code: int | None = getattr(cause, "sqlite_errorcode", None)
    return code is not None and code & _PRIMARY == sqlite3.SQLITE_FULL


def _is_damage(error: sqlite3.Error) -> bool:
    code: int | None = getattr(error, "sqlite_errorcode", None)
    return code is not None and code & _PRIMARY in _DAMAGED


def _look(connection: sqlite3.Connection) -> None:
    # SQLite compares the size of the file with what its head says: one that was cut is found here.
    for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'"):
        connection.execute(f'SELECT * FROM "{name}" LIMIT 1').fetchall()  # noqa: S608 (a table)


def _verdict(connection: sqlite3.Connection, limit: float) -> str | None:
    alarm = threading.Timer(limit, connection.interrupt)
    alarm.daemon = True
    alarm.start()
    try:
        (found,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
    # Not damaged as far as it came; `hptwin doctor` takes the time that it needs.
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & _PRIMARY == sqlite3.SQLITE_INTERRUPT:
            return None
        raise
    finally:
        alarm.cancel()
    return None if found == "ok" else str(found).splitlines()[0]
