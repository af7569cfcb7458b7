"""Upgrade the schema of a database to that of this version, by alembic."""

from __future__ import annotations

import shutil

import structlog
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine

from heatpump_twin.config.durable_file import move_into_place
from heatpump_twin.twin_engine.errors import CopyError, SchemaError
from heatpump_twin.twin_engine.historian.database.database_copy import copy_sqlite
from heatpump_twin.twin_engine.historian.database.database_file import DatabaseFile

log = structlog.stdlib.get_logger(__name__)

_COPY = ".schema-"
_COPIES_KEPT = 2
_RESERVE = 100 * 1024 * 1024
"""What must stay free beside a copy, for what the migration itself writes. [B]"""


def upgrade(engine: Engine) -> None:
    """Run the missing schema migrations; raise `SchemaError` if the schema is not known."""
    config = Config()
    config.set_main_option(
        "script_location", "heatpump_twin.twin_engine.historian.database:migrations"
    )
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    _keep_copy(engine, known)
    with engine.begin() as connection:
        revision = MigrationContext.configure(connection).get_current_revision()
        # Never downgraded: a migration back would drop columns that hold somebody's data.
        if revision is not None and revision not in known:
            raise SchemaError(
                f"the database {engine.url.render_as_string()} has schema {revision!r}, which this "
                "version does not know: install the version that wrote it, or restore a backup"
            )
        # The connection of the check above, so that what was examined is what is changed.
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _keep_copy(engine: Engine, known: set[str]) -> None:
    """Copy an SQLite database before its schema changes: ``historian.sqlite.schema-0002``.

    On PostgreSQL a migration is one transaction: one that fails leaves nothing.

    Raises
    ------
    SchemaError
        There is no room for the copy. A migration without one is not begun.
    """
    file = DatabaseFile.of(engine.url)
    with engine.connect() as connection:
        revision = MigrationContext.configure(connection).get_current_revision()
    if file is None or revision is None or revision not in known:
        return
    free = shutil.disk_usage(file.path.parent).free
    if free < file.size + _RESERVE:
        raise SchemaError(
            f"{file.path} has schema {revision} and is copied before it is changed, which needs "
            f"{(file.size + _RESERVE) >> 20} MiB and {free >> 20} MiB are free: make room"
        )
    target = file.path.with_name(f"{file.path.name}{_COPY}{revision}")
    waiting = target.with_name(f".{target.name}")
    waiting.unlink(missing_ok=True)  # of an attempt that was broken off
    try:
        copy_sqlite(file.path, waiting)
        move_into_place(waiting, target)
    except (CopyError, OSError) as error:
        raise SchemaError(f"no copy, so the schema is not changed: {error}") from error
    log.info("database copied before its schema changes", copy=str(target), schema=revision)
    # By revision, and so by age.
    for old in sorted(target.parent.glob(f"{file.path.name}{_COPY}*"))[:-_COPIES_KEPT]:
        old.unlink()
