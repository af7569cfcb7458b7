"""``hptwin user``: add, change, remove and list users."""

from __future__ import annotations

import sys
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from heatpump_twin.cli.options import DataOption
from heatpump_twin.config.data_directory import DataDirectory
from heatpump_twin.safekeeping.command_audit import audited
from heatpump_twin.server.security.users import UserRole, UserStore
from heatpump_twin.twin_engine.commands.audit_entry import AuditKind

command = typer.Typer(add_completion=False, help="Users and their roles.", no_args_is_help=True)
out = Console()

PasswordOption = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from standard input.")
]


def _role(store: UserStore, name: str) -> str:
    user = store.find(name)
    return "" if user is None else str(user.role)


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
    directory = DataDirectory.open(data)
    password = _password(password_stdin)
    with audited(directory, AuditKind.USER, name, "user added", after=str(role)):
        UserStore(directory.users).add(name, role, password)
    out.print(f"added {name} as {role.value}", highlight=False, markup=False)


@command.command()
def passwd(name: str, password_stdin: PasswordOption = False, data: DataOption = None) -> None:
    """Change a user's password."""
    directory = DataDirectory.open(data)
    password = _password(password_stdin)
    with audited(directory, AuditKind.USER, name, "password changed"):
        UserStore(directory.users).set_password(name, password)
    out.print(f"changed the password of {name}", highlight=False, markup=False)


@command.command()
def remove(name: str, data: DataOption = None) -> None:
    """Remove a user."""
    directory = DataDirectory.open(data)
    store = UserStore(directory.users)
    with audited(directory, AuditKind.USER, name, "user removed", before=_role(store, name)):
        store.remove(name)
    out.print(f"removed {name}", highlight=False, markup=False)


@command.command("list")
def list_users(data: DataOption = None) -> None:
    """List users and roles."""
    table = Table("user", "role")
    for entry in UserStore(DataDirectory.open(data).users).list():
        table.add_row(entry.name, entry.role.value)
    out.print(table)
