"""``hptwin export``: recorded history as CSV or Parquet."""

from __future__ import annotations

import asyncio
import csv
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import closing
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.progress import Progress

from heatpump_twin.cli.history.moment import moment_of
from heatpump_twin.cli.options import (
    DataOption,
    FromOption,
    KnownSiteOption,
    SetOption,
    ToOption,
)
from heatpump_twin.config.data_directory import DataDirectory
from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.errors import TwinError
from heatpump_twin.safekeeping.export_file import opened_export, replaced

if TYPE_CHECKING:
    from heatpump_twin.config.settings import Site
    from heatpump_twin.safekeeping.history_export import HistoryExport, Piece
    from heatpump_twin.twin_engine.history import Samples

command = typer.Typer(add_completion=False)

COLUMNS = ("time", "point", "unit", "value", "status", "origin")
_EVER = 2**62
_GOOD_OR_NOT = ("good", "uncertain", "bad", "bad")
"""By the two highest bits of a status."""


@command.command()
def export_history(
    points: Annotated[
        list[str] | None,
        typer.Argument(metavar="POINT…", help="Keys, such as hp1.power or 'hp1.*'; default: all."),
    ] = None,
    first: FromOption = None,
    last: ToOption = None,
    every: Annotated[
        str | None,
        typer.Option(
            metavar="INTERVAL",
            help="One value for each: 15 min, 1 h, day, week, month, "
            "year; days and longer are those of the site's time zone.",
        ),
    ] = None,
    aggregate: Annotated[
        str, typer.Option(help="What that value is: an aggregate of OPC UA, such as Maximum.")
    ] = "TimeAverage2",
    wide: Annotated[
        bool, typer.Option("--wide", help="A column for each point, with --every.")
    ] = False,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="FILE", help="Default: print it. .parquet: as such."
        ),
    ] = None,
    site: KnownSiteOption = None,
    data: DataOption = None,
    set_: SetOption = None,
) -> None:
    """Export recorded history as CSV or Parquet, with units. The twin may run."""
    from heatpump_twin.safekeeping.known_site import known_site

    if wide and every is None:
        raise TwinError("--wide needs --every: only then all points have values of the same times")
    directory = DataDirectory.existing(data)
    settings = known_site(directory, site, set_ or ()).load()
    wanted = (points or [], first, last, every, aggregate)
    if output is not None and output.suffix == ".parquet":
        with replaced(output) as part:
            into_parquet = partial(_parquet_wide if wide else _parquet_long, path=part)
            count = asyncio.run(_export(settings, directory, wanted, into_parquet))
    else:
        with opened_export(output) as file:
            as_text = partial(_write_wide if wide else _write_long, file=file)
            count = asyncio.run(_export(settings, directory, wanted, as_text))
    Console(stderr=True).print(f"{count} values", highlight=False)


async def _export(
    site: Site,
    data: DataDirectory,
    wanted: tuple[Sequence[str], str | None, str | None, str | None, str],
    write: Callable[[HistoryExport, Sequence[str], ZoneInfo], Awaitable[int]],
) -> int:
    from heatpump_twin.runtime.assembly import assemble
    from heatpump_twin.safekeeping.history_export import chosen, history_export
    from heatpump_twin.safekeeping.sample_origin import Origins
    from heatpump_twin.twin_engine.errors import EngineError
    from heatpump_twin.twin_engine.historian.database.database_access import database_url
    from heatpump_twin.twin_engine.historian.stored_history import StoredHistory

    patterns, first, last, every, aggregate = wanted
    zone = ZoneInfo(site.site.timezone)
    history = StoredHistory(database_url(site.historian, data))
    try:
        await history.start()
        keys = chosen(history.keys, patterns)
        if not keys:
            raise TwinError(f"nothing is recorded of {' or '.join(patterns) or 'any point'}")
        span = moment_of(first, "--from", zone), moment_of(last, "--to", zone)
        table, origins = assemble(site, None).table, Origins.of(site, data)
        export = await history_export(history, table, keys, origins, span, every, aggregate, zone)
        return await write(export, keys, zone)
    except EngineError as error:
        raise TwinError(str(error)) from error
    finally:
        await history.stop()


async def _write_long(
    export: HistoryExport, keys: Sequence[str], zone: ZoneInfo, file: IO[str]
) -> int:
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(COLUMNS)
    count = 0
    async for piece in _followed(export, keys):
        samples = piece.samples
        columns = (samples.time.tolist(), samples.value.tolist(), samples.status.tolist())
        for time, value, status, origin in zip(*columns, piece.origins, strict=True):
            shown = (_shown(time, zone), piece.key, piece.unit, _number(value), _quality(status))
            writer.writerow((*shown, origin))
        count += len(samples)
    return count


async def _write_wide(
    export: HistoryExport, keys: Sequence[str], zone: ZoneInfo, file: IO[str]
) -> int:
    columns: dict[str, list[str]] = {key: [] for key in keys}
    titles = {}
    async for piece in _followed(export, keys):
        columns[piece.key] += [_number(value) for value in piece.samples.value.tolist()]
        titles[piece.key] = f"{piece.key} [{piece.unit}]" if piece.unit else piece.key
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["time", *(titles[key] for key in keys)])
    times = [_shown(time, zone) for time in export.begins]
    writer.writerows(zip(times, *columns.values(), strict=True))
    return len(times) * len(keys)


async def _parquet_long(
    export: HistoryExport, keys: Sequence[str], _zone: ZoneInfo, path: Path
) -> int:
    from heatpump_twin.safekeeping.parquet import LongTable

    count = 0
    with closing(LongTable(path, {key: export.unit(key) for key in keys})) as table:
        async for piece in _followed(export, keys):
            table.write(piece.key, piece.samples, piece.origins)
            count += len(piece.samples)
    return count


async def _parquet_wide(
    export: HistoryExport, keys: Sequence[str], _zone: ZoneInfo, path: Path
) -> int:
    from heatpump_twin.safekeeping.parquet import write_wide
    from heatpump_twin.twin_engine.history import Samples

    columns: dict[str, list[Samples]] = {key: [] for key in keys}
    async for piece in _followed(export, keys):
        columns[piece.key].append(piece.samples)
    whole = {key: Samples.concat(parts) for key, parts in columns.items()}
    write_wide(path, export.begins, whole, {key: export.unit(key) for key in keys})
    return len(export.begins) * len(keys)


async def _followed(export: HistoryExport, keys: Sequence[str]) -> AsyncIterator[Piece]:
    """Yield the pieces of all points with a bar of how many points are done."""
    # On standard error: standard output may be the table itself.
    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("history", total=len(keys))
        async for piece in export.pieces(keys):
            progress.update(task, completed=keys.index(piece.key), description=piece.key)
            yield piece


def _number(value: float) -> str:
    return "" if value != value else repr(value)


def _quality(status: int) -> str:
    return f"{_GOOD_OR_NOT[status >> 30]} 0x{status:08X}"


def _shown(time: int, zone: ZoneInfo) -> str:
    # From whole seconds, as a float has no exact microseconds.
    moment = datetime.fromtimestamp(time // MICROSECONDS, zone)
    # Microseconds where there are some: samples that are apart stay apart in the table.
    exactly = "microseconds" if time % 1000 else "milliseconds"
    return moment.replace(microsecond=time % MICROSECONDS).isoformat(timespec=exactly)
