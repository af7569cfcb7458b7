"""Upgrade the schema of a database to that of this version, by alembic."""

from __future__ import annotations

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine

from heatpump_twin.twin_engine.errors import SchemaError


def upgrade(engine: Engine) -> None:
    """Run the missing schema migrations; raise `SchemaError` if the schema is not known."""
    config = Config()
    config.set_main_option("script_location", "heatpump_twin.twin_engine.historian:migrations")
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
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
