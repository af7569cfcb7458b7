"""Choose the language of a page: what the person chose, else what their browser asks for."""

from __future__ import annotations

from starlette.requests import Request

from heatpump_twin.config.languages import Languages
from heatpump_twin.config.translations import Language

COOKIE = "hmi-language"
KEPT = 365 * 24 * 3600
"""For how long a browser keeps the choice. [s]"""


class SpokenLanguages:
    """Languages that the pages speak.

    Parameters
    ----------
    default
        For a browser that asks for none of them.
    """

    def __init__(self, languages: Languages, default: Language) -> None:
        self.default = default
        self._languages = languages

    @property
    def codes(self) -> tuple[str, ...]:
        """Codes of all languages (ISO 639)."""
        return self._languages.codes

    def of(self, request: Request) -> Language:
        """Return the language for whoever asks."""
        chosen = self.find(request.cookies.get(COOKIE, ""))
        if chosen is not None:
            return chosen
        asked = (self.find(code) for code in wanted(request.headers.get("accept-language", "")))
        return next((language for language in asked if language is not None), self.default)

    def find(self, code: str) -> Language | None:
        """Return the language with a code; None: it is not spoken."""
        return self._languages[code] if code in self.codes else None


def wanted(header: str) -> list[str]:
    """Return the codes in an Accept-Language header, the dearest first (RFC 9110, 12.5.4)."""
    weighed: list[tuple[float, str]] = []
    for entry in header.split(","):
        tag, _, weight = entry.partition(";")
        # A region is no matter here: who asks for de-AT reads de.
        code = tag.strip().partition("-")[0].lower()
        try:
            worth = float(weight.strip().removeprefix("q=") or 1)
        except ValueError:
            continue
        if worth > 0:
            weighed.append((-worth, code))
    return [code for _, code in sorted(weighed, key=lambda pair: pair[0])]
