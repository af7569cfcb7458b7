"""The intervals of a time range."""
