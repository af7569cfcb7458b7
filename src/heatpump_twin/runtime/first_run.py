"""Lock the data directory, and create its administrator at the first start."""

from __future__ import annotations

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from heatpump_twin.config.data_directory import DataDirectory, unusable, write_private
from heatpump_twin.errors import DataInUseError
from heatpump_twin.server.security.users import UserRole, UserStore

ADMINISTRATOR = "admin"


@contextmanager
def exclusive(data: DataDirectory) -> Iterator[None]:
    """Lock the data directory for this process; raise `DataInUseError` if another twin has it."""
    # "a" and not "w": a second twin that opens the file must not erase the first one's number.
    try:
        # Without a buffer, which would be written again when the file is closed after a failure.
        lock = data.lock.open("ab", buffering=0)
    except OSError as error:
        raise unusable(data.root, error) from error
    with lock as file:
        try:
            # A lock of the kernel and not the file itself: it is gone with the process, also
            # after a crash. Two twins on one directory would write one history and one schedule
            # twice.
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise DataInUseError(
                f"{data.root} is used by another running twin; stop it, or choose another "
                "directory with --data"
            ) from error
        try:
            file.truncate(0)
            file.write(f"{os.getpid()}\n".encode())
        except OSError as error:
            raise unusable(data.root, error) from error
        yield


def create_administrator(data: DataDirectory, users: UserStore) -> bool:
    """Create the administrator where there is no user, with a generated password in a file."""
    if users.list():
        return False
    # No default password, which would be the same on every site; in a file and not in the log,
    # which others read.
    password = secrets.token_urlsafe(15)
    write_private(data.initial_password, password + "\n")
    users.add(ADMINISTRATOR, UserRole.ADMINISTRATOR, password)
    return True
