"""``hptwin schema``: print the JSON Schema with which an editor checks a file."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import Annotated

import typer

command = typer.Typer(add_completion=False)


class SchemaOf(StrEnum):
    """Kinds of files that have a JSON Schema."""

    SITE = "site"
    PROFILE = "profile"
    RULES = "rules"


@command.command()
def print_schema(
    of: Annotated[SchemaOf, typer.Argument(help="Kind of file.")] = SchemaOf.SITE,
) -> None:
    """Print the JSON Schema of a site file, a device profile or a rule pack."""
    from heatpump_twin.config.settings import Site
    from heatpump_twin.drivers.modbus.profile.profile_files import profile_schema
    from heatpump_twin.rules.schema import json_schema

    schemas = {
        SchemaOf.SITE: Site.model_json_schema,
        SchemaOf.PROFILE: profile_schema,
        SchemaOf.RULES: json_schema,
    }
    print(json.dumps(schemas[of](), indent=2))  # noqa: T201 (the output itself)
