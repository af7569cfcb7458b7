"""``hptwin heatups``: how long heat-ups took, and how well that would have been told before."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.table import Table

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
from heatpump_twin.logs import configure

if TYPE_CHECKING:
    from heatpump_twin.twin_engine.smart_start.walk_forward import WalkForward

command = typer.Typer(add_completion=False)
_PERCENT = 100.0
_COLUMNS = ("begin", "from", "to", "took", "expected", "lead", "in time", "by")


@command.command()
def evaluate_heat_ups(
    heat_pump: Annotated[str, typer.Option(help="Id of the heat pump.")] = "hp1",
    quantity: Annotated[str, typer.Option(help="What is heated: water, room or tank.")] = "water",
    target: Annotated[
        float | None, typer.Option(help="Where no setpoint was recorded: the target, in °C.")
    ] = None,
    probability: Annotated[
        float, typer.Option(min=50, max=99, help="In how many of a hundred it shall be in time.")
    ] = 90.0,
    keep: Annotated[
        bool, typer.Option("--keep", help="Let smart start learn from them; the twin must rest.")
    ] = False,
    first: FromOption = None,
    last: ToOption = None,
    site: KnownSiteOption = None,
    data: DataOption = None,
    set_: SetOption = None,
) -> None:
    """Find heat-ups in the recorded history, and tell each by those before it."""
    from heatpump_twin.safekeeping.known_site import known_site
    from heatpump_twin.training.site_heat_ups import site_heat_ups
    from heatpump_twin.twin_engine.smart_start.ready_program import ReadyQuantity
    from heatpump_twin.twin_engine.smart_start.walk_forward import FIRST, walk_forward

    configure("heatups")
    if quantity not in set(ReadyQuantity):
        raise TwinError(f"{quantity!r} is none of {', '.join(ReadyQuantity)}")
    directory = DataDirectory.existing(data)
    settings = known_site(directory, site, set_ or ()).load()
    what = ReadyQuantity(quantity)
    zone = ZoneInfo(settings.site.timezone)
    span = moment_of(first, "--from", zone), moment_of(last, "--to", zone)
    found = asyncio.run(
        site_heat_ups(settings, directory, heat_pump, what, target, span, keep=keep)
    )
    if len(found) <= FIRST:
        where = "history" if span == (None, None) else "history between --from and --to"
        raise TwinError(f"{len(found)} heat-ups in the {where}: more than {FIRST} are needed")
    _print(walk_forward(found, probability / _PERCENT), zone)


def _print(told: WalkForward, zone: ZoneInfo) -> None:
    from heatpump_twin.twin_engine.smart_start.walk_forward import FIRST

    console, found = Console(), told.heat_ups
    table = Table(padding=0)
    for name in _COLUMNS:
        # A time that is cut off names no day; how it was told may take a second line.
        table.add_column(name, no_wrap=name != _COLUMNS[-1])
    for k in range(len(found)):
        begin = datetime.fromtimestamp(int(found.begin[k]) / MICROSECONDS, UTC).astimezone(zone)
        more = "" if found.reached[k] else "> "
        table.add_row(
            f"{begin:%Y-%m-%d %H:%M}",
            f"{found.initial[k]:.1f} °C",
            f"{found.target[k]:.1f} °C",
            f"{more}{found.seconds[k] / 60:.0f} min",
            f"{told.expected[k] / 60:.0f} min",
            f"{told.lead[k] / 60:.0f} min",
            "yes" if told.on_time[k] else "no",
            told.method[k],
        )
    console.print(table)
    console.print(
        f"{len(found)} heat-ups, after {FIRST} that were only learnt from; "
        f"{int(found.reached.sum())} of them reached their target: mean absolute error "
        f"{told.error / 60:.1f} min; in time with the lead "
        f"{int(told.on_time.sum())} of {len(found)} ({told.on_time.mean():.0%})",
        highlight=False,
        soft_wrap=True,
    )
