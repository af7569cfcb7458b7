"""Start ``python -m heatpump_twin`` as a copy of a process that has loaded it (`warm_server`).

A start is then a third of the work, and what is started does the same. Tests of what happens while
a process loads, and of how a person starts one, start it by `processes`.
"""

from __future__ import annotations

import json
import os
import select
import socket
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import processes
from patience import PATIENCE

LOADED = (
    "heatpump_twin.cli.app",
    "heatpump_twin.cli.run",
    "heatpump_twin.runtime.run",
    "heatpump_twin.runtime.twin_process",
)
"""What a twin that runs has loaded."""
OWN = {"PYTEST_CURRENT_TEST", "PYTHONUNBUFFERED", "PYTEST_XDIST_TESTRUNUID"}
"""Variables that no module of the product reads while it is loaded."""


class WarmStart(subprocess.Popen[str]):
    """A process that is no child of ours, handled as one."""

    def __init__(self, server: WarmServer, *arguments: str, **options: Any) -> None:
        ours, theirs = os.pipe()
        with open(os.devnull) as nothing:  # noqa: PTH123 (no file to read)
            given = {"stdin": nothing, **options}
            pipes = self._pipes(given)
            order = {
                "command": ["heatpump_twin", *arguments],
                "cwd": str(options.get("cwd", Path.cwd())),
                "environment": dict(options.get("env", os.environ)),
            }
            streams = [pipes[name][1] for name in ("stdin", "stdout", "stderr")]
            self.pid = server.begin(order, [*streams, theirs])
        os.close(theirs)
        for name, (mine, other) in pipes.items():
            setattr(self, name, mine)
            if mine is not None:
                os.close(other)
        self.args = arguments
        self.returncode = None
        self._ended = ours
        self._child_created = True
        self._communication_started = False
        self._input = None
        self._sigint_wait_secs = 0.25
        self._closed_child_pipe_fds = True
        self.encoding, self.errors, self.text_mode = "utf-8", "strict", True

    @staticmethod
    def _pipes(options: Mapping[str, Any]) -> dict[str, tuple[Any, int]]:
        """Return our end of each stream, if it has one, and the end of the process."""
        found: dict[str, tuple[Any, int]] = {}
        for number, name in enumerate(("stdin", "stdout", "stderr")):
            asked = options.get(name)
            if asked == subprocess.PIPE:
                read, write = os.pipe()
                mine, other = (write, read) if name == "stdin" else (read, write)
                found[name] = (
                    os.fdopen(mine, "w" if name == "stdin" else "r", encoding="utf-8"),
                    other,
                )
            elif asked == subprocess.STDOUT:
                found[name] = (None, found["stdout"][1])
            elif asked == subprocess.DEVNULL:
                found[name] = (None, _null())
            else:
                found[name] = (None, number if asked is None else asked.fileno())
        return found

    def _internal_poll(self, *_: Any, **__: Any) -> int | None:
        if self.returncode is None:
            self._learn_end(0.0)
        return self.returncode

    def _wait(self, timeout: float | None) -> int:
        self._learn_end(timeout)
        if self.returncode is None:
            raise subprocess.TimeoutExpired(self.args, timeout or 0.0)
        return self.returncode

    def _learn_end(self, timeout: float | None) -> None:
        if self.returncode is None and select.select([self._ended], [], [], timeout)[0]:
            told = os.read(self._ended, 16)
            # Nothing: who watched it is gone, and has taken it along.
            self.returncode = int(told) if told else -9
            os.close(self._ended)


@cache
def _null() -> int:
    return os.open(os.devnull, os.O_RDWR)


class WarmServer:
    """The process that has loaded the product, for all tests of a worker."""

    def __init__(self, *modules: str) -> None:
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._environment = _relevant(os.environ)
        self._process = processes.start(
            sys.executable, Path(__file__).with_name("warm_server.py"), str(theirs.fileno()),
            *modules,
            pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )  # fmt: skip
        theirs.close()

    def fits(self, environment: Mapping[str, str]) -> bool:
        """Return whether what was loaded has seen such an environment."""
        return _relevant(environment) == self._environment

    def begin(self, order: Mapping[str, Any], streams: list[int]) -> int:
        """Start a copy; return its process id."""
        socket.send_fds(self._control, [json.dumps(order).encode()], streams)
        process = self._control.recv(64)
        assert process, "the warm server is gone"
        return int(process)

    def end(self) -> None:
        """Have it end by itself."""
        self._control.close()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(10.0)
        processes.kill(self._process)


def _relevant(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if name not in OWN}


class WarmServers:
    """The warm server of this process, started when it is asked for."""

    def __init__(self) -> None:
        self._server: WarmServer | None = None

    def server(self) -> WarmServer:
        if self._server is None:
            self._server = WarmServer(*LOADED)
        return self._server

    def end(self) -> None:
        if self._server is not None:
            self._server.end()
            self._server = None


SERVERS = WarmServers()


def start(*arguments: processes.Argument, **options: Any) -> subprocess.Popen[str]:
    """Start ``hptwin`` with arguments, in a session of its own; `processes.kill` ends it."""
    given = [str(argument) for argument in arguments]
    if SERVERS.server().fits(options.get("env", os.environ)):
        return WarmStart(SERVERS.server(), *given, **options)
    return processes.start(sys.executable, "-m", "heatpump_twin", *given, **options)


def run(*arguments: processes.Argument, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run ``hptwin`` to its end and keep what it says."""
    given = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
    said = given.pop("input", None)
    if said is not None:
        given["stdin"] = subprocess.PIPE
    process = start(*arguments, **given)
    try:
        out, err = process.communicate(said, timeout=PATIENCE)
    finally:
        processes.kill(process)
    return subprocess.CompletedProcess([*arguments], process.returncode, out, err)
