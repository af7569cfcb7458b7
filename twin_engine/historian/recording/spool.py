"""Spool of samples that no database takes, during a run and over its end: files beside the data.

Each file holds some of them, with the keys of its points, and is read when the database is back,
the oldest first. A file goes only when the database has its samples; one that is read twice,
because the power went between the two, makes no second sample: point and time are the key.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import structlog

from heatpump_twin.config.durable_file import set_aside, write_private
from heatpump_twin.drivers.frame import Frame

log = structlog.stdlib.get_logger(__name__)

LARGEST = 512 * 1024 * 1024
"""The spool may be this large; a database that is away at every stop must not fill the disk. [B]"""
_NAME = re.compile(r"(\d{6})\.npz")
_COLUMNS = ("keys", "point", "value", "status", "time")


@dataclass(frozen=True, slots=True)
class Spooled:
    """What was left at once: samples, whose ``point`` is the position of a key."""

    path: Path
    keys: Sequence[str]
    frame: Frame


class Spool:
    """Directory of samples that wait for a database."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    @property
    def waiting(self) -> bool:
        """Whether something was left."""
        return bool(self.files())

    @property
    def size(self) -> int:
        """What it takes on the disk. [B]"""
        return sum(_size(file) for file in self.files())

    def shares_disk(self, path: Path) -> bool:
        """Tell whether it lies on the same disk as a file."""
        return self._directory.parent.stat().st_dev == path.parent.stat().st_dev

    def put(self, keys: Sequence[str], frame: Frame) -> Path:
        """Write samples durably to a new file; ``point`` is the position in ``keys``.

        Raises
        ------
        OSError
            It cannot be written, or the spool is full.
        """
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        files = self.files()
        content = io.BytesIO()
        # Those of its own samples alone: a large site has more keys than a file has samples.
        used, point = np.unique(frame.point, return_inverse=True)
        np.savez_compressed(
            content,
            keys=np.array([keys[place] for place in used.tolist()], dtype=np.str_),
            point=point.astype(frame.point.dtype),
            value=frame.value,
            status=frame.status,
            time=frame.time,
        )
        if len(content.getbuffer()) + self.size > LARGEST:
            raise OSError(f"the spool {self._directory} is full ({LARGEST >> 20} MiB)")
        last = int(files[-1].stem) if files else 0
        path = self._directory / f"{last + 1:06}.npz"
        write_private(path, content.getvalue())
        return path

    def take(self, now: int) -> Iterator[Spooled]:
        """Yield what earlier runs have left, the oldest first; a damaged file is set aside.

        The caller hands each to `done` once its samples are stored.
        """
        for path in self.files():
            try:
                # Opened here, as numpy leaves a damaged one open.
                with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
                    keys, *columns = (stored[name] for name in _COLUMNS)
                yield Spooled(path, keys.tolist(), Frame(*columns))
            except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
                kept = set_aside(path, now)
                log.error("a spool of samples is damaged", kept=str(kept), error=str(error))

    def done(self, spooled: Spooled) -> None:
        """Remove a file whose samples are stored."""
        spooled.path.unlink(missing_ok=True)

    def files(self) -> list[Path]:
        """Return what is there, the oldest first."""
        if not self._directory.is_dir():
            return []
        return sorted(p for p in self._directory.iterdir() if _NAME.fullmatch(p.name))


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except FileNotFoundError:
        return 0  # the writer has taken it meanwhile
