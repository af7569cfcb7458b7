"""``hptwin train``: train a model on a heat pump's own history."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.table import Table

from heatpump_twin.cli.history.moment import moment_of
from heatpump_twin.cli.options import DataOption, KnownSiteOption, SetOption, ToOption
from heatpump_twin.config.catalogue import CATALOGUE, HEAT_PUMP
from heatpump_twin.config.data_directory import DataDirectory
from heatpump_twin.config.load import load_site
from heatpump_twin.errors import TwinError
from heatpump_twin.logs import configure
from heatpump_twin.parent import is_child

if TYPE_CHECKING:
    from heatpump_twin.forecasting.trained_remainders import LearntOutcome
    from heatpump_twin.twin_engine.forecasting.remainder.remainder_training import Candidate

command = typer.Typer(add_completion=False)

TRAINING_NICE = 10
"""Beside a running twin, training takes only the time that nobody else needs."""


class TrainedModel(StrEnum):
    """What can be trained."""

    HEAT_UP = "heat-up"
    FORECASTS = "forecasts"


@command.command()
def train_model_of_heat_pump(
    of: Annotated[
        TrainedModel,
        typer.Option(help="The heat-up time, or what remains of the forecasts of 48 hours."),
    ] = TrainedModel.HEAT_UP,
    heat_pump: Annotated[
        str | None, typer.Option(help="Id; default: hp1, of forecasts all of the site.")
    ] = None,
    csv: Annotated[
        list[Path] | None,
        typer.Option(
            "--csv",
            metavar="PATH",
            help="Forecasts: tables in place of history, or a folder of such.",
        ),
    ] = None,
    mapping: Annotated[
        Path | None, typer.Option("--mapping", metavar="MAP.yaml", help="What their columns are.")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(help="Model file; of forecasts, a folder: default: the data directory's."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Forecasts: keep nothing.")] = False,
    last: ToOption = None,
    site: KnownSiteOption = None,
    data: DataOption = None,
    set_: SetOption = None,
) -> None:
    """Train a model of a heat pump on its recorded history; keep it if unseen days speak for it."""
    # Only as a child: whoever trains by hand waits for it, and has the machine to himself.
    if is_child():
        os.nice(TRAINING_NICE)
    configure("train")
    if of is TrainedModel.HEAT_UP:
        _heat_up(heat_pump or "hp1", output, site, data, set_)
        return
    if csv:
        found = _of_tables(csv, mapping, site, set_)
    else:
        found = _of_history(heat_pump, last, site, data, set_, keep=not dry_run)
    for one in found:
        _print(one)
        if output is not None and one.candidate is not None:
            _write(output, one.heat_pump, one.candidate)
    if all(one.candidate is None for one in found):
        raise TwinError("no model was trained")


def _heat_up(
    heat_pump: str,
    output: Path | None,
    site: str | None,
    data: Path | None,
    set_: list[str] | None,
) -> None:
    from heatpump_twin.training.train_model import train_model

    settings = load_site(site or "default", set_ or ())
    report = asyncio.run(train_model(settings, DataDirectory.open(data), heat_pump, output))
    Console().print(report, highlight=False, soft_wrap=True)


def _of_history(
    heat_pump: str | None,
    last: str | None,
    site: str | None,
    data: Path | None,
    set_: list[str] | None,
    *,
    keep: bool,
) -> list[LearntOutcome]:
    from heatpump_twin.forecasting.evaluation import evaluate_site
    from heatpump_twin.forecasting.trained_remainders import train_site
    from heatpump_twin.safekeeping.known_site import known_site

    directory = DataDirectory.existing(data)
    settings = known_site(directory, site, set_ or ()).load()
    end = moment_of(last, "--to", ZoneInfo(settings.site.timezone))
    found = asyncio.run(train_site(settings, directory, heat_pump, end, keep=keep))
    for one in found:
        # A new version is shown from its promotion on, where the record says that it does best.
        if one.version is not None and one.candidate is not None and one.candidate.verdict.promoted:
            asyncio.run(evaluate_site(settings, directory, one.heat_pump, end, None, keep=True))
    return found


def _of_tables(
    tables: Sequence[Path], mapping: Path | None, site: str | None, set_: list[str] | None
) -> list[LearntOutcome]:
    from heatpump_twin.calibrating.calibrated_tables import read_table_map
    from heatpump_twin.forecasting.trained_remainders import train_tables

    if mapping is None:
        raise TwinError("name with --mapping the file that says what the columns are")
    zone = ZoneInfo(load_site(site or "default", set_ or ()).site.timezone)
    return list(train_tables(tables, read_table_map(mapping), zone))


def _write(folder: Path, name: str, candidate: Candidate) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.onnx").write_bytes(candidate.content)
    text = candidate.card.model_dump_json(indent=1) + "\n"
    (folder / f"{name}.card.json").write_text(text, "utf-8")


def _print(one: LearntOutcome) -> None:
    console = Console()
    if one.candidate is None:
        console.print(f"refused: {one.words}", highlight=False, markup=False, soft_wrap=True)
        return
    card = one.candidate.card
    days = [day[:10] for day in (card.trained.start, card.trained.end, card.held_out.end)]
    table = Table(
        title=f"{one.heat_pump}: what remains after the {card.base}, learnt from {days[0]} to "
        f"{days[1]}, judged until {days[2]}"
    )
    for name in ("", "family", "loss", "best other", "MAE", "best other", "asked"):
        table.add_column(name, justify="left" if name in ("", "family") else "right")
    for point, told in card.targets.items():
        title = CATALOGUE[HEAT_PUMP][point].title.removesuffix(" forecast")
        table.add_row(
            title, told.family, *_pair(told.losses), *_pair(told.maes), "yes" if told.proved else ""
        )
    console.print(table)
    kept = "nothing kept" if one.version is None else f"version {one.version}"
    used = "in use" if one.candidate.verdict.promoted and one.version else "not in use"
    words = f"{one.heat_pump}: {kept}, {used}: {one.words}"
    console.print(words, highlight=False, markup=False, soft_wrap=True)


def _pair(scores: dict[str, float]) -> tuple[str, str]:
    """Return the score of the learnt method, the last, and the least of the others."""
    if len(scores) < 2:
        return "", ""
    *others, own = scores.values()
    return f"{own:.3g}", f"{min(others):.3g}"
