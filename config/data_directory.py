"""The data directory: the only place where a running twin writes."""

from __future__ import annotations

import os
import secrets
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from heatpump_twin.config.errors import DataDirectoryError

_OWNER_ONLY_DIRECTORY = 0o700
_OWNER_ONLY_FILE = 0o600
_FIRST_FILES = 2_000_000
"""Room that a new twin takes before its first sample. [B]"""


@dataclass(frozen=True, slots=True)
class DataDirectory:
    """Data directory of a twin. Directories are created owner-only when it is opened."""

    root: Path

    @classmethod
    def open(cls, root: Path | None = None) -> DataDirectory:
        """Create the directory where it is missing; default: the platform's user data directory.

        Raises `DataDirectoryError` where it cannot be used; nothing is left half-made.
        """
        # Absolute: child processes are told of it, and a service may have another working
        # directory.
        directory = cls((root or Path(platformdirs.user_data_dir("heatpump-twin"))).absolute())
        made: list[Path] = []
        try:
            for path in (directory.root, directory.pki, directory.models, directory.hmi):
                _make(path, made)
            if directory.root in made:
                _try_out(directory.root)
        # A name may hold what no file system takes: that is a ValueError.
        except (OSError, ValueError) as error:
            for path in reversed(made):
                with suppress(OSError):
                    path.rmdir()
            raise unusable(directory.root, error) from error
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


def unusable(root: Path, error: OSError | ValueError) -> DataDirectoryError:
    """Return the error of a data directory in which a call has failed."""
    reason = getattr(error, "strerror", None) or str(error)
    if isinstance(error, FileExistsError | NotADirectoryError):
        reason = "it, or a part of its path, is a file and not a directory"
    return DataDirectoryError(
        f"the data directory {root} cannot be used: {reason}; make room or give it rights, or name "
        "another one with --data"
    )


def _make(path: Path, made: list[Path]) -> None:
    """Make a directory and those above it; append each one that was not there before."""
    if path.is_dir():
        return
    if not path.parent.is_dir():
        _make(path.parent, made)
    path.mkdir(mode=_OWNER_ONLY_DIRECTORY, exist_ok=True)
    made.append(path)


def _try_out(root: Path) -> None:
    """Write and delete a file as large as the first ones; raise OSError where that fails."""
    # A directory can often still be made on a disk that takes no byte.
    with tempfile.TemporaryFile(dir=root) as file:
        file.write(bytes(_FIRST_FILES))
        file.flush()
        os.fsync(file.fileno())


def write_private(path: Path, content: str | bytes) -> None:
    """Write a file that only its owner can read, whole or not at all."""
    data = content.encode() if isinstance(content, str) else content
    # Beside the file and not in /tmp: a rename is whole or not at all only within one file
    # system.
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    # Created with its rights, not changed to them afterwards: between the two anybody could open
    # a private key.
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY_FILE)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            # Before the rename, or a power cut may leave the new name on an empty file.
            os.fsync(file.fileno())
        temporary.replace(path)
    # Also when cancelled or interrupted: nothing of a secret is left lying about.
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
