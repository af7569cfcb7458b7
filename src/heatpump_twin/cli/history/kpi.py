"""``hptwin kpi``: energies, SPF, runs and costs of any recorded period."""

from __future__ import annotations

import asyncio
import csv
import sys
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, NamedTuple
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.table import Table

from heatpump_twin.cli.history.moment import moment_of
from heatpump_twin.cli.options import DataOption, KnownSiteOption, SetOption
from heatpump_twin.config.data_directory import DataDirectory
from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.errors import TwinError

if TYPE_CHECKING:
    from heatpump_twin.config.settings import Site
    from heatpump_twin.twin_engine.kpi.figure import Figure

command = typer.Typer(add_completion=False)

COLUMNS = ("asset", "from", "to", "partial", "figure", "value", "unit", "low", "high", "doubts")
_SPANS = ("hour", "day", "month", "year")


class Line(NamedTuple):
    """One figure of one asset in one period."""

    asset: str
    start: int
    end: int
    partial: bool
    """The period is cut by ``--from`` or ``--to``, or is not over."""
    figure: Figure


@command.command()
def key_figures(
    first: Annotated[
        str, typer.Option("--from", metavar="TIME", help="ISO time, of the site if without offset.")
    ],
    last: Annotated[str, typer.Option("--to", metavar="TIME", help="ISO time, not included.")],
    every: Annotated[
        str | None, typer.Option(metavar="SPAN", help="A table for each hour, day, month or year.")
    ] = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="CSV in place of tables.")] = False,
    site: KnownSiteOption = None,
    data: DataOption = None,
    set_: SetOption = None,
) -> None:
    """Key figures of a recorded period, of each heat pump and the site. The twin may run."""
    from heatpump_twin.safekeeping.known_site import known_site

    if every is not None and every not in _SPANS:
        raise TwinError(f"--every {every}: write {', '.join(_SPANS)}")
    directory = DataDirectory.existing(data)
    settings = known_site(directory, site, set_ or ()).load()
    zone = ZoneInfo(settings.site.timezone)
    start, end = moment_of(first, "--from", zone), moment_of(last, "--to", zone)
    if start is None or end is None or start >= end:
        raise TwinError(f"--from {first} is not before --to {last}")
    lines = asyncio.run(_lines(settings, directory, start, end, every))
    if not lines:
        raise TwinError("nothing is recorded of any heat pump in this time")
    if as_csv:
        _write_csv(lines, zone)
    else:
        _print_tables(lines, zone)


async def _lines(
    site: Site, data: DataDirectory, start: int, end: int, every: str | None
) -> list[Line]:
    from heatpump_twin.twin_engine.errors import EngineError
    from heatpump_twin.twin_engine.historian.database.database_access import database_url
    from heatpump_twin.twin_engine.historian.stored_history import StoredHistory
    from heatpump_twin.twin_engine.kpi.counting import CountingRules
    from heatpump_twin.twin_engine.kpi.site_figures import asset_figures

    rules = CountingRules.of(site)
    history = StoredHistory(database_url(site.historian, data))
    try:
        await history.start()
        lines = []
        for begin, stop, partial in _periods(start, end, every, rules.zone):
            of = await asset_figures(history, history.keys, site, rules, begin, stop)
            lines += [
                Line(asset, begin, stop, partial, figure)
                for asset, figures in of.items()
                for figure in figures
            ]
    except EngineError as error:
        raise TwinError(str(error)) from error
    else:
        return lines
    finally:
        await history.stop()


def _periods(
    start: int, end: int, every: str | None, zone: ZoneInfo
) -> Iterator[tuple[int, int, bool]]:
    """Yield the periods, and whether each is only a part of what it is named after."""
    from heatpump_twin.config.period_figure import CalendarSpan
    from heatpump_twin.twin_engine.derive.energy.calendar import edges_of

    now = round(datetime.now(zone).timestamp() * MICROSECONDS)
    if every is None:
        yield start, end, end > now
        return
    for begin, stop in pairwise(edges_of(CalendarSpan(every), start, end, zone).tolist()):
        yield max(begin, start), min(stop, end), begin < start or stop > min(end, now)


def _write_csv(lines: Iterable[Line], zone: ZoneInfo) -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(COLUMNS)
    for line in lines:
        figure = line.figure
        writer.writerow(
            (
                line.asset,
                _shown(line.start, zone),
                _shown(line.end, zone),
                "yes" if line.partial else "no",
                figure.name,
                *(_number(figure.value), figure.unit),
                *(_number(figure.low), _number(figure.high)),
                "; ".join(figure.doubts),
            )
        )


def _print_tables(lines: Sequence[Line], zone: ZoneInfo) -> None:
    console = Console()
    for asset, start, end, partial in dict.fromkeys(line[:4] for line in lines):
        title = f"{asset}, {_shown(start, zone)} to {_shown(end, zone)}"
        table = Table(title=f"{title} (a part)" if partial else title, title_justify="left")
        table.add_column("figure")
        table.add_column("value", justify="right")
        for column in ("unit", "90 % interval", "doubts"):
            table.add_column(column)
        for line in lines:
            if line[:4] == (asset, start, end, partial):
                table.add_row(*_cells(line.figure))
        console.print(table)


def _cells(figure: Figure) -> tuple[str, ...]:
    from heatpump_twin.twin_engine.kpi.figure_titles import title_of

    known = figure.low == figure.low
    interval = f"{figure.low:.4g} to {figure.high:.4g}" if known else ""
    value = f"{figure.value:.4g}" if figure.value == figure.value else "–"
    return title_of(figure.name), value, figure.unit, interval, ", ".join(figure.doubts)


def _number(value: float) -> str:
    return "" if value != value else repr(value)


def _shown(time: int, zone: ZoneInfo) -> str:
    return datetime.fromtimestamp(time // MICROSECONDS, zone).isoformat(timespec="minutes")
