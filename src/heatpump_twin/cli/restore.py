"""``hptwin restore``: bring a backup back."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from sqlalchemy import make_url

from heatpump_twin.cli.options import DataOption, SetOption
from heatpump_twin.config.data_directory import DataDirectory
from heatpump_twin.config.errors import ConfigError, Problem
from heatpump_twin.drivers.clock import SystemClock

command = typer.Typer(add_completion=False)

_URL = "historian.url="


@command.command()
def restore_backup(
    file: Annotated[Path, typer.Argument(help="The archive that `hptwin backup` has written.")],
    data: DataOption = None,
    set_: SetOption = None,
) -> None:
    """Restore a backup to a data directory; what was there is kept.

    No twin may run on it. All of the backup is verified before anything is changed.
    """
    from heatpump_twin.safekeeping.manifest import SITE
    from heatpump_twin.safekeeping.restore import restore

    urls = [item.removeprefix(_URL) for item in set_ or () if item.startswith(_URL)]
    if len(urls) != len(set_ or ()):
        raise ConfigError([Problem("--set", 1, "", f"a restore takes {_URL}URL only")])
    done = restore(
        file, DataDirectory.at(data).root, make_url(urls[-1]) if urls else None, SystemClock()
    )
    out = Console(soft_wrap=True, highlight=False, markup=False)
    out.print(f"{done.data}: as at {done.manifest.made}, by version {done.manifest.version}")
    if done.before is not None:
        out.print(f"what was there is in {done.before}")
    if any(member.path.startswith(SITE) for member in done.manifest.members):
        out.print(f"the site file and its profiles are in {done.data / 'site'}")
    if done.manifest.elsewhere:
        out.print(
            f"its database was {done.manifest.elsewhere} and is in {done.data} now: move it there, "
            "or take historian.url out of the site file, before you start it"
        )
    out.print(f"it ran with: hptwin run {' '.join(done.manifest.arguments)}")
