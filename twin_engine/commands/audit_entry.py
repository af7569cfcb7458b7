"""One record of the audit: who did, or tried, what, from where, when, with which outcome."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from enum import StrEnum
from typing import Any

LONGEST = 1000
"""A text that a stranger sends is cut here: the audit must not fill the disk."""


class AuditKind(StrEnum):
    """What a record is about."""

    WRITE = "write"
    """A value written to a device."""
    PROGRAM = "program"
    """A schedule, boost, release, reset or training."""
    CONDITION = "condition"
    """What a person did about an alarm: acknowledged, shelved, disabled it, …"""
    METHOD = "method"
    """A call that was refused before it did anything."""
    LOGIN = "login"
    USER = "user"
    CERTIFICATE = "certificate"
    HISTORY = "history"
    """Recorded history corrected; before and after are JSON, whole."""
    RELOAD = "reload"
    RUN = "run"
    """A start or stop of the twin."""


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One record. Numbers of a point are in the catalogue's unit; all else is text."""

    time: int
    """When it began. [µs since the Unix epoch, UTC]"""
    user: str
    origin: str
    """The way in, such as a client's address or application name."""
    key: str
    """The point (``hp1.supply_setpoint``), as the caller named it, or whatever it is about."""
    old: float | None
    requested: float | None
    """None where the caller asked for something that is not a number."""
    read_back: float | None
    status: int
    """OPC UA status of the result."""
    message: str
    reason: str = ""
    """Why, in the words of the user."""
    complete: bool = True
    """False: it was begun, and the twin ended before it could record the outcome."""
    kind: str = AuditKind.WRITE
    before: str = ""
    """What was there before, where it is no number of a point."""
    after: str = ""
    """What was asked for, where it is no number of a point."""

    @classmethod
    def of(
        cls,
        kind: AuditKind,
        time: int,
        who: tuple[str, str],
        key: str,
        status: int,
        message: str,
        **texts: Any,
    ) -> AuditEntry:
        """Return the record of something else than a number; ``who`` is user and origin."""
        user, origin = who
        return cls(time, user, origin, key, None, None, None, status, message, kind=kind, **texts)

    def begun(self) -> AuditEntry:
        """Return the record of what is begun and has no outcome yet."""
        return replace(self, complete=False)

    def row(self) -> dict[str, Any]:
        """Return the columns of the record in the database."""
        found: dict[str, Any] = asdict(self)
        for name, value in found.items():
            if isinstance(value, str) and not self._whole(name):
                found[name] = storable(value)
        for name in ("old", "requested", "read_back"):
            found[name] = _number(found[name])
        # Neither database has an unsigned 32-bit type: the same bits, signed.
        found["status"] = self.status - (1 << 32 if self.status >> 31 else 0)
        return found

    def _whole(self, name: str) -> bool:
        # The server has written it, and who corrects history has logged in.
        return self.kind == AuditKind.HISTORY and name in ("before", "after")

    @classmethod
    def read(cls, row: Mapping[str, Any]) -> AuditEntry:
        """Return the record that columns of the database hold."""
        found = {field.name: row[field.name] for field in fields(cls)}
        return cls(**{**found, "status": row["status"] & 0xFFFF_FFFF})


def storable(text: str) -> str:
    """Return what a stranger has sent as text that a database can hold, cut at `LONGEST`."""
    # PostgreSQL stores no NUL, and neither database half a surrogate pair.
    clean = text[:LONGEST].replace("\0", "�")
    return clean.encode("utf-8", "replace").decode("utf-8")


def _number(value: float | None) -> float | None:
    # NULL and not NaN: SQLite stores NaN as NULL anyway, and PostgreSQL sorts it above every
    # number.
    return value if value is not None and math.isfinite(value) else None
