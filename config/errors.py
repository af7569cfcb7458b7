"""Errors in a file that a person wrote, with file, line and key; and of files to be written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake in a file: its place and what to do about it."""

    file: str
    line: int
    key: str
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.key or '(top level)'}: {self.message}"


# All mistakes in one exception: a person mends a file once, not mistake by mistake.
class ConfigError(Exception):
    """A configuration cannot be used; every mistake found is in ``problems``."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__("\n".join(map(str, problems)))


class StorageError(Exception):
    """A directory or file cannot be made or written; the message has its path and the remedy."""


KeyPath = Sequence[str | int]
"""A key of a file: ``("heat_pumps", 0, "id")``."""
ProblemAt = Callable[[KeyPath, str], Problem]
"""What makes a mistake out of a key and a message, such as `YamlSource.problem`."""
