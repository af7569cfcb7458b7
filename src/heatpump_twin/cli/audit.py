"""``hptwin audit``: who did, or tried, what, from where, when and why."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from heatpump_twin.cli.options import DataOption, KnownSiteOption, SetOption
from heatpump_twin.config.data_directory import DataDirectory
from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.errors import TwinError
from heatpump_twin.safekeeping.export_file import give_text
from heatpump_twin.twin_engine.commands.audit_entry import AuditEntry

command = typer.Typer(
    add_completion=False,
    help="The audit: who did what, from where, when and why.",
    no_args_is_help=True,
)

COLUMNS = (
    "number", "attempt", "time", "kind", "user", "origin", "key", "old", "requested", "read_back",
    "before", "after", "status", "complete", "message", "reason",
)  # fmt: skip
_DAY = 86_400 * MICROSECONDS


class AuditFormat(StrEnum):
    """Formats of an export."""

    CSV = "csv"
    JSONL = "jsonl"


@command.callback()
def _group() -> None:
    """Keep `export` a command of its own."""


@command.command()
def export(
    first: Annotated[
        str | None, typer.Option("--from", metavar="TIME", help="ISO time; default: all.")
    ] = None,
    last: Annotated[
        str | None, typer.Option("--to", metavar="TIME", help="ISO time, not included.")
    ] = None,
    format_: Annotated[AuditFormat, typer.Option("--format", help="csv, or one JSON a line.")] = (
        AuditFormat.CSV
    ),
    output: Annotated[
        Path | None, typer.Option("--output", metavar="FILE", help="Default: print it.")
    ] = None,
    site: KnownSiteOption = None,
    data: DataOption = None,
    set_: SetOption = None,
) -> None:
    """Export the records of the audit, oldest first. The twin may run."""
    from heatpump_twin.safekeeping.known_site import known_site
    from heatpump_twin.twin_engine.historian.database.database_access import database_url

    directory = DataDirectory.existing(data)
    settings = known_site(directory, site, set_ or ()).load()
    since, until = _moment(first, "--from", 0), _moment(last, "--to", 2**62)
    url = database_url(settings.historian, directory)
    rows = asyncio.run(_rows(url, directory, since, until))
    text = _csv(rows) if format_ is AuditFormat.CSV else _jsonl(rows)
    give_text(text, output)


async def _rows(url: Any, data: DataDirectory, since: int, until: int) -> list[dict[str, Any]]:
    from heatpump_twin.twin_engine.commands.audit import AuditLog
    from heatpump_twin.twin_engine.commands.audit_spool import AuditSpool
    from heatpump_twin.twin_engine.errors import EngineError
    from heatpump_twin.twin_engine.historian.database.database_access import require_database

    audit, spool = AuditLog(url), AuditSpool(data.audit_spool)
    try:
        require_database(url)
        # The spool first: what a running twin takes in meanwhile is then there twice, and not
        # missing.
        waiting = [entry for entry in spool.waiting() if since <= entry.time < until]
        recorded = await audit.records(since, until)
    except EngineError as error:
        raise TwinError(str(error)) from error
    finally:
        await audit.stop()
    known = {_identity(entry) for _, _, entry in recorded}
    late = [(None, None, entry) for entry in waiting if _identity(entry) not in known]
    return [_row(number, attempt, entry) for number, attempt, entry in [*recorded, *late]]


def _identity(entry: AuditEntry) -> tuple[object, ...]:
    return entry.time, entry.kind, entry.user, entry.key, entry.message, entry.complete


def _row(number: int | None, attempt: int | None, entry: AuditEntry) -> dict[str, Any]:
    time = datetime.fromtimestamp(entry.time / MICROSECONDS, UTC).isoformat()
    row = {"number": number, "attempt": attempt, **asdict(entry), "time": time}
    return {column: row[column] for column in COLUMNS} | {"status": f"0x{entry.status:08X}"}


def _csv(rows: list[dict[str, Any]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows({key: _cell(value) for key, value in row.items()} for row in rows)
    return text.getvalue()


def _cell(value: object) -> object:
    # A spreadsheet would carry out a text that begins so (CSV injection).
    risky = isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r")
    return f"'{value}" if risky else value


def _jsonl(rows: list[dict[str, Any]]) -> str:
    def lines() -> Iterator[str]:
        for row in rows:
            yield json.dumps(row, ensure_ascii=False)

    return "".join(f"{line}\n" for line in lines())


def _moment(text: str | None, option: str, default: int) -> int:
    if text is None:
        return default
    try:
        # Without an offset it is the time of this machine's clock, as a person reads it there.
        moment = datetime.fromisoformat(text).astimezone(UTC)
    # At the ends of the calendar a time of one zone may not exist in another.
    except (ValueError, OverflowError) as error:
        raise TwinError(
            f"{option} {text}: write an ISO time, for example 2026-01-15T06:00:00+01:00"
        ) from error
    return round(moment.timestamp() * MICROSECONDS)
