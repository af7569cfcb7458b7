"""Lock the data directory, and create its administrator at the first start."""

from __future__ import annotations

import errno
import fcntl
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from heatpump_twin.config.catalogue import TWIN
from heatpump_twin.config.data_directory import DataDirectory, unusable
from heatpump_twin.config.durable_file import write_private
from heatpump_twin.drivers.clock import SystemClock
from heatpump_twin.drivers.status import GOOD
from heatpump_twin.errors import DataInUseError, TwinError
from heatpump_twin.server.security.users import UserRole, UserStore
from heatpump_twin.twin_engine.commands.audit_entry import AuditEntry, AuditKind
from heatpump_twin.twin_engine.commands.audit_spool import AuditSpool

ADMINISTRATOR = "admin"
_IN_THE_WAY = {
    errno.EACCES, errno.EPERM, errno.EISDIR, errno.ENOTDIR, errno.ENOENT, errno.ELOOP,
}  # fmt: skip
"""What is wrong with a file of ours that somebody has put there, or may not be read."""
_TAKES_NOTHING = {errno.ENOSPC, errno.EDQUOT, errno.EROFS}


@contextmanager
def writable(data: DataDirectory) -> Iterator[None]:
    """Tell a disk that takes nothing in one line; take away a directory that was begun on it."""
    try:
        yield
    except OSError as error:
        ours = str(error.filename).startswith(str(data.root))
        if error.errno not in _TAKES_NOTHING and not (ours and error.errno in _IN_THE_WAY):
            raise
        if data.is_new:
            shutil.rmtree(data.root, ignore_errors=True)
        raise unusable(data.root, error) from error


@contextmanager
def exclusive(data: DataDirectory) -> Iterator[None]:
    """Lock the data directory for this process; raise `DataInUseError` if another twin has it."""
    # "a" and not "w": a second twin that opens the file must not erase the first one's number.
    with data.lock.open("a") as file:
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
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield


def create_administrator(data: DataDirectory, users: UserStore) -> bool:
    """Create the administrator where there is no user, with a generated password in a file.

    Raises
    ------
    TwinError
        There were users once.
    """
    if users.list():
        return False
    if data.run_record.exists() and not data.users.exists():
        # People rely on their accounts: others are not made in their place without a word.
        raise TwinError(
            f"{data.users} is missing, though a twin has run here: restore it from a backup, or "
            f"begin anew with `hptwin user add NAME --role administrator --data {data.root}`"
        )
    # No default password, which would be the same on every site; in a file and not in the log,
    # which others read.
    password = secrets.token_urlsafe(15)
    write_private(data.initial_password, password + "\n")
    users.add(ADMINISTRATOR, UserRole.ADMINISTRATOR, password)
    now, who = SystemClock().now(), (TWIN, "first start")
    role = str(UserRole.ADMINISTRATOR)
    AuditSpool(data.audit_spool).append(
        AuditEntry.of(AuditKind.USER, now, who, ADMINISTRATOR, GOOD, "user added", after=role)
    )
    return True
