"""``hptwin train``: train a model on a heat pump's own history."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from heatpump_twin.cli.options import DataOption, SetOption, SiteOption
from heatpump_twin.config.data_directory import DataDirectory
from heatpump_twin.config.load import load_site
from heatpump_twin.logs import configure
from heatpump_twin.parent import is_child

command = typer.Typer(add_completion=False)

TRAINING_NICE = 10
"""Beside a running twin, training takes only the time that nobody else needs."""


@command.command()
def train_heat_pump(
    heat_pump: Annotated[str, typer.Option(help="Id of the heat pump.")] = "hp1",
    output: Annotated[
        Path | None, typer.Option(help="Model file; default: the data directory's models.")
    ] = None,
    site: SiteOption = "default",
    data: DataOption = None,
    set_: SetOption = None,
) -> None:
    """Train the heat-up model of a heat pump on its recorded history."""
    from heatpump_twin.training.train_model import train_model

    # Only as a child: whoever trains by hand waits for it, and has the machine to himself.
    if is_child():
        os.nice(TRAINING_NICE)
    settings = load_site(site, set_ or ())
    configure("train")
    report = asyncio.run(train_model(settings, DataDirectory.open(data), heat_pump, output))
    Console().print(report, highlight=False, soft_wrap=True)
