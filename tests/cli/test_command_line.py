"""``hptwin`` as a list of commands: quick to print, and true of each command."""

from __future__ import annotations

import sys

import processes
import pytest
import typer

from heatpump_twin import __version__
from heatpump_twin.cli.app import COMMANDS, app
from heatpump_twin.cli.lazy_command import LazyCommand

LOADED = """
import sys
from heatpump_twin.cli.app import main
sys.argv[0] = "hptwin"
try:
    main()
except SystemExit as end:
    assert not end.code, end.code
finally:
    print("LOADED", *sys.modules)
"""
HEAVY = {
    "aiohttp", "argon2", "asyncua", "cryptography", "nicegui", "numpy", "pymodbus", "requests",
    "sklearn", "sqlalchemy", "structlog", "yaml",
}  # fmt: skip


def printed_and_loaded(*arguments: str) -> tuple[str, set[str]]:
    done = processes.run(sys.executable, "-c", LOADED, *arguments)
    assert done.returncode == 0, done.stderr
    printed, _, loaded = done.stdout.rpartition("LOADED ")
    return printed, set(loaded.split())


def commands() -> dict[str, LazyCommand]:
    return typer.main.get_command(app).commands


@pytest.mark.parametrize("arguments", [["--help"], ["--version"]])
def test_what_needs_no_command_imports_none(arguments) -> None:
    printed, loaded = printed_and_loaded(*arguments)
    assert printed.strip()
    assert "typer" in loaded
    assert not loaded & HEAVY
    assert not loaded & {f"heatpump_twin.cli.{place}" for place in COMMANDS}


def test_a_command_imports_itself_alone() -> None:
    printed, loaded = printed_and_loaded("user", "--help")
    assert "passwd" in printed
    assert loaded & {f"heatpump_twin.cli.{place}" for place in COMMANDS} == {
        "heatpump_twin.cli.user"
    }
    assert not loaded & (HEAVY - {"argon2", "structlog"})


def test_help_lists_every_command() -> None:
    printed, _ = printed_and_loaded("--help")
    shown = [line.strip("│ \n").split(" ")[0] for line in printed.splitlines()]
    assert [name for name in shown if name in commands()] == list(commands())


def test_version() -> None:
    assert printed_and_loaded("--version")[0] == f"{__version__}\n"


@pytest.mark.parametrize(
    "name", [place.rpartition(".")[-1].removesuffix("_") for place in COMMANDS]
)
def test_the_summary_in_the_list_is_that_of_the_command(name: str) -> None:
    real = commands()[name].load()
    paragraph = (real.help or "").partition("\n\n")[0].replace("\n", " ")
    assert commands()[name].help == paragraph
    assert "install-completion" not in [p.name for p in real.params]


def test_a_wrong_name_gets_the_right_one_proposed() -> None:
    done = processes.run(sys.executable, "-m", "heatpump_twin", "chek")
    assert (done.returncode, done.stdout) == (2, "")
    assert "Did you mean 'check'" in done.stderr
