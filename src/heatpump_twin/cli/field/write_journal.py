"""What `hptwin write` has sent to devices: a record, and the memory of the throttle.

A memory cell that wears out does not care which run of the command wrote it. The journal knows a
device by its address as it was typed; the same device by another name is another one to it.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from heatpump_twin.drivers.clock import MICROSECONDS, Clock
from heatpump_twin.drivers.protocol import WriteOutcome, WriteState
from heatpump_twin.errors import TwinError

FILE_NAME = "field-writes.jsonl"
_ATTEMPT = "attempt"


@dataclass(frozen=True, slots=True)
class WriteTarget:
    """What is written: one point of one unit at one address."""

    connection: str
    unit: int
    point: str
    place: str
    """Table and address of the register."""


class WriteJournal:
    """Lines of JSON: one before each attempt, one with its outcome."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self._path = path
        self._clock = clock

    def last_write(self, target: WriteTarget) -> float | None:
        """Return how long ago something was sent there that the device may have taken. [s]"""
        sent: list[int] = []
        for entry in self._entries():
            if all(entry.get(k) == getattr(target, k) for k in ("connection", "unit", "place")):
                if entry["state"] == _ATTEMPT:
                    sent.append(entry["time"])
                elif entry["state"] == WriteState.REFUSED and sent:
                    sent.pop()
        return max(0.0, (self._clock.now() - sent[-1]) / MICROSECONDS) if sent else None

    def attempt(self, target: WriteTarget, user: str, value: float) -> None:
        """Record what is about to be sent. Raises `TwinError`: then it must not be sent."""
        self._append(target, {"user": user, "value": value, "state": _ATTEMPT})

    def outcome(self, target: WriteTarget, outcome: WriteOutcome) -> None:
        """Record what came of it."""
        what = {"read_back": outcome.read_back, "message": outcome.message}
        self._append(target, {"state": outcome.state.value, **what})

    def _append(self, target: WriteTarget, what: dict[str, Any]) -> None:
        where = {"connection": target.connection, "unit": target.unit}
        entry = {"time": self._clock.now(), **where, "place": target.place, "point": target.point}
        try:
            with self._path.open("ab") as file:
                file.truncate(len(_whole(self._path.read_bytes())))
                file.write(json.dumps(entry | what).encode() + b"\n")
                file.flush()
                # On the disk before anything is sent, or the throttle would not know of it.
                os.fsync(file.fileno())
        except OSError as error:
            raise TwinError(
                f"{self._path}: {error.strerror}; a write that cannot be recorded is not made, "
                "name another directory with --data"
            ) from error

    def _entries(self) -> list[dict[str, Any]]:
        try:
            lines = _whole(self._path.read_bytes()).splitlines()
        except FileNotFoundError:
            return []
        except OSError as error:
            raise TwinError(f"{self._path}: {error.strerror}; name another --data") from error
        try:
            return [json.loads(line) for line in lines]
        except ValueError as error:
            message = f"{self._path}: a line is not JSON ({error}); repair it or move the file away"
            raise TwinError(message) from error


def _whole(content: bytes) -> bytes:
    """Return the whole lines. What a power cut has left of the last one is no loss.

    A torn attempt was not sent, as it is sent only when its line is on the disk; a torn outcome
    leaves its attempt, which counts as sent.
    """
    return content[: content.rfind(b"\n") + 1]
