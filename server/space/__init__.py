"""Nodes and their references: how they are kept, added and read."""
