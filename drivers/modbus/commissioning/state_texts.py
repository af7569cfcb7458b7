"""What a table says that the values of a state mean: ``0: OFF / 1: ON``."""

from __future__ import annotations

import re
from collections.abc import Mapping

from heatpump_twin.config.catalogue import PointKind, PointSpec
from heatpump_twin.drivers.modbus.commissioning.register_terms import plain, register_terms

_STATE = re.compile(
    r"(?<![\w.,])(\d{1,5})\s*(?:[:=\u2013\u2192-]|\bis\b)\s*([^\d:=;/|,][^:=;/|,]*?)(?=\s*(?:[;/|,]|$|\d+\s*[:=\u2013\u2192-]))"
)

_REMARK = re.compile(r"\(([^()]*)\)")
_SHORT = re.compile(r"(?<!\w)(\d{1,3})([A-Za-z][A-Za-z+ ]*)")
"""The same in a remark, without a sign: ``(0none 1heat 2heat+tank)``."""


def stated(text: str) -> dict[int, str]:
    """Return the texts of the values that a cell explains; fewer than two explain nothing."""
    found = _STATE.findall(text)
    if len(found) < 2:
        found = [pair for remark in _REMARK.findall(text) for pair in _SHORT.findall(remark)]
    texts = {int(number): words.strip() for number, words in found}
    return texts if len(texts) > 1 else {}


def has_values(text: str) -> bool:
    """Tell whether a remark speaks of values, in whatever way."""
    return any(any(sign.isdigit() for sign in remark) for remark in _REMARK.findall(text))


def enum_of(spec: PointSpec, texts: Mapping[int, str], point: str) -> dict[int, int]:
    """Return raw value → code of a point, of those values whose text is clear.

    Of a switch both have to be clear: one taken the wrong way round is worse than none.
    """
    meanings = register_terms().state_words
    if spec.kind is PointKind.TWO_STATE:
        off, on = meanings["off"], meanings["on"]
        switch = {raw: _switch(said, off, on) for raw, said in texts.items()}
        clear = {raw: code for raw, code in switch.items() if code is not None}
        return clear if set(clear.values()) == {0, 1} and len(clear) == len(switch) else {}
    listed = register_terms().states.get(point, {})
    wanted = {frozenset(words.split()): code for words, code in listed.items()}
    found = {raw: wanted.get(_modes(words)) for raw, words in texts.items()}
    return {raw: code for raw, code in found.items() if code is not None}


def _switch(words: str, off: frozenset[str], on: frozenset[str]) -> int | None:
    first, *rest = plain(words).split() or [""]
    if rest and first in register_terms().negations:  # "no error"
        return 0
    said = {first, *rest}
    is_off, is_on = bool(said & off), bool(said & on)
    if is_off == is_on:
        return None
    return int(is_on)


def _modes(words: str) -> frozenset[str]:
    """Return the modes that a text names: ``Heating + DHW`` → heat, dhw."""
    text = f" {plain(_REMARK.sub(' ', words))} "
    found = set()
    for mode, terms in register_terms().mode_words.items():
        if any(f" {term} " in text for term in terms):
            found.add(mode)
    return frozenset(found)
