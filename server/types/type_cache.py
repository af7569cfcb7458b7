"""Files of type nodes: one comes with the package, one is kept in the data directory.

The kept one is for an asyncua or nodesets that the packaged one was not made with (ADR 7).
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

import structlog

from heatpump_twin.config.durable_file import write_private
from heatpump_twin.server.types.recipe import Recipe
from heatpump_twin.server.types.type_file import UnusableError, block_of, file_of
from heatpump_twin.server.types.type_nodes import TypeNodes

log = structlog.stdlib.get_logger(__name__)

PACKAGED = "type-nodes.bin"
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def packaged_file() -> bytes:
    """Return the type-node file of the package; `make generate` writes it."""
    file = files("heatpump_twin.server.types").joinpath(PACKAGED)
    return file.read_bytes() if file.is_file() else b""


def packaged_block(file: bytes, recipe: Recipe) -> bytes | None:
    """Return the block of the packaged file, or None where it does not fit; the log says why."""
    return _block(PACKAGED, lambda: file, recipe)


def kept_block(path: Path, recipe: Recipe) -> bytes | None:
    """Return the block that an earlier start has kept, or None; the log says why.

    The file has to be ours alone: whoever writes it decides what the server shows.
    """
    return _block(str(path), lambda: _read_own(path), recipe)


def kept_nodes(path: Path, recipe: Recipe) -> TypeNodes | None:
    """Return the type nodes that an earlier start has kept, or None; the log says why."""
    block = kept_block(path, recipe)
    if block is None:
        return None
    try:
        # Not those that are returned: values of data types that are not registered yet would be
        # kept as they are now.
        tried = TypeNodes(block)
        if not [tried.get(node_id) for node_id in tried]:
            raise ValueError("it holds no nodes")
    # Whatever it is: a checksum says that the content is what was written, not that it is good, and
    # all of it can be made again.
    except Exception as error:  # noqa: BLE001
        _ignored(str(path), f"it does not decode: {error!r}")
        return None
    return TypeNodes(block)


def keep_block(path: Path, block: bytes, recipe: Recipe) -> None:
    """Write a block for the next start; log it if that fails, as the server can start without."""
    try:
        write_private(path, file_of(block, recipe))
    except OSError as error:
        log.warning("type nodes not kept", file=str(path), reason=error.strerror)


def _block(name: str, read: Callable[[], bytes], recipe: Recipe) -> bytes | None:
    try:
        return block_of(read(), recipe)
    # The usual case, and no news: most installations never keep one.
    except FileNotFoundError:
        return None
    except (OSError, UnusableError) as error:
        _ignored(name, str(error))
        return None


def _ignored(name: str, reason: str) -> None:
    log.warning("type nodes of a file ignored", file=name, reason=reason)


def _read_own(path: Path) -> bytes:
    """Return the content of a file that nobody else can have written."""
    # Not following a link, nor waiting at a pipe; and what is checked below is what was opened, not
    # what lies under that name by then.
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        found = os.fstat(descriptor)
        ours = found.st_uid == os.geteuid() and not found.st_mode & _OTHERS
        if not ours or not stat.S_ISREG(found.st_mode):
            raise UnusableError("it is not a file that is ours alone")
        return file.read()
