"""``hptwin simulate``: what would be, if something were otherwise."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from heatpump_twin.cli.history.moment import moment_of
from heatpump_twin.cli.learning.calibrate import CALIBRATION_NICE
from heatpump_twin.cli.options import DataOption, FromOption, KnownSiteOption, SetOption, ToOption
from heatpump_twin.config.data_directory import DataDirectory
from heatpump_twin.errors import TwinError
from heatpump_twin.logs import configure
from heatpump_twin.parent import is_child
from heatpump_twin.runtime.background.scenarios import FIGURES, PROGRESS, TABLE

if TYPE_CHECKING:
    from heatpump_twin.simulating.simulated_site import Answer

command = typer.Typer(add_completion=False)

_MOST_DRAWS = 1000


@command.command()
def what_if(
    change: Annotated[
        list[str] | None,
        typer.Option("--change", metavar="NAME=VALUE", help="curve.shift=-3; may recur."),
    ] = None,
    heat_pump: Annotated[str | None, typer.Option(help="Id; default: the only one.")] = None,
    days: Annotated[
        float, typer.Option(min=1, max=366, help="How many of the last days are simulated.")
    ] = 14.0,
    draws: Annotated[
        int,
        typer.Option(min=0, max=_MOST_DRAWS, help="Houses that the record allows, for intervals."),
    ] = 30,
    seed: Annotated[int, typer.Option(min=0, help="The same seed, the same result.")] = 1,
    png: Annotated[Path | None, typer.Option(metavar="FILE", help="A drawing.")] = None,
    html: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A page with all of it.")
    ] = None,
    csv: Annotated[Path | None, typer.Option(metavar="FILE", help="The trajectories.")] = None,
    result: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Figures as JSON and trajectories of hours as CSV."),
    ] = None,
    list_: Annotated[
        bool, typer.Option("--list", help="List what can be changed, and do nothing else.")
    ] = False,
    first: FromOption = None,
    last: ToOption = None,
    site: KnownSiteOption = None,
    data: DataOption = None,
    set_: SetOption = None,
) -> None:
    """Simulate a recorded heat pump and its house as it is, and as it would be with changes."""
    from heatpump_twin.safekeeping.known_site import known_site
    from heatpump_twin.simulating.simulated_site import Question, answered

    configure("simulate")
    if list_:
        _list_changes()
        return
    directory = DataDirectory.existing(data)
    settings = known_site(directory, site, set_ or ()).load()
    zone = ZoneInfo(settings.site.timezone)
    start, end = (moment_of(t, o, zone) for t, o in ((first, "--from"), (last, "--to")))
    question = Question(heat_pump, tuple(change or ()), start, end, days, draws, seed)
    with _progress() as told:
        found = asyncio.run(answered(settings, directory, question, told))
    if result is not None:
        _write_result(found, result)
        return
    _print(found)
    _write(found, png, html, csv)


@contextmanager
def _progress() -> Iterator[Callable[[float], None]]:
    """Show a person how far it is, and tell a parent in lines."""
    if is_child():
        # Only as a child: whoever simulates by hand waits for it.
        os.nice(CALIBRATION_NICE)
        yield lambda share: typer.echo(f"{PROGRESS}{share:.3f}")
        return
    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("simulating", total=1.0)
        yield lambda share: bar.update(task, completed=share)


def _write_result(answer: Answer, folder: Path) -> None:
    from heatpump_twin.simulating.simulation_tables import as_csv, figures_json

    (folder / FIGURES).write_text(figures_json(answer), "utf-8")
    (folder / TABLE).write_text(as_csv(answer, hours=1), "utf-8")


def _print(answer: Answer) -> None:
    from heatpump_twin.simulating.simulation_tables import figure_rows, iso_utc

    title = f"Simulated: {answer.pump.id}, {iso_utc(answer.span[0])} to {iso_utc(answer.span[1])}"
    table = Table(title=title)
    for name in ("", "unit", "baseline", "changed", "difference"):
        table.add_column(name, justify="left" if name in ("", "unit") else "right")
    for row in figure_rows(answer):
        table.add_row(*row)
    console = Console()
    console.print(table)
    for note in answer.notes:
        console.print(note, highlight=False, markup=False, soft_wrap=True)


def _write(answer: Answer, png: Path | None, html: Path | None, csv: Path | None) -> None:
    from heatpump_twin.simulating.simulation_drawing import drawn
    from heatpump_twin.simulating.simulation_tables import as_csv, as_html

    try:
        if csv is not None:
            csv.write_text(as_csv(answer), "utf-8")
        if png is not None:
            png.write_bytes(drawn(answer, "png"))
        if html is not None:
            svg = drawn(answer, "svg").decode("utf-8")
            html.write_text(as_html(answer, svg[svg.index("<svg") :]), "utf-8")
    except OSError as error:
        raise TwinError(f"{error.filename}: {error.strerror}") from error


def _list_changes() -> None:
    from heatpump_twin.twin_engine.model.whatif.changes import known_changes

    table = Table()
    for name in ("name", "unit", "what"):
        table.add_column(name)
    for row in known_changes():
        table.add_row(*row)
    Console().print(table)
