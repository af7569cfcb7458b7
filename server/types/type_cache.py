"""The type nodes of the last import, kept in the data directory (ADR 7)."""

from __future__ import annotations

import hashlib
import os
import stat
import sys
from importlib.metadata import version
from pathlib import Path

import structlog

from heatpump_twin.config.data_directory import write_private

log = structlog.stdlib.get_logger(__name__)

_MAGIC = b"heatpump-twin type nodes 1\n"
_DIGEST = hashlib.sha256
_SIZE = _DIGEST().digest_size
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


class TypeCache:
    """One file: what it was made from, a digest, the block.

    Parameters
    ----------
    path
        The file.
    sources
        The nodesets in the order of their import. With other nodesets, another Python, another
        asyncua or another version of ours the file is stale.
    """

    def __init__(self, path: Path, sources: list[bytes]) -> None:
        self._path = path
        self._key = _key(sources)

    def read(self) -> bytes | None:
        """Return the block, or None where there is none that can be used; the log says why."""
        try:
            return self._checked(_read_own(self._path))
        except FileNotFoundError:
            return None
        except (OSError, _UnusableError) as error:
            log.warning(
                "cached type nodes ignored; importing again",
                file=str(self._path),
                reason=str(error),
            )
            return None

    def _checked(self, content: bytes) -> bytes:
        head = _MAGIC + self._key
        if not content.startswith(_MAGIC):
            raise _UnusableError("it is not a cache of this format")
        if not content.startswith(head):
            raise _UnusableError("it was made from other nodesets or by other versions")
        digest, block = content[len(head) : len(head) + _SIZE], content[len(head) + _SIZE :]
        if _DIGEST(block).digest() != digest:
            raise _UnusableError("it is damaged")
        return block

    def write(self, block: bytes) -> None:
        """Keep a block for the next start. That it can't be kept is no reason not to start."""
        try:
            write_private(self._path, _MAGIC + self._key + _DIGEST(block).digest() + block)
        except OSError as error:
            log.warning("type nodes not kept", file=str(self._path), reason=error.strerror)


class _UnusableError(Exception):
    """The message says why."""


def _key(sources: list[bytes]) -> bytes:
    digest = _DIGEST()
    for name in ("asyncua", "heatpump-twin"):
        digest.update(f"{name} {version(name)}\n".encode())
    digest.update(f"Python {sys.version}\n".encode())
    for source in sources:
        digest.update(_DIGEST(source).digest())
    return digest.digest()


def _read_own(path: Path) -> bytes:
    """Return the content of a file that nobody else can have written."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        found = os.fstat(descriptor)
        ours = found.st_uid == os.geteuid() and not found.st_mode & _OTHERS
        if not ours or not stat.S_ISREG(found.st_mode):
            raise _UnusableError("it is not a file that is ours alone")
        return file.read()
