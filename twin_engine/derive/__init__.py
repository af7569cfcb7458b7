"""Derived points: COP, thermal power, operating state and others, computed from measured points."""
