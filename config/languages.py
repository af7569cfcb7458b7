"""The languages in which the server can speak, and which of them a client prefers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.resources import files
from importlib.resources.abc import Traversable
from itertools import chain
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PrivateAttr, model_validator

from heatpump_twin.config.phrase import Phrase, has_words, number, placeholders

DEFAULT = "en"
ALL_AT_ONCE = frozenset(("mul", "qst"))
"""Special locales that ask for several languages in one text (OPC 10000-4, 5.4)."""

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def _text(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError("put On, Off, Yes and No in quotes: without them YAML reads a switch")
    return value


Text = Annotated[str, Field(min_length=1), BeforeValidator(_text)]
Texts = dict[Text, Text]


class Language(BaseModel):
    """One language: what its file says, by the English text. The sections are for readers only."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    language: str = Field(pattern=r"^[a-z]{2,3}$", description="ISO 639 code")
    name: str = Field(description="the language's own name")
    decimal: Literal[".", ","] = Field(description="decimal sign")
    points: Texts = Field(default={}, description="titles and meanings of points")
    states: Texts = Field(default={}, description="names of switches' and enumerations' values")
    units: Texts = Field(default={}, description="names of engineering units")
    alarms: Texts = Field(default={}, description="titles, causes and actions of alarms")
    commands: Texts = Field(default={}, description="methods and their arguments")
    model: Texts = Field(default={}, description="types, parts and groups of the address space")
    messages: Texts = Field(default={}, description="sentences; {…} stands for what is put in")

    _all: dict[str, str] = PrivateAttr(default_factory=dict)

    @property
    def sections(self) -> Mapping[str, Texts]:
        """The texts by section, in the order of the file."""
        return {
            "points": self.points, "states": self.states, "units": self.units,
            "alarms": self.alarms, "commands": self.commands, "model": self.model,
            "messages": self.messages,
        }  # fmt: skip

    @model_validator(mode="after")
    def _check(self) -> Language:
        for english, said in chain.from_iterable(s.items() for s in self.sections.values()):
            if english in self._all:
                raise ValueError(f"{english!r} is in two sections")
            if placeholders(english) != placeholders(said):
                raise ValueError(f"{english!r} and its translation have different {{placeholders}}")
            self._all[english] = said
        return self

    def say(self, text: str) -> str | None:
        """Return an English text in this language; None where it is not known."""
        if not isinstance(text, Phrase):
            return self._all.get(text)
        template = self._all.get(text.template)
        if template is None:
            if has_words(text.template):
                return None
            template = text.template
        return template.format_map({name: self._part(part) for name, part in text.parts.items()})

    def _part(self, part: str | float) -> str:
        if isinstance(part, str):
            return self.say(part) or part
        return number(part, self.decimal)


class Languages:
    """All languages of the server: English, which its texts are written in, and translations."""

    def __init__(self, translations: Sequence[Language]) -> None:
        self._by_code = {language.language: language for language in translations}

    @classmethod
    def packaged(cls) -> Languages:
        """Load the files in ``config/locales``."""
        return cls([load(source.read_text("utf-8")) for source in sources()])

    @property
    def codes(self) -> tuple[str, ...]:
        """Locale ids of all languages, the default one first."""
        return (DEFAULT, *self._by_code)

    def __getitem__(self, code: str) -> Language:
        return self._by_code[code]

    def preferred(self, locales: Sequence[str | None]) -> tuple[str, ...]:
        """Return the code that a client's list of locales leads to, or several if it asked so.

        The first locale that is known decides, as a whole or by its language alone: ``de-AT`` is
        served with ``de``. If none is known, it is English (OPC 10000-4, 5.4).
        """
        wanted = [_language(locale) for locale in locales if locale]
        known = tuple(dict.fromkeys(code for code in wanted if code in self.codes))
        if wanted and wanted[0] in ALL_AT_ONCE:
            return known or (self.codes if len(wanted) == 1 else (DEFAULT,))
        return known[:1] or (DEFAULT,)


def _language(locale: str) -> str:
    return locale.partition("-")[0].lower()


def sources() -> list[Traversable]:
    """Return the packaged translation files."""
    folder = files("heatpump_twin.config.locales")
    found = (entry for entry in folder.iterdir() if entry.name.endswith(".yaml"))
    return sorted(found, key=lambda entry: entry.name)


def load(text: str) -> Language:
    """Read a translation file."""
    return Language.model_validate(yaml.load(text, Loader=_LOADER))  # noqa: S506 (a SafeLoader)
