"""Faults of the field devices: their names, the board of those that are on, their effects."""
