"""Real databases for the twin engine's tests: SQLite files and a throw-away PostgreSQL cluster."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import psycopg
import pytest
from programs_rig import AT_FIRST, Device, ProgramsRig
from sqlalchemy import URL

from heatpump_twin.config.catalogue import CATALOGUE, PointTable
from heatpump_twin.drivers.clock import ManualClock

START = 1_767_225_600_000_000  # 2026-01-01 00:00 UTC
_BINARIES = sorted(Path("/usr/lib/postgresql").glob("*/bin"))


class Cluster:
    """A PostgreSQL server of its own, which can be stopped and started again."""

    def __init__(self, binaries: Path, directory: Path) -> None:
        self._binaries = binaries
        self._directory = directory
        # PostgreSQL refuses to run as root.
        self._user = "postgres" if os.geteuid() == 0 else None
        if self._user:
            shutil.chown(directory, self._user)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self._run("initdb", "-A", "trust", "-U", "postgres", "--no-sync", "-E", "UTF8")

    def start(self) -> None:
        options = f"-p {self.port} -k {self._directory} -c listen_addresses=127.0.0.1 -c fsync=off"
        self._run("pg_ctl", "-w", "-o", options, "-l", str(self._directory / "log"), "start")

    def stop(self) -> None:
        self._run("pg_ctl", "-w", "-m", "immediate", "stop")

    def new_database(self) -> URL:
        name = f"twin_{uuid.uuid4().hex}"
        where = f"host=127.0.0.1 port={self.port} user=postgres dbname=postgres"
        with psycopg.connect(where, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return URL.create("postgresql", "postgres", host="127.0.0.1", port=self.port, database=name)

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [self._binaries / program, "-D", self._directory / "data", *arguments],
            check=True,
            stdout=subprocess.DEVNULL,
            cwd=self._directory,
            user=self._user,
            timeout=60,
        )


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    if not _BINARIES:
        pytest.skip("PostgreSQL's server programs are not installed (/usr/lib/postgresql/*/bin)")
    directory = Path(tempfile.mkdtemp(prefix="hptwin-postgresql-"))
    cluster = Cluster(_BINARIES[-1], directory)
    cluster.start()
    yield cluster
    cluster.stop()
    shutil.rmtree(directory)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> URL:
    """An empty database of each kind that the twin runs on."""
    if request.param == "sqlite":
        return URL.create("sqlite", database=str(tmp_path / "historian.sqlite"))
    return request.getfixturevalue("cluster").new_database()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(START)


@pytest.fixture
def table() -> PointTable:
    """A few points of two heat pumps; the supply setpoint of the first can be written."""
    names = ("supply_temperature", "electrical_energy", "supply_setpoint", "unit_enabled")
    limits = {"supply_setpoint": (20.0, 60.0), "unit_enabled": (0.0, 1.0)}
    return PointTable.build(
        (asset, name, CATALOGUE["heat_pump"][name], limits.get(name))
        for asset in ("hp1", "hp2")
        for name in names
    )


@pytest.fixture
async def rig(database: URL, clock: ManualClock) -> AsyncIterator[ProgramsRig]:
    """Programs over each kind of database; every point is Good, the unit is on."""
    rig = ProgramsRig(database, clock, Device(dict(AT_FIRST)))
    await rig.start()
    rig.poll()
    yield rig
    await rig.stop()
