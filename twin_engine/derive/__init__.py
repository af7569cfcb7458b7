"""Derived points: computed from what a heat pump measures."""
