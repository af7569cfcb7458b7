"""Users, their roles and their password hashes, in one private file."""

from __future__ import annotations

import fcntl
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from functools import cached_property
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError
from pydantic import BaseModel, ConfigDict, ValidationError

from heatpump_twin.config.durable_file import write_private
from heatpump_twin.server.errors import UserError

MIN_PASSWORD = 8
MAX_PASSWORD = 128
"""An RSA block of a 2048-bit key with OAEP-SHA256 holds 190 bytes; nonce and length take 36."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")


class UserRole(StrEnum):
    """The roles of users; each role may do what the ones before it may."""

    VIEWER = "viewer"
    """Read, subscribe, see history and alarms."""
    OPERATOR = "operator"
    """Also change setpoints, start programs and acknowledge alarms."""
    ENGINEER = "engineer"
    """Also disinfect the tank, train models and disable alarms."""
    ADMINISTRATOR = "administrator"
    """Everything."""

    def includes(self, other: UserRole) -> bool:
        """Tell whether this role may do what ``other`` may."""
        return _RANK[self] >= _RANK[other]


class _Rank(IntEnum):
    VIEWER = 0
    OPERATOR = 1
    ENGINEER = 2
    ADMINISTRATOR = 3


_RANK = {role: _Rank[role.name] for role in UserRole}


@dataclass(frozen=True, slots=True)
class User:
    """A person or a program that can log in."""

    name: str
    role: UserRole


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    role: UserRole
    password: str


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    users: dict[str, _Record] = {}


class UserStore:
    """The store of users in a file; every call sees what another process (`hptwin user`) wrote."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._hasher = PasswordHasher()
        self._seen: tuple[tuple[int, int, int], _File] | None = None

    def list(self) -> list[User]:
        """Return all users, by name."""
        return [User(name, r.role) for name, r in sorted(self._read().users.items())]

    def add(self, name: str, role: UserRole, password: str) -> None:
        """Add a user with a role and a password."""
        if not _NAME.fullmatch(name):
            raise UserError(
                f"{name!r} is not a user name: 1 to 64 letters, digits and . _ @ -, "
                "starting with a letter or a digit"
            )
        record = _Record(role=role, password=self._hash(password))
        with self._change() as users:
            if name in users:
                raise UserError(f"the user {name} exists; change it with `hptwin user passwd`")
            users[name] = record

    def set_password(self, name: str, password: str) -> None:
        """Set the password of a user."""
        # Hashing is slow by design: not while others wait for the lock.
        hashed = self._hash(password)
        with self._change() as users:
            users[name] = _Record(role=_known(users, name).role, password=hashed)

    def remove(self, name: str) -> None:
        """Remove a user from the file."""
        with self._change() as users:
            _known(users, name)
            del users[name]

    def find(self, name: str) -> User | None:
        """Return a user with the role they have now; None: unknown."""
        record = self._read().users.get(name)
        return None if record is None else User(name, record.role)

    def verify(self, name: str, password: str) -> User | None:
        """Return the user if the password is right, or None; an unknown name takes as long.

        It takes tens of milliseconds by design: call it in a thread.
        """
        record = self._read().users.get(name)
        try:
            self._hasher.verify(record.password if record else self._decoy, password)
        except VerifyMismatchError:
            return None
        except (InvalidHashError, VerificationError) as error:
            raise UserError(f"{self._path}: the password hash of {name} is damaged") from error
        return User(name, record.role) if record else None

    @cached_property
    def _decoy(self) -> str:
        # A hash to check against where there is no user: the time must not tell which names exist.
        return self._hasher.hash("nobody has this password")

    def _hash(self, password: str) -> str:
        # Bytes, not characters: it is the bytes that have to fit into one block of RSA.
        if not MIN_PASSWORD <= len(password.encode()) <= MAX_PASSWORD:
            raise UserError(f"a password has {MIN_PASSWORD} to {MAX_PASSWORD} bytes")
        return self._hasher.hash(password)

    def _read(self) -> _File:
        try:
            stat = self._path.stat()
            # A replaced file has another inode, even within one tick of the file system's clock.
            stamp = (stat.st_mtime_ns, stat.st_ino, stat.st_size)
            if self._seen is None or self._seen[0] != stamp:
                content = _File.model_validate_json(self._path.read_bytes())
                self._seen = (stamp, content)
        except FileNotFoundError:
            # No file, no users: nobody can log in, and anonymous reading works as configured.
            return _File()
        except ValidationError as error:
            raise UserError(
                f"{self._path} is damaged ({error.error_count()} mistakes); restore it from a "
                "backup, or move it away and add the users again"
            ) from error
        return self._seen[1]

    @contextmanager
    def _change(self) -> Iterator[dict[str, _Record]]:
        # The lock is a file of its own: the user file itself is replaced on every change.
        with self._path.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            # Read under the lock, or the change of another process would be lost.
            users = dict(self._read().users)
            yield users
            write_private(self._path, _File(users=users).model_dump_json(indent=1) + "\n")


def _known(users: dict[str, _Record], name: str) -> _Record:
    try:
        return users[name]
    except KeyError:
        raise UserError(f"there is no user {name}; `hptwin user list` shows all") from None
