"""Faults of the field devices: by name, on or off, and what they do."""
