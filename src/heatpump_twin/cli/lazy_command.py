"""Import a command only when it is called; its summary is enough for the list of commands."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand

from heatpump_twin.loading import loading


class LazyCommand(TyperCommand):
    """Placeholder of a command in another module, whose Typer application is ``command``.

    Parameters
    ----------
    module
        The module's whole name.
    summary
        First paragraph of the command's help.
    """

    def __init__(self, name: str, module: str, summary: str) -> None:
        super().__init__(name, help=summary)
        self._module = module

    def load(self) -> Any:
        """Import the command that this one stands for."""
        with loading():
            module = import_module(self._module)
        return typer.main.get_command(module.command)

    def make_context(self, *place: Any, **more: Any) -> Any:
        """Return the context of the real command, which parses its arguments and is run."""
        # The first thing that the library asks of a command that is called, and nothing that a
        # list asks for: so this is where the import belongs.
        return self.load().make_context(*place, **more)
