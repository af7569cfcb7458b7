"""Real databases for the twin engine's tests: SQLite files and a throw-away PostgreSQL cluster."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import processes
import psycopg
import pytest
from patience import until
from ports import claim
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
        self.port = claim()
        made = processes.run(
            *self._program("initdb"), "-A", "trust", "-U", "postgres", "--no-sync", "-E", "UTF8",
            cwd=directory, user=self._user,
        )  # fmt: skip
        assert made.returncode == 0, made.stderr
        self._server: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Start it as our own child: what pg_ctl starts dies with nobody."""
        with (self._directory / "log").open("a") as log:
            self._server = processes.start(
                *self._program("postgres"), "-p", str(self.port), "-k", self._directory,
                "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off",
                cwd=self._directory, user=self._user, stdout=log, stderr=log,
            )  # fmt: skip
        until(self._answers, ignoring=(psycopg.OperationalError,))

    def stop(self) -> None:
        """Stop it at once, as a crash would (pg_ctl's "immediate")."""
        if self._server is not None:
            processes.end(self._server, signal.SIGQUIT)

    def new_database(self) -> URL:
        name = f"twin_{uuid.uuid4().hex}"
        with self._connect() as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return URL.create("postgresql", "postgres", host="127.0.0.1", port=self.port, database=name)

    def _answers(self) -> bool:
        assert self._server is not None
        assert self._server.poll() is None, (self._directory / "log").read_text()
        with self._connect():
            return True

    def _connect(self) -> psycopg.Connection:
        where = f"host=127.0.0.1 port={self.port} user=postgres dbname=postgres"
        return psycopg.connect(where, autocommit=True)

    def _program(self, name: str) -> tuple[Path, str, Path]:
        return (self._binaries / name, "-D", self._directory / "data")


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    if not _BINARIES:
        pytest.skip("PostgreSQL's server programs are not installed (/usr/lib/postgresql/*/bin)")
    directory = Path(tempfile.mkdtemp(prefix="hptwin-postgresql-"))
    cluster = Cluster(_BINARIES[-1], directory)
    cluster.start()
    try:
        yield cluster
    finally:
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
