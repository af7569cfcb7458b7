"""Schema changes, run by alembic when the database is opened."""
