"""The terms of register tables: which words mean which column, type, unit or catalogue point.

They are data, ``register_terms.yaml``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict

from heatpump_twin.drivers.modbus.commissioning.unit_cells import units_in
from heatpump_twin.drivers.modbus.profile.profile import DeviceKind, Order, Space, ValueType

TermWords = frozenset[str]
_Meaning = TypeVar("_Meaning", bound=str)


class Claim(NamedTuple):
    """The claim of a register to be a point; of two claims, the lower rank is the better one."""

    point: str
    rank: tuple[bool, int]
    fillers: int
    """Words of its name that say nothing new; a rival with fewer is named more plainly."""


class _Fillers(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    words: frozenset[str]
    beside: frozenset[str]


class RegisterTerms(BaseModel):
    """The terms of register tables. A text is looked up in the form that `plain` gives it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    columns: dict[str, tuple[str, ...]]
    tables: dict[Space, tuple[str, ...]]
    types: dict[ValueType, tuple[str, ...]]
    quantity_types: frozenset[str]
    word_orders: dict[Order, tuple[str, ...]]
    units: dict[str, tuple[str, ...]]
    words: dict[str, str]
    sensor_tags: re.Pattern[str]
    machine_tags: re.Pattern[str]
    name_units: frozenset[str]
    articles: frozenset[str]
    fillers: _Fillers
    negations: frozenset[str]
    state_words: dict[str, frozenset[str]]
    mode_words: dict[str, tuple[str, ...]]
    states: dict[str, dict[str, int]]
    points: dict[DeviceKind, dict[str, tuple[str, ...]]]

    def column(self, header: Iterable[str], name: str) -> str | None:
        """Return the header under which a table has a column; None: it has no such column."""
        by_term = {plain(text): text for text in header}
        return next((by_term[t] for t in self.columns[name] if t in by_term), None)

    def space(self, cell: str) -> Space | None:
        """Return the table that a cell names; what stands in parentheses is a remark."""
        return _means(self.tables, plain(cell.partition("(")[0]))

    def type(self, cell: str) -> ValueType | None:
        """Return the type that a cell names, apart from its word order."""
        text = plain(cell.partition("(")[0])
        for term in (term for terms in self.word_orders.values() for term in terms):
            text = text.removesuffix(f" {term}")
        return _means(self.types, text)

    def word_order(self, cell: str) -> Order | None:
        """Return the word order that a cell with a type states."""
        text = f" {plain(cell)} "
        found = {
            order
            for order, terms in self.word_orders.items()
            if any(f" {term} " in text for term in terms)
        }
        # A cell that says both says nothing.
        return found.pop() if len(found) == 1 else None

    def unit(self, cell: str) -> str | None:
        """Return the unit that a cell names."""
        return _means(self.units, plain(cell))

    def claim(self, name: str, kind: DeviceKind) -> Claim | None:
        """Return the catalogue point that a register's name means, and how well."""
        # What stands in parentheses is a remark, unless the whole is a name.
        bare = re.sub(r"[(\[].*?[)\]]", " ", name)
        for unit in filter(self.unit, units_in(bare)):
            bare = bare.replace(f" in {unit}", " ")
        known = _points(kind)
        found = known.get(self.words_of(name)) or known.get(self.words_of(bare))
        if found is None:
            return None
        tagged = any(self.machine_tags.match(word) for word in plain(name).split())
        fillers = sum(word in self.fillers.words for word in self._said(name))
        return Claim(found[0], (tagged, found[1]), fillers)

    def unit_in(self, name: str) -> str | None:
        """Return the unit that is part of a name: ``compressor_speed_rpm``."""
        found = set(plain(name).split()) & self.name_units
        return self.unit(found.pop()) if len(found) == 1 else None

    def words_of(self, name: str) -> TermWords:
        """Return the words of a register's name that tell which quantity it is."""
        # The order of the words does not matter, nor do tags of sensors and machines (BT1, EB101).
        words = {word for word in self._said(name) if not self._is_tag(word)} - self.articles
        words -= self.name_units if len(words) > 1 else set()
        if words & self.fillers.beside:
            words -= self.fillers.words
        # Some tables write "supply setpoint", others "supply temperature setpoint".
        if "setpoint" in words:
            words.discard("temperature")
        return frozenset(words)

    def _said(self, name: str) -> list[str]:
        """Return the words of a name as the terms write them."""
        # Of a path, `heating.flowTemp`, the last part is the name; capitals begin its words.
        text = name.rsplit(".", 1)[-1] if " " not in name else name
        text = plain(re.sub(r"([a-z0-9])([A-Z][a-z])", r"\1 \2", text))
        # "Input" or "coil" in front names the table, not the quantity.
        first, _, rest = text.partition(" ")
        text = rest if rest and first.isalpha() and self.space(first) else text
        for term, meaning in self.words.items():
            text = re.sub(rf"\b{term}\b", meaning, text)
        return text.split()

    def _is_tag(self, word: str) -> bool:
        return bool(self.sensor_tags.match(word) or self.machine_tags.match(word))


@cache
def register_terms() -> RegisterTerms:
    """Return the packaged terms."""
    listed = files("heatpump_twin.drivers.modbus.commissioning").joinpath("register_terms.yaml")
    data: Any = yaml.safe_load(listed.read_text("utf-8"))
    return RegisterTerms.model_validate(data)


@cache
def _points(kind: DeviceKind) -> Mapping[TermWords, tuple[str, int]]:
    """Return, for a kind of device: words → point, and the place of the term among the point's."""
    terms = register_terms()
    # From the last term to the first, so that of two with the same words the better one stays.
    return {
        terms.words_of(term): (point, place)
        for point, several in terms.points[kind].items()
        for place, term in reversed([*enumerate((point, *several))])
    }


def plain(text: str) -> str:
    """Return a text in lower case, one space between words, no punctuation but ``%`` and ``°``."""
    return " ".join(re.sub(r"[^\w%°]|_", " ", text.lower()).split())


def _means(terms: Mapping[_Meaning, tuple[str, ...]], text: str) -> _Meaning | None:
    return next((meaning for meaning, several in terms.items() if text in several), None)
