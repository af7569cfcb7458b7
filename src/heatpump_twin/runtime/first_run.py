"""What the first start of a data directory sets up: a lock and an administrator."""

from __future__ import annotations

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from heatpump_twin.config.data_directory import DataDirectory, write_private
from heatpump_twin.errors import DataInUseError
from heatpump_twin.server.security.users import UserRole, UserStore

ADMINISTRATOR = "admin"


@contextmanager
def exclusive(data: DataDirectory) -> Iterator[None]:
    """Hold the data directory: two twins on one would corrupt each other's view."""
    with data.lock.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise DataInUseError(
                f"{data.root} is used by another running twin; stop it, or choose another "
                "directory with --data"
            ) from error
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield


def create_administrator(data: DataDirectory, users: UserStore) -> bool:
    """Create the first user where there is none, with a generated password in a private file."""
    if users.list():
        return False
    password = secrets.token_urlsafe(15)
    write_private(data.initial_password, password + "\n")
    users.add(ADMINISTRATOR, UserRole.ADMINISTRATOR, password)
    return True
