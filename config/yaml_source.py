"""Parse YAML with line numbers, so that a mistake is reported with its line."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from heatpump_twin.config.errors import ConfigError, Problem
from heatpump_twin.config.quick_yaml import QuickSafeLoader

ModelT = TypeVar("ModelT", bound=BaseModel)
YamlPath = tuple[str | int, ...]


class _UniqueKeys(yaml.constructor.SafeConstructor):
    """Constructor that refuses a key written twice, which YAML would silently override."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[Hashable] = set()
        for key_node, _ in node.value:
            key: Hashable = self.construct_object(key_node, deep=True)
            if key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"key {key!r} is written twice", key_node.start_mark
                )
            seen.add(key)
        return super().construct_mapping(node, deep=deep)


class _UniqueKeyLoader(_UniqueKeys, yaml.SafeLoader):
    """Loader in Python: its messages say best what is wrong."""


class _QuickLoader(_UniqueKeys, QuickSafeLoader):
    """Fast loader, for files without mistakes."""


class YamlSource:
    """Parsed YAML file: its data, and the line of every key in it."""

    def __init__(self, text: str, name: str) -> None:
        self.name = name
        try:
            self._root, self.data = _parsed(text)
        except yaml.YAMLError as error:
            line, message = 1, str(error)
            if isinstance(error, yaml.MarkedYAMLError):
                line = error.problem_mark.line + 1 if error.problem_mark else 1
                message = error.problem or message
            raise ConfigError([Problem(name, line, "", f"not valid YAML: {message}")]) from error

    @classmethod
    def read(cls, path: Path) -> YamlSource:
        """Read a file from disk."""
        try:
            return cls(path.read_text(encoding="utf-8"), str(path))
        except (OSError, UnicodeDecodeError) as error:
            problem = Problem(str(path), 1, "", f"cannot be read: {error}")
            raise ConfigError([problem]) from error

    def line(self, location: Sequence[str | int]) -> int:
        """Return the line of a key, or of its nearest ancestor that is in the file."""
        node = self._root
        line = 1
        for step in location:
            child = _child(node, step)
            # A key that is missing has no line: that of the section which lacks it is where a
            # person looks.
            if child is None:
                break
            line, node = child
        return line

    def problem(self, location: Sequence[str | int], message: str) -> Problem:
        """Return a problem at a key of this file."""
        return Problem(self.name, self.line(location), dotted(location), message)

    def validate(self, model: type[ModelT], data: object = None) -> ModelT:
        """Validate the data (or a version of it with overrides) against a pydantic model."""
        try:
            return model.model_validate(self.data if data is None else data)
        except ValidationError as error:
            raise ConfigError(
                [self.problem(_plain(e["loc"]), _message(e)) for e in error.errors()]
            ) from error


def _parsed(text: str) -> tuple[yaml.Node | None, object]:
    """Return the nodes of a document, which know their lines, and the data in it."""
    # Fast first; only a file with a mistake is read again by the loader that can tell of it.
    with suppress(yaml.YAMLError):
        return yaml.compose(text, Loader=_QuickLoader), yaml.load(text, Loader=_QuickLoader)  # noqa: S506
    root = yaml.compose(text, Loader=_UniqueKeyLoader)
    return root, yaml.load(text, Loader=_UniqueKeyLoader)  # noqa: S506 (a SafeLoader)


def dotted(location: Sequence[str | int]) -> str:
    """Return ``heat_pumps.0.id`` for ``("heat_pumps", 0, "id")``."""
    return ".".join(map(str, location))


def _child(node: yaml.Node | None, step: str | int) -> tuple[int, yaml.Node] | None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == str(step):
                return key.start_mark.line + 1, value
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        value = node.value[step]
        return value.start_mark.line + 1, value
    return None


def _plain(location: YamlPath) -> YamlPath:
    """Drop the names of union members that pydantic mixes into a location."""
    return tuple(step for step in location if not (isinstance(step, str) and "[" in step))


def _message(error: ErrorDetails) -> str:
    if error["type"] == "extra_forbidden":
        # Pydantic's words are about models and extra inputs; a person has a file with keys.
        return "unknown key; see `hptwin schema` for the keys that exist"
    if error["type"] == "missing":
        return "this key is required"
    return error["msg"].removeprefix("Value error, ")
