"""Alembic's entry: migrate over the connection that `schema_upgrade.upgrade` opened."""

from __future__ import annotations

from alembic import context

from heatpump_twin.twin_engine.historian.database.tables import METADATA

context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA)
with context.begin_transaction():
    context.run_migrations()
