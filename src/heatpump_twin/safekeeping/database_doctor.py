"""Examine the database of a twin, its disk, its spool and its backups."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from sqlalchemy.exc import SQLAlchemyError

from heatpump_twin.config.data_directory import DataDirectory
from heatpump_twin.config.settings import Site
from heatpump_twin.drivers.clock import MICROSECONDS, Clock
from heatpump_twin.safekeeping.finding import Observation, good, look, wrong
from heatpump_twin.twin_engine.errors import EngineError
from heatpump_twin.twin_engine.historian.archive_summary import ArchiveSummary, summarize
from heatpump_twin.twin_engine.historian.database.database_access import database_url, reason_of
from heatpump_twin.twin_engine.historian.database.database_file import DatabaseFile
from heatpump_twin.twin_engine.historian.database.migrations import HEAD
from heatpump_twin.twin_engine.historian.recording.spool import Spool

_AS_LONG_AS_IT_TAKES = 1e9
_LONG_AGO = timedelta(days=30)
_SOON = 90.0
"""A disk that is full within this time is worth a look. [d]"""
_LITTLE = 0.1
"""Share of a disk that should be free."""
_DAY = 86_400.0


def examine_history(site: Site, data: DataDirectory, clock: Clock) -> Iterator[Observation]:
    """Yield what is found of the database and what keeps it."""
    url = database_url(site.historian, data)
    file = DatabaseFile.of(url)
    name = str(file.path) if file is not None else url.render_as_string()
    summary = None
    if file is not None and file.is_empty:
        yield look("database", f"{name}: not there yet; the twin makes it at its start")
    elif file is not None and (damage := _damage(file)):
        yield wrong("database", f"{name} is damaged ({damage}): restore a backup")
    else:
        try:
            summary = summarize(url)
        except (SQLAlchemyError, EngineError) as error:
            yield wrong("database", f"{name} cannot be read: {reason_of(error)}")
        else:
            yield from _described(name, summary)
    yield from _disk(site, data, summary)
    waiting = Spool(data.spool).files()
    if waiting:
        yield look("spool", f"{len(waiting)} files wait in {data.spool} for the next start")
    yield _last_backup(data, clock)


def _damage(file: DatabaseFile) -> str | None:
    return file.damage(thorough=True, limit=_AS_LONG_AS_IT_TAKES)


def _described(name: str, summary: ArchiveSummary) -> Iterator[Observation]:
    text = f"{name}: sound, {summary.size / 1e6:.1f} MB, schema {summary.revision}"
    if summary.revision == HEAD:
        yield good("database", text)
    else:
        yield look("database", f"{text}; the next start brings it to {HEAD}")
    if summary.oldest is None or summary.newest is None:
        yield look("history", "holds no samples yet")
    else:
        yield good(
            "history", f"{summary.points} points, {_iso(summary.oldest)} to {_iso(summary.newest)}"
        )


def _disk(site: Site, data: DataDirectory, summary: ArchiveSummary | None) -> Iterator[Observation]:
    usage = shutil.disk_usage(data.root)
    share = usage.free / max(usage.used + usage.free, 1)
    text = f"{usage.free / 1e9:.1f} GB free ({share:.0%})"
    days = None if summary is None else _days_left(site, summary, usage.free)
    if days is not None:
        text += f"; full in {days:.0f} days as the history grows now"
    elif summary is not None and summary.span > _DAY * MICROSECONDS:
        text += "; the history stops growing before it is full"
    soon = days is not None and days < _SOON
    yield (look if soon or share < _LITTLE else good)("disk", text)


def _days_left(site: Site, summary: ArchiveSummary, free: int) -> float | None:
    """Return in how many days the disk is full at the present growth; None: not, or not known."""
    seconds = summary.span / MICROSECONDS
    budget = site.historian.disk_budget
    if budget is not None and budget < summary.size + free:
        return None
    # An hour of history says nothing of a year: the pages of a new database are half empty.
    if seconds < _DAY:
        return None
    growth = summary.size / seconds
    left = free / growth
    return None if left > site.historian.retention - seconds else left / _DAY


def _last_backup(data: DataDirectory, clock: Clock) -> Observation:
    try:
        note = json.loads(data.last_backup.read_text("utf-8"))
        made = datetime.fromisoformat(note["made"])
        text = f"{note['file']}, {note['size'] / 1e6:.1f} MB, made {made:%Y-%m-%d %H:%M} UTC"
    except (OSError, ValueError, KeyError, TypeError):
        return look("backup", "none was made; `hptwin backup FILE` does, also while the twin runs")
    age = datetime.fromtimestamp(clock.now() / MICROSECONDS, UTC) - made
    return look("backup", f"{text}: old") if age > _LONG_AGO else good("backup", text)


def _iso(time: int) -> str:
    return datetime.fromtimestamp(time / MICROSECONDS, UTC).strftime("%Y-%m-%d %H:%M")
