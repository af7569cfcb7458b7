"""A whole twin as a process of its own, and what a test does with it."""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest

OPERATOR, VIEWER, PASSWORD = "olga", "victor", "correct horse battery"
START_TIMEOUT = 40.0


@dataclass
class Ports:
    """The ports of one twin."""

    opcua: int
    hmi: int
    ops: int
    plant: int
    control: int

    @property
    def settings(self) -> list[str]:
        values = {
            "opcua.port": self.opcua, "hmi.port": self.hmi, "ops.port": self.ops,
            "plant.port": self.plant, "plant.control_port": self.control,
        }  # fmt: skip
        return [part for key, value in values.items() for part in ("--set", f"{key}={value}")]


@dataclass
class Twin:
    """A running (or stopped) twin and what a test does with it."""

    data: Path
    ports: Ports
    site: str = "default"
    extra: list[str] = field(default_factory=list)
    process: subprocess.Popen[str] | None = None

    @property
    def url(self) -> str:
        return f"opc.tcp://127.0.0.1:{self.ports.opcua}/heatpump-twin"

    @property
    def output(self) -> str:
        return (self.data / "output.log").read_text("utf-8")

    def command(self, *arguments: str, text: str | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "heatpump_twin", *arguments],
            input=text, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip

    def add_user(self, name: str, role: str) -> None:
        result = self.command(
            "user", "add", name, "--role", role, "--password-stdin", "--data", str(self.data),
            text=PASSWORD + "\n",
        )  # fmt: skip
        assert result.returncode == 0, result.stderr

    def spawn(self) -> None:
        self.data.mkdir(exist_ok=True, parents=True)
        with (self.data / "output.log").open("w") as output:
            self.process = subprocess.Popen(
                [
                    sys.executable, "-m", "heatpump_twin", "run",
                    "--site", self.site, "--data", str(self.data),
                    *self.ports.settings, *self.extra,
                ],
                stdout=output, stderr=subprocess.STDOUT, text=True,
                env={**os.environ, "PYTHONUNBUFFERED": "1"},
            )  # fmt: skip

    def start(self) -> None:
        self.spawn()
        deadline = time.monotonic() + START_TIMEOUT
        while (status := self.ready()[0]) != 200:
            assert self.process is not None
            if self.process.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"/readyz answers {status}: {self.ready()[1]}\n{self.output}")
            time.sleep(0.1)

    def get(self, path: str) -> tuple[int, str]:
        try:
            with urllib.request.urlopen(
                f"http://127.0.0.1:{self.ports.ops}{path}", timeout=5
            ) as reply:
                return reply.status, reply.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()
        except OSError as error:
            return 0, str(error)

    def ready(self) -> tuple[int, dict[str, object]]:
        status, body = self.get("/readyz")
        return status, json.loads(body) if status else {"error": body}

    def children(self) -> dict[str, psutil.Process]:
        assert self.process is not None
        found = {}
        for child in psutil.Process(self.process.pid).children():
            line = child.cmdline()
            found[line[line.index("heatpump_twin") + 1]] = child
        return found

    def stop(self, number: int = signal.SIGTERM, within: float = 20.0) -> int:
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(within)


def consecutive_ports(count: int) -> int:
    """Find the first of ``count`` free TCP ports in a row."""
    while True:
        first = random.randrange(20000, 32000)
        try:
            with ExitStack() as stack:
                for port in range(first, first + count):
                    stack.enter_context(socket.socket()).bind(("127.0.0.1", port))
        except OSError:
            continue
        return first


def new_ports() -> Ports:
    """Find ports for one twin; its plant takes up to eight in a row."""
    first = consecutive_ports(12)
    return Ports(first, first + 1, first + 2, plant=first + 4, control=first + 3)
