"""A sentence with values in it that every language can say in its own order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from string import Formatter

Part = str | float
ENGLISH_DECIMAL = "."


class Phrase(str):
    """An English text that remembers its template and what was put into it.

    To everybody who does not care it is the English text. A translator takes the template and the
    parts instead: ``Phrase("{point} takes {span}.", point="Supply setpoint", span=...)``. A part is
    a text, which may be a phrase itself, or a number.
    """

    __slots__ = ("parts", "template")

    template: str
    parts: Mapping[str, Part]

    def __new__(cls, template: str, **parts: Part) -> Phrase:
        """Make the English text."""
        said = {
            name: part if isinstance(part, str) else number(part, ENGLISH_DECIMAL)
            for name, part in parts.items()
        }
        phrase = super().__new__(cls, template.format_map(said))
        phrase.template, phrase.parts = template, parts
        return phrase


def joined(separator: str, parts: Sequence[Part]) -> Phrase:
    """Return texts one after the other; each is translated on its own."""
    names = [f"part{place}" for place in range(len(parts))]
    template = separator.join(f"{{{name}}}" for name in names)
    return Phrase(template, **dict(zip(names, parts, strict=True)))


def number(value: float, decimal: str) -> str:
    """Return a number as people write it; its maker has rounded it."""
    return f"{value:.12g}".replace(ENGLISH_DECIMAL, decimal)


def placeholders(template: str) -> frozenset[str]:
    """Return the names of the parts of a template."""
    return frozenset(name for _, name, _, _ in Formatter().parse(template) if name)


def has_words(template: str) -> bool:
    """Tell whether a template says anything by itself: ``{value} {unit}`` does not."""
    return any(c.isalpha() for fixed, _, _, _ in Formatter().parse(template) for c in fixed)
