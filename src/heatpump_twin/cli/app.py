"""The command line: ``hptwin``."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from heatpump_twin import __version__
from heatpump_twin.cli.cert import cert
from heatpump_twin.cli.field.commissioning import commissioning
from heatpump_twin.cli.plant import plant
from heatpump_twin.cli.points import nodeset, points
from heatpump_twin.cli.reload import reload
from heatpump_twin.cli.user import user
from heatpump_twin.config.data_directory import DataDirectory
from heatpump_twin.config.errors import ConfigError
from heatpump_twin.config.load import SiteFile, load_site
from heatpump_twin.config.settings import Site
from heatpump_twin.errors import TwinError
from heatpump_twin.logs import configure
from heatpump_twin.server.errors import ServerError
from heatpump_twin.stopping import until_stopped

app = typer.Typer(
    name="hptwin",
    help="An OPC UA digital twin server for heat pumps.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.add_typer(user, name="user")
app.add_typer(cert, name="cert")
app.add_typer(nodeset, name="nodeset")
app.command()(points)
app.command()(reload)
app.add_typer(commissioning)
app.add_typer(plant, name="plant")

TRAINING_NICE = 10
"""Beside a running twin, training takes only the time that nobody else needs."""

out = Console()
err = Console(stderr=True)

SiteOption = Annotated[
    str, typer.Option("--site", metavar="FILE", help="Site file, or the name of a packaged site.")
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


@app.command()
def run(site: SiteOption = "default", data: DataOption = None, set_: SetOption = None) -> None:
    """Run the twin: poll, record, predict, raise alarms, serve OPC UA and the web HMI."""
    from heatpump_twin.runtime.run import run as run_twin

    file = SiteFile(site, set_ or ())
    settings = file.load()
    configure("twin")
    directory = DataDirectory.open(data)
    until_stopped(lambda stop: run_twin(settings, directory, file, stop))


@app.command()
def check(file: Annotated[str, typer.Argument(metavar="FILE")], set_: SetOption = None) -> None:
    """Check a site file and the profiles it uses: every mistake with file, line and key."""
    from heatpump_twin.runtime.site_check import check_site

    checked = check_site(file, set_ or ())
    for warning in checked.warnings:
        out.print(f"warning: {warning}", highlight=False, markup=False, soft_wrap=True)
    out.print(checked.summary, highlight=False)


class SchemaOf(StrEnum):
    """What has a JSON Schema."""

    SITE = "site"
    PROFILE = "profile"
    RULES = "rules"


@app.command()
def schema(of: Annotated[SchemaOf, typer.Argument(help="Kind of file.")] = SchemaOf.SITE) -> None:
    """Print the JSON Schema of a site file, a device profile or a rule pack."""
    from heatpump_twin.drivers.modbus.profile.profile_files import profile_schema
    from heatpump_twin.rules.schema import json_schema

    schemas = {
        SchemaOf.SITE: Site.model_json_schema,
        SchemaOf.PROFILE: profile_schema,
        SchemaOf.RULES: json_schema,
    }
    print(json.dumps(schemas[of](), indent=2))  # noqa: T201 (the output itself)


@app.command()
def hmi(site: SiteOption = "default", data: DataOption = None, set_: SetOption = None) -> None:
    """Serve the web HMI of a running twin."""
    from heatpump_twin.hmi.app import run_hmi
    from heatpump_twin.runtime.children import end_with_parent

    settings = load_site(site, set_ or ())
    configure("hmi")
    end_with_parent()
    run_hmi(settings, DataDirectory.open(data))


@app.command()
def record(
    days: Annotated[int, typer.Option(min=1, max=730, help="Plant days to record.")] = 120,
    site: SiteOption = "default",
    data: DataOption = None,
    set_: SetOption = None,
) -> None:
    """Exercise the emulated plant in accelerated time and record it, as training history."""
    from heatpump_twin.training.campaign import record_campaign

    settings = load_site(site, set_ or ())
    configure("record")
    runs = asyncio.run(record_campaign(settings, DataDirectory.open(data), days, err))
    out.print(f"recorded {days} plant days with {runs} heat-up starts", highlight=False)


@app.command()
def train(
    heat_pump: Annotated[str, typer.Option(help="Id of the heat pump.")] = "hp1",
    output: Annotated[
        Path | None, typer.Option(help="Model file; default: the data directory's models.")
    ] = None,
    site: SiteOption = "default",
    data: DataOption = None,
    set_: SetOption = None,
) -> None:
    """Train the heat-up model of a heat pump on its recorded history."""
    from heatpump_twin.runtime.children import end_with_parent
    from heatpump_twin.training.train_model import train_model

    if end_with_parent():
        os.nice(TRAINING_NICE)
    settings = load_site(site, set_ or ())
    configure("train")
    report = asyncio.run(train_model(settings, DataDirectory.open(data), heat_pump, output))
    out.print(report, highlight=False, soft_wrap=True)


def _version(wanted: bool) -> None:
    if wanted:
        out.print(__version__, highlight=False)
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Take the options that stand before a command."""


def main() -> None:
    """Run the command line. A mistake of the user's gives its message and exit code 2."""
    os.umask(0o077)  # whatever we write is its owner's only
    try:
        app()
    except ConfigError as error:
        for problem in error.problems:
            err.print(str(problem), style="red", highlight=False, markup=False, soft_wrap=True)
        sys.exit(2)
    except (TwinError, ServerError) as error:
        err.print(str(error), style="red", highlight=False, markup=False, soft_wrap=True)
        sys.exit(1)
