"""Languages of the texts, and the choice among them by a client's list of locales."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import PurePosixPath

from heatpump_twin.config.translations import English, Language, read_language

DEFAULT = "en"
ALL_AT_ONCE = frozenset(("mul", "qst"))
"""Special locales that ask for several languages in one text (OPC 10000-4, 5.4)."""
PO_FILE = PurePosixPath("LC_MESSAGES", "heatpump_twin.po")
"""Where gettext's tools look for what a language says, below the folder of its locale."""


class Languages:
    """Available languages: English, which the texts are in, and those with a PO file.

    A file is read when somebody first speaks its language.

    Parameters
    ----------
    folder
        Has a folder for each language, named by its code (ISO 639).
    """

    def __init__(self, folder: Traversable) -> None:
        sources = {entry.name: entry.joinpath(*PO_FILE.parts) for entry in folder.iterdir()}
        self._sources = {code: sources[code] for code in sorted(sources) if sources[code].is_file()}
        self._read: dict[str, Language] = {DEFAULT: English()}

    @classmethod
    def packaged(cls) -> Languages:
        """Return the languages in ``config/locales``."""
        return cls(files("heatpump_twin.config.locales"))

    @property
    def codes(self) -> tuple[str, ...]:
        """Locale ids of all languages, the default one first."""
        return (DEFAULT, *self._sources)

    def __getitem__(self, code: str) -> Language:
        # Read when needed: most sites speak one language or two.
        if code not in self._read:
            self._read[code] = read_language(code, self._sources[code])
        return self._read[code]

    def preferred(self, locales: Sequence[str | None]) -> tuple[str, ...]:
        """Return the code that a client's list of locales leads to, or several if it asked so.

        The first locale that is known decides, as a whole or by its language alone: ``de-AT`` is
        served with ``de``. If none is known, it is English (OPC 10000-4, 5.4).
        """
        # Only the language of a locale: there is no second Spanish here to tell from the first.
        wanted = [_language(locale) for locale in locales if locale]
        known = tuple(dict.fromkeys(code for code in wanted if code in self.codes))
        if wanted and wanted[0] in ALL_AT_ONCE:
            return known or (self.codes if len(wanted) == 1 else (DEFAULT,))
        return known[:1] or (DEFAULT,)


def _language(locale: str) -> str:
    return locale.partition("-")[0].lower()
