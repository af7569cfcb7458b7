"""``hptwin nodeset``: export a site as a NodeSet2 file for modelling tools."""

from __future__ import annotations

import asyncio
import datetime as dt
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from heatpump_twin import __version__
from heatpump_twin.cli.options import DataOption, SetOption, SiteOption
from heatpump_twin.config.data_directory import DataDirectory
from heatpump_twin.config.load import load_site
from heatpump_twin.config.settings import Site
from heatpump_twin.logs import configure
from heatpump_twin.safekeeping.export_file import write_export

command = typer.Typer(
    add_completion=False, help="The information model as NodeSet2 files.", no_args_is_help=True
)


@command.callback()
def _group() -> None:
    """Stay a group with one command."""


@command.command("export")
def export_nodeset(
    output: Annotated[Path, typer.Argument(help="NodeSet2 file to write.")],
    site: SiteOption = "default",
    data: DataOption = None,
    set_: SetOption = None,
) -> None:
    """Write a site's instances as a NodeSet2 file; it needs our types, DI and Machinery."""
    settings, directory = load_site(site, set_ or ()), DataDirectory.open(data)
    configure("nodeset")
    write_export(output, asyncio.run(_instances(settings, directory)))
    message = f"instances of {settings.site.name} in {output}"
    Console(stderr=True).print(message, highlight=False)


async def _instances(settings: Site, data: DataDirectory) -> bytes:
    # Imported late: the server takes most of a second, and `--help` needs none of it.
    from heatpump_twin.runtime.offline_server import offline_server
    from heatpump_twin.server.export.nodeset_export import NodesetExport

    async with offline_server(settings, data) as offline:
        uris = await offline.server.get_namespace_array()
        export = NodesetExport(offline.aspace, uris, offline.namespaces.site)
        return export.file(__version__, dt.datetime.now(dt.UTC))
