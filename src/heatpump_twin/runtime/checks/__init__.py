"""Checks of a site file across its sections, which no section sees by itself."""
