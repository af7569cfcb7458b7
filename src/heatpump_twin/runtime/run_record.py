"""Record of the latest run of a twin on a data directory: by what, since when, ended how."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from functools import cache

import structlog
from pydantic import TypeAdapter

from heatpump_twin import __version__
from heatpump_twin.config.data_directory import DataDirectory
from heatpump_twin.config.durable_file import write_private
from heatpump_twin.drivers.clock import MICROSECONDS, Clock

log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class RunRecord:
    """Latest run on a data directory. One that has no end still runs, or was cut off."""

    version: str
    begun: int
    """[µs since the Unix epoch]"""
    arguments: Sequence[str] = field(default_factory=list)
    """Those that tell a process of ours of the site, as in ``--site FILE``."""
    ended: int | None = None
    """When it had closed everything. [µs since the Unix epoch]"""
    after: str = "nothing"
    """How the run before this one ended: ``nothing`` (there was none), ``end`` or ``crash``."""
    pause: float = 0.0
    """Since the run before this one was last known of. [s]"""
    database: bool = False
    """Whether the data directory held a database when the last run that was closed had ended."""

    @classmethod
    def read(cls, data: DataDirectory) -> RunRecord | None:
        """Return the record of the latest run; None: there is none that can be read."""
        try:
            return _shape().validate_json(data.run_record.read_bytes(), strict=True)
        except (OSError, ValueError):
            return None

    @classmethod
    def begin(cls, data: DataDirectory, arguments: Sequence[str], now: int) -> RunRecord:
        """Write and return the record of a run that begins."""
        last = cls.read(data)
        if last is None:
            # One that cannot be read was being written, or is damaged: look closely.
            after = "crash" if data.run_record.exists() else "nothing"
        else:
            after = "crash" if last.ended is None else "end"
        known = (last.ended or last.begun) if last is not None else now
        pause = (now - known) / MICROSECONDS
        held = last is not None and last.database
        record = cls(__version__, now, list(arguments), None, after, pause, held)
        record.write(data)
        return record

    def end(self, data: DataDirectory, now: int) -> None:
        """Write that the run has closed everything."""
        replace(self, ended=now, database=data.database.exists()).write(data)

    def write(self, data: DataDirectory) -> None:
        """Write the record, if the disk takes it."""
        try:
            write_private(data.run_record, json.dumps(asdict(self), indent=2) + "\n")
        # A full disk keeps nobody from running; the next start looks closely, which does no harm.
        except OSError as error:
            log.warning("not written", file=str(data.run_record), error=error.strerror)


@cache
def _shape() -> TypeAdapter[RunRecord]:
    return TypeAdapter(RunRecord)


@contextmanager
def recorded(data: DataDirectory, arguments: Sequence[str], clock: Clock) -> Iterator[None]:
    """Record a run from its begin to its end, by whatever it ends but the death of the process."""
    record = RunRecord.begin(data, arguments, clock.now())
    try:
        yield
    finally:
        record.end(data, clock.now())
