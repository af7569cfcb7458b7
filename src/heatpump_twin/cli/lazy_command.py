"""Commands that are imported when somebody calls them: for a list, their summaries are enough."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand

from heatpump_twin.loading import loading


class LazyCommand(TyperCommand):
    """Stands for a command of another module, whose Typer application is called ``command``.

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
        """Have the real command parse its arguments; its context is the one that is run."""
        return self.load().make_context(*place, **more)
