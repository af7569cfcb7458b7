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
        if _is_device(path):
            path.write_bytes(content)
        else:
            write_private(path, content)
    except OSError as error:
        raise TwinError(f"{path}: {error.strerror}") from error


def give_text(text: str, output: Path | None) -> None:
    """Print the text of an export, or write it to a path; raise `TwinError` if that fails."""
    if output is None:
        print(text, end="")  # noqa: T201 (the output itself)
    else:
        write_export(output, text.encode())


@contextmanager
def opened_export(output: Path | None) -> Iterator[IO[str]]:
    """Yield where to write text: standard output, or a file, replaced when all of it is there."""
    if output is None:
        yield sys.stdout
        return
    with replaced(output) as part, part.open("w", encoding="utf-8", newline="") as file:
        yield file


@contextmanager
def replaced(output: Path) -> Iterator[Path]:
    """Yield a path to write to, whose file takes the place of another when all of it is there."""
    part = output if _is_device(output) else output.with_name(f"{output.name}.part")
    try:
        yield part
        if part != output:
            part.replace(output)
    except OSError as error:
        raise TwinError(f"{output}: {error.strerror}") from error
    finally:
        if part != output:
            part.unlink(missing_ok=True)


def _is_device(path: Path) -> bool:
    """Tell whether a path is written to, as /dev/stdout is, and not replaced as a file is."""
    return path.exists() and not path.is_file()
