"""Drivers of real devices: polled by their plan, written with a read-back."""
