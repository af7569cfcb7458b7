"""``hptwin check``: check a site file."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console

from heatpump_twin.cli.options import SetOption

command = typer.Typer(add_completion=False)


@command.command()
def check_site_file(
    file: Annotated[str, typer.Argument(metavar="FILE")], set_: SetOption = None
) -> None:
    """Check a site file and the profiles it uses: every mistake with file, line and key."""
    from heatpump_twin.runtime.site_check import check_site

    out = Console()
    checked = check_site(file, set_ or ())
    # Warnings do not change the exit code: what is doubtful may be right on this machine.
    for warning in checked.warnings:
        out.print(f"warning: {warning}", highlight=False, markup=False, soft_wrap=True)
    out.print(checked.summary, highlight=False)
