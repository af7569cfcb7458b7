"""Languages: which one a client gets, and how a text is said in it."""

from __future__ import annotations

import copy
import datetime as dt
import pickle
from pathlib import Path

import pytest

from heatpump_twin.config.languages import PO_FILE, Languages
from heatpump_twin.config.phrase import Context, Phrase, Text, counted, joined


@pytest.fixture(scope="module")
def languages() -> Languages:
    return Languages.packaged()


def speaking(folder: Path, code: str, messages: str, plural: str = "") -> Languages:
    """Return languages of which one has a PO file with these messages."""
    file = folder.joinpath(code, *PO_FILE.parts)
    file.parent.mkdir(parents=True)
    header = f'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n{plural}"\n\n'
    file.write_text(header + messages, "utf-8")
    return Languages(folder)


@pytest.mark.parametrize(
    ("locales", "code"),
    [
        (["de"], "de"),
        (["de-AT"], "de"),
        (["DE-at"], "de"),
        (["es-419", "de"], "es"),
        (["la-VA", "ca-ES", "es"], "ca"),
        (["en-GB", "de"], "en"),
        (["la"], "en"),
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
        (["mul"], Languages.packaged().codes),
        (["qst", "de-AT", "la", "en"], ("de", "en")),
        (["mul", "la"], ("en",)),
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
    assert languages["en"].say(phrase) == phrase
    assert languages["de"].say(phrase) == (
        "Wasserdurchfluss zu niedrig: wieder normal (Wasserdurchfluss 5,1 l/min, kein Wert)"
    )
    assert languages["es"].say(phrase) == (
        "Caudal de agua bajo: de nuevo normal (Caudal de agua 5,1 l/min, sin valor)"
    )


def test_what_is_not_translated_stays_english_as_a_whole(languages: Languages) -> None:
    assert languages["de"].say("Nobody ever said this") is None
    assert languages["de"].words("Nobody ever said this") == "Nobody ever said this"
    assert languages["de"].say(Phrase("{point} says this", point="Water flow")) is None
    assert languages["de"].say(Phrase("{a} {b}", a="Water flow", b="of hp1")) == (
        "Wasserdurchfluss of hp1"
    )


# ── contexts ─────────────────────────────────────────────────────────────────────────────────────
def test_one_english_text_is_said_differently_in_two_contexts(languages: Languages) -> None:
    of_a_tank, of_a_page = (
        Text("Connected", context) for context in (Context.STATES, Context.HMI_SHELL)
    )
    assert of_a_tank == of_a_page == "Connected"
    assert languages["de"].say(of_a_tank) == "Angeschlossen"
    assert languages["de"].say(of_a_page) == "Verbunden"
    assert languages["de"].say(Text("Connected", Context.UNITS)) is None


def test_a_text_that_lost_its_context_is_said_as_in_the_first_that_knows_it(tmp_path: Path) -> None:
    messages = "".join(
        f'msgctxt "{context}"\nmsgid "Defrost"\nmsgstr "{context} says"\n\n'
        for context in ("hmi.unit", "states", "points")
    )
    language = speaking(tmp_path, "de", messages)["de"]
    assert language.say("Defrost") == "points says"
    assert language.say(Text("Defrost", Context.STATES)) == "states says"


@pytest.mark.parametrize(
    "text",
    [
        Text("Defrost", Context.STATES),
        Phrase("{low} to {high}", context=Context.HMI_CONTROL, low=1.0, high=2.0),
        counted("{n} day", "{n} days", n=7),
    ],
)
def test_copies_know_their_context(text: Text) -> None:
    for again in (copy.deepcopy(text), pickle.loads(pickle.dumps(text))):
        assert (again, again.key, type(again)) == (text, text.key, type(text))


# ── plural forms ─────────────────────────────────────────────────────────────────────────────────
def ahead(days: int) -> Phrase:
    return counted("at most {n} day ahead", "at most {n} days ahead", n=days)


def test_what_is_counted_has_plural_forms(languages: Languages) -> None:
    assert [ahead(days) for days in (1, 7)] == ["at most 1 day ahead", "at most 7 days ahead"]
    assert [languages["de"].say(ahead(days)) for days in (1, 7)] == [
        "höchstens 1 Tag im Voraus", "höchstens 7 Tage im Voraus",
    ]  # fmt: skip
    assert languages["es"].say(ahead(1)) == "con 1 día de antelación como máximo"


def test_each_language_has_its_own_rule_for_plural_forms(tmp_path: Path) -> None:
    messages = (
        'msgctxt "messages"\nmsgid "at most {n} day ahead"\nmsgid_plural "at most {n} days ahead"\n'
        'msgstr[0] "{n} dzień"\nmsgstr[1] "{n} dni"\nmsgstr[2] "{n} dni!"\n'
    )
    rule = (
        "Plural-Forms: nplurals=3; plural=(n==1 ? 0 : n%10>=2 && n%10<=4 && "
        "(n%100<12 || n%100>14) ? 1 : 2);\\n"
    )
    polish = speaking(tmp_path, "pl", messages, rule)["pl"]
    assert [polish.say(ahead(days)) for days in (1, 2, 5, 22)] == [
        "1 dzień", "2 dni", "5 dni!", "22 dni",
    ]  # fmt: skip


# ── files ────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    "message",
    [
        '#, fuzzy\nmsgctxt "states"\nmsgid "Off"\nmsgstr "Aus"\n',
        'msgctxt "states"\nmsgid "Off"\nmsgstr ""\n',
        '#~ msgctxt "states"\n#~ msgid "Off"\n#~ msgstr "Aus"\n',
        'msgctxt "gone"\nmsgid "On"\nmsgstr "Ein"\n',
    ],
)
def test_what_is_fuzzy_empty_or_obsolete_is_not_said(tmp_path: Path, message: str) -> None:
    assert speaking(tmp_path, "de", message)["de"].say(Text("Off", Context.STATES)) is None


def test_a_file_is_read_when_somebody_speaks_its_language(tmp_path: Path) -> None:
    languages = speaking(tmp_path, "de", "this is no PO file")
    assert languages.codes == ("en", "de")
    assert languages["en"].say("Off") == "Off"
    (tmp_path / "de").joinpath(*PO_FILE.parts).write_text(
        'msgctxt "states"\nmsgid "Off"\nmsgstr "Aus"\n', "utf-8"
    )
    assert languages["de"].say("Off") == "Aus"
    assert languages["de"] is languages["de"]


def test_days_and_numbers_are_those_of_the_language(languages: Languages) -> None:
    monday = dt.date(2026, 11, 30)
    assert [languages[code].weekday(monday) for code in ("en", "de", "es")] == ["Mon", "Mo.", "lun"]
    assert languages["ca"].say(Phrase("{value} {unit}", value=0.5, unit="bar")) == "0,5 bar"
