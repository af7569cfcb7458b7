"""Manifest of a backup: what is in it, with sizes and digests, and of what twin it is."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

NAME = "manifest.json"
"""The last member of the archive: by then everything else is known."""

SQLITE = "database/historian.sqlite"
POSTGRESQL = "database/historian.pgdump"
DATA = "data/"
SITE = "site/"


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Member(_Part):
    """One file of a backup."""

    path: str
    """Its place in the archive, with slashes: ``data/users.json``."""
    size: int
    sha256: str


class Manifest(_Part):
    """Everything that a restore must know."""

    format: Literal[1] = 1
    version: str
    """Version of the software that made it."""
    made: str
    """When, ISO 8601, UTC."""
    host: str
    database: Literal["sqlite", "postgresql"]
    elsewhere: str = ""
    """Where the database of SQLite was, if not in the data directory."""
    arguments: list[str]
    """Those by which the twin was told of its site."""
    members: list[Member]
