"""``hptwin forecast``: what is to come in the next 48 hours."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.table import Table

from heatpump_twin.cli.history.moment import moment_of
from heatpump_twin.cli.learning.calibrate import CALIBRATION_NICE
from heatpump_twin.cli.options import DataOption, KnownSiteOption, SetOption
from heatpump_twin.config.catalogue import CATALOGUE, HEAT_PUMP
from heatpump_twin.config.data_directory import DataDirectory
from heatpump_twin.logs import configure
from heatpump_twin.parent import is_child

if TYPE_CHECKING:
    from heatpump_twin.twin_engine.trajectory import Trajectory

command = typer.Typer(add_completion=False)

_SHOWN = (0, 12, 48, 96, 191)
"""Quarter-hours ahead that a person is shown."""


@command.command()
def forecast_site(
    at: Annotated[
        str | None,
        typer.Option("--at", metavar="TIME", help="As if it were then; default: the last record."),
    ] = None,
    result: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write all of it to a file for the twin.")
    ] = None,
    site: KnownSiteOption = None,
    data: DataOption = None,
    set_: SetOption = None,
) -> None:
    """Forecast heat, power, COP, cost and temperatures of all heat pumps for 48 hours."""
    from heatpump_twin.forecasting.site_forecast import site_forecast
    from heatpump_twin.safekeeping.known_site import known_site
    from heatpump_twin.twin_engine.forecasting.forecast_file import write_forecasts

    configure("forecast")
    if is_child():
        os.nice(CALIBRATION_NICE)
    directory = DataDirectory.existing(data)
    settings = known_site(directory, site, set_ or ()).load()
    zone = ZoneInfo(settings.site.timezone)
    issued = asyncio.run(site_forecast(settings, directory, moment_of(at, "--at", zone)))
    if result is not None:
        if issued:
            write_forecasts(result, issued)
        return
    _print(issued, zone)


def _print(issued: Sequence[Trajectory], zone: ZoneInfo) -> None:
    console = Console()
    if not issued:
        console.print("nothing is recorded yet of which a forecast could be made")
        return
    begins = [datetime.fromtimestamp(issued[0].time[k] / 1e6, zone) for k in _SHOWN]
    for asset in dict.fromkeys(one.key.partition(".")[0] for one in issued):
        table = Table(title=f"{asset}: forecast of {begins[0]:%Y-%m-%d %H:%M}, median, 10 to 90 %")
        table.add_column("")
        for moment in begins:
            table.add_column(f"{moment:%a %H:%M}", justify="right")
        for one in issued:
            owner, _, point = one.key.partition(".")
            if owner == asset:
                title = CATALOGUE[HEAT_PUMP][point].title.removesuffix(" forecast")
                table.add_row(title, *[_cell(*one.values[:, k]) for k in _SHOWN])
        console.print(table)


def _cell(low: float, middle: float, high: float) -> str:
    return f"{middle:.4g}\n{low:.3g}–{high:.3g}"
