"""English texts that can be translated: `Text` with a context, `Phrase` with values in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from string import Formatter
from typing import Any

Part = str | float
OF_PAGES = "hmi."
"""How the contexts of the HMI's pages begin."""
ENGLISH_DECIMAL = "."


class Context(StrEnum):
    """Context of a text (msgctxt): one English text may have two translations."""

    MODEL = "model"
    """Types, parts and groups of the address space."""
    COMMANDS = "commands"
    """Methods and their arguments."""
    POINTS = "points"
    """Titles and meanings of points."""
    STATES = "states"
    """Names of the values of switches and enumerations."""
    UNITS = "units"
    """Names of engineering units."""
    ALARMS = "alarms"
    """Titles, causes and actions of alarms."""
    MESSAGES = "messages"
    """Sentences of the server."""
    HMI_LOGIN = "hmi.login"
    HMI_SHELL = "hmi.shell"
    """What every page has."""
    HMI_UNIT = "hmi.unit"
    """The overview and the page of one heat pump."""
    HMI_CONTROL = "hmi.control"
    HMI_PROGRAMS = "hmi.programs"
    HMI_PREDICTION = "hmi.prediction"
    HMI_TREND = "hmi.trend"
    HMI_ALARMS = "hmi.alarms"


class Text(str):
    """English text that knows its context.

    To everybody who does not care it is the English text. `tools/translations.py` finds those that
    stand in the code.
    """

    __slots__ = ("key",)

    key: str
    """Context and text, as gettext joins them: what it is known by in a PO file."""

    def __new__(cls, text: str, context: Context) -> Text:
        """Make a text with its context."""
        marked = super().__new__(cls, text)
        marked.key = message_key(text, context)
        return marked

    def __getnewargs__(self) -> tuple[str, Context]:  # type: ignore[override]  # copies keep it
        return str(self), Context(self.key.partition(_END_OF_CONTEXT)[0])


class Phrase(Text):
    """Sentence with values in it, which every language can put in its own order.

    A translator takes the template and the parts instead of the English text:
    ``Phrase("{point} takes {span}.", point="Supply setpoint", span=...)``. A part is a text, which
    may be a phrase itself, or a number.
    """

    __slots__ = ("parts", "plural", "template")

    template: str
    plural: str
    """The template for another count than one; empty where nothing is counted."""
    parts: Mapping[str, Part]

    def __new__(
        cls, template: str, *, context: Context = Context.MESSAGES, plural: str = "", **parts: Part
    ) -> Phrase:
        """Make a phrase, which is its English text as a string."""
        said = {
            name: part if isinstance(part, str) else number(part, ENGLISH_DECIMAL)
            for name, part in parts.items()
        }
        # English has two forms; others have their own rule, for which the count goes along
        # (`Language`).
        english = plural if plural and parts["n"] != 1 else template
        phrase = str.__new__(cls, english.format_map(said))
        phrase.key = message_key(template, context)
        phrase.template, phrase.plural, phrase.parts = template, plural, parts
        return phrase

    def __getnewargs_ex__(self) -> tuple[tuple[str], dict[str, Any]]:
        _, context = super().__getnewargs__()
        return (self.template,), {"context": context, "plural": self.plural, **self.parts}


def counted(one: str, many: str, *, context: Context = Context.MESSAGES, n: int) -> Phrase:
    """Return a phrase about ``{n}`` things; each language has a rule of its own for its forms."""
    return Phrase(one, context=context, plural=many, n=n)


SEPARATOR = ", "
"""Between the texts of states that hold at once."""


def joined(separator: str, parts: Sequence[Part]) -> Phrase:
    """Return texts joined into one phrase; each is translated on its own."""
    names = [f"part{place}" for place in range(len(parts))]
    template = separator.join(f"{{{name}}}" for name in names)
    together = dict(zip(names, parts, strict=True))
    return Phrase(template, context=Context.MESSAGES, plural="", **together)


_END_OF_CONTEXT = "\x04"


def message_key(text: str, context: str) -> str:
    """Return the key of a text in the messages of a language: context, EOT, text."""
    return f"{context}{_END_OF_CONTEXT}{text}"


def number(value: float, decimal: str) -> str:
    """Return a number as text with a decimal sign; the caller has rounded it."""
    # Twelve digits: fewer would cut an energy counter, more would show what binary makes of 0.1.
    return f"{value:.12g}".replace(ENGLISH_DECIMAL, decimal)


def says_something(template: str) -> bool:
    """Tell whether a template has words or signs of its own: ``{value} {unit}`` has none."""
    return any(fixed.strip() for fixed, _, _, _ in Formatter().parse(template))


def has_words(template: str) -> bool:
    """Tell whether a template says anything by itself: ``{value}: {unit}`` does not."""
    return any(c.isalpha() for fixed, _, _, _ in Formatter().parse(template) for c in fixed)


def data_of_text(text: str | None) -> object:
    """Return a text as data such as JSON has, with what a translation needs of it."""
    if isinstance(text, Phrase):
        parts = {
            name: data_of_text(part) if isinstance(part, str) else part
            for name, part in text.parts.items()
        }
        (template,), named = text.__getnewargs_ex__()
        context = named["context"]
        return {"phrase": template, "context": context, "plural": text.plural, "parts": parts}
    if isinstance(text, Text):
        words, context = text.__getnewargs__()
        return {"text": words, "context": context}
    return text


def text_of_data(data: Any) -> str | None:
    """Return the text of such data."""
    if not isinstance(data, dict):
        return None if data is None else str(data)
    context = Context(data["context"])
    if "text" in data:
        return Text(data["text"], context)
    parts = {
        name: part if isinstance(part, int | float) else text_of_data(part) or ""
        for name, part in data["parts"].items()
    }
    return Phrase(data["phrase"], context=context, plural=data["plural"], **parts)
