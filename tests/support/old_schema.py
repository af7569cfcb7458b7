"""Databases as earlier versions left them."""

from __future__ import annotations

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine


def migrate_to(engine: Engine, revision: str) -> None:
    """Leave a database as an earlier version did."""
    config = Config()
    config.set_main_option(
        "script_location", "heatpump_twin.twin_engine.historian.database:migrations"
    )
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
