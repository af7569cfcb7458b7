"""Write the file of an export."""

from __future__ import annotations

from pathlib import Path

from heatpump_twin.config.durable_file import write_private
from heatpump_twin.errors import TwinError


def write_export(path: Path, content: bytes) -> None:
    """Write an export to a path; raise `TwinError` if that fails."""
    try:
        # A device such as /dev/stdout is written to; a file is replaced when all of it is there.
        if path.exists() and not path.is_file():
            path.write_bytes(content)
        else:
            write_private(path, content)
    except OSError as error:
        raise TwinError(f"{path}: {error.strerror}") from error
