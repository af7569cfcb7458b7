"""Command line options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

SiteOption = Annotated[
    str, typer.Option("--site", metavar="FILE", help="Site file, or the name of a packaged site.")
]
KnownSiteOption = Annotated[
    str | None,
    typer.Option("--site", metavar="FILE", help="Site; default: that of the latest run."),
]
DataOption = Annotated[
    Path | None,
    typer.Option(
        "--data", metavar="DIR", help="Where state lies; default: the user's data directory."
    ),
]
SetOption = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Override a setting, e.g. opcua.port=4841."),
]
FromOption = Annotated[
    str | None, typer.Option("--from", metavar="TIME", help="ISO time; default: all.")
]
ToOption = Annotated[
    str | None, typer.Option("--to", metavar="TIME", help="ISO time, not included.")
]
