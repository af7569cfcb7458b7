"""Replace files so that a crash or a power cut leaves the old or the new content, never a part.

Everything that a twin writes to its data directory apart from databases goes through here.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from io import BufferedWriter
from pathlib import Path

_OWNER_ONLY = 0o600


def write_private(path: Path, content: str | bytes, mode: int = _OWNER_ONLY) -> None:
    """Write a file that only its owner can read, whole or not at all, and durably.

    Raises
    ------
    OSError
        The disk is full or read-only; the file is as it was.
    """
    data = content.encode() if isinstance(content, str) else content
    with private_file(path, mode) as file:
        file.write(data)


@contextmanager
def private_file(path: Path, mode: int = _OWNER_ONLY) -> Iterator[BufferedWriter]:
    """Open a file to be written, which takes its name only when all of it is on the disk.

    Raises
    ------
    OSError
        The disk is full or read-only; whatever had the name is as it was.
    """
    # Beside the file and not in /tmp: a rename is whole or not at all only within one file
    # system.
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        # Created with its rights, not changed to them afterwards: between the two anybody could
        # open a private key.
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            # Before the rename, or a power cut may leave the new name on an empty file.
            os.fsync(file.fileno())
        move_into_place(temporary, path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        # A full disk does not say which file it is about.
        raise OSError(error.errno, error.strerror, str(path)) from error
    # Also when cancelled or interrupted: nothing of a secret is left lying about.
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def move_into_place(source: Path, target: Path) -> None:
    """Give a file or directory another name on the same file system, durably."""
    source.replace(target)
    # The name is in the directory, which has to reach the disk as well.
    sync_directory(target.parent)


def sync_directory(path: Path) -> None:
    """Have the names in a directory reach the disk."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def set_aside(path: Path, now: int, why: str = "damaged") -> Path:
    """Rename a file to its `dated_name`, and return that."""
    target = dated_name(path, now, why)
    move_into_place(path, target)
    return target


def dated_name(path: Path, now: int, why: str) -> Path:
    """Return a free name with the date beside a file: ``users.json.damaged-20260101T000000Z``.

    ``now`` is in µs since the Unix epoch.
    """
    stamp = datetime.fromtimestamp(now / 1e6, UTC).strftime("%Y%m%dT%H%M%SZ")
    target = path.with_name(f"{path.name}.{why}-{stamp}")
    # Two in one second, or of a clock that was set back: the first one is not overwritten.
    count = 1
    while target.exists():
        count += 1
        target = path.with_name(f"{path.name}.{why}-{stamp}-{count}")
    return target
