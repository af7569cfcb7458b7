"""Open the database of the historian and the audit log: SQLite, or PostgreSQL where it is large."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from sqlalchemy import URL, Engine, create_engine, event, inspect, make_url, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DBAPIError, DisconnectionError, SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

from heatpump_twin.config.data_directory import DataDirectory
from heatpump_twin.config.settings import HistorianSettings
from heatpump_twin.twin_engine.errors import DatabaseAway, EngineError, SchemaError
from heatpump_twin.twin_engine.historian.database.database_file import DatabaseFile
from heatpump_twin.twin_engine.historian.database.migrations import HEAD

T = TypeVar("T")

_DRIVERS = ("sqlite", "sqlite+pysqlite", "postgresql", "postgresql+psycopg")
_FORMS = "sqlite:////DIRECTORY/FILE or postgresql://USER:PASSWORD@HOST/DATABASE"
_LOG_LIMIT = 16_000_000
"""[B]"""
_ONE_AT_A_TIME = threading.Lock()
_FILE = "file"
"""Key under which a pooled connection remembers which file it was opened on."""

_LOCK_TIMEOUT = 2.0
"""How long a connection waits for another one that writes, or for a server to answer. [s]"""


def database_url(settings: HistorianSettings, data: DataDirectory) -> URL:
    """Return the database that the site names, or the SQLite file in the data directory."""
    if settings.url is not None:
        return make_url(settings.url)
    return URL.create("sqlite", database=str(data.database))


def database_mistake(url: str) -> str:
    """Say why a database cannot be used by this software, and what to write; empty: it can.

    Nothing is connected: a server may be away now and back later.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        return f"is not a database URL; write {_FORMS}"
    if parsed.drivername not in _DRIVERS:
        return f"{parsed.drivername} is not a database that is supported; write {_FORMS}"
    if parsed.get_backend_name() == "sqlite" and (mistake := _sqlite_mistake(parsed)):
        return mistake
    try:
        open_engine(parsed).dispose()
    except SchemaError as error:
        return str(error)
    except (SQLAlchemyError, TypeError, ValueError) as error:
        return f"cannot be used ({reason_of(error)}); write {_FORMS}"
    return ""


def _sqlite_mistake(url: URL) -> str:
    if not url.database or url.database == ":memory:" or url.host:
        return "names no file; write sqlite:////DIRECTORY/FILE, with four slashes"
    if url.query:
        return "takes no options behind a question mark; leave them out"
    file = Path(url.database)
    if not file.parent.is_dir():
        return f"there is no directory {file.parent}; make it, or name another one"
    return f"{file} is a directory; name a file in it" if file.is_dir() else ""


def open_engine(url: str | URL) -> Engine:
    """Return an engine for the database; nothing is connected yet."""
    url = make_url(url)
    if url.get_backend_name() == "sqlite":
        engine = create_engine(url, connect_args={"timeout": _LOCK_TIMEOUT})
        event.listen(engine, "connect", _durable_sqlite)
        _follow_file(engine)
        return engine
    try:
        # A server that was restarted leaves dead connections in the pool: each is tried before
        # use, and the twin reconnects by itself.
        return create_engine(
            url, pool_pre_ping=True, connect_args={"connect_timeout": int(_LOCK_TIMEOUT)}
        )
    # The driver of PostgreSQL is an extra: a site on SQLite should not have to build it.
    except ModuleNotFoundError as error:
        raise SchemaError(
            f"the database {url.render_as_string()} needs the package {error.name}: "
            "install heatpump-twin[postgresql]"
        ) from error


def drop_connections(engine: Engine) -> None:
    """Close all connections; one that another thread works with closes when it is done."""
    pool = engine.pool
    engine.dispose()
    # What is in use comes back to the old pool, which would leave it to the garbage collector.
    event.listen(pool, "checkin", _close_connection)
    pool.dispose()


def close_engine(engine: Engine) -> None:
    """Close all connections for good: work that ends, or even begins, later keeps none open."""
    event.listen(engine, "checkin", _close_connection)
    engine.dispose()


def migrate(engine: Engine) -> None:
    """Upgrade the schema of a database to the one of this version.

    Raises
    ------
    SchemaError
        A newer version of this software has migrated the database.
    """
    if revision_of(engine) != HEAD:
        # Alembic takes a tenth of a second to load, and most starts have nothing to migrate.
        from heatpump_twin.twin_engine.historian.database.schema_upgrade import upgrade

        # What alembic works on lies in its modules: two threads would take it from each other.
        with _ONE_AT_A_TIME:
            upgrade(engine)


def revision_of(engine: Engine) -> str | None:
    """Return what alembic has noted of the schema; None where it has never been."""
    with engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
        return found


def require_database(url: str | URL) -> None:
    """Raise `DatabaseAway` where a reader would make a new SQLite file, and find nothing in it."""
    file = DatabaseFile.of(make_url(url))
    if file is not None and file.is_empty:
        raise DatabaseAway(
            f"nothing was recorded here: there is no {file.path}; name the data directory of a "
            "twin with --data, or run one with this directory first"
        )


def reason_of(error: Exception) -> str:
    """Return in a line what a database says is wrong.

    Without what its library adds: the SQL, which may be long, and the address of its manual.
    """
    said = error.orig if isinstance(error, DBAPIError) else error
    lines = str(said).splitlines() or [repr(said)]
    return lines[0]


async def access(work: Callable[[], T], failure: Callable[[str], EngineError]) -> T:
    """Run database work in a thread; raise ``failure(reason)`` if it cannot be reached."""
    try:
        return await asyncio.to_thread(work)
    except SQLAlchemyError as error:
        raise failure(reason_of(error)) from error


def _close_connection(_connection: DBAPIConnection | None, record: ConnectionPoolEntry) -> None:
    record.invalidate()


def _follow_file(engine: Engine) -> None:
    """Give out no connection to a file that was deleted, replaced or set aside meanwhile.

    SQLite itself goes on with the open file, and what is written is gone when that is closed.
    """
    file = DatabaseFile.of(engine.url)
    if file is None:
        return

    def note(_connection: DBAPIConnection, record: ConnectionPoolEntry) -> None:
        record.info[_FILE] = file.identity

    def compare(
        _connection: DBAPIConnection, record: ConnectionPoolEntry, _proxy: PoolProxiedConnection
    ) -> None:
        if record.info[_FILE] != file.identity:
            # The pool closes this one and opens another, under the name.
            raise DisconnectionError

    event.listen(engine, "connect", note)
    event.listen(engine, "checkout", compare)


def _durable_sqlite(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
    """Set WAL and full synchronisation on a new SQLite connection."""
    cursor = connection.cursor()
    # Before anything else, as it holds only for a file that is still empty: what is deleted can
    # then be given back to the disk, in pieces.
    cursor.execute("PRAGMA auto_vacuum=INCREMENTAL")
    # WAL: readers and one writer work side by side.
    cursor.execute("PRAGMA journal_mode=WAL")
    # With NORMAL, WAL loses the last commits in a power cut, and an audit entry must not be lost.
    cursor.execute("PRAGMA synchronous=FULL")
    # What is deleted is not overwritten, as some systems have SQLite do: all of it would go through
    # the log, and on a full disk there is no room for that.
    cursor.execute("PRAGMA secure_delete=OFF")
    # A log that one large transaction has blown up goes back to what the others need.
    cursor.execute(f"PRAGMA journal_size_limit={_LOG_LIMIT}")
    cursor.close()
