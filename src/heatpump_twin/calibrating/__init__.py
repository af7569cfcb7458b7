"""Calibrate models on recorded history or on tables, for the command line."""
