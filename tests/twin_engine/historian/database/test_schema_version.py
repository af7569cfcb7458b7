"""The version of the schema that the code expects is the newest there is."""

from __future__ import annotations

from alembic.config import Config
from alembic.script import ScriptDirectory

from heatpump_twin.twin_engine.historian.database.migrations import HEAD


def test_a_new_migration_raises_the_version() -> None:
    config = Config()
    config.set_main_option(
        "script_location", "heatpump_twin.twin_engine.historian.database:migrations"
    )
    assert ScriptDirectory.from_config(config).get_current_head() == HEAD
