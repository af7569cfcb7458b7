"""Aggregates of recorded samples (OPC 10000-13): pure functions over arrays."""
