"""Compile functions over numbers and arrays to machine code.

A year in steps of a minute is 525,600 decisions in a row: one call of NumPy in each takes half the
time that the whole year may (docs/adr/0027-simulation-is-compiled.md).
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from pickle import PickleError
from typing import ParamSpec, TypeVar, cast

import numba
from numba.core.caching import FunctionCache
from numba.core.dispatcher import Dispatcher

P = ParamSpec("P")
T = TypeVar("T")

_DIGITS = 16
_DAMAGED = (OSError, EOFError, ValueError, TypeError, LookupError, AttributeError, PickleError)
"""What reading a file raises that was cut off, or writing one to a full disk."""


def compiled(function: Callable[P, T]) -> Callable[P, T]:
    """Return the function as machine code, made at its first call.

    As Python it stays reachable by `py_func`. The code is kept in the cache of the user, so that
    the next process has it at once; where there is none, it is made anew in each.
    """
    found = numba.njit(error_model="numpy")(function)
    if _KEPT and isinstance(found, Dispatcher):  # with NUMBA_DISABLE_JIT it is the function itself
        # What `enable_caching` does, with a cache that forgives.
        kept = _KeptCode(function)  # type: ignore[no-untyped-call]
        found._cache = kept  # type: ignore[attr-defined]  # noqa: SLF001
    return cast("Callable[P, T]", found)


class _KeptCode(FunctionCache):
    """The cache of numba, whose damage, or a full disk, costs time and nothing else."""

    def load_overload(self, sig: object, target_context: object) -> object:
        """Return what was kept; None: nothing that can be used."""
        try:
            return super().load_overload(sig, target_context)  # type: ignore[no-untyped-call]
        except _DAMAGED:
            with suppress(OSError):
                # An index that cannot be read would else never be written anew.
                self.flush()  # type: ignore[no-untyped-call]
            return None

    def save_overload(self, sig: object, data: object) -> None:
        """Keep what was compiled, if it can be kept."""
        with suppress(*_DAMAGED):
            super().save_overload(sig, data)  # type: ignore[no-untyped-call]


def code_folder(sources: Path, caches: Path) -> Path | None:
    """Return where the code of all functions beneath a folder of sources is kept; None: nowhere.

    Its name changes with any of these sources: numba looks at the file of a function alone, and
    would go on with an old one of those that it calls. What is kept there is run, so that it has to
    be ours, and nobody else may write to it.
    """
    own = caches / "heatpump-twin"
    found = own / f"compiled-{_digest(sources)}"
    try:
        caches.mkdir(parents=True, exist_ok=True)
        for folder in (own, found):
            folder.mkdir(exist_ok=True, mode=0o700)
        return found if _is_private(own) and _is_private(found) else None
    except OSError:
        return None


def _is_private(folder: Path) -> bool:
    status = folder.stat()
    shared = status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    return status.st_uid == os.geteuid() and not shared and os.access(folder, os.W_OK)


def _digest(sources: Path) -> str:
    whole = hashlib.sha256(numba.__version__.encode())
    for path in sorted(sources.rglob("*.py")):
        whole.update(path.relative_to(sources).as_posix().encode() + b"\0")
        whole.update(path.read_bytes())
    return whole.hexdigest()[:_DIGITS]


def _keep() -> bool:
    """Have numba keep what it compiles; return whether there is a place for it."""
    caches = Path()
    with suppress(RuntimeError):  # a user without a home
        caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = code_folder(Path(__file__).parent, caches) if caches.is_absolute() else None
    if folder is None:
        return False
    # numba makes its settings as it is imported, so that no type checker knows them.
    numba.config.CACHE_DIR = str(folder)  # type: ignore[attr-defined]
    return True


_KEPT = _keep()
