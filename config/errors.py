"""Errors in a file that a person wrote, with file, line and key; and of files to be written."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

# ``://user:password@``, cut off or not; a port is none.
_PASSWORD = re.compile(
    r"""(://[^\s:/@'"\[]*:)(?!PASSWORD@|\d{1,5}(?:[/?#'"\s]|$))(?:[^\s'"]*(?=@)|[^\s'"]+)"""
)
MOST_TOLD = 20
"""So many mistakes are told at once; who has more is helped by the first ones."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake in a file: its place and what to do about it."""

    file: str
    """Or where else it is from: ``--set``, or a variable of the environment."""
    line: int | None
    """None: what it is from has no lines."""
    key: str
    message: str

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        # What is quoted may be a database's URL, and what is told may stand in a log.
        told = _PASSWORD.sub(r"\1***", f"{place}: {self.key or '(top level)'}: {self.message}")
        # One line whatever is quoted in it: a value may hold line ends, or steer a terminal.
        return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in told)


# All mistakes in one exception: a person mends a file once, not mistake by mistake.
class ConfigError(Exception):
    """A configuration cannot be used; every mistake found is in ``problems``."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = list(problems)
        super().__init__("\n".join(self.lines))

    @property
    def lines(self) -> list[str]:
        """The first mistakes, one in a line, and how many more there are."""
        told = [str(problem) for problem in self.problems[:MOST_TOLD]]
        more = len(self.problems) - len(told)
        return [*told, f"and {more} more"] if more else told


class StorageError(Exception):
    """A directory or file cannot be made or written; the message has its path and the remedy."""


KeyPath = Sequence[str | int]
"""A key of a file: ``("heat_pumps", 0, "id")``."""
ProblemAt = Callable[[KeyPath, str], Problem]
"""What makes a mistake out of a key and a message, such as `YamlSource.problem`."""
