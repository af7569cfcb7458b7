"""Write the file of an export."""

from __future__ import annotations

from pathlib import Path

from heatpump_twin.errors import TwinError


def write_export(path: Path, content: bytes) -> None:
    """Write an export to a path; raise `TwinError` if that fails."""
    try:
        path.write_bytes(content)
    except OSError as error:
        raise TwinError(f"{path}: {error.strerror}") from error
