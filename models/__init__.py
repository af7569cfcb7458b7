"""Packaged models: data only."""
