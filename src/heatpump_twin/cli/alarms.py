"""``hptwin alarms``: how the alarms of a site behave, and which there are."""

from __future__ import annotations

import asyncio
import io
from datetime import datetime
from enum import StrEnum
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.table import Table

from heatpump_twin.cli.history.moment import moment_of
from heatpump_twin.cli.options import DataOption, KnownSiteOption, SetOption
from heatpump_twin.config.data_directory import DataDirectory
from heatpump_twin.drivers.clock import MICROSECONDS, SystemClock
from heatpump_twin.errors import TwinError
from heatpump_twin.safekeeping.export_file import give_text, write_export

if TYPE_CHECKING:
    from collections.abc import Sequence

    from heatpump_twin.config.settings import Site
    from heatpump_twin.safekeeping.alarm_sheet import AlarmSheet
    from heatpump_twin.safekeeping.master_alarms import MasterAlarm
    from heatpump_twin.twin_engine.alarm_report.episode import Episode

command = typer.Typer(
    add_completion=False,
    help="Alarms: how they behave, and which there are.",
    no_args_is_help=True,
)

_EVER = 2**62
_WIDTH = 110
FileOption = Annotated[
    Path | None, typer.Option("--output", "-o", metavar="FILE", help="Default: print it.")
]


class ReportFormat(StrEnum):
    """Formats of a report."""

    TEXT = "text"
    CSV = "csv"
    PDF = "pdf"


@command.command()
def report(
    first: Annotated[
        str | None, typer.Option("--from", metavar="TIME", help="ISO time; default: all.")
    ] = None,
    last: Annotated[
        str | None, typer.Option("--to", metavar="TIME", help="ISO time, not included.")
    ] = None,
    format_: Annotated[ReportFormat, typer.Option("--format", help="text, csv or pdf.")] = (
        ReportFormat.TEXT
    ),
    output: FileOption = None,
    site: KnownSiteOption = None,
    data: DataOption = None,
    set_: SetOption = None,
) -> None:
    """Report how the alarms have behaved, month by month, by ISA-18.2. The twin may run."""
    from heatpump_twin.safekeeping.alarm_pdf import as_pdf
    from heatpump_twin.safekeeping.alarm_sheet import sheets_as_csv
    from heatpump_twin.safekeeping.known_site import known_site

    directory = DataDirectory.existing(data)
    settings = known_site(directory, site, set_ or ()).load()
    if format_ is ReportFormat.PDF and output is None:
        raise TwinError("a PDF is written to a file: name it with --output")
    zone = ZoneInfo(settings.site.timezone)
    wanted = moment_of(first, "--from", zone), moment_of(last, "--to", zone)
    sheets = asyncio.run(_sheets(settings, directory, zone, wanted))
    match format_:
        case ReportFormat.PDF:
            assert output is not None  # noqa: S101 (refused above)
            write_export(output, as_pdf(sheets))
        case ReportFormat.CSV:
            give_text(sheets_as_csv(sheets), output)
        case ReportFormat.TEXT:
            give_text(_text(sheets), output)


@command.command()
def rationalise(
    output: FileOption = None,
    site: KnownSiteOption = None,
    data: DataOption = None,
    set_: SetOption = None,
) -> None:
    """Write the master alarm database as CSV: each alarm of the site, and why it is there."""
    from heatpump_twin.safekeeping.known_site import known_site
    from heatpump_twin.safekeeping.master_alarms import master_as_csv

    directory = DataDirectory.at(data)
    settings = known_site(directory, site, set_ or ()).load()
    give_text(master_as_csv(_all_alarms(settings, directory)), output)


def _all_alarms(site: Site, data: DataDirectory) -> list[MasterAlarm]:
    from heatpump_twin.rules.pack import load_packs
    from heatpump_twin.runtime.assembly import assemble
    from heatpump_twin.safekeeping.master_alarms import master_alarms

    return master_alarms(load_packs(site.rules.packs), site, assemble(site, data).table)


async def _sheets(
    site: Site, data: DataDirectory, zone: ZoneInfo, wanted: tuple[int | None, int | None]
) -> list[AlarmSheet]:
    from heatpump_twin.safekeeping.alarm_sheet import alarm_sheet
    from heatpump_twin.twin_engine.alarm_report.alarm_figures import alarm_figures

    episodes = await _episodes(site, data)
    start, end = _span(episodes, wanted)
    titles = {alarm.alarm: alarm.title for alarm in _all_alarms(site, data)}
    edges = [start, *_months(start, end, zone), end]
    return [
        alarm_sheet(alarm_figures(episodes, begin, behind), site.site.name, zone, titles)
        for begin, behind in pairwise(edges)
    ]


async def _episodes(site: Site, data: DataDirectory) -> list[Episode]:
    from heatpump_twin.twin_engine.alarm_report.journal_episodes import episodes_of
    from heatpump_twin.twin_engine.conditions.alarm_journal import AlarmJournal
    from heatpump_twin.twin_engine.errors import EngineError
    from heatpump_twin.twin_engine.historian.database.database_access import (
        database_url,
        require_database,
    )

    url = database_url(site.historian, data)
    try:
        require_database(url)
        journal = AlarmJournal(url)
        try:
            return episodes_of(await journal.read(0, _EVER))
        finally:
            journal.close()
    except EngineError as error:
        raise TwinError(str(error)) from error


def _span(episodes: Sequence[Episode], wanted: tuple[int | None, int | None]) -> tuple[int, int]:
    """Return begin and end of the report; default: from the first alarm until now. [µs]"""
    start, end = wanted
    now = SystemClock().now()
    latest = max((e.returned or e.raised for e in episodes), default=now)
    end = max(now, latest) if end is None else end
    if start is None:
        if not episodes:
            raise TwinError("no alarm is on record yet")
        start = min(e.raised for e in episodes)
    if start >= end:
        raise TwinError("the end of the range is not behind its begin")
    return start, end


def _months(start: int, end: int, zone: ZoneInfo) -> list[int]:
    """Return the beginnings of months between two times. [µs]"""
    local = datetime.fromtimestamp(start / MICROSECONDS, zone)
    year, month, found = local.year, local.month, list[int]()
    while True:
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
        begin = round(datetime(year, month, 1, tzinfo=zone).timestamp() * MICROSECONDS)
        if begin >= end:
            return found
        found.append(begin)


def _text(sheets: Sequence[AlarmSheet]) -> str:
    # No markup: a site may be called "Schule [nord]".
    console = Console(
        width=_WIDTH, record=True, file=io.StringIO(), color_system=None, markup=False
    )
    for sheet in sheets:
        console.print(f"{sheet.title}, {sheet.start} to {sheet.end}", highlight=False)
        for content in sheet.tables:
            table = Table(title=content.title, title_justify="left")
            for column in content.columns:
                table.add_column(column)
            for row in content.rows:
                table.add_row(*row)
            console.print(table if content.rows else f"{content.title}: none", highlight=False)
        console.print()
    return console.export_text()
