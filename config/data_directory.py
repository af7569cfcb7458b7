"""The data directory: the only place where a running twin writes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import platformdirs

_OWNER_ONLY_DIRECTORY = 0o700


@dataclass(frozen=True, slots=True)
class DataDirectory:
    """Data directory of a twin. Directories are created owner-only when it is opened."""

    root: Path

    @classmethod
    def open(cls, root: Path | None = None) -> DataDirectory:
        """Create the directory where it is missing; default: the platform's user data directory."""
        # Absolute: child processes are told of it, and a service may have another working
        # directory.
        directory = cls((root or Path(platformdirs.user_data_dir("heatpump-twin"))).absolute())
        for path in (directory.root, directory.pki, directory.models, directory.hmi):
            path.mkdir(mode=_OWNER_ONLY_DIRECTORY, parents=True, exist_ok=True)
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
