"""Parse YAML strictly: what YAML takes silently, and a person did not mean, is a fault.

Faults of single entries are collected, so that all of them, and the mistakes in the rest of the
file, are told together. What makes the rest unreadable is raised at once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import yaml

from heatpump_twin.config.quick_yaml import QuickSafeLoader

YamlPath = tuple[str | int, ...]

DEEPEST = 50
"""Deepest nesting; a site file has eight levels."""
_WORTH_TELLING = 100_000
"""A text up to this length is read again for a better message, in Python, which is slow."""
_LONGEST_NUMBER = 30
"""A number with more digits is no quantity."""
_TEMPLATE = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|<%.*?%>|\$\{[A-Za-z_]\w*\}", re.DOTALL)
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_OCTAL = re.compile(r"[-+]?0[0-7_]+")
_DIGITS = re.compile(r"[-+]?\d+")
_UNFILLED = "a template that was left unfilled: write the value"
_TEXT = "tag:yaml.org,2002:str"
_NULL, _MERGE = "tag:yaml.org,2002:null", "tag:yaml.org,2002:merge"
_NO_VALUE = {
    "int": "is not a number",
    "float": "is not a number",
    "timestamp": "is not a date that exists; in quotes it is a text",
    "bool": "is not true or false",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """A mistake in one entry of a document."""

    location: YamlPath
    line: int
    message: str
    spoils: bool = True
    """Whether the value at the location is not what the person meant."""


@dataclass(frozen=True, slots=True)
class YamlDocument:
    """Parsed document: its nodes, which know their lines; its data; its faults."""

    root: yaml.Node | None
    data: Any
    faults: list[Fault]


def parse(text: str) -> YamlDocument:
    """Parse a document; raise `yaml.YAMLError` where no more can be made of it."""
    try:
        return _parsed(text, QuickSafeLoader)
    except yaml.YAMLError:
        # Fast first; only a mistake is looked at again by the loader that can best tell of it.
        if len(text) <= _WORTH_TELLING:
            with suppress(RecursionError):
                return _parsed(text, yaml.SafeLoader)
        raise


def _parsed(text: str, library: Any) -> YamlDocument:
    _check_depth(text, library)
    loader = library(text)
    try:
        root = loader.get_single_node()
        if root is None:
            return YamlDocument(None, None, [])
        faults = list(_Examination(loader).faults(root, ()))
        return YamlDocument(root, loader.construct_document(root), faults)
    finally:
        loader.dispose()


def _check_depth(text: str, library: Any) -> None:
    """Raise for deep nesting, before anything that calls itself meets it."""
    depth = 0
    for event in yaml.parse(text, Loader=library):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > DEEPEST:
                words = f"more than {DEEPEST} lists and sections lie in one another"
                mark: Any = event.start_mark  # libyaml has a class of its own
                raise yaml.composer.ComposerError(None, None, words, mark)
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


class _Examination:
    """Examination of the nodes of a document, which also takes out what cannot be constructed."""

    def __init__(self, loader: Any) -> None:
        self._loader = loader
        self._seen: set[int] = set()

    def faults(self, node: yaml.Node, at: YamlPath) -> Iterator[Fault]:
        """Give the faults of a node and all below it. An alias is looked at once."""
        if id(node) in self._seen:
            return
        self._seen.add(id(node))
        if isinstance(node, yaml.ScalarNode):
            if message := self._scalar_mistake(node):
                node.tag, node.value = _NULL, ""
                # What failed is still noted as under way, and what is too long as done.
                self._loader.recursive_objects.pop(node, None)
                self._loader.constructed_objects.pop(node, None)
                yield Fault(at, _line(node), message)
        elif isinstance(node, yaml.SequenceNode):
            for index, item in enumerate(node.value):
                yield from self.faults(item, (*at, index))
        elif isinstance(node, yaml.MappingNode):
            yield from self._entries(node, at)

    def _entries(self, node: yaml.MappingNode, at: YamlPath) -> Iterator[Fault]:
        kept: list[tuple[yaml.Node, yaml.Node]] = []
        names: set[str] = set()
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                unfilled = isinstance(key, yaml.MappingNode)
                message = _UNFILLED if unfilled else "a list cannot be a key: write a word"
                yield Fault(at, _line(key), message, spoils=len(node.value) == 1)
            elif comma := _decimal_comma(node, kept, key, value):
                (name, before), number = kept[-1], comma
                message = f"a decimal comma: write {number}"
                yield Fault((*at, name.value), _line(name), message)
                kept[-1] = (
                    name,
                    yaml.ScalarNode("tag:yaml.org,2002:float", number, *_marks(before)),
                )
            elif key.value in names and key.tag != _MERGE:
                message = f"key {key.value!r} is written twice"
                yield Fault((*at, key.value), _line(key), message)
            elif message := self._scalar_mistake(key):
                yield Fault(at, _line(key), message, spoils=False)
            else:
                names.add(key.value)
                kept.append((key, value))
                yield from self.faults(value, at if key.tag == _MERGE else (*at, key.value))
        node.value = kept

    def _scalar_mistake(self, node: yaml.ScalarNode) -> str:
        if found := _CONTROL.search(node.value):
            return f"holds the character U+{ord(found[0]):04X}, which is no text"
        if _TEMPLATE.search(node.value):
            return _UNFILLED
        kind = node.tag.rpartition(":")[-1]
        if kind == "merge":
            return ""
        if kind in ("int", "float") and ":" in node.value:
            # YAML 1.1 counts to base 60: ``unit: 1:30`` would be unit 90. It is a text, as in 1.2.
            node.tag = _TEXT
            return ""
        if kind in ("int", "float") and len(node.value) > _LONGEST_NUMBER:
            return f"a number of {len(node.value):,} digits"
        if kind == "int" and _OCTAL.fullmatch(node.value):
            number = node.value.lstrip("+-0_") or "0"
            return f"{node.value} is octal in YAML: write {number}, or in quotes, as a text"
        try:
            self._loader.construct_object(node)
        # A value of a form that YAML knows, such as a date, may still not exist.
        except (ArithmeticError, AttributeError, LookupError, ValueError):
            return f"{_short(node.value)} {_NO_VALUE.get(kind, 'cannot be read')}"
        except yaml.constructor.ConstructorError:
            return f"{_short(node.tag.replace('tag:yaml.org,2002:', '!!'))} is not known here"
        return ""


def _decimal_comma(
    node: yaml.MappingNode,
    before: list[tuple[yaml.Node, yaml.Node]],
    key: yaml.ScalarNode,
    value: yaml.Node,
) -> str:
    """Return the number that ``{flow: 14,3}`` means, where YAML has a key ``3``; else nothing."""
    if not before or not node.flow_style or not _DIGITS.fullmatch(key.value):
        return ""
    whole = before[-1][1]
    empty = isinstance(value, yaml.ScalarNode) and value.value == ""
    if not empty or not isinstance(whole, yaml.ScalarNode) or not _DIGITS.fullmatch(whole.value):
        return ""
    return f"{whole.value}.{key.value}"


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1


def _marks(node: yaml.Node) -> tuple[Any, Any]:
    return node.start_mark, node.end_mark


def _short(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:37]}…"
