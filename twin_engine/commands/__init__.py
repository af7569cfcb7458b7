"""The only write path, and its record."""
