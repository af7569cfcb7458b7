"""``hptwin import``: tables of measured values into the recorded history."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.progress import Progress

from heatpump_twin.cli.options import DataOption, KnownSiteOption, SetOption
from heatpump_twin.config.data_directory import DataDirectory
from heatpump_twin.config.quantities import duration_text
from heatpump_twin.drivers.clock import MICROSECONDS, SystemClock
from heatpump_twin.errors import TwinError

if TYPE_CHECKING:
    from heatpump_twin.config.settings import Site
    from heatpump_twin.drivers.frame import Frame
    from heatpump_twin.safekeeping.importing.import_report import ImportReport
    from heatpump_twin.safekeeping.importing.input_file import InputFile
    from heatpump_twin.safekeeping.importing.table_samples import TableSamples

command = typer.Typer(add_completion=False)


@command.command()
def import_history(
    files: Annotated[
        list[Path],
        typer.Argument(metavar="FILE…", help="CSV, long or wide, or Parquet; - is standard input."),
    ],
    map_: Annotated[
        Path | None,
        typer.Option("--map", metavar="MAP.yaml", help="What the columns are; default: an export."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Read and report only. The twin may run.")
    ] = False,
    replace: Annotated[
        bool, typer.Option("--replace", help="Replace samples that are recorded otherwise.")
    ] = False,
    skip: Annotated[
        bool, typer.Option("--skip-mistakes", help="Leave out what cannot be read.")
    ] = False,
    site: KnownSiteOption = None,
    data: DataOption = None,
    set_: SetOption = None,
) -> None:
    """Import tables into the recorded history. The twin must not run; twice changes nothing."""
    from heatpump_twin.runtime.first_run import exclusive
    from heatpump_twin.safekeeping.importing.input_file import rereadable
    from heatpump_twin.safekeeping.known_site import known_site

    directory = DataDirectory.existing(data)
    settings = known_site(directory, site, set_ or ()).load()
    console = Console()
    with rereadable(files, directory.root) as inputs:
        # All of it first: what cannot be read is told before anything is written.
        report = _examined(settings, map_, inputs)
        _tell(console, report, settings)
        if report.mistakes and not skip:
            raise TwinError(
                f"{report.mistakes} mistakes, so nothing is imported: mend them, or leave out "
                "what cannot be read with --skip-mistakes"
            )
        if not report.values:
            raise TwinError("there is nothing to import: name columns in the map, under points")
        if dry_run:
            console.print("dry run: nothing was written", highlight=False)
            return
        with exclusive(directory):
            written = _import(settings, directory, map_, inputs, replace=replace)
    _tell_written(console, written, replace=replace)


def _examined(site: Site, map_: Path | None, files: Sequence[InputFile]) -> ImportReport:
    found = _samples(site, map_)
    with _followed("reading", files) as done:
        for frame in _frames(found, files, done):
            del frame
    return found.report


def _samples(site: Site, map_: Path | None) -> TableSamples:
    from heatpump_twin.runtime.assembly import assemble
    from heatpump_twin.safekeeping.importing.import_map import EXPORTED, read_map
    from heatpump_twin.safekeeping.importing.table_samples import TableSamples

    zone = ZoneInfo(site.site.timezone)
    latest = SystemClock().now() + 86_400 * MICROSECONDS
    read = EXPORTED if map_ is None else read_map(map_)
    return TableSamples(read, assemble(site, None).table, zone, latest)


def _frames(
    found: TableSamples, files: Sequence[InputFile], done: Callable[[int], None]
) -> Iterator[Frame]:
    from heatpump_twin.safekeeping.importing.table_file import TableFile

    before = 0
    for file in files:
        base = before

        def told(read: int, base: int = base) -> None:
            done(base + read)

        yield from found.read(TableFile(file.path, found.map.format, file.name), told)
        before += file.path.stat().st_size


def _import(
    site: Site, data: DataDirectory, map_: Path | None, files: Sequence[InputFile], *, replace: bool
) -> ImportReport:
    from heatpump_twin.safekeeping.command_audit import audited
    from heatpump_twin.safekeeping.importing.history_import import HistoryImport
    from heatpump_twin.twin_engine.commands.audit_entry import AuditKind
    from heatpump_twin.twin_engine.historian.database.database_access import database_url

    found = _samples(site, map_)
    names = ", ".join(f"{Path(file.name).name} ({_digest(file.path)})" for file in files)
    url = database_url(site.historian, data)
    work = HistoryImport(url, found.table, found.map.gap, replace=replace)
    with (
        audited(data, AuditKind.HISTORY, "import", f"imported {names}"),
        _followed("importing", files) as done,
    ):
        work.run(_frames(found, files, done), found.ends, found.report)
    return found.report


@contextmanager
def _followed(what: str, files: Sequence[InputFile]) -> Iterator[Callable[[int], None]]:
    """Show a bar of how much was read."""
    total = sum(file.path.stat().st_size for file in files if file.path.is_file())
    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(what, total=total)
        yield lambda read: progress.update(task, completed=read)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:16]


def _tell(console: Console, report: ImportReport, site: Site) -> None:
    zone = ZoneInfo(site.site.timezone)

    def tell(text: str) -> None:
        console.print(text, highlight=False, markup=False, soft_wrap=True)

    tell(f"{report.rows} rows, {report.values} values, {report.missing} cells without one")
    for key, point in report.points.items():
        tell(
            f"{key}: {point.values} values, {_shown(point.first, zone)} to "
            f"{_shown(point.last, zone)}; outside of the range {point.outside}, repeated times "
            f"{point.repeated}, times that go back {point.backward}, longest pause "
            f"{duration_text(point.longest / MICROSECONDS)}, pauses that are gaps {point.pauses}"
        )
    for name, count in report.unknown.items():
        tell(f"not in the map: {name!r}, {count} values")
    for mistake in report.shown:
        tell(mistake)
    if report.mistakes > len(report.shown):
        tell(f"and {report.mistakes - len(report.shown)} more")
    span = report.span
    kept = SystemClock().now() - round(site.historian.retention * MICROSECONDS)
    if span is not None and span[0] < kept:
        tell(
            f"values before {_shown(kept, zone)} are older than historian.retention: the twin "
            "deletes them when it runs; make it longer to keep them"
        )


def _tell_written(console: Console, report: ImportReport, *, replace: bool) -> None:
    points = report.points.values()
    new, same, different = (
        sum(getattr(point, name) for point in points) for name in ("new", "same", "different")
    )
    left = "replaced" if replace else "recorded otherwise and left as they are (--replace)"
    console.print(
        f"{new} samples imported, {same} were there already, {different} {left}",
        highlight=False, markup=False, soft_wrap=True,
    )  # fmt: skip


def _shown(time: int, zone: ZoneInfo) -> str:
    return datetime.fromtimestamp(time // MICROSECONDS, UTC).astimezone(zone).isoformat()
