"""``hptwin user``: add, change, remove and list users."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from heatpump_twin.cli.options import DataOption
from heatpump_twin.config.data_directory import DataDirectory
from heatpump_twin.server.security.users import UserRole, UserStore

command = typer.Typer(add_completion=False, help="Users and their roles.", no_args_is_help=True)
out = Console()

PasswordOption = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from standard input.")
]


def _store(data: Path | None) -> UserStore:
    return UserStore(DataDirectory.open(data).users)


def _password(from_stdin: bool) -> str:
    # No option for the password itself: the list of processes and the shell's history would show
    # it.
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    password: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    return password


@command.command()
def add(
    name: str,
    role: Annotated[UserRole, typer.Option(help="What the user may do.")],
    password_stdin: PasswordOption = False,
    data: DataOption = None,
) -> None:
    """Add a user."""
    _store(data).add(name, role, _password(password_stdin))
    out.print(f"added {name} as {role.value}", highlight=False, markup=False)


@command.command()
def passwd(name: str, password_stdin: PasswordOption = False, data: DataOption = None) -> None:
    """Change a user's password."""
    _store(data).set_password(name, _password(password_stdin))
    out.print(f"changed the password of {name}", highlight=False, markup=False)


@command.command()
def remove(name: str, data: DataOption = None) -> None:
    """Remove a user."""
    _store(data).remove(name)
    out.print(f"removed {name}", highlight=False, markup=False)


@command.command("list")
def list_users(data: DataOption = None) -> None:
    """List users and roles."""
    table = Table("user", "role")
    for entry in _store(data).list():
        table.add_row(entry.name, entry.role.value)
    out.print(table)
