"""The command line ``hptwin``: list its commands and report a person's mistakes."""

from __future__ import annotations

import os
import sys
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from heatpump_twin import __version__
from heatpump_twin.cli.lazy_command import LazyCommand
from heatpump_twin.config.errors import ConfigError, StorageError
from heatpump_twin.errors import TwinError
from heatpump_twin.server.errors import ServerError

COMMANDS = {
    "points": "Write the point list: every variable with NodeId, path, type, unit, range and "
    "access.",
    "reload": "Have a running twin read its site file again: heat pumps come and go, the rest "
    "goes on.",
    "run": "Run the twin: poll, record, predict, raise alarms, serve OPC UA and the web HMI.",
    "check": "Check a site file and the profiles it uses: every mistake with file, line and key.",
    "schema": "Print the JSON Schema of a site file, a device profile or a rule pack.",
    "hmi": "Serve the web HMI of a running twin.",
    "learning.record": "Exercise the emulated plant in accelerated time and record it, as training "
    "history.",
    "learning.calibrate": "Calibrate the model of a machine on its record; use it if unseen days "
    "speak for it.",
    "learning.simulate": "Simulate a recorded heat pump and its house as it is, and as it would "
    "be with changes.",
    "learning.forecast": "Forecast heat, power, COP, cost and temperatures of all heat pumps for "
    "48 hours.",
    "learning.evaluate": "Forecast again from many moments of the past, and hold it against what "
    "came.",
    "learning.heatups": "Find heat-ups in the recorded history, and tell each by those before it.",
    "learning.train": "Train a model of a heat pump on its recorded history; keep it if unseen "
    "days speak for it.",
    "learning.models": "Learnt models: which there are, put a version to use, take it back.",
    "history.export": "Export recorded history as CSV or Parquet, with units. The twin may run.",
    "history.import_": "Import tables into the recorded history. The twin must not run; twice "
    "changes nothing.",
    "history.kpi": "Key figures of a recorded period, of each heat pump and the site. The twin "
    "may run.",
    "history.replay": "Drive a twin from recorded history, at any speed: points, rules, "
    "predictions as if live.",
    "backup": "Write a backup: database, users, certificates, models, site file. The twin may run.",
    "restore": "Restore a backup to a data directory; what was there is kept.",
    "doctor": "Tell the state of everything on one page; exit with 1 where something is wrong.",
    "user": "Users and their roles.",
    "cert": "OPC UA certificates.",
    "alarms": "Alarms: how they behave, and which there are.",
    "audit": "The audit: who did what, from where, when and why.",
    "nodeset": "The information model as NodeSet2 files.",
    "field.scan": "Find which unit ids answer and which profile fits each of them.",
    "field.read": "Read points of a device by its profile: value, unit, status and raw registers.",
    "field.write": "Write one point by its profile's rules, once, and read it back.",
    "field.profile": "Device profiles: list, check, start a new one.",
    "plant": "Emulated field devices.",
}
"""Module beside this one, whose last part is the command; first paragraph of its help."""


class CommandList(TyperGroup):
    """List of all commands, none of them imported."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        for place, summary in COMMANDS.items():
            # The name of a module may not be a word of Python.
            name = place.rpartition(".")[-1].removesuffix("_")
            self.commands[name] = LazyCommand(name, f"{__package__}.{place}", summary)


app = typer.Typer(
    name="hptwin",
    cls=CommandList,
    help="An OPC UA digital twin server for heat pumps.",
    no_args_is_help=True,
    # A traceback is for whoever reports a bug: whole and plain, without the locals, which may
    # hold a password.
    pretty_exceptions_enable=False,
    add_completion=False,
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(__version__)
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
    # Two exit codes: 2 for a file to be mended, 1 for what is in the way now. A script can try
    # the second again. Everything else is a bug, and keeps its traceback.
    except ConfigError as error:
        _report(*error.lines)
        sys.exit(2)
    except (TwinError, ServerError, StorageError) as error:
        _report(str(error))
        sys.exit(1)


def _report(*mistakes: str) -> None:
    from rich.console import Console  # most runs have no mistake to tell of

    err = Console(stderr=True)
    for mistake in mistakes:
        # No markup: a path or a value in brackets would be taken for it, and vanish.
        err.print(mistake, style="red", highlight=False, markup=False, soft_wrap=True)
