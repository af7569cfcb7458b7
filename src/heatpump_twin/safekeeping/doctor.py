"""Examine a twin, running or not: files, database, disk, certificates, users, and what it says."""

from __future__ import annotations

import fcntl
import json
import platform
import stat
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from heatpump_twin import __version__
from heatpump_twin.config.data_directory import DataDirectory
from heatpump_twin.config.settings import Site
from heatpump_twin.drivers.clock import MICROSECONDS, Clock, is_plausible
from heatpump_twin.runtime.run_record import RunRecord
from heatpump_twin.runtime.web_probe import local_url
from heatpump_twin.safekeeping.database_doctor import examine_history
from heatpump_twin.safekeeping.finding import Observation, good, look, wrong
from heatpump_twin.safekeeping.identity_doctor import examine_identity

_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_TIMEOUT = 10.0


@dataclass(frozen=True, slots=True)
class Doctor:
    """Examination of one twin. It changes nothing, and shows no secret."""

    site: Site
    data: DataDirectory
    clock: Clock

    def examine(self) -> Iterator[Observation]:
        """Yield what is found, part by part."""
        yield good("software", f"heatpump-twin {__version__}, Python {platform.python_version()}")
        yield from self._directory()
        running = is_running(self.data)
        yield from self._run(running)
        yield from self._clock()
        yield from examine_history(self.site, self.data, self.clock)
        yield from examine_identity(self.site, self.data, self.clock)
        if running:
            yield from self._parts()

    def _directory(self) -> Iterator[Observation]:
        root = self.data.root
        open_to_others = [
            path
            for path in [root, *root.rglob("*")]
            if not path.is_symlink() and path.stat().st_mode & _OTHERS
        ]
        if open_to_others:
            yield look(
                "data directory",
                f"{root}: {len(open_to_others)} files or directories are open to others, such as "
                f"{open_to_others[0]}: chmod -R go-rwx {root}",
            )
        else:
            yield good("data directory", f"{root}, its owner's alone")
        aside = sorted(
            p for p in root.rglob("*.damaged-*") if not p.name.endswith(("-wal", "-shm"))
        )
        if aside:
            size = sum(path.stat().st_size for path in aside)
            yield look(
                "set aside",
                f"{len(aside)} damaged files, {size / 1e6:.1f} MB, the latest {aside[-1].name}: "
                "rescue what you need, then delete them",
            )

    def _run(self, running: bool) -> Iterator[Observation]:
        record = RunRecord.read(self.data)
        if running:
            since = f" since {_iso(record.begun)}" if record is not None else ""
            yield good("twin", f"runs{since}")
            if record is not None and record.version != __version__:
                yield look("version", f"{record.version} runs, {__version__} is installed: restart")
        elif record is None:
            yield look("twin", "does not run, and has not run on this directory")
        elif record.ended is None:
            yield wrong("twin", f"does not run; the run of {_iso(record.begun)} was cut off")
        else:
            yield look("twin", f"does not run; it was stopped {_iso(record.ended)}")

    def _clock(self) -> Iterator[Observation]:
        now, record = self.clock.now(), RunRecord.read(self.data)
        if not is_plausible(now):
            yield wrong("clock", f"shows {_iso(now)}, before this software was made: set it")
        elif record is not None and now < max(record.begun, record.ended or 0):
            yield wrong("clock", f"shows {_iso(now)}, before the twin last ran: set it")
        else:
            yield good("clock", _iso(now))

    def _parts(self) -> Iterator[Observation]:
        """Yield what the running twin says of itself in ``/readyz``."""
        url = local_url("http", self.site.ops.host, self.site.ops.port, "/readyz")
        try:
            parts = _fetch(url)
        except (OSError, ValueError, KeyError) as error:
            yield wrong("readiness", f"{url} does not answer: {error}")
            return
        for name, part in parts.items():
            optional = part.get("optional", False)
            grade = good if part["ready"] else look if optional else wrong
            yield grade(f"part {name}", str(part["detail"]))


def is_running(data: DataDirectory) -> bool:
    """Tell whether a twin holds the lock of a data directory."""
    with suppress(FileNotFoundError, IsADirectoryError), data.lock.open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _fetch(url: str) -> dict[str, dict[str, object]]:
    try:
        with urllib.request.urlopen(url, timeout=_TIMEOUT) as reply:  # noqa: S310 (http, ours)
            body = json.load(reply)
    except urllib.error.HTTPError as error:  # 503: it says which part is not ready
        with error:
            body = json.load(error)
    parts: dict[str, dict[str, object]] = body["components"]
    return parts


def _iso(now: int) -> str:
    return datetime.fromtimestamp(now / MICROSECONDS, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
