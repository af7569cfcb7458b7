"""Schema changes, run by alembic when the database is opened."""

HEAD = "0015"
"""The latest of them; a test compares it with the files."""
