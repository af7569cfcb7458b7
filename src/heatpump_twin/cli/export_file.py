"""Files that exports write."""

from __future__ import annotations

from pathlib import Path

from heatpump_twin.errors import TwinError


def write_export(path: Path, content: bytes) -> None:
    """Write a file where the person has said, or raise `TwinError`."""
    try:
        path.write_bytes(content)
    except OSError as error:
        raise TwinError(f"{path}: {error.strerror}") from error
