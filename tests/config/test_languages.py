"""Languages: which one a client gets, and what their files may say."""

from __future__ import annotations

import pytest

from heatpump_twin.config.errors import ConfigError
from heatpump_twin.config.languages import Language, Languages, sources
from heatpump_twin.config.phrase import Phrase, joined
from heatpump_twin.config.yaml_source import YamlSource

HEAD = "language: de\nname: Deutsch\ndecimal: ','\n"


@pytest.fixture(scope="module")
def languages() -> Languages:
    return Languages.packaged()


@pytest.mark.parametrize(
    ("locales", "code"),
    [
        (["de"], "de"),
        (["de-AT"], "de"),
        (["DE-at"], "de"),
        (["es-419", "de"], "es"),
        (["fr-FR", "ca-ES", "es"], "ca"),
        (["en-GB", "de"], "en"),
        (["fr"], "en"),
        (["deu"], "en"),
        (["", None, "es"], "es"),
        ([], "en"),
    ],
)
def test_the_first_known_locale_decides(languages: Languages, locales, code: str) -> None:
    assert languages.preferred(locales) == (code,)


@pytest.mark.parametrize(
    ("locales", "codes"),
    [
        (["mul"], ("en", "ca", "de", "es")),
        (["qst", "de-AT", "fr", "en"], ("de", "en")),
        (["mul", "fr"], ("en",)),
        (["de", "mul"], ("de",)),
    ],
)
def test_several_languages_at_once(languages: Languages, locales, codes) -> None:
    assert languages.preferred(locales) == codes


def test_a_phrase_is_english_and_can_be_said_in_every_language(languages: Languages) -> None:
    value = Phrase("{value} {unit}", value=5.1, unit="l/min")
    values = joined(", ", [Phrase("{point} {value}", point="Water flow", value=value), "no value"])
    phrase = Phrase("{alarm}: back to normal ({values})", alarm="Low water flow", values=values)
    assert phrase == "Low water flow: back to normal (Water flow 5.1 l/min, no value)"
    assert languages["de"].say(phrase) == (
        "Wasserdurchfluss zu niedrig: wieder normal (Wasserdurchfluss 5,1 l/min, kein Wert)"
    )
    assert languages["es"].say(phrase) == (
        "Caudal de agua bajo: de nuevo normal (Caudal de agua 5,1 l/min, sin valor)"
    )


def test_what_is_not_translated_stays_english_as_a_whole(languages: Languages) -> None:
    assert languages["de"].say("Nobody ever said this") is None
    assert languages["de"].say(Phrase("{point} says this", point="Water flow")) is None
    assert languages["de"].say(Phrase("{a} {b}", a="Water flow", b="of hp1")) == (
        "Wasserdurchfluss of hp1"
    )


@pytest.mark.parametrize(
    ("lines", "line", "message"),
    [
        ("states:\n  Off: Aus", 4, "in quotes"),
        ("states:\n  Heating: Ein\n  Heating: Aus", 6, "written twice"),
        ("states:\n  Heating: ''", 5, "at least 1 character"),
        ("states:\n  Heating: 3", 5, "valid string"),
        ("states: {Heating: Heizen}\npoints: {Heating: Heizung}", 1, "in two sections"),
        ("messages:\n  '{a} is {b}.': '{a} ist {c}.'", 1, "different {placeholders}"),
        ("pionts: {Heating: Heizen}", 4, "unknown key"),
    ],
)
def test_mistakes_in_a_file_are_named_with_their_line(lines: str, line: int, message: str) -> None:
    with pytest.raises(ConfigError) as raised:
        YamlSource(HEAD + lines, "de.yaml").validate(Language)
    assert str(raised.value).startswith(f"de.yaml:{line}: ")
    assert message in str(raised.value)


def test_all_languages_say_the_same_texts_in_the_same_order(languages: Languages) -> None:
    texts = {code: languages[code].sections for code in languages.codes[1:]}
    orders = [{name: list(said) for name, said in sections.items()} for sections in texts.values()]
    assert {"ca", "de", "es"} <= texts.keys()
    assert len(orders) == len(sources())
    assert all(order == orders[0] for order in orders)
    assert orders[0]["points"][0] == "Supply temperature"
