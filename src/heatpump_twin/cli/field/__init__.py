"""Commissioning commands: scan, read, write, profile."""
