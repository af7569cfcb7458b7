"""``hptwin evaluate``: how good forecasts were, by what came."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.table import Table

from heatpump_twin.cli.history.moment import moment_of
from heatpump_twin.cli.learning.calibrate import CALIBRATION_NICE
from heatpump_twin.cli.options import DataOption, KnownSiteOption, SetOption, ToOption
from heatpump_twin.config.catalogue import CATALOGUE, HEAT_PUMP
from heatpump_twin.config.data_directory import DataDirectory
from heatpump_twin.config.load import load_site
from heatpump_twin.errors import TwinError
from heatpump_twin.logs import configure
from heatpump_twin.parent import is_child

if TYPE_CHECKING:
    from heatpump_twin.forecasting.evaluation import Evaluation
    from heatpump_twin.twin_engine.forecasting.skill import Scores

command = typer.Typer(add_completion=False)


@command.command()
def evaluate_forecasts(
    heat_pump: Annotated[str | None, typer.Option(help="Id; default: all of the site.")] = None,
    days: Annotated[
        float | None, typer.Option(min=2, max=400, help="How many of the last days; default: 28.")
    ] = None,
    csv: Annotated[
        list[Path] | None,
        typer.Option(
            "--csv", metavar="PATH", help="Tables in place of history, or a folder of such."
        ),
    ] = None,
    mapping: Annotated[
        Path | None, typer.Option("--mapping", metavar="MAP.yaml", help="What their columns are.")
    ] = None,
    keep: Annotated[
        bool, typer.Option("--keep", help="Show from now on what did best, with its intervals.")
    ] = False,
    plot: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A drawing: quantiles and errors, as PNG.")
    ] = None,
    last: ToOption = None,
    site: KnownSiteOption = None,
    data: DataOption = None,
    set_: SetOption = None,
) -> None:
    """Forecast again from many moments of the past, and hold it against what came."""
    from heatpump_twin.forecasting.evaluation import evaluate_site
    from heatpump_twin.safekeeping.known_site import known_site

    if is_child():
        os.nice(CALIBRATION_NICE)
    configure("evaluate")
    if csv:
        found = _of_tables(csv, mapping, days, site, set_)
    else:
        directory = DataDirectory.existing(data)
        settings = known_site(directory, site, set_ or ()).load()
        end = moment_of(last, "--to", ZoneInfo(settings.site.timezone))
        found = asyncio.run(evaluate_site(settings, directory, heat_pump, end, days, keep=keep))
    for one in found:
        _print(one)
    if plot is not None:
        from heatpump_twin.forecasting.evaluation_drawing import drawn_evaluation

        plot.write_bytes(drawn_evaluation(found[0]))


def _of_tables(
    tables: Sequence[Path],
    mapping: Path | None,
    days: float | None,
    site: str | None,
    set_: list[str] | None,
) -> list[Evaluation]:
    from heatpump_twin.calibrating.calibrated_tables import read_table_map
    from heatpump_twin.forecasting.evaluation import evaluate
    from heatpump_twin.forecasting.table_courses import table_courses
    from heatpump_twin.twin_engine.forecasting.method import baselines

    if mapping is None:
        raise TwinError("name with --mapping the file that says what the columns are")
    zone = ZoneInfo(load_site(site or "default", set_ or ()).site.timezone)
    courses = table_courses(tables, read_table_map(mapping), zone)
    return [evaluate(name, course, baselines(), days) for name, course in courses]


def _print(one: Evaluation) -> None:
    console = Console()
    card = one.card
    title = (
        f"{one.heat_pump}: {card.forecasts} forecasts of 48 h, {card.start[:10]} to {card.end[:10]}"
    )
    table = Table(title=title)
    table.add_column("")
    for name in ("method", "loss", "MAE", "within", "skill"):
        table.add_column(name, justify="left" if name == "method" else "right")
    empty: list[str] = []
    for target, judged in one.judged.items():
        title = CATALOGUE[HEAT_PUMP][target.point].title.removesuffix(" forecast")
        if not judged.scores().count:
            empty.append(f"{title} is left out: too little of it is recorded to judge a forecast")
            continue
        skill = card.targets[target.point].skill
        table.add_row(title, "shown", *_cells(judged.scores()), _share(skill))
        for method in judged.methods:
            mark = " *" if method == judged.chosen else ""
            table.add_row("", method + mark, *_cells(judged.scores(method)), "")
    console.print(table)
    for words in (
        "loss: mean pinball loss; within: share within the interval of 80 %; skill: share of the "
        "seasonal naive's loss that is saved; *: shown from now on",
        *empty,
        *one.left_out,
    ):
        console.print(words, highlight=False, markup=False, soft_wrap=True)


def _cells(found: Scores) -> tuple[str, str, str]:
    if not found.count:
        return "", "", ""
    return f"{found.loss:.3g}", f"{found.mae:.3g}", _share(found.coverage)


def _share(value: float | None) -> str:
    return "" if value is None or value != value else f"{value:.0%}"
