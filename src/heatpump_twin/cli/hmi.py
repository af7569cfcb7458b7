"""``hptwin hmi``: serve the web pages of a twin."""

from __future__ import annotations

import typer

from heatpump_twin.cli.options import DataOption, SetOption, SiteOption
from heatpump_twin.config.data_directory import DataDirectory
from heatpump_twin.config.load import load_site
from heatpump_twin.loading import loading
from heatpump_twin.logs import configure

command = typer.Typer(add_completion=False)


@command.command()
def serve_hmi(
    site: SiteOption = "default", data: DataOption = None, set_: SetOption = None
) -> None:
    """Serve the web HMI of a running twin."""
    with loading():
        from heatpump_twin.hmi.app import run_hmi
        from heatpump_twin.web.descriptors import raise_descriptor_limit
        from heatpump_twin.web.free_memory import return_free_memory

    settings = load_site(site, set_ or ())
    configure("hmi")
    raise_descriptor_limit()
    return_free_memory()
    # No lock on the data directory: the twin that this HMI shows holds it.
    run_hmi(settings, DataDirectory.open(data))
