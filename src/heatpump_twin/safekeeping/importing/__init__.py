"""Bring tables of measured values into the recorded history: ``hptwin import``."""
