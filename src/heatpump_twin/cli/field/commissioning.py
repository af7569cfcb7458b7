"""The commissioning commands of ``hptwin``: scan, read, write, profile."""

from __future__ import annotations

import typer

from heatpump_twin.cli.field.profile import profile
from heatpump_twin.cli.field.read import read_command
from heatpump_twin.cli.field.scan import scan_command
from heatpump_twin.cli.field.write import write_command

commissioning = typer.Typer()
for command in (scan_command, read_command, write_command):
    commissioning.add_typer(command)
commissioning.add_typer(profile, name="profile")
