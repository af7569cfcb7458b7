"""The commissioning commands: scan, read, write, profile."""
