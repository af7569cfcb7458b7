"""Translations of one language, read from its PO file by the rules of gettext and CLDR."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from gettext import c2py
from importlib.resources.abc import Traversable
from typing import TYPE_CHECKING

from heatpump_twin.config.phrase import (
    ENGLISH_DECIMAL,
    OF_PAGES,
    SEPARATOR,
    Context,
    Phrase,
    Text,
    has_words,
    message_key,
    number,
)

if TYPE_CHECKING:
    from babel.messages.catalog import Message


_BETWEEN_SENTENCES = ". "


class Language:
    """Language: its translations of our texts, its decimal sign, its names of days.

    Parameters
    ----------
    said
        Translations by `Text.key`, and by the bare English for texts that have lost their context.
    counted
        Likewise, of phrases that count something: one for each plural form.
    form
        Returns the plural form for a count.
    """

    def __init__(
        self,
        code: str,
        decimal: str,
        said: Mapping[str, str],
        counted: Mapping[str, tuple[str, ...]],
        form: Callable[[int], int],
    ) -> None:
        self.code = code
        self.decimal = decimal
        self._said = said
        self._counted = counted
        self._form = form

    def say(self, text: str) -> str | None:
        """Return the translation of an English text; None where there is none."""
        if isinstance(text, Phrase):
            return self._phrase(text)
        if isinstance(text, Text):
            return self._said.get(text.key)
        return self._said.get(text) or self._several(text) or self._both(text)

    def _both(self, text: str) -> str | None:
        """Return the translation of two texts that a nodeset has as one: ``What. How often``."""
        what, dot, how = text.rpartition(_BETWEEN_SENTENCES)
        said = self._said.get(what), self._said.get(how)
        return dot.join(part for part in said if part) if all(said) else None

    def _several(self, text: str) -> str | None:
        """Return the translation of several states at once, of which a nodeset makes one string."""
        said = [self._said.get(part) for part in text.split(SEPARATOR)]
        known = [part for part in said if part is not None]
        return SEPARATOR.join(known) if len(known) == len(said) else None

    def words(self, text: str) -> str:
        """Return the translation of an English text, or the text where there is none."""
        return self.say(text) or text

    def weekday(self, day: dt.date) -> str:
        """Return the short name of a day of the week: ``Mon``."""
        from babel.dates import get_day_names

        return str(get_day_names("abbreviated", "format", self.code)[day.weekday()])

    def _phrase(self, phrase: Phrase) -> str | None:
        template = self._template(phrase)
        if template is None:
            # A sentence half in one language and half in another is worse than one in English; a
            # template without words, as `{value} {unit}`, needs no translator.
            if has_words(phrase.template):
                return None
            template = phrase.template
        return template.format_map({name: self._part(part) for name, part in phrase.parts.items()})

    def _template(self, phrase: Phrase) -> str | None:
        if not phrase.plural:
            return self._said.get(phrase.key)
        forms = self._counted.get(phrase.key)
        return None if forms is None else forms[self._form(int(phrase.parts["n"]))]

    def _part(self, part: str | float) -> str:
        return self.words(part) if isinstance(part, str) else number(part, self.decimal)


class English(Language):
    """English, the language that the texts are written in."""

    def __init__(self) -> None:
        super().__init__("en", ENGLISH_DECIMAL, {}, {}, lambda n: n != 1)

    def say(self, text: str) -> str:
        """Return a text as it is."""
        return text


def read_language(code: str, source: Traversable) -> Language:
    """Read a language from its PO file. What is missing there, or fuzzy, is left out."""
    # Importing this takes longer than reading the file, and who speaks English needs neither.
    from babel.messages.pofile import read_po
    from babel.numbers import get_decimal_symbol

    with source.open("rb") as file:
        messages = read_po(file, locale=code)
    said: dict[str, str] = {}
    counted: dict[str, tuple[str, ...]] = {}
    for message in sorted(messages, key=_by_context):
        # Fuzzy is a guess of the tools by likeness: of an alarm it may say the opposite.
        if message.fuzzy or not message.context or not message.string:
            continue
        if isinstance(message.id, str):
            said[message_key(message.id, message.context)] = str(message.string)
            # A text that was read from a nodeset has no context: the first that knows it, speaks.
            if not message.context.startswith(OF_PAGES):
                said.setdefault(message.id, str(message.string))
        elif all(message.string):
            counted[message_key(message.id[0], message.context)] = tuple(message.string)
    return Language(code, get_decimal_symbol(code), said, counted, c2py(messages.plural_expr))


_CONTEXTS: tuple[str, ...] = tuple(Context)


def _by_context(message: Message) -> int:
    known = message.context in _CONTEXTS
    return _CONTEXTS.index(message.context or "") if known else len(_CONTEXTS)
