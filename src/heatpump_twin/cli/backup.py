"""``hptwin backup``: write a backup of a twin, also of one that runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from heatpump_twin.cli.options import DataOption, KnownSiteOption, SetOption
from heatpump_twin.config.data_directory import DataDirectory
from heatpump_twin.drivers.clock import SystemClock

command = typer.Typer(add_completion=False)


@command.command()
def write_backup(
    file: Annotated[Path, typer.Argument(help="The archive to write, such as twin.tar.gz.")],
    site: KnownSiteOption = None,
    data: DataOption = None,
    set_: SetOption = None,
) -> None:
    """Write a backup: database, users, certificates, models, site file. The twin may run."""
    from heatpump_twin.safekeeping.backup import back_up
    from heatpump_twin.safekeeping.known_site import known_site

    directory = DataDirectory.existing(data)
    source = known_site(directory, site, set_ or ())
    size = back_up(source.load(), source, directory, file.absolute(), SystemClock())
    Console().print(
        f"{file}: {size / 1e6:.1f} MB; it holds keys and passwords' hashes: keep it where nobody "
        "else can read it, and not on this machine",
        highlight=False, markup=False, soft_wrap=True,
    )  # fmt: skip
