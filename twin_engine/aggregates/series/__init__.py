"""Samples as aggregates look at them, and what is read of them."""
