"""Reload the site file: add and remove heat pumps while the twin runs."""
