"""Copy a whole database while others write to it, and bring a copy back."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

from sqlalchemy import URL, inspect

from heatpump_twin.config.durable_file import sync_directory
from heatpump_twin.twin_engine.errors import CopyError
from heatpump_twin.twin_engine.historian.database.database_access import open_engine

_SERVER_PROGRAMS = Path("/usr/lib/postgresql")
_CLEAN = {"PGCONNECT_TIMEOUT": "10", "LC_ALL": "C"}


def copy_sqlite(source: Path, target: Path) -> None:
    """Copy an SQLite database, as at one moment, to a file of its own.

    In one step: it reads a snapshot, which keeps no writer waiting, whereas a copy in pieces begins
    anew at each commit of another connection.

    Raises
    ------
    CopyError
        It cannot be read, or there is no room for the copy.
    """
    try:
        # Not to create it where it is missing, and owner-only where it is made.
        os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        with (
            closing(sqlite3.connect(f"file:{source}?mode=rw", uri=True, timeout=30.0)) as original,
            closing(sqlite3.connect(target)) as copy,
        ):
            original.backup(copy)
            # One file, without a log beside it.
            copy.execute("PRAGMA journal_mode=DELETE")
        _sync(target)
    except (sqlite3.Error, OSError) as error:
        target.unlink(missing_ok=True)
        raise CopyError(f"{source} cannot be copied to {target}: {error}") from error


def dump_postgresql(url: URL, target: Path) -> None:
    """Write a PostgreSQL database, as at one moment, to a file that ``pg_restore`` reads."""
    _run("pg_dump", url, "--format=custom", "--no-owner", "--no-privileges", f"--file={target}")
    _sync(target)


def load_postgresql(url: URL, source: Path) -> None:
    """Load a dump into a PostgreSQL database that holds no tables.

    Raises
    ------
    CopyError
        It holds tables, cannot be reached, or does not take the dump; it is then as it was.
    """
    engine = open_engine(url)
    try:
        tables = inspect(engine).get_table_names()
    finally:
        engine.dispose()
    # What is there is never overwritten: a person decides what becomes of it.
    if tables:
        raise CopyError(
            f"the database {url.render_as_string()} holds {len(tables)} tables: create an empty "
            "one, and name it with --set historian.url=…"
        )
    _run("pg_restore", url, "--no-owner", "--single-transaction", "--exit-on-error", str(source))


def _run(program: str, url: URL, *arguments: str) -> None:
    found = _find(program)
    if found is None:
        raise CopyError(f"{program} is not installed; it comes with the clients of PostgreSQL")
    place = {
        "PGHOST": url.host,
        "PGPORT": str(url.port) if url.port else None,
        "PGUSER": url.username,
        "PGDATABASE": url.database,
        # Not on the command line, which everybody on the machine can read.
        "PGPASSWORD": str(url.password) if url.password else None,
    }
    environment = {**os.environ, **_CLEAN, **{k: v for k, v in place.items() if v is not None}}
    database = ["--dbname", url.database or ""] if program == "pg_restore" else []
    done = subprocess.run(  # noqa: S603 (a program of PostgreSQL, without a shell)
        [found, *database, *arguments], env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise CopyError(f"{program} failed: {done.stderr.strip() or done.returncode}")


def _find(program: str) -> str | None:
    """Return the program, the newest where the system has several: it can read older servers."""
    versions = sorted(_SERVER_PROGRAMS.glob(f"*/bin/{program}"), key=lambda p: _number(p))
    return str(versions[-1]) if versions else shutil.which(program)


def _number(path: Path) -> int:
    name = path.parent.parent.name
    return int(name) if name.isdecimal() else 0


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    sync_directory(path.parent)
