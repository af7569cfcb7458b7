"""What takes seconds to compute, computed once for all workers of a run, and for the next run.

It is kept in ``build/kept`` under the hash of all sources of the product and of the tests' support,
and of the versions of what computes: whoever changes one of them computes it anew.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import pickle
import platform
import time
from collections.abc import Callable
from contextlib import suppress
from functools import cache, wraps
from importlib.metadata import version
from pathlib import Path
from typing import ParamSpec, TypeVar

from places import ROOT

KEPT = ROOT / "build" / "kept"
SOURCES = ("config", "drivers", "models", "src", "twin_engine", "tests/support")
WRITTEN_IN = (".py", ".yaml", ".json", ".csv", ".onnx")
COMPUTED_BY = ("numba", "numpy", "onnx", "pvlib", "scipy", "scikit-learn", "skl2onnx")
DAY = 86_400.0
P = ParamSpec("P")
T = TypeVar("T")


def kept(compute: Callable[P, T]) -> Callable[P, T]:
    """Return a function that computes once for all processes that hold the same sources.

    What it returns is shared by the tests of a process, as with `functools.cache`. Arguments tell
    by their ``repr`` what is computed.
    """

    @cache
    @wraps(compute)
    def find(*arguments: P.args, **named: P.kwargs) -> T:
        asked = f"{compute.__module__}.{compute.__qualname__}{arguments}{sorted(named.items())}"
        name = hashlib.sha256(f"{sources()} {asked}".encode()).hexdigest()[:32]
        return _find(KEPT / name, lambda: compute(*arguments, **named))

    return find


def _find(path: Path, compute: Callable[[], T]) -> T:
    """Return what a file holds; where there is none, one process makes it while others wait."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists():
            made = path.with_suffix(".part")
            made.write_bytes(pickle.dumps(compute()))
            made.replace(path)  # a run that is killed leaves no half of it
            _forget_old()
    # Also whoever has made it reads it: so that all workers test the same.
    found: T = pickle.loads(path.read_bytes())
    os.utime(path)
    return found


def _forget_old() -> None:
    """Delete what no run has read for a day: of most sources there is another state by then."""
    for path in KEPT.iterdir():
        with suppress(FileNotFoundError):
            if path.suffix != ".lock" and path.stat().st_mtime < time.time() - DAY:
                path.unlink()


@cache
def sources() -> str:
    """Return the hash of all that what is kept could depend on."""
    whole = hashlib.sha256(platform.python_version().encode())
    for package in COMPUTED_BY:
        whole.update(version(package).encode() + b"\0")
    for folder in SOURCES:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in WRITTEN_IN:
                whole.update(path.relative_to(ROOT).as_posix().encode() + b"\0")
                whole.update(path.read_bytes())
    return whole.hexdigest()
