"""Write the file of an export."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

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


@contextmanager
def opened_export(output: Path | None) -> Iterator[IO[str]]:
    """Yield where to write text: standard output, or a file, replaced when all of it is there."""
    if output is None:
        yield sys.stdout
        return
    part = output.with_name(f"{output.name}.part")
    try:
        with part.open("w", encoding="utf-8", newline="") as file:
            yield file
        part.replace(output)
    except OSError as error:
        raise TwinError(f"{output}: {error.strerror}") from error
    finally:
        part.unlink(missing_ok=True)
