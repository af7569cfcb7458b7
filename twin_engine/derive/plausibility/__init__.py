"""Plausibility: which measured values cannot be, and why, as records over all heat pumps."""
