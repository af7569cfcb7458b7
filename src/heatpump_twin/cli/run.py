"""``hptwin run``: run the twin with its child processes."""

from __future__ import annotations

from typing import Annotated

import typer

from heatpump_twin.cli.options import DataOption, SetOption, SiteOption
from heatpump_twin.config.data_directory import DataDirectory
from heatpump_twin.config.load import SiteFile
from heatpump_twin.loading import loading
from heatpump_twin.logs import configure
from heatpump_twin.stopping import end_at_once, until_stopped

command = typer.Typer(add_completion=False)

SpeedOption = Annotated[
    float | None,
    typer.Option(
        "--speed",
        metavar="N",
        help="N seconds a second, of plant, twin and history alike; only where all devices are "
        "emulated. The same as --set plant.speed=N.",
    ),
]


@command.command()
def run_site(
    site: SiteOption = "default",
    data: DataOption = None,
    set_: SetOption = None,
    speed: SpeedOption = None,
) -> None:
    """Run the twin: poll, record, predict, raise alarms, serve OPC UA and the web HMI."""
    end_at_once()
    with loading():
        from heatpump_twin.runtime.run import run
        from heatpump_twin.runtime.site_check import examine
        from heatpump_twin.web.descriptors import raise_descriptor_limit

    # As a setting, so that the children and a reload have it, too.
    faster = [] if speed is None else [f"plant.speed={speed:g}"]
    file = SiteFile(site, [*(set_ or ()), *faster])
    # Read before anything is made: a mistake in the file leaves no half a data directory.
    settings = examine(file).site
    configure("twin")
    raise_descriptor_limit()
    directory = DataDirectory.open(data)
    until_stopped(lambda stop: run(settings, directory, file, stop))
