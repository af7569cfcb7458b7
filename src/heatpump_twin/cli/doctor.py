"""``hptwin doctor``: tell the state of everything on one page."""

from __future__ import annotations

import typer
from rich.console import Console
from rich.text import Text

from heatpump_twin.cli.options import DataOption, KnownSiteOption, SetOption
from heatpump_twin.config.data_directory import DataDirectory
from heatpump_twin.drivers.clock import SystemClock

command = typer.Typer(add_completion=False)

_STYLES = {"ok": "green", "look": "yellow", "wrong": "bold red"}


@command.command()
def examine_twin(
    site: KnownSiteOption = None,
    data: DataOption = None,
    set_: SetOption = None,
) -> None:
    """Tell the state of everything on one page; exit with 1 where something is wrong."""
    from heatpump_twin.safekeeping.doctor import Doctor
    from heatpump_twin.safekeeping.finding import Grade
    from heatpump_twin.safekeeping.known_site import known_site

    directory = DataDirectory.existing(data)
    settings = known_site(directory, site, set_ or ()).load()
    out, bad = Console(soft_wrap=True, highlight=False), False
    for found in Doctor(settings, directory, SystemClock()).examine():
        bad = bad or found.grade is Grade.WRONG
        line = Text(f"{found.grade:6}", style=_STYLES[found.grade])
        out.print(line.append(f"{found.subject:20} {found.text}", style="default"))
    raise typer.Exit(int(bad))
