"""Let a child process end with its parent, however and whenever the parent dies."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
from collections.abc import Mapping

_PARENT = "HPTWIN_PARENT"
"""Environment variable with the number of the process that a child ends with."""
_PR_SET_PDEATHSIG = 1


def child_environment() -> Mapping[str, str]:
    """Return the environment of a child that is to end with us.

    It is started with a pipe as its standard input, and from our main thread: the kernel takes the
    end of the thread that started a process for the end of its parent (prctl(2)).
    """
    return {**os.environ, _PARENT: str(os.getpid())}


def is_child() -> bool:
    """Tell whether this process is a child that ends with its parent."""
    return _PARENT in os.environ


def end_with_parent() -> None:
    """In a child, called before anything else: end when the parent ends."""
    if not is_child():
        return
    # Two ways. The kernel's works where our own code does not get to run any more (stopped, in a
    # long computation), the pipe on every Unix.
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    # Only after that: a parent that died before has left no signal behind, but is not ours now.
    if os.getppid() != int(os.environ[_PARENT]):
        os._exit(1)
    # A thread, since the read blocks and there is no event loop yet.
    threading.Thread(target=_watch, name="parent-watch", daemon=True).start()


def _watch() -> None:
    # The parent writes nothing; what comes is thrown away.
    while os.read(0, 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
