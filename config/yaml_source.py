"""Parse YAML with line numbers, so that a mistake is reported with its line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from heatpump_twin.config.errors import ConfigError, Problem
from heatpump_twin.config.reading.mistake_words import follows_from_another, mistake_words
from heatpump_twin.config.reading.strict_yaml import YamlPath, parse
from heatpump_twin.config.reading.text_file import check_characters, read_text

ModelT = TypeVar("ModelT", bound=BaseModel)


class YamlSource:
    """Parsed YAML file: its data, and the line of every key in it."""

    def __init__(self, text: str, name: str) -> None:
        self.name = name
        check_characters(text, name)
        try:
            document = parse(text)
        except yaml.YAMLError as error:
            line, message = 1, str(error)
            if isinstance(error, yaml.MarkedYAMLError):
                line = error.problem_mark.line + 1 if error.problem_mark else 1
                message = error.problem or message
            raise ConfigError([Problem(name, line, "", f"not valid YAML: {message}")]) from error
        self._root, self.data, self._faults = document.root, document.data, document.faults
        self._entries: dict[int, dict[str, tuple[int, yaml.Node]]] = {}
        self.mended: set[YamlPath] = {fault.location for fault in self._faults if fault.spoils}
        """Places whose value is not what was meant, so that nothing that follows counts."""

    @classmethod
    def read(cls, path: Path) -> YamlSource:
        """Read a file from disk."""
        return cls(read_text(path), str(path))

    @property
    def faults(self) -> list[Problem]:
        """Mistakes of single entries, such as a key that is written twice."""
        return [Problem(self.name, f.line, dotted(f.location), f.message) for f in self._faults]

    def line(self, location: Sequence[str | int]) -> int:
        """Return the line of a key, or of its nearest ancestor that is in the file."""
        return self._find(location)[0]

    def has(self, location: Sequence[str | int]) -> bool:
        """Tell whether a key is in the file."""
        return self._find(location)[1]

    def problem(self, location: Sequence[str | int], message: str) -> Problem:
        """Return a problem at a key of this file."""
        return Problem(self.name, self.line(location), dotted(location), message)

    def spoilt(self, location: Sequence[str | int]) -> bool:
        """Tell whether a mistake at this place, above or below it was told already."""
        place = tuple(location)
        return any(other[: len(place)] == place[: len(other)] for other in self.mended)

    def validate(self, model: type[ModelT]) -> ModelT:
        """Validate the data against a pydantic model; raise `ConfigError` with all mistakes."""
        try:
            validated = model.model_validate(self.data)
        except ValidationError as error:
            found = [self.problem(place, words) for place, words in self.mistakes(error, model)]
            raise ConfigError([*self.faults, *found]) from error
        if self._faults:
            raise ConfigError(self.faults)
        return validated

    def mistakes(
        self, error: ValidationError, model: type[BaseModel]
    ) -> Iterator[tuple[YamlPath, str]]:
        """Give place and words of each mistake of a validation that follows from no other."""
        errors = error.errors(include_url=False)
        for found in errors:
            place = plain(found["loc"])
            if not self.spoilt(place) and not follows_from_another(found, errors):
                yield place, mistake_words(found, model)

    def _find(self, location: Sequence[str | int]) -> tuple[int, bool]:
        node, line = self._root, 1
        for step in location:
            child = self._child(node, step)
            # A key that is missing has no line: that of the section which lacks it is where a
            # person looks.
            if child is None:
                return line, False
            line, node = child
        return line, True

    def _child(self, node: yaml.Node | None, step: str | int) -> tuple[int, yaml.Node] | None:
        if isinstance(node, yaml.MappingNode):
            if id(node) not in self._entries:
                # What is merged in (`<<`) stands in front, and what is written here comes last.
                self._entries[id(node)] = {
                    key.value: (key.start_mark.line + 1, value) for key, value in node.value
                }
            return self._entries[id(node)].get(str(step))
        if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            value = node.value[step]
            return value.start_mark.line + 1, value
        return None


def dotted(location: Sequence[str | int]) -> str:
    """Return ``heat_pumps.0.id`` for ``("heat_pumps", 0, "id")``."""
    return ".".join(map(str, location))


def plain(location: YamlPath) -> YamlPath:
    """Drop the names of union members that pydantic mixes into a location."""
    return tuple(step for step in location if not (isinstance(step, str) and "[" in step))
