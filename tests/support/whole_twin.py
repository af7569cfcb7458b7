"""A whole twin as a process of its own, and what a test does with it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import processes
import psutil
import warm_start
from patience import PATIENCE, until
from ports import claim

from heatpump_twin.config.data_directory import DataDirectory
from heatpump_twin.config.load import load_site
from heatpump_twin.safekeeping.command_audit import audited
from heatpump_twin.server.security.users import UserRole, UserStore
from heatpump_twin.twin_engine.commands.audit_entry import AuditKind

OPERATOR, VIEWER, PASSWORD = "olga", "victor", "correct horse battery"
DEVICE_TIMEOUT = 10.0
"""For devices in a process of their own, which a busy machine keeps from answering. [s]"""


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


NO_PAST = ("--set", "plant.past=0")
"""Thirty days are not simulated for each test."""
NO_FORECASTS = ("--set", "forecasts.every=0")
"""Nor forecasts made, each of which takes a process some seconds of a core."""
NO_PAGES = ("--set", "hmi.enabled=false")
FLUSH = ("--set", "historian.flush=1 s")
"""What is recorded is soon to be read: tests wait for it."""


@dataclass
class Twin:
    """A running (or stopped) twin and what a test does with it."""

    data: Path
    ports: Ports
    site: str = "default"
    extra: list[str] = field(default_factory=list)
    pages: bool = False
    """Whether it serves the HMI, whose start is a quarter of the work of a whole start."""
    forecasts: bool = False
    """Whether it forecasts by itself."""
    cold: bool = False
    """Whether it is started as people start it, which loads all that it consists of."""
    process: subprocess.Popen[str] | None = None

    @property
    def url(self) -> str:
        return f"opc.tcp://127.0.0.1:{self.ports.opcua}/heatpump-twin"

    @property
    def output(self) -> str:
        return (self.data / "output.log").read_text("utf-8")

    def command(self, *arguments: str, text: str | None = None) -> subprocess.CompletedProcess[str]:
        given = {} if text is None else {"input": text}
        return warm_start.run(*arguments, **given)

    def add_user(self, name: str, role: str) -> None:
        directory = DataDirectory.open(self.data)
        with audited(directory, AuditKind.USER, name, "user added", after=role):
            UserStore(directory.users).add(name, UserRole(role), PASSWORD)

    def spawn(self) -> None:
        self.data.mkdir(exist_ok=True, parents=True)
        with (self.data / "output.log").open("w") as output:
            start = self._start_cold if self.cold else warm_start.start
            self.process = start(
                "run", "--site", self.site, "--data", self.data,
                *self.ports.settings, *patient_devices(self.site), *FLUSH, *NO_PAST,
                *([] if self.pages else NO_PAGES), *([] if self.forecasts else NO_FORECASTS),
                *self.extra,
                stdout=output, stderr=subprocess.STDOUT,
                env={**os.environ, "PYTHONUNBUFFERED": "1"},
            )  # fmt: skip

    @staticmethod
    def _start_cold(*arguments: processes.Argument, **options: Any) -> subprocess.Popen[str]:
        return processes.start(sys.executable, "-m", "heatpump_twin", *arguments, **options)

    def start(self) -> None:
        self.spawn()
        until(self._is_ready, otherwise=lambda: f"/readyz: {self.ready()}\n{self.output}")

    def _is_ready(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self.output
        return self.ready()[0] == 200

    def get(self, path: str) -> tuple[int, str]:
        try:
            with urllib.request.urlopen(
                f"http://127.0.0.1:{self.ports.ops}{path}", timeout=PATIENCE
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

    def stop(self, number: int = signal.SIGTERM) -> int:
        assert self.process is not None
        return processes.end(self.process, number)

    def kill(self) -> None:
        """Make sure that nothing of it runs on."""
        if self.process is not None:
            processes.kill(self.process)


def patient_devices(site: str) -> list[str]:
    """Return the settings that let a site's devices take their time."""
    return [
        part
        for pump in load_site(site, environment={}).heat_pumps
        for device in pump.devices
        for part in ("--set", f"heat_pumps.{pump.id}.devices.{device.id}.timeout={DEVICE_TIMEOUT}")
    ]


def new_ports() -> Ports:
    """Find ports for one twin; its plant takes up to eight in a row."""
    first = claim(12)
    return Ports(first, first + 1, first + 2, plant=first + 4, control=first + 3)
