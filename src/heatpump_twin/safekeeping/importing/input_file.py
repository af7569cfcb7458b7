"""Files that are read more than once: what comes through a pipe is kept until then."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from heatpump_twin.errors import TwinError

STANDARD_INPUT = Path("-")


@dataclass(frozen=True, slots=True)
class InputFile:
    """A file, and what its user calls it."""

    path: Path
    name: str


@contextmanager
def rereadable(files: Sequence[Path], place: Path) -> Iterator[list[InputFile]]:
    """Yield files that can be read again; ``place`` is where pipes are kept meanwhile.

    Raises
    ------
    TwinError
        There is no room for what a pipe brings.
    """
    with TemporaryDirectory(prefix=".import-", dir=place) as kept:
        found = []
        for number, path in enumerate(files):
            name = "standard input" if path == STANDARD_INPUT else str(path)
            if path == STANDARD_INPUT or (path.exists() and not path.is_file()):
                path = _copied(path, Path(kept) / f"{number}{path.suffix}", name)
            found.append(InputFile(path, name))
        yield found


def _copied(source: Path, target: Path, name: str) -> Path:
    try:
        with target.open("wb") as file:
            if source == STANDARD_INPUT:
                shutil.copyfileobj(sys.stdin.buffer, file)
            else:
                with source.open("rb") as pipe:
                    shutil.copyfileobj(pipe, file)
    except OSError as error:
        raise TwinError(f"{name} cannot be kept in {target.parent}: {error.strerror}") from error
    return target
