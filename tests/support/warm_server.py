"""A process that has loaded modules, and goes on as another copy of itself for each order.

Loading what a twin consists of takes more of a processor than all else at its start. Here it is
done once for a worker's tests. The copy is a process as any other: with arguments, environment,
directory and streams of its own, in a session of its own, killed when its parent dies.
"""

from __future__ import annotations

import atexit
import ctypes
import gc
import importlib
import io
import json
import os
import runpy
import selectors
import signal
import socket
import sys
import threading
import traceback
from typing import Any

LARGEST = 2**20
"""An order: its environment, above all. [bytes]"""
STREAMS = 3
_PR_SET_PDEATHSIG = 1


def serve(control: socket.socket) -> dict[str, Any] | None:
    """Start a copy for each order; return the order in each copy, and nothing in the end."""
    selector = selectors.DefaultSelector()
    selector.register(control, selectors.EVENT_READ)
    while True:
        for key, _ in selector.select():
            if key.fileobj is not control:
                selector.unregister(key.fileobj)
                _tell_end(key.fd, *key.data)
                continue
            message, given, _, _ = socket.recv_fds(control, LARGEST, STREAMS + 1)
            if not message:
                return None
            process = os.fork()
            if process == 0:
                _forget(selector)
                os.close(given.pop())
                _take(given)
                return dict(json.loads(message))
            *streams, ended = given
            for stream in streams:
                os.close(stream)
            selector.register(os.pidfd_open(process), selectors.EVENT_READ, (process, ended))
            control.send(str(process).encode())


def _tell_end(watched: int, process: int, ended: int) -> None:
    _, status = os.waitpid(process, 0)
    os.write(ended, str(os.waitstatus_to_exitcode(status)).encode())
    os.close(ended)
    os.close(watched)


def _forget(selector: selectors.BaseSelector) -> None:
    """Close what was for those before, and the way to the tests."""
    for key in list(selector.get_map().values()):
        os.close(key.fd)
        if key.data:
            os.close(key.data[1])
    selector.close()


def _take(streams: list[int]) -> None:
    """Have input, output and errors where the order says."""
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    os.setsid()
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    sys.stdin = os.fdopen(0, encoding="utf-8", closefd=False)
    sys.stdout = _written_at_once(1)
    sys.stderr = _written_at_once(2)


def _written_at_once(stream: int) -> io.TextIOWrapper:
    raw = os.fdopen(stream, "wb", 0, closefd=False)
    return io.TextIOWrapper(raw, "utf-8", write_through=True)  # type: ignore[type-var]


def follow(order: dict[str, Any]) -> None:
    """Go on as ``python -m MODULE ARGUMENTS`` would."""
    os.chdir(order["cwd"])
    os.environ.clear()
    os.environ.update(order["environment"])
    sys.path[0] = order["cwd"]
    module, *arguments = order["command"]
    sys.argv = [module, *arguments]
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:  # noqa: BLE001 (as the interpreter does)
        traceback.print_exc()
        code = 1
    else:
        code = 0
    _end(code)


def _end(code: int) -> None:
    """End as an interpreter does, but for what its libraries do in the very end.

    They would wait for threads that they had started in the process that was copied.
    """
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def main() -> None:
    control = socket.socket(fileno=int(sys.argv[1]))
    for module in sys.argv[2:]:
        importlib.import_module(module)
    gc.collect()
    gc.freeze()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in the terminal is for the run
    order = serve(control)
    if order is not None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        follow(order)


if __name__ == "__main__":
    main()
