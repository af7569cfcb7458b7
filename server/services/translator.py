"""Translate the texts in service responses to the locales of a session.

A text in English is the server's own and is translated. One without a locale is a name that a
standard or the site has given, or what a person has said: it passes as it is.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from asyncua import ua
from asyncua.ua import uaprotocol_auto

from heatpump_twin.config.languages import DEFAULT, Languages
from heatpump_twin.config.phrase import Phrase, Text

SEVERAL = "mul"
"""Locale of a text in several languages (OPC 10000-3, 8.5.2.2)."""

TEXTS_OF: dict[type, tuple[str, ...]] = {
    ua.Argument: ("Description",),
    uaprotocol_auto.Argument: ("Description",),
    ua.EUInformation: ("DisplayName", "Description"),
    ua.EnumValueType: ("DisplayName", "Description"),
    ua.EnumField: ("DisplayName", "Description"),
    ua.EnumDefinition: ("Fields",),
    ua.StructureField: ("Description",),
    ua.StructureDefinition: ("Fields",),
}
"""Structures that people read, and their members that are texts or have texts.

The library decodes an Argument to the superclass of its own: so are those of the type nodes.
"""


class Translator:
    """The translator of responses to one language, or to several at once."""

    def __init__(self, languages: Languages, codes: Sequence[str]) -> None:
        self._languages = languages
        self._codes = codes
        self._said: dict[str, ua.LocalizedText] = {}
        self._services: dict[type, Callable[[Any], None]] = {
            ua.ReadResponse: self._read,
            ua.BrowseResponse: self._browse,
            ua.CallResponse: self._call,
            ua.HistoryReadResponse: self._history,
        }
        self._kinds: dict[ua.VariantType, Callable[[Any], object]] = {
            ua.VariantType.LocalizedText: self.text,
            ua.VariantType.String: self._sentence,
            ua.VariantType.ExtensionObject: self._structure,
        }

    def respond(self, response: Any) -> None:
        """Translate the texts of a service response; replace values, as they belong to others."""
        # Only responses that carry texts are listed: all others cost one look-up.
        service = self._services.get(type(response))
        if service is not None:
            service(response)

    # ── services ──────────────────────────────────────────────────────────────────────────────────
    def _read(self, response: Any) -> None:
        response.Results = [self.data_value(value) for value in response.Results]

    def _browse(self, response: Any) -> None:
        response.Results = [
            replace(result, References=[self._reference(r) for r in result.References])
            for result in response.Results
        ]

    def _call(self, response: Any) -> None:
        for result in response.Results:
            result.OutputArguments = [self.variant(value) for value in result.OutputArguments]

    def _history(self, response: Any) -> None:
        for result in response.Results:
            if isinstance(result.HistoryData, ua.HistoryEvent):
                for event in result.HistoryData.Events:
                    event.EventFields = [self.variant(field) for field in event.EventFields]

    def _reference(self, reference: ua.ReferenceDescription) -> ua.ReferenceDescription:
        said = self.text(reference.DisplayName)
        return reference if said is reference.DisplayName else replace(reference, DisplayName=said)

    # ── values ────────────────────────────────────────────────────────────────────────────────────
    def data_value(self, value: ua.DataValue) -> ua.DataValue:
        """Return a data value with its texts translated; itself where there are none."""
        if value.Value is None:
            return value
        said = self.variant(value.Value)
        return value if said is value.Value else replace(value, Value=said)

    def variant(self, variant: ua.Variant) -> ua.Variant:
        """Return a variant with its texts translated; itself where there are none."""
        translate = self._kinds.get(variant.VariantType)
        content = variant.Value
        if translate is None or content is None:
            return variant
        said: object
        if isinstance(content, list):
            said = [translate(element) for element in content]
            same = all(new is old for new, old in zip(said, content, strict=True))
        else:
            said = translate(content)
            same = said is content
        return variant if same else replace(variant, Value=said)

    def text(self, text: ua.LocalizedText) -> ua.LocalizedText:
        """Return a localized text of ours translated; any other as it is."""
        english = text.Text
        if text.Locale != DEFAULT or not english:
            return text
        key = english.key if isinstance(english, Text) else english
        said = self._said.get(key)
        if said is None:
            said = self._localized(english) or text
            # Phrases have values in them: there is no end of them.
            if said is not text and not isinstance(english, Phrase):
                self._said[key] = said
        return said

    def _localized(self, english: str) -> ua.LocalizedText | None:
        said = [(code, self._in(code, english)) for code in self._codes]
        known = [(code, words) for code, words in said if words is not None]
        if all(code == DEFAULT for code, _ in known):
            return None
        if len(self._codes) == 1:
            ((code, words),) = known
            return ua.LocalizedText(words, code)
        # The format of several texts in one is laid down with the locale "mul".
        pairs = json.dumps({"t": known}, ensure_ascii=False, separators=(",", ":"))
        return ua.LocalizedText(pairs, SEVERAL)

    def _in(self, code: str, english: str) -> str | None:
        return self._languages[code].say(english)

    def _sentence(self, words: object) -> object:
        """Translate a plain String that was made as a phrase; to one language only."""
        if not isinstance(words, Phrase) or len(self._codes) > 1:
            return words
        return self._in(self._codes[0], words) or words

    def _structure(self, structure: Any) -> Any:
        changed = {}
        for name in TEXTS_OF.get(type(structure), ()):
            member = getattr(structure, name)
            if isinstance(member, list):
                said: Any = [self._structure(element) for element in member]
            else:
                said = self.text(member)
            if said is not member:
                changed[name] = said
        return replace(structure, **changed) if changed else structure


class Translators:
    """The translators of all sessions: one per choice of languages, none for English."""

    def __init__(self, languages: Languages) -> None:
        self.languages = languages
        self._by_codes: dict[tuple[str, ...], Translator] = {}

    def preferred(self, locales: Sequence[str | None]) -> Translator | None:
        """Return the translator for a session's locales; None: its texts stay in English."""
        codes = self.languages.preferred(locales)
        # English clients, the HMI among them, pay nothing: no response is copied.
        if codes == (DEFAULT,):
            return None
        return self._by_codes.setdefault(codes, Translator(self.languages, codes))
