"""What is to be told, in a file of its own: also while the history's database is away."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from itertools import islice
from pathlib import Path

from heatpump_twin.twin_engine.notifications.note import Note, NoteKind

_SCHEMA = """
CREATE TABLE IF NOT EXISTS note (
    number INTEGER PRIMARY KEY,
    receiver TEXT NOT NULL,
    asset TEXT NOT NULL,
    rule TEXT NOT NULL,
    kind TEXT NOT NULL,
    time INTEGER NOT NULL,
    ready INTEGER NOT NULL,
    severity INTEGER NOT NULL,
    category TEXT NOT NULL,
    texts TEXT NOT NULL,
    settled INTEGER,
    UNIQUE (receiver, asset, rule, kind, time, ready)
);
CREATE INDEX IF NOT EXISTS note_waiting ON note (receiver, ready) WHERE settled IS NULL;
"""
_BUSY = 5.0
"""[s]"""
_DAMAGED = (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT)
_MOST = 500
"""Notes in one message: more are told in the next."""


class Outbox:
    """File of notes, durable when a method returns. One process writes it.

    A note that is settled stays for a while, so that the same is not told twice. All methods raise
    `OSError` or `sqlite3.Error` where the disk does not take it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def put(self, notes: Sequence[Note]) -> None:
        """Have notes told; one that was there already is not told again."""
        rows = [
            (n.receiver, n.asset, n.rule, n.kind, n.time, n.ready, n.severity, n.category,
             n.texts())
            for n in notes
        ]  # fmt: skip
        with self._transaction() as connection:
            connection.executemany(
                "INSERT OR IGNORE INTO note (receiver, asset, rule, kind, time, ready, severity,"
                " category, texts) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                rows,
            )

    def ready(self, receiver: str, now: int, without: Collection[int] = ()) -> list[Note]:
        """Return what may be told to a receiver by now, in order of time, but some numbers. [µs]"""
        with self._transaction() as connection:
            rows = connection.execute(
                "SELECT * FROM note WHERE receiver = ? AND ready <= ? AND settled IS NULL"
                " ORDER BY time, number",
                (receiver, now),
            )
            wanted = (row for row in rows if row["number"] not in without)
            return [_note(row) for row in islice(wanted, _MOST)]

    def next_ready(self) -> Mapping[str, int]:
        """Return for each receiver for whom something waits from when on it may be told. [µs]"""
        with self._transaction() as connection:
            rows = connection.execute(
                "SELECT receiver, MIN(ready) FROM note WHERE settled IS NULL GROUP BY receiver"
            ).fetchall()
        return {str(row[0]): int(row[1]) for row in rows}

    def settle(self, numbers: Collection[int], now: int) -> None:
        """Note that notes were told, or are not to be told any more."""
        with self._transaction() as connection:
            connection.executemany(
                "UPDATE note SET settled = ? WHERE number = ?", [(now, n) for n in numbers]
            )

    def forget(self, before: int) -> None:
        """Delete what was settled before a time. [µs]"""
        with self._transaction() as connection:
            connection.execute("DELETE FROM note WHERE settled < ?", (before,))

    def set_aside(self) -> Path:
        """Put a damaged file aside, so that another is begun; return where it is."""
        aside = self._path.with_name(f"{self._path.name}.damaged")
        self._path.replace(aside)
        return aside

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self._path, timeout=_BUSY)) as connection, connection:
            connection.row_factory = sqlite3.Row
            connection.execute("PRAGMA synchronous = FULL")
            connection.executescript(_SCHEMA)
            yield connection


def is_damage(error: Exception) -> bool:
    """Tell whether an error says that the file is none of ours any more."""
    code = getattr(error, "sqlite_errorcode", 0)
    return isinstance(error, sqlite3.Error) and (code & 0xFF) in _DAMAGED


def _note(row: sqlite3.Row) -> Note:
    return Note(
        row["receiver"], row["asset"], row["rule"], NoteKind(row["kind"]), row["time"],
        row["ready"], row["severity"], row["category"], number=row["number"],
        **Note.texts_of(row["texts"]),
    )  # fmt: skip
