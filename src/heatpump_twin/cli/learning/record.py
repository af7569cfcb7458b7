"""``hptwin record``: record training history from the emulated plant."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer
from rich.console import Console

from heatpump_twin.cli.options import DataOption, SetOption, SiteOption
from heatpump_twin.config.data_directory import DataDirectory
from heatpump_twin.config.load import load_site
from heatpump_twin.logs import configure

command = typer.Typer(add_completion=False)


@command.command()
def record_history(
    days: Annotated[int, typer.Option(min=1, max=730, help="Plant days to record.")] = 120,
    site: SiteOption = "default",
    data: DataOption = None,
    set_: SetOption = None,
) -> None:
    """Exercise the emulated plant in accelerated time and record it, as training history."""
    from heatpump_twin.training.campaign import record_campaign

    settings = load_site(site, set_ or ())
    configure("record")
    progress = Console(stderr=True)
    runs = asyncio.run(record_campaign(settings, DataDirectory.open(data), days, progress))
    Console().print(f"recorded {days} plant days with {runs} heat-up starts", highlight=False)
