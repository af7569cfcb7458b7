"""Restore a backup into a data directory: all of it is verified first, nothing is overwritten."""

from __future__ import annotations

import hashlib
import os
import shutil
import tarfile
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from pydantic import ValidationError
from sqlalchemy import URL

from heatpump_twin.config.data_directory import DataDirectory
from heatpump_twin.config.durable_file import dated_name, move_into_place, sync_directory
from heatpump_twin.drivers.clock import Clock
from heatpump_twin.errors import TwinError
from heatpump_twin.runtime.first_run import exclusive
from heatpump_twin.safekeeping.manifest import DATA, NAME, POSTGRESQL, SITE, SQLITE, Manifest
from heatpump_twin.twin_engine.errors import CopyError
from heatpump_twin.twin_engine.historian.database.database_copy import load_postgresql
from heatpump_twin.twin_engine.historian.database.database_file import DatabaseFile

_PIECE = 1 << 20
_FOREVER = 1e9
_LONGEST_NAME = 255
"""Of a file, on the usual file systems. [B]"""


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore has done."""

    manifest: Manifest
    data: Path
    before: Path | None
    """Where that lies what was in the data directory; None: nothing was."""


def restore(archive: Path, root: Path, url: URL | None, clock: Clock) -> Restored:
    """Restore a backup to the data directory ``root``, or a database of PostgreSQL to ``url``.

    What was there is kept under a name with the date. The directory is switched by one rename, so
    that a power cut leaves the old one or the new one.

    Raises
    ------
    TwinError
        The archive is damaged, a twin runs there, or something is in the way. All is as it was.
    """
    root = root.absolute()
    if os.path.ismount(root):
        raise TwinError(
            f"{root} is where a disk or a volume is mounted, and cannot be renamed: restore to a "
            f"directory on it, such as {root / 'twin'}, and name that with --data from then on"
        )
    try:
        root.parent.mkdir(parents=True, exist_ok=True)
        with ExitStack() as stack:
            place = Path(
                stack.enter_context(
                    tempfile.TemporaryDirectory(prefix=f".{root.name}.restored.", dir=root.parent)
                )
            )
            manifest = unpack(archive, place)
            if manifest.database == "sqlite" and url is not None:
                raise TwinError(
                    f"{archive} is of a twin with SQLite, whose database is restored to the data "
                    "directory: leave historian.url out"
                )
            fresh = _arrange(place)
            if root.exists():
                stack.enter_context(_standing_still(root))
            if manifest.database == "postgresql":
                _load(place / POSTGRESQL, url)
            before = None
            if root.exists():
                before = dated_name(root, clock.now(), "before-restore")
                move_into_place(root, before)
            move_into_place(fresh, root)
    except (OSError, CopyError) as error:
        where = getattr(error, "filename", None)
        raise TwinError(f"{where}: {error}" if where else str(error)) from error
    return Restored(manifest, root, before)


def unpack(archive: Path, place: Path) -> Manifest:
    """Unpack an archive to an empty directory and verify all of it against its manifest."""
    found: dict[str, tuple[int, str]] = {}
    try:
        with tarfile.open(archive, "r:gz") as tar:
            for member in tar:
                if member.name in found:
                    raise ValueError(f"{member.name} is in it twice")
                found[member.name] = _extract(tar, member, place)
        text = (place / NAME).read_bytes()
        manifest = Manifest.model_validate_json(text)
    except FileNotFoundError as error:
        what = "there is no such file" if not archive.exists() else "it has no manifest: it was cut"
        raise TwinError(f"{archive}: {what}") from error
    except ValidationError as error:
        raise TwinError(
            f"{archive}: its manifest is not one of this version ({error.error_count()} mistakes)"
        ) from error
    except (tarfile.TarError, EOFError, zlib.error, ValueError) as error:
        raise TwinError(f"{archive} is damaged, or no backup: {error}") from error
    _compare(archive, manifest, found)
    database = DatabaseFile(place / SQLITE)
    damage = database.damage(thorough=True, limit=_FOREVER)
    if damage is not None:
        raise TwinError(f"{archive}: the database in it is damaged: {damage}")
    return manifest


def _extract(tar: tarfile.TarFile, member: tarfile.TarInfo, place: Path) -> tuple[int, str]:
    """Write one member below ``place``; return its size and digest."""
    path = PurePosixPath(member.name)
    # Whoever made the archive must not choose where on this machine we write.
    outside = path.is_absolute() or ".." in path.parts or not path.parts
    long = any(len(part.encode()) > _LONGEST_NAME for part in path.parts)
    if not member.isfile() or outside or long:
        raise ValueError(f"{member.name} is not a plain file of a backup")
    target = place / path
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    digest = hashlib.sha256()
    content = tar.extractfile(member)
    assert content is not None  # noqa: S101 (it is a file)
    with content, target.open("xb") as file:
        target.chmod(0o600)
        while piece := content.read(_PIECE):
            digest.update(piece)
            file.write(piece)
    return member.size, digest.hexdigest()


def _compare(archive: Path, manifest: Manifest, found: dict[str, tuple[int, str]]) -> None:
    wanted = {member.path: (member.size, member.sha256) for member in manifest.members}
    found = {name: what for name, what in found.items() if name != NAME}
    wrong = sorted(
        name for name in wanted.keys() | found.keys() if wanted.get(name) != found.get(name)
    )
    if wrong:
        more = f" and {len(wrong) - 1} more" if len(wrong) > 1 else ""
        raise TwinError(f"{archive} is damaged: {wrong[0]}{more} is not what its manifest says")


def _arrange(place: Path) -> Path:
    """Make a data directory of what was unpacked, and return it; all of it is on the disk."""
    data = place / DATA
    data.mkdir(mode=0o700, exist_ok=True)
    if (place / SQLITE).exists():
        (place / SQLITE).replace(data / DataDirectory(data).database.name)
    if (place / SITE).is_dir():
        (place / SITE).replace(data / "site")
    for path in [data, *data.rglob("*")]:
        if path.is_dir():
            path.chmod(0o700)
            sync_directory(path)
        else:
            _sync(path)
    return data


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


@contextmanager
def _standing_still(root: Path) -> Iterator[None]:
    """Hold the lock of a data directory, so that no twin starts on it; one that runs is told of."""
    with exclusive(DataDirectory(root)):
        yield


def _load(dump: Path, url: URL | None) -> None:
    if url is None or url.get_backend_name() != "postgresql":
        raise TwinError(
            "the backup holds a PostgreSQL database: name an empty one with "
            "--set historian.url=postgresql://USER:PASSWORD@HOST/DATABASE"
        )
    load_postgresql(url, dump)
    shutil.rmtree(dump.parent)
