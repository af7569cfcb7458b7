"""The data directory: the only place where a running twin writes."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryFile

import platformdirs

from heatpump_twin.config.errors import StorageError

_OWNER_ONLY_DIRECTORY = 0o700
_FIRST_FILES = 2_000_000
"""Room that a new twin takes before its first sample. [B]"""


@dataclass(frozen=True, slots=True)
class DataDirectory:
    """Data directory of a twin. Directories are created owner-only when it is opened."""

    root: Path
    is_new: bool = field(default=False, compare=False)
    """Whether this start has made it, so that nothing of anybody is in it."""

    @classmethod
    def open(cls, root: Path | None = None) -> DataDirectory:
        """Create the directory where it is missing; default: the platform's user data directory.

        Raises
        ------
        StorageError
            It cannot be created; nothing half-made is left.
        """
        place = cls.at(root).root
        directory = cls(place, is_new=not _exists(place))
        made: list[Path] = []
        try:
            for path in (directory.pki, directory.models, directory.hmi):
                _make(path, made)
            if directory.is_new:
                _try_out(place)
        # A name may hold what no file system takes: that is a ValueError.
        except (OSError, ValueError) as error:
            for path in reversed(made):
                with suppress(OSError):
                    path.rmdir()
            raise unusable(place, error) from error
        return directory

    @classmethod
    def at(cls, root: Path | None = None) -> DataDirectory:
        """Return the directory, there or not; nothing is created."""
        # Absolute: child processes are told of it, and a service may have another working
        # directory.
        return cls((root or Path(platformdirs.user_data_dir("heatpump-twin"))).absolute())

    @classmethod
    def existing(cls, root: Path | None = None) -> DataDirectory:
        """Return a directory that is there; raise `StorageError` if it is not."""
        directory = cls.at(root)
        if not directory.root.is_dir():
            raise StorageError(f"{directory.root}: there is no such directory; name it with --data")
        return directory

    @property
    def database(self) -> Path:
        """The SQLite historian with the audit table."""
        return self.root / "historian.sqlite"

    @property
    def lock(self) -> Path:
        """Lock file of the running twin, with its process id."""
        return self.root / "lock"

    @property
    def run_record(self) -> Path:
        """Record of the latest run, by which the next start knows how it ended."""
        return self.root / "run.json"

    @property
    def clock(self) -> Path:
        """How far the clock of an emulated site has come, where it is not the system's."""
        return self.root / "clock.json"

    @property
    def past(self) -> Path:
        """Which part of the history is an emulated plant's past, and whether it is recorded."""
        return self.root / "past.json"

    @property
    def plant_memory(self) -> Path:
        """State of the emulated plant, of a site with a past."""
        return self.root / "plant.json"

    @property
    def notifications(self) -> Path:
        """What people are still to be told of alarms, and what they were told."""
        return self.root / "notifications.sqlite"

    @property
    def link_key(self) -> Path:
        """Key with which links in messages are signed."""
        return self.root / "notification-links.key"

    @property
    def rule_memory(self) -> Path:
        """What the rules of alarms remember: windows, counts, filters."""
        return self.root / "rule-memory.npz"

    @property
    def courses(self) -> Path:
        """Quarter-hours of what forecasts are made from; made again from the history if missing."""
        return self.root / "forecast-courses.npz"

    @property
    def site_namespace(self) -> Path:
        """The URI of the namespace of the site's instances, which clients are bound to."""
        return self.root / "site-namespace.txt"

    @property
    def has_served(self) -> bool:
        """Whether a twin has run here: clients may know what it was."""
        own = self.pki / "own"
        return self.run_record.exists() or any(path.is_file() for path in own.rglob("*"))

    @property
    def weather(self) -> Path:
        """The latest answer of the weather service."""
        return self.root / "weather.json"

    @property
    def spool(self) -> Path:
        """Samples that no database took before the twin ended."""
        return self.root / "spool"

    @property
    def audit_spool(self) -> Path:
        """Records of the audit that no database has taken yet."""
        return self.root / "audit-waiting.jsonl"

    @property
    def last_backup(self) -> Path:
        """When and where the latest backup was made."""
        return self.root / "last-backup.json"

    @property
    def reload(self) -> Path:
        """Outcome of the latest reload of the site file."""
        return self.root / "reload.json"

    @property
    def users(self) -> Path:
        """Users, roles and password hashes."""
        return self.root / "users.json"

    @property
    def pki(self) -> Path:
        """OPC UA certificates: own, trusted, issuers, rejected."""
        return self.root / "pki"

    @property
    def models(self) -> Path:
        """Models trained on this site; they take precedence over the packaged ones."""
        return self.root / "models"

    @property
    def hmi(self) -> Path:
        """The HMI's own client certificate and session secret."""
        return self.root / "hmi"

    @property
    def type_nodes(self) -> Path:
        """OPC UA type nodes as they were imported; made again when it is gone."""
        return self.root / "type-nodes.cache"

    @property
    def initial_password(self) -> Path:
        """The password of the first administrator, until it is deleted."""
        return self.root / "initial-admin-password.txt"


def unusable(root: Path, error: OSError | ValueError) -> StorageError:
    """Return what a person has to know of a data directory that cannot be written."""
    where = getattr(error, "filename", None) or root
    reason = getattr(error, "strerror", None) or error
    if isinstance(error, IsADirectoryError):
        return StorageError(f"{where}: it is a directory, where a file belongs: move it away")
    if isinstance(error, FileExistsError | NotADirectoryError):
        reason = "it, or a part of its path, is a file and not a directory"
    return StorageError(
        f"{where}: {reason}; make room or give the user of the twin the right to "
        "write there, or choose another directory with --data"
    )


def _exists(place: Path) -> bool:
    try:
        return place.exists()
    except (OSError, ValueError):
        return False


def _try_out(root: Path) -> None:
    """Write and delete a file as large as the first ones; raise OSError where that fails."""
    # A directory can often still be made on a disk that takes no byte.
    with TemporaryFile(dir=root) as file:
        file.write(bytes(_FIRST_FILES))
        file.flush()
        os.fsync(file.fileno())


def _make(path: Path, made: list[Path]) -> None:
    """Create a directory with its parents, and note which were missing."""
    if path.is_dir():
        return
    _make(path.parent, made)
    path.mkdir(mode=_OWNER_ONLY_DIRECTORY, exist_ok=True)
    made.append(path)
