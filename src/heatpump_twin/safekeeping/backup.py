"""Write a backup of a twin, running or not: one archive with a manifest and digests."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import socket
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from heatpump_twin import __version__
from heatpump_twin.config.data_directory import DataDirectory
from heatpump_twin.config.durable_file import private_file, write_private
from heatpump_twin.config.load import SiteFile
from heatpump_twin.config.settings import Site
from heatpump_twin.drivers.clock import MICROSECONDS, Clock
from heatpump_twin.errors import TwinError
from heatpump_twin.safekeeping.manifest import (
    DATA,
    NAME,
    POSTGRESQL,
    SITE,
    SQLITE,
    Manifest,
    Member,
)
from heatpump_twin.twin_engine.errors import CopyError
from heatpump_twin.twin_engine.historian.database.database_access import database_url
from heatpump_twin.twin_engine.historian.database.database_copy import copy_sqlite, dump_postgresql
from heatpump_twin.twin_engine.historian.database.database_file import DatabaseFile

_LEFT_OUT = {"lock", "run.json", "reload.json", "last-backup.json", "type-nodes.cache"}
"""Of this run or machine only, or made again."""
_NO_PART = {".log", ".lock"}
"""Endings of what is no part of a twin."""
_GZIP = b"\x1f\x8b"
"""How a backup begins: one that lies there, by whatever name, is not backed up again."""
_PIECE = 1 << 20
_QUICK = 1
"""Level of compression: columns of numbers gain little from more, and a twin runs beside it."""


def back_up(site: Site, file: SiteFile, data: DataDirectory, target: Path, clock: Clock) -> int:
    """Write a backup to ``target`` and return its size. [B]

    The database is that of one moment; what comes while it is copied is not in it. The file is
    there whole or not at all, and its owner's alone: it holds keys and hashes of passwords.

    Raises
    ------
    TwinError
        Something cannot be read, there is no room, or ``target`` is no file.
    """
    _require_file(target)
    try:
        with _database(site, data, target) as (name, database), private_file(target) as out:
            writer = _Writer(out)
            writer.add(name, database)
            for path in _files_of(data, site):
                writer.add(DATA + path.relative_to(data.root).as_posix(), path)
            for name, path in _site_files(site, file):
                writer.add(SITE + name, path)
            made = datetime.fromtimestamp(clock.now() / MICROSECONDS, UTC)
            writer.close(
                Manifest(
                    version=__version__,
                    made=made.isoformat(timespec="seconds"),
                    host=socket.gethostname(),
                    database="sqlite" if name_is_sqlite(writer.members) else "postgresql",
                    elsewhere=_elsewhere(site, data),
                    arguments=file.arguments,
                    members=writer.members,
                )
            )
    except OSError as error:
        raise TwinError(f"{error.filename or target}: {error.strerror or error}") from error
    except CopyError as error:
        raise TwinError(str(error)) from error
    size = target.stat().st_size
    _remember(data, made.isoformat(timespec="seconds"), target, size)
    return size


def _require_file(target: Path) -> None:
    # The backup takes the name of what is there: a device would be gone, for all programs.
    if target.exists() and not target.is_file():
        raise TwinError(f"{target} is a directory, a device or a pipe: name a file")


def _elsewhere(site: Site, data: DataDirectory) -> str:
    """Return where the database of SQLite is, if not in the data directory."""
    file = DatabaseFile.of(database_url(site.historian, data))
    usual = file is None or file.path.absolute() == data.database.absolute()
    return "" if file is None or usual else str(file.path.absolute())


def name_is_sqlite(members: list[Member]) -> bool:
    """Tell which kind of database a backup holds."""
    return any(member.path == SQLITE for member in members)


@contextmanager
def _database(site: Site, data: DataDirectory, target: Path) -> Iterator[tuple[str, Path]]:
    """Copy the database beside the backup, for as long as it is being packed."""
    url = database_url(site.historian, data)
    with tempfile.TemporaryDirectory(prefix=f".{target.name}.", dir=target.parent) as place:
        file = DatabaseFile.of(url)
        if file is None:
            dump = Path(place) / "historian.pgdump"
            dump_postgresql(url, dump)
            yield POSTGRESQL, dump
            return
        if file.is_empty:
            raise TwinError(
                f"{file.path}: there is no database yet; the twin makes it at its start"
            )
        copy = Path(place) / "historian.sqlite"
        _require_room(target.parent, 2 * file.path.stat().st_size)
        copy_sqlite(file.path, copy)
        yield SQLITE, copy


def _require_room(directory: Path, size: int) -> None:
    free = shutil.disk_usage(directory).free
    # The copy and the archive lie there at the same time.
    if free < size:
        raise TwinError(
            f"{directory}: a backup needs up to {size >> 20} MiB there and {free >> 20} MiB are "
            "free; name a file on another disk"
        )


def _files_of(data: DataDirectory, site: Site) -> Iterator[Path]:
    """Yield the files of the data directory that make up the twin, besides its database."""
    database = DatabaseFile.of(database_url(site.historian, data))
    stem = str(database.path) if database is not None else ""
    for path in sorted(data.root.rglob("*")):
        parts = path.relative_to(data.root).parts
        top = parts[0]
        # A dot: what is being written, or lies in a directory that is, such as our own copy.
        being_written = any(part.startswith(".") for part in parts)
        # What people are still to be told is of now, and no restored twin is to tell it again.
        of_notices = top.startswith(data.notifications.name)
        left_out = top in _LEFT_OUT or of_notices or being_written or path.suffix in _NO_PART
        of_database = bool(stem) and str(path).startswith(stem)
        if path.is_symlink() or not path.is_file() or left_out or of_database:
            continue
        if ".damaged-" not in path.name and top != "storage" and not _is_archive(path):
            yield path


def _is_archive(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(_GZIP)) == _GZIP


def _site_files(site: Site, file: SiteFile) -> Iterator[tuple[str, Path]]:
    """Yield the site file with the profiles and packs that it names as files."""
    named = [file.file, *site.rules.packs]
    named += [device.profile for pump in site.heat_pumps for device in pump.devices]
    seen: set[str] = set()
    for path in map(Path, dict.fromkeys(named)):
        if path.is_file():
            # Two of one name in different directories: the second gets a number before it.
            name = path.name if path.name not in seen else f"{len(seen)}-{path.name}"
            seen.add(name)
            yield name, path


class _Writer:
    """Archive that is being written, with what is known of its members."""

    def __init__(self, out: io.BufferedWriter) -> None:
        self._tar = tarfile.open(fileobj=out, mode="w:gz", compresslevel=_QUICK)  # noqa: SIM115
        self.members: list[Member] = []

    def add(self, name: str, path: Path) -> None:
        """Add a file; small ones are read at once, so that a change meanwhile cannot tear them."""
        digest = hashlib.sha256()
        size = path.stat().st_size
        with path.open("rb") as file:
            content = _Counted(file, digest) if size > _PIECE else io.BytesIO(file.read())
            if isinstance(content, io.BytesIO):
                digest.update(content.getvalue())
                size = len(content.getvalue())
            self._put(name, size, content)
        self.members.append(Member(path=name, size=size, sha256=digest.hexdigest()))

    def close(self, manifest: Manifest) -> None:
        """Add the manifest, and end the archive."""
        text = (manifest.model_dump_json(indent=1) + "\n").encode()
        self._put(NAME, len(text), io.BytesIO(text))
        self._tar.close()

    def _put(self, name: str, size: int, content: io.BytesIO | _Counted) -> None:
        info = tarfile.TarInfo(name)
        info.size, info.mode = size, 0o600
        self._tar.addfile(info, content)


class _Counted:
    """File that passes what is read from it through a digest."""

    def __init__(self, file: io.BufferedReader, digest: hashlib._Hash) -> None:
        self._file = file
        self._digest = digest

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes."""
        piece = self._file.read(size)
        self._digest.update(piece)
        return piece


def _remember(data: DataDirectory, made: str, target: Path, size: int) -> None:
    """Note the backup, for `hptwin doctor`."""
    note = {"made": made, "file": str(target.absolute()), "size": size}
    try:
        write_private(data.last_backup, json.dumps(note, indent=1) + "\n")
    except OSError:  # the backup is there all the same
        return
